"""Masks that a layer drops."""

from collections.abc import Iterator

from dlspec.diagnostics.codes import Code
from dlspec.language.catalogue import Object
from dlspec.resolve.dead_nodes import references_within
from dlspec.resolve.plan import Graph, Node, Reference
from dlspec.rules.heads import node_of
from dlspec.rules.subject import Checked

# These hand a mask on unchanged (Keras: `supports_masking` and no `compute_mask` of their own).
_HANDS_ON = frozenset(
    {
        "Activation", "Add", "Average", "BatchNormalization", "Bidirectional", "Concatenate",
        "Dense", "Dropout", "ELU", "GaussianDropout", "GaussianNoise", "GRU", "LSTM",
        "LayerNormalization", "LeakyReLU", "Masking", "Maximum", "Minimum", "Multiply", "PReLU",
        "RNN", "ReLU", "SimpleRNN", "Softmax", "SpatialDropout1D", "Subtract", "TimeDistributed",
    }
)  # fmt: skip


# These compute something else where steps are padding, and say nothing.
_DROPS = frozenset(
    {
        "AveragePooling1D", "Conv1D", "DepthwiseConv1D", "Flatten", "GlobalMaxPooling1D",
        "MaxPooling1D", "Permute", "RepeatVector", "Reshape", "SeparableConv1D",
    }
)  # fmt: skip


def dropped_masks(graph: Graph) -> Iterator[Node]:
    """Yield each node that takes a masked tensor and drops the mask."""
    masked: set[str] = set()
    for node in graph.nodes:
        layer = node.operation
        if not isinstance(layer, Object):
            continue
        takes_mask = any(reference.node in masked for reference in references_within(node.inputs))
        if _makes_mask(layer) or (takes_mask and _keeps_mask(layer)):
            masked.add(node.name)
        elif takes_mask and layer.class_name in _DROPS and isinstance(node.inputs, Reference):
            yield node


def _makes_mask(layer: Object) -> bool:
    return layer.class_name == "Masking" or (
        layer.class_name == "Embedding" and layer["mask_zero"] is True
    )


def _keeps_mask(layer: Object) -> bool:
    if layer.class_name not in _HANDS_ON:
        return False
    inner = layer.arguments.get("layer") if layer.class_name == "Bidirectional" else layer
    if isinstance(inner, Object) and inner.class_name in ("GRU", "LSTM", "SimpleRNN", "RNN"):
        return inner["return_sequences"] is True
    return True


def warn_of_dropped_masks(checked: Checked) -> None:
    """Warn of each node that takes a masked tensor and drops the mask."""
    if len(checked.graph.nodes) != len(checked.flat.nodes):
        return
    for node in dropped_masks(checked.graph):
        flat_node = node_of(checked.flat, node.name)
        assert flat_node is not None
        assert isinstance(node.operation, Object)
        with checked.reporter.with_trail(*flat_node.trail):
            checked.reporter.error(
                Code.DROPPED_MASK,
                flat_node.head,
                f"`{node.name}` drops the mask of its input",
                label=f"`{node.operation.class_name}` does not use masks",
                help="leave `mask_zero` out, or put a layer that uses the mask before it",
            )
