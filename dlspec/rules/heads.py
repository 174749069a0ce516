"""What stands at the end of a graph, for the rules: a head's activation, width and place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.source import Span
from dlspec.expand.flat import FlatGraph, FlatNode, Pointer
from dlspec.language.catalogue import Object, OwnLoss, find_entry
from dlspec.language.features import Feature
from dlspec.language.loss_records import aligns_steps
from dlspec.language.sections import Data, Training
from dlspec.language.tensors import Dim
from dlspec.resolve.plan import Graph
from dlspec.syntax.scalars import Poison

# The activations whose numbers lie between 0 and 1; Keras's functions do not say so. (Keras's own
# sparsemax exceeds 1 where every unit has a share, which is no reason to refuse it as a head.)
PROBABILITIES = ("hard_sigmoid", "sigmoid", "softmax", "sparse_sigmoid", "sparsemax")


@dataclass(frozen=True, slots=True)
class Head:
    """One output; `activation` is None where the layer hides it, `width` is the last extent.

    `ndim` is the rank of the output, the batch axis included, None where it is not known.
    """

    name: str
    activation: str | None
    width: Dim
    ndim: int | None
    target: Feature | None
    node: FlatNode | None
    loss: Object | None
    loss_path: str
    loss_place: Span

    @property
    def is_aligned(self) -> bool:
        """Tell whether its loss aligns its steps with a sequence of ids."""
        return aligns_steps(self.loss, self.name)

    @property
    def gives_other_than_probabilities(self) -> bool:
        """Tell whether its numbers are known to leave the range from 0 to 1."""
        known = self.activation is not None and find_entry("activation", self.activation)
        return bool(known) and self.activation not in PROBABILITIES

    @property
    def has_written_width(self) -> bool:
        """Tell whether the layer's width stands in the text, at `place`."""
        return self.node is not None and bool({"units", "filters"} & set(self.node.places))

    @property
    def place(self) -> Span:
        """Return where the head's width is written, else where its layer is."""
        if self.node is None:
            return self.loss_place
        return self.node.places.get("units") or self.node.places.get("filters") or self.node.head


def activation_to_write(head: Head, activation: str) -> str:
    """Return how an activation is written at a head: with its width where that stands alone."""
    layer = head.node.operation if head.node is not None else None
    if head.node is None or not isinstance(layer, Object) or layer.traits.activation != "argument":
        return f"`activation: {activation}`"
    place = head.node.places.get("units")
    if set(layer.arguments) != {"units"} or place is None:
        return f"`activation: {activation}`"
    return f"`{layer.class_name}: [{place.text}, {{activation: {activation}}}]`"


def final_activation(flat: FlatGraph, pointer: Pointer) -> str | None:
    """Return the activation that an output has passed last; None when that cannot be seen.

    It is read off the text's layers, so that a mistake in a shape does not hide it.
    """
    while (node := flat.node(pointer.node)) is not None:
        layer = node.operation
        if not isinstance(layer, Object):
            return None
        match layer.traits.activation:
            case "softmax":
                return "softmax"
            case "argument":
                activation = layer["activation"]
                return "linear" if activation is None else _activation_word(activation)
            case "passes" if isinstance(node.inputs, Pointer):
                pointer = node.inputs
            case "passes" | "hides":
                return None
    return None


def _activation_word(activation: object) -> str | None:
    if isinstance(activation, Object):
        return activation.class_name.lower()
    return str(activation)


def switch_of_logits(loss: OwnLoss) -> bool | None:
    """Return what a declared loss says of its `from_logits`; None where it has no such switch."""
    parameter = loss.declared.parameter_named("from_logits")
    value = None if parameter is None else loss["from_logits"]
    return value if isinstance(value, bool) else None


def takes_logits(head: Head) -> bool | None:
    """Return whether a declared loss takes its head's output for logits; None where none can tell.

    It says so itself by a param `from_logits`; else the activation tells what the model gives.
    """
    assert isinstance(head.loss, OwnLoss)
    switch = switch_of_logits(head.loss)
    if switch is not None or head.activation is None:
        return switch
    return head.activation not in PROBABILITIES


def model_heads(
    spec: ModelSpec, graph: Graph, flat: FlatGraph, data: Data | None, training: Training | None
) -> Iterator[Head]:
    """Yield the heads of a model: each output with its target and its loss."""
    written = training.loss if training is not None else None
    per_output = written if isinstance(written, Mapping) else None
    if isinstance(flat.outputs, Poison):
        return
    found = dict(graph.outputs)
    for name, pointer in flat.outputs:
        shape = graph.tensor(found[name]).shape if name in found else None
        loss = per_output.get(name) if per_output is not None else written
        terms = training is not None and training.term_weights
        if terms and data and name not in data.targets:
            # Beside terms, an output that is only given has neither target nor loss.
            loss = None
        path = f"training.loss.{name}" if per_output is not None else "training.loss"
        yield Head(
            name=name,
            activation=final_activation(flat, pointer),
            width=shape[-1] if shape else None,
            ndim=len(shape) if shape else None,
            target=data.targets.get(name) if data else None,
            node=flat.node(pointer.node),
            loss=loss if isinstance(loss, Object) else None,
            loss_path=path,
            loss_place=spec.places.value(path),
        )
