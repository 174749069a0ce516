"""What stands at the end of a graph, for the rules: a head's activation, width and place."""

from dataclasses import dataclass

from dlspec.catalogue import Object
from dlspec.features import Feature
from dlspec.flat import FlatGraph, FlatNode, Pointer
from dlspec.shapes.tensor import Dim
from dlspec.source import Span

# What these give has the activation of what they take.
_PASS_ON = frozenset(
    {
        "ActivityRegularization", "Cropping1D", "Cropping2D", "Dropout", "Flatten", "Identity",
        "Permute", "RepeatVector", "Reshape", "SpatialDropout1D", "SpatialDropout2D",
    }
)  # fmt: skip
_WITH_ACTIVATION = frozenset(
    {
        "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
        "Dense", "DepthwiseConv1D", "DepthwiseConv2D", "EinsumDense", "SeparableConv1D",
        "SeparableConv2D",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """One output; `activation` is None where the layer hides it, `width` is the last extent."""

    name: str
    activation: str | None
    width: Dim
    target: Feature | None
    node: FlatNode | None
    loss: Object | None
    loss_path: str
    loss_place: Span

    @property
    def place(self) -> Span:
        """Return where the head's width is written, else where its layer is."""
        if self.node is None:
            return self.loss_place
        return self.node.places.get("units") or self.node.places.get("filters") or self.node.head


def final_activation(flat: FlatGraph, pointer: Pointer) -> str | None:
    """Return the activation that an output has passed last; None when that cannot be seen.

    It is read off the text's layers, so that a mistake in a shape does not hide it.
    """
    nodes = {node.name: node for node in flat.nodes}
    while pointer.node in nodes:
        node = nodes[pointer.node]
        layer = node.operation
        if not isinstance(layer, Object):
            return None
        if layer.class_name == "Softmax":
            return "softmax"
        if layer.class_name in (*_WITH_ACTIVATION, "Activation"):
            activation = layer["activation"]
            return "linear" if activation is None else _word(activation)
        if layer.class_name not in _PASS_ON or not isinstance(node.inputs, Pointer):
            return None
        pointer = node.inputs
    return None


def _word(activation: object) -> str | None:
    if isinstance(activation, Object):
        return activation.class_name.lower()
    return str(activation)


def node_of(flat: FlatGraph, name: str) -> FlatNode | None:
    """Return the flat node called `name`, or None for an input."""
    return next((node for node in flat.nodes if node.name == name), None)
