"""How far each tensor of a graph sees ahead of its own position: what generation may not do."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dlspec.expand.flat import Use
from dlspec.language.catalogue import Object
from dlspec.language.tensors import Shape
from dlspec.resolve.dead_nodes import references_within
from dlspec.resolve.plan import Argument, Graph, Node, Op, Reference

_OPS_BY_POSITION = frozenset(
    {
        "abs", "add", "cast", "cos", "divide", "elu", "exp", "expm1", "gelu", "identity",
        "leaky_relu", "log", "log1p", "maximum", "minimum", "multiply", "negative", "power",
        "relu", "rsqrt", "sigmoid", "sign", "silu", "sin", "softplus", "sqrt", "square",
        "subtract", "tanh",
    }
)  # fmt: skip
_OPS_ALONG_AN_AXIS = frozenset({"flip", "log_softmax", "max", "mean", "min", "softmax", "sum"})
_EVERYTHING = math.inf
# Above every lookahead that a graph of bounded size can add up.
_WIDEST = 1e18


@dataclass(frozen=True, slots=True)
class Sight:
    """What a tensor sees of one input, sequences along axis 1.

    Attributes:
        ahead: Its position t depends on the positions up to `t + ahead`: a whole number, inf for
            all of them, None where the text does not tell.
        node: The call that made it see that far; None for the input itself.
    """

    ahead: float | None
    node: Node | None = None


def sight_of(graph: Graph, output: Reference, *, source: str) -> Sight | None:
    """Return what one tensor of a graph sees of the input `source`; None if it depends on none."""
    return _tensor_sights(graph, {source: Sight(0)}).get((output.node, output.output))


def _tensor_sights(graph: Graph, inputs: Mapping[str, Sight]) -> dict[tuple[str, int], Sight]:
    """Return the sight of every tensor that depends on one of `inputs`, by node and output."""
    found = {(name, 0): sight for name, sight in inputs.items()}
    nodes = {node.name: node for node in graph.nodes}
    for node in graph.nodes:
        taken = _Taken(node, found)
        if not taken.furthest_taken:
            continue
        operation: object = node.operation
        if isinstance(operation, Use) and operation.of == "model":
            given = _of_model(graph.models[operation.target], taken)
        else:
            if isinstance(operation, Use):
                operation = nodes[operation.target].operation
            given = _of_call(operation, taken)
        found |= {(node.name, index): sight for index, sight in given}
    return found


@dataclass(frozen=True, slots=True)
class _Taken:
    """The sights that a node takes in."""

    node: Node
    found: Mapping[tuple[str, int], Sight]

    def of(self, value: object) -> Sight | None:
        """Return the furthest of the sights inside some inputs or arguments."""
        return _furthest_sight(
            self.found[r.node, r.output]
            for r in references_within(value)
            if (r.node, r.output) in self.found
        )

    @property
    def furthest_taken(self) -> Sight | None:
        operation = self.node.operation
        operands = (operation.arguments, operation.keywords) if isinstance(operation, Op) else ()
        return _furthest_sight(
            sight
            for value in (self.node.inputs, self.node.call, *operands)
            if (sight := self.of(value)) is not None
        )


def _furthest_sight(sights: Iterable[Sight]) -> Sight | None:
    """Return the one that sees all, else one that is not known, else the furthest; None of none."""

    def order(sight: Sight) -> float:
        if sight.ahead == _EVERYTHING:
            return 2 * _WIDEST
        return _WIDEST if sight.ahead is None else sight.ahead

    return max(sights, key=order, default=None)


def _of_model(graph: Graph, taken: _Taken) -> Iterator[tuple[int, Sight]]:
    inputs = taken.node.inputs
    if isinstance(inputs, Reference):
        inputs = (inputs,)
    given = inputs.values() if isinstance(inputs, Mapping) else inputs
    sights = {
        declared.name: sight
        for declared, reference in zip(graph.inputs, given, strict=False)
        if (sight := taken.of(reference)) is not None
    }
    inner = _tensor_sights(graph, sights)
    for index, (_, reference) in enumerate(graph.outputs):
        if (sight := inner.get((reference.node, reference.output))) is not None:
            yield index, sight


def _of_call(operation: object, taken: _Taken) -> Iterator[tuple[int, Sight]]:
    sight = taken.furthest_taken
    assert sight is not None, "the node takes a tensor that depends on the input"
    for index in range(len(taken.node.outputs)):
        ahead = _positions_ahead(operation, index, taken)
        further = ahead != sight.ahead and ahead is not None
        yield index, Sight(ahead, taken.node if further else sight.node)


def _positions_ahead(operation: object, index: int, taken: _Taken) -> float | None:
    sight = taken.furthest_taken
    assert sight is not None
    if sight.ahead == _EVERYTHING and not isinstance(operation, Op):
        return _EVERYTHING
    match operation:
        case Object() if operation.traits.sight == "query":
            return _of_attention(taken)
        case Object() if operation.traits.sight == "order":
            in_order = operation["return_sequences"] is True and not operation["go_backwards"]
            return sight.ahead if in_order and index == 0 else _EVERYTHING
        case Object():
            return _add_positions(sight.ahead, _layer_lookahead(operation, taken.node))
        case Op():
            return _of_op(operation, sight)
    return None


def _add_positions(ahead: float | None, step: float | None) -> float | None:
    if step == _EVERYTHING:
        return _EVERYTHING
    return None if ahead is None or step is None else ahead + step


def _layer_lookahead(  # noqa: C901 - a case for each word of the trait
    layer: Object, node: Node
) -> float | None:
    """Return by how many positions a layer sees further than what it takes."""
    shape = node.outputs[0][1].shape
    match layer.traits.sight:
        case "position" if _is_flat_matrix(layer, shape):
            return _EVERYTHING  # the positions are its features
        case "position":
            return 0
        case "all" | "both_ways":
            return _EVERYTHING
        case "last_axis":
            return 0 if _axes_from_first(layer["axis"], 3) == {2} else _EVERYTHING
        case "window":
            return _of_window(layer)
        case "join":
            last = shape and _axes_from_first(layer["axis"], len(shape)) == {len(shape) - 1}
            return 0 if last else None
        case "crop":
            return _extent_before(layer["cropping"])
        case "pad":
            return -_extent_before(layer["padding"])
        case "order" | "query" | "unknown":
            return None


def _is_flat_matrix(layer: Object, shape: Shape | None) -> bool:
    """Tell a layer with a matrix over the one axis there is."""
    units = layer.entry is not None and layer.entry.parameter_named("units") is not None
    return units and shape is not None and len(shape) == 2


def _extent_before(sides: object) -> int:
    before = sides[0] if isinstance(sides, tuple) else sides
    assert isinstance(before, int)
    return before


def _of_window(layer: Object) -> float | None:
    pooling = layer.entry is not None and layer.entry.parameter_named("pool_size") is not None
    size = _single_extent(layer["pool_size" if pooling else "kernel_size"])
    strides = layer["strides"]
    stride = size if strides is None else _single_extent(strides)
    if layer["data_format"] not in (None, "channels_last") or stride != 1:
        return 0 if size == stride == 1 else None
    reach = (size - 1) * (1 if pooling else _single_extent(layer["dilation_rate"]))
    match layer["padding"]:
        case "causal":
            return 0
        case "same":
            return reach - reach // 2
    return reach


def _single_extent(value: object) -> int:
    (number,) = value if isinstance(value, tuple) else (value,)
    assert isinstance(number, int)
    return number


def _of_attention(taken: _Taken) -> float | None:
    inputs, call = taken.node.inputs, taken.node.call
    if isinstance(inputs, Mapping):
        query = taken.of(inputs.get("query"))
        others = taken.of({k: v for k, v in inputs.items() if k != "query"})
    else:
        listed = (inputs,) if isinstance(inputs, Reference) else inputs
        query, others = taken.of(listed[:1]), taken.of(listed[1:])
    sight = taken.furthest_taken
    if others is None or call.get("use_causal_mask") is True:
        return sight.ahead if sight else None
    # A mask of one's own may hide what comes later.
    hidden = call.get("attention_mask") is not None or query is None
    return None if hidden else _EVERYTHING


def _of_op(operation: Op, sight: Sight) -> float | None:
    if operation.name in _OPS_BY_POSITION:
        return sight.ahead
    if operation.name not in _OPS_ALONG_AN_AXIS:
        return _EVERYTHING if sight.ahead == _EVERYTHING and operation.name != "flip" else None
    axis: Argument = operation.keywords.get("axis")
    if axis is None and len(operation.arguments) > 1:
        axis = operation.arguments[1]
    if axis is None and operation.name.endswith("softmax"):
        axis = -1
    if _axes_from_first(axis, 3) == {2}:
        return sight.ahead
    # Turned round twice, a sequence looks back again.
    return None if operation.name == "flip" and sight.ahead == _EVERYTHING else _EVERYTHING


def _axes_from_first(axis: object, ndim: int) -> set[int]:
    """Return axes counted from the first; no axis means all of them."""
    if axis is None:
        return set(range(ndim))
    listed = axis if isinstance(axis, tuple | list) else (axis,)
    return {a % ndim for a in listed if isinstance(a, int)}
