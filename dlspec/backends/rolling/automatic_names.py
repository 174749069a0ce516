"""Names that Keras counts up through a process: they say nothing, so no text depends on them."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from dlspec.expand.flat import Use
from dlspec.expand.names import plain_head
from dlspec.language.catalogue import ModelRef, Object, Value
from dlspec.language.keras_names import snake_case
from dlspec.resolve.plan import Graph, Node, Op, own_models

_INPUT = re.compile(r"(input_layer|keras_tensor|input)(_\d+)*\Z")
_MODEL = re.compile(r"(functional|sequential|model)(_\d+)*\Z")
# Where the class behind a function of `keras.ops` is not called as the function is.
_CLASSES_OF_FUNCTIONS = {
    "allclose": "all_close", "batch_normalization": "batch_norm", "cdist": "c_dist",
    "extract_patches_3d": "extract_patches", "isin": "is_in", "layer_normalization": "layer_norm",
    "rms_normalization": "rms_norm", "searchsorted": "search_sorted",
}  # fmt: skip


def is_automatic(name: str, head: str) -> bool:
    """Return whether a node has the name of its class with a number, or with two.

    The second number is that of a further call of one layer.

    Args:
        head: The class, the function as `ops.x`, or the name of the model that is used.
    """
    word = plain_head(head)
    last = word.rpartition(".")[2]
    bases = {snake_case(word), snake_case(last), _CLASSES_OF_FUNCTIONS.get(last, last)}
    return any(re.fullmatch(rf"{re.escape(base)}(_\d+){{0,2}}", name) for base in bases)


def is_automatic_input(name: str) -> bool:
    """Return whether an input has a name that nobody gave it."""
    return _INPUT.match(name) is not None


def plain_title(name: str) -> str:
    """Return the name of a model without the number that Keras gave it."""
    found = _MODEL.match(name)
    return found[1] if found else name


def with_plain_models(
    graph: Graph, around: Mapping[str, tuple[str, Graph]] = MappingProxyType({})
) -> Graph:
    """Return a graph whose inner models are numbered from 1 where Keras had named them.

    Args:
        around: What those are now which the graph around it declares.
    """
    if not graph.models:
        return graph
    taken = {node.name for node in graph.nodes if not isinstance(node.operation, Use)}
    known = {word: around[word] for word in graph.borrowed}
    taken |= {name for name, _ in around.values()}
    own = [word for word, _ in own_models(graph)]
    for word, name in _names_with_free_numbers(own, _MODEL, taken).items():
        known[word] = name, with_plain_models(graph.models[word], {**around, **known})
    names = {word: name for word, (name, _) in known.items()}
    return replace(
        graph,
        nodes=tuple(_node_with_renamed_models(node, names) for node in graph.nodes),
        models=dict(known.values()),
        borrowed=tuple(names[word] for word in graph.borrowed),
    )


def input_names(graph: Graph) -> list[str]:
    """Return what the inputs are called in a text that depends on no counter."""
    names = [declared.name for declared in graph.inputs]
    if graph.inputs_as == "mapping":
        return names
    plain = _names_with_free_numbers(names, _INPUT, {node.name for node in graph.nodes})
    return [plain[name] for name in names]


def _names_with_free_numbers(
    names: Iterable[str], automatic: re.Pattern[str], taken: Container[str]
) -> dict[str, str]:
    """Return each name, an automatic one with the least number that is free."""
    found: dict[str, str] = {}
    given = {name for name in names if not automatic.match(name)}
    for name in names:
        match = automatic.match(name)
        plain = base = match[1] if match else name
        number = 1
        while match and (plain in given or plain in taken or plain in found.values()):
            number += 1
            plain = f"{base}_{number}"
        found[name] = plain
    return found


def _node_with_renamed_models(node: Node, names: Mapping[str, str]) -> Node:
    operation = node.operation
    match operation:
        case Use(target=target, of="model"):
            return replace(node, operation=replace(operation, target=names[target]))
        case Object():
            return replace(node, operation=_in_object(operation, names))
        case Op() | Use():
            return node


def _in_object(made: Object, names: Mapping[str, str]) -> Object:
    arguments: dict[str, Value] = {}
    for word, value in made.arguments.items():
        if isinstance(value, ModelRef):
            arguments[word] = ModelRef(names[value.name])
        elif isinstance(value, Object):
            arguments[word] = _in_object(value, names)
        else:
            arguments[word] = value
    return replace(made, arguments=arguments)
