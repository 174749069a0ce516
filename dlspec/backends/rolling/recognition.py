"""A graph that a packaged architecture gives exactly -> the reference to it."""

from collections.abc import Iterator, Mapping
from itertools import islice, product
from math import ceil
from typing import Any

from dlspec.backends.rolling.architectures import heads_of, may_be
from dlspec.backends.rolling.automatic_names import is_automatic, is_automatic_input
from dlspec.backends.rolling.differences import value_of
from dlspec.backends.rolling.graph_text import WIDTH
from dlspec.backends.rolling.graph_to_tree import items_in_order, ordered_nodes
from dlspec.backends.rolling.items import Item, Leaf
from dlspec.backends.rolling.same_graph import same_graph
from dlspec.backends.spec_text import written_value
from dlspec.compiler import loads
from dlspec.diagnostics.findings import SpecError
from dlspec.expand import zoo
from dlspec.expand.zoo.architecture_specs import architecture_choices
from dlspec.resolve.plan import Graph, Node
from dlspec.syntax.flow_text import flow_text, scalar_text

# Every packaged architecture but `siamese`, which has 125, has at most 25 trials.
_MOST_TRIALS = 48
# Of layers in a stack; each depth tried compiles the architecture once.
_MOST_DEPTH = 8
# Three lists of a length up to five are 125 trials, of one up to ten 1,000.
_MOST_ITEMS = 5
# MobileNet's `alpha` has two (0.25, 0.35); a factor with more than four is written as computed.
_MOST_DIGITS = 4

_Params = dict[str, object]


def recognised_text(name: str, graph: Graph) -> str | None:
    """Return the spec that takes a packaged architecture; None when none gives this graph.

    An input or an output that a person gave another name than the architecture gives it cannot be
    said that way, so that such a graph is none of the zoo's.
    """
    heads = heads_of(graph)
    for word in zoo.architecture_names():
        if may_be(word, heads):
            params = _recognised_params(word, graph)
            if params is not None:
                return _zoo_reference_text(name, word, params)
    return None


def _zoo_reference_text(name: str, word: str, params: _Params) -> str:
    model: dict[str, object] = {"zoo": word}
    if params:
        model["with"] = params
    return f"dlspec: 1\nname: {scalar_text(name)}\n" + _model_text(model)


def _model_text(model: Mapping[str, object]) -> str:
    return f"model: {flow_text(model, indent=7, width=WIDTH)}\n"


def _recognised_params(word: str, graph: Graph) -> _Params | None:
    """Return the params, other than the defaults, with which an architecture gives a graph."""
    declared = {
        name: value
        for name, value in zoo.architecture_params(word).items()
        if not (isinstance(value, str) and value.startswith("$"))
    }
    given: _Params = {}
    if "shape" in declared:
        given["shape"] = tuple(graph.inputs[0].shape[1:])
    wanted = _items_with_inner_models(graph)
    for trial in islice(_param_trials(word, declared, given), _MOST_TRIALS):
        found = _architecture_graph(word, trial)
        if found is None or not _same_heads(_items_with_inner_models(found), wanted):
            continue
        solved = trial if same_graph(found, graph, named=False) else None
        solved = solved or _params_read_off_graph(word, declared, trial, graph)
        result = _architecture_graph(word, solved) if solved is not None else None
        if result and same_graph(result, graph, named=False) and _names_fit(result, graph):
            assert solved is not None
            return {
                n: solved[n]
                for n in declared
                if repr(solved.get(n, declared[n])) != repr(declared[n])
            }
    return None


def _architecture_graph(word: str, params: _Params) -> Graph | None:
    """Return an architecture's graph; None when it does not compile with these params."""
    text = "dlspec: 1\nname: trial\n" + _model_text({"zoo": word, "with": _written_params(params)})
    try:
        return loads(text).graph
    except SpecError:
        return None


def _written_params(params: _Params) -> dict[str, Any]:
    return {name: written_value(value) for name, value in params.items()}  # type: ignore[arg-type]  # plain values


def _param_trials(word: str, declared: _Params, given: _Params) -> Iterator[_Params]:
    """Yield params that may change which layers there are, the defaults first."""
    free = {
        n: _param_values_to_try(word, n, value) for n, value in declared.items() if n not in given
    }
    for chosen in product(*free.values()):
        trial = {
            name: value
            for name, value in zip(free, chosen, strict=True)
            if repr(value) != repr(declared[name])
        }
        yield {**given, **trial}


def _param_values_to_try(word: str, name: str, value: object) -> tuple[object, ...]:
    """Return the values of a param that may give other layers, its default first."""
    known = architecture_choices().get((word, name))
    if known is not None:
        return (value, *(choice for choice in known if choice != value))
    match value:
        case bool():
            return (value, not value)
        case float() if "dropout" in name:
            return (value, 0.0 if value else 0.25)
        case int() if name == "depth":
            return (value, *(n for n in range(1, _MOST_DEPTH + 1) if n != value))
        case tuple() if value:
            sizes = (n for n in range(1, _MOST_ITEMS + 1) if n != len(value))
            return (value, *((value + value[-1:] * n)[:n] for n in sizes))
        case _:
            return (value,)


def _items_with_inner_models(graph: Graph) -> list[Item]:
    """Return the nodes of a graph and of the models in it as items."""
    inner = [item for model in graph.models.values() for item in _items_with_inner_models(model)]
    return [*items_in_order(graph), *inner]


def _same_heads(found: list[Item], wanted: list[Item]) -> bool:
    return [item.head for item in found] == [item.head for item in wanted]


def _params_read_off_graph(
    word: str, declared: _Params, trial: _Params, graph: Graph
) -> _Params | None:
    """Return the trial with each param read off the graph, where layers hold it as it is."""
    base = _architecture_graph(word, trial)
    assert base is not None
    wanted, before = _items_with_inner_models(graph), _items_with_inner_models(base)
    solved = dict(trial)
    for name, default in declared.items():
        value = trial.get(name, default)
        if name == "shape":
            continue
        other = _another_param_value(value)
        changed = _architecture_graph(word, {**trial, name: other})
        if changed is None or not _same_heads(_items_with_inner_models(changed), before):
            continue
        seen = _value_seen_in_graph(before, _items_with_inner_models(changed), wanted, value, other)
        if seen is not None:
            solved[name] = seen
        elif isinstance(value, float):
            solved[name] = _factor_from_widths(
                before, _items_with_inner_models(changed), wanted, value
            )
        elif isinstance(value, int) and graph.inputs:
            solved |= _input_extent_param(name, value, base, changed, graph)
    return solved if solved != trial else None


def _another_param_value(value: object) -> object:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value / 2 + 0.1
        case tuple():
            return tuple(v + 1 + n if isinstance(v, int) else v for n, v in enumerate(value))
        case _:
            return "tanh" if value != "tanh" else "relu"


def _value_seen_in_graph(
    before: list[Item], after: list[Item], wanted: list[Item], value: object, other: object
) -> object:
    """Return what stands in the wanted graph where the param's value stands in its own."""
    if isinstance(value, tuple):
        assert isinstance(other, tuple)
        pairs = zip(value, other, strict=True)
        found = [_value_seen_in_graph(before, after, wanted, one, two) for one, two in pairs]
        return None if any(item is None for item in found) else tuple(found)
    for one, two, three in zip(before, after, wanted, strict=True):
        for path in dict.fromkeys((*one.args, *two.args)):
            if _leaf_as_text(one, path) == repr(value) and _leaf_as_text(two, path) == repr(other):
                return _leaf_at_path(three, path)
    return None


def _factor_from_widths(
    before: list[Item], after: list[Item], wanted: list[Item], value: float
) -> float:
    """Return what the widths that a param scales say it is; the value before where none does."""
    found: tuple[int, int] | None = None
    for one, two, three in zip(before, after, wanted, strict=True):
        for path in one.args:
            old, new, seen = (
                _leaf_at_path(one, path),
                _leaf_at_path(two, path),
                _leaf_at_path(three, path),
            )
            if type(old) is int and type(new) is int and type(seen) is int and old != new:
                # Widths are rounded: the largest one tells most.
                found = max(found or (0, 0), (old, seen))
    if found is None:
        return value
    width, scaled = found
    for digits in range(1, _MOST_DIGITS + 1):
        unit: int = 10**digits
        factor = ceil(value * scaled / width * unit - 1e-9) / unit
        if factor * width < value * (scaled + 1):
            return factor
    return value * scaled / width


def _leaf_as_text(item: Item, path: tuple[str, ...]) -> str:
    return repr(_leaf_at_path(item, path))


def _leaf_at_path(item: Item, path: tuple[str, ...]) -> Leaf:
    has_default = item.entry is not None and path[0] not in ("args", "call")
    if path in item.args or (has_default and path[:-1] in ((), *item.args)):
        return value_of(item, path, {})
    return None


def _input_extent_param(
    name: str, value: int, base: Graph, changed: Graph, graph: Graph
) -> _Params:
    """Return a param that is the length of an input."""
    for one, two, three in zip(base.inputs, changed.inputs, graph.inputs, strict=False):
        for a, b, c in zip(one.shape, two.shape, three.shape, strict=False):
            if a == value and b == value + 1 and c is not None:
                return {name: c}
    return {}


def _names_fit(found: Graph, graph: Graph) -> bool:
    """Return whether inputs and outputs have the zoo's names, or none that mean anything."""
    inputs = all(
        mine.name == theirs.name or is_automatic_input(mine.name)
        for mine, theirs in zip(graph.inputs, found.inputs, strict=True)
    )
    nodes, others = _output_nodes(graph), _output_nodes(found)
    return inputs and all(
        mine.name == theirs.name.replace(".", "_") or _has_automatic_node_name(mine)
        for mine, theirs in zip(nodes, others, strict=True)
    )


def _output_nodes(graph: Graph) -> list[Node]:
    nodes = {node.name: node for node in ordered_nodes(graph)}
    return [nodes[ref.node] for _, ref in graph.outputs if ref.node in nodes]


def _has_automatic_node_name(node: Node) -> bool:
    word = getattr(node.operation, "class_name", None) or getattr(node.operation, "name", "")
    return is_automatic(node.name, str(word))
