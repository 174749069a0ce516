"""Masks that a layer drops, or does not get to see."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from dlspec.diagnostics.codes import Code
from dlspec.expand.flat import FlatGraph, Use
from dlspec.language.catalogue import Object
from dlspec.resolve.dead_nodes import references_within
from dlspec.resolve.plan import Graph, Node, Op, Reference, own_models
from dlspec.rules.subject import Checked


@dataclass(frozen=True, slots=True)
class LostMask:
    """A call at which a mask ends unused, and what in the call makes it so.

    `kept_by_keras2` tells where Keras 2 used the mask, or handed it on.
    """

    node: Node
    message: str
    label: str
    help: str
    kept_by_keras2: bool = False


_LEAVE_OUT = (
    "leave `mask_zero` out, or let a layer that uses the mask end the sequence before, such as "
    "`LSTM: 8`"
)
_GIVE_MASK = (
    "give the mask itself: `call: {mask: padding}`, where `padding` is an entry "
    "`ops.not_equal: {args: [ids, 0]}`"
)


def dropped_masks(graph: Graph, masked_inputs: Collection[str] = ()) -> Iterator[LostMask]:
    """Yield each call that takes a masked tensor and neither uses its mask nor hands it on.

    Args:
        masked_inputs: The inputs of the graph that come with a mask.
    """
    yield from _Masks(graph, masked_inputs).losses


def masked_tensors(graph: Graph) -> frozenset[Reference]:
    """Return the tensors of a graph that carry a mask."""
    return frozenset(_Masks(graph, ()).masked)


class _Masks:
    """Follows masks through a graph, in order."""

    def __init__(self, graph: Graph, masked_inputs: Collection[str]) -> None:
        self.masked = {Reference(name) for name in masked_inputs}
        self.losses: list[LostMask] = []
        self._graph = graph
        self._layers = {node.name: node.operation for node in graph.nodes}
        for node in graph.nodes:
            self._follow_call(node)

    def _follow_call(self, node: Node) -> None:
        operation = node.operation
        if isinstance(operation, Use) and operation.of == "model":
            self._follow_model(node, self._graph.models[operation.target])
            return
        if isinstance(operation, Use):
            operation = self._layers[operation.target]
        if isinstance(operation, Op):
            self._follow_operation(node, operation)
        elif isinstance(operation, Object):
            self._follow_layer(node, operation)

    def _follow_model(self, node: Node, inner: Graph) -> None:
        given = _listed_inputs(node)
        masks = _Masks(
            inner,
            [
                declared.name
                for declared, reference in zip(inner.inputs, given, strict=False)
                if reference in self.masked
            ],
        )
        for index, (_, reference) in enumerate(inner.outputs):
            if reference in masks.masked:
                self.masked.add(Reference(node.name, index))

    def _follow_operation(self, node: Node, operation: Op) -> None:
        if self._takes_mask((operation.arguments, dict(operation.keywords))):
            label = "operations hand no mask on"
            self.losses.append(LostMask(node, _dropped(node), label, _LEAVE_OUT))

    def _follow_layer(self, node: Node, layer: Object) -> None:
        inputs = _listed_inputs(node)
        given = [reference in self.masked for reference in inputs]
        if makes_mask(layer) or (any(given) and _hands_on(layer, given)):
            self.masked.add(Reference(node.name))
        if not any(given):
            return
        trait = _trait_of_held(layer)
        word = layer.class_name
        if trait == "drops":
            label = f"`{word}` does not use masks"
            self.losses.append(LostMask(node, _dropped(node), label, _LEAVE_OUT))
        elif trait == "all" and not all(given):
            label = f"`{word}` hands a mask on only where every input has one"
            self.losses.append(
                LostMask(node, _dropped(node), label, _LEAVE_OUT, kept_by_keras2=True)
            )
        elif trait == "sequence" and _is_not_shown(node):
            message = f"`{node.name}` does not see the mask of its input"
            label = f"Keras shows `{word}` no mask beside an `initial_state`"
            self.losses.append(LostMask(node, message, label, _GIVE_MASK, kept_by_keras2=True))

    def _takes_mask(self, value: object) -> bool:
        return any(reference in self.masked for reference in references_within(value))


def _dropped(node: Node) -> str:
    return f"`{node.name}` drops the mask of its input"


def _listed_inputs(node: Node) -> tuple[Reference, ...]:
    given = node.inputs
    if isinstance(given, Reference):
        return (given,)
    return tuple(given.values()) if isinstance(given, Mapping) else tuple(given)


def makes_mask(layer: Object) -> bool:
    """Tell whether a layer gives a mask, whatever it is given."""
    trait = layer.traits.mask
    return trait == "makes" or (trait == "mask_zero" and layer["mask_zero"] is True)


def _trait_of_held(layer: Object) -> str:
    held = layer.arguments.get("layer") if layer.traits.mask == "held" else layer
    return held.traits.mask if isinstance(held, Object) else "unknown"


def _hands_on(layer: Object, given: list[bool]) -> bool:
    match _trait_of_held(layer):
        case "keeps":
            return given[0]
        case "all":
            return all(given)
        case "any":
            return True
        case "sequence":
            held = layer.arguments.get("layer") if layer.traits.mask == "held" else layer
            return isinstance(held, Object) and held["return_sequences"] is True
    return False


def _is_not_shown(node: Node) -> bool:
    # Keras fills in `mask` where the call has one tensor; beside a second one it leaves it out.
    return node.call.get("initial_state") is not None and node.call.get("mask") is None


def warn_of_dropped_masks(checked: Checked) -> None:
    """Warn of each call that takes a masked tensor and neither uses its mask nor hands it on."""
    _warn_in_graph(checked, checked.graph, checked.flat)


def _warn_in_graph(checked: Checked, graph: Graph, flat: FlatGraph) -> None:
    if len(graph.nodes) != len(flat.nodes):
        return
    for loss in dropped_masks(graph):
        flat_node = flat.node(loss.node.name)
        assert flat_node is not None
        with checked.reporter.with_trail(*flat_node.trail):
            checked.reporter.error(
                Code.DROPPED_MASK, flat_node.head, loss.message, label=loss.label, help=loss.help
            )
    for name, inner in own_models(graph):
        _warn_in_graph(checked, inner, flat.models[name])
