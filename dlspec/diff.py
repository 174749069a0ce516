"""What changed in meaning between two plans, and which steps must run again."""

from dataclasses import dataclass

from dlspec.plan import Graph, Node, Plan, Step, canonical, digest, step_digest, walk

_STEPS: tuple[Step, ...] = ("dataset", "model", "evaluation", "report", "champion")
_SECTIONS = ("params", "data", "training", "evaluation", "retraining", "runtime")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `before` and `after` are JSON data, None where the thing is not there."""

    what: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two plans; `rerun` lists the steps, in order."""

    changes: tuple[Change, ...]
    rerun: tuple[Step, ...]


def diff(before: Plan, after: Plan) -> Difference:
    """Compare two plans in meaning: comments, layout and key order make no difference.

    A step must run again when what it depends on changed, or when a step before it must.
    """
    changes = (*_graph_changes(before.graph, after.graph), *_section_changes(before, after))
    return Difference(changes, _rerun(before, after))


def _rerun(before: Plan, after: Plan) -> tuple[Step, ...]:
    changed = [s for s in _STEPS if step_digest(before, s) != step_digest(after, s)]
    return _STEPS[_STEPS.index(changed[0]) :] if changed else ()


def _section_changes(before: Plan, after: Plan) -> list[Change]:
    changes: list[Change] = []
    for section in _SECTIONS:
        old, new = canonical(getattr(before, section)), canonical(getattr(after, section))
        _compare(section, old, new, changes)
    return changes


def _compare(path: str, old: object, new: object, changes: list[Change]) -> None:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and old.get("is") == new.get("is"):
        for key in dict.fromkeys((*old, *new)):
            _compare(f"{path}.{key}", old.get(key), new.get(key), changes)
        return
    changes.append(Change(path, old, new))


def _graph_changes(before: Graph, after: Graph) -> list[Change]:
    changes = []
    old, new = ({node.name: node for node in walk(graph)} for graph in (before, after))
    for name in dict.fromkeys((*old, *new)):
        one, other = old.get(name), new.get(name)
        if one is None or other is None or digest(one) != digest(other):
            changes.append(Change(f"layer {name}", _said(one), _said(other)))
    for what, count in (("parameters", parameters), ("flops", flops)):
        if count(before) != count(after):
            changes.append(Change(what, count(before), count(after)))
    return changes


def _said(node: Node | None) -> object:
    if node is None:
        return None
    shapes = [list(tensor.shape or ()) for _, tensor in node.outputs]
    return {
        "operation": canonical(node.operation),
        "inputs": canonical(node.inputs),
        "shapes": shapes,
    }


def parameters(graph: Graph) -> int | None:
    """Return the number of parameters of a graph; None when a layer's are known only once built."""
    weights = [node.weights for node in walk(graph)]
    if any(layer is None for layer in weights):
        return None
    return sum(weight.size for layer in weights for weight in layer or ())


def flops(graph: Graph) -> int | None:
    """Return the operations of one forward pass per sample; None when a layer's are not known."""
    counts = [node.flops for node in graph.nodes]
    return None if any(c is None for c in counts) else sum(c for c in counts if c is not None)
