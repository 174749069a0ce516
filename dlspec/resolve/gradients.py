"""Through which tensors of a graph a gradient flows."""

from collections.abc import Iterable

from dlspec.resolve.dead_nodes import sources_of
from dlspec.resolve.plan import Graph, Node, Op, drawing

# Steps, and constants of a shape: their derivative is zero or none wherever it is defined, which a
# test asks of Keras. What gives whole numbers or truth values, as argmax does, its dtype tells.
WITHOUT_GRADIENT = (
    "ceil",
    "empty_like",
    "floor",
    "floor_divide",
    "full_like",
    "one_hot",
    "ones_like",
    "round",
    "sign",
    "stop_gradient",
    "trunc",
    "zeros_like",
)


def nodes_moved_by(graph: Graph, starts: Iterable[str]) -> set[str]:
    """Return the inputs and nodes of a graph that a small change of those in `starts` changes."""
    moved = set(starts)
    for node in graph.nodes:
        if _passes_gradient(node) and any(source in moved for source in sources_of(node)):
            moved.add(node.name)
    return moved


def _passes_gradient(node: Node) -> bool:
    drawn = drawing(node)
    if drawn is not None and not drawn.keeps_values:
        return False
    if isinstance(node.operation, Op) and node.operation.name in WITHOUT_GRADIENT:
        return False
    dtypes = [tensor.dtype for _, tensor in node.outputs]
    return any(dtype is None or "float" in dtype for dtype in dtypes)
