"""The calls of Keras 1 and 2: `[name, node, tensor, keywords]` for each tensor of a call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from dlspec.backends.saved.architecture import Call, Ref, SavedLayer, refs_in
from dlspec.backends.saved.document_parts import MalformedError, Part
from dlspec.backends.saved.keras3_models import Numbers
from dlspec.backends.saved.legacy.tensorflow_functions import FUNCTIONS, Function
from dlspec.backends.saved.legacy.tensorflow_nodes import node_as_operation

# Keras 2 calls these on a list: the sequence, then the states it begins with.
_RECURRENT = frozenset(
    {"RNN", "SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"}
)
# tf.keras: what no layer gave stands under this name.
_CONSTANT = "_CONSTANT_VALUE"
# Keras 3 says neither, or says it beside the call.
_UNSAID = ("name",)


@dataclass(frozen=True, slots=True)
class CallReader:
    """Reads the nodes of one graph; `names` are its layers, which tells tensors from lists."""

    names: frozenset[str]

    def calls(self, nodes: Part) -> tuple[Call, ...]:
        """Return the calls of a layer.

        Raises:
            MalformedError: If a node has another form.
        """
        return tuple(self._read_legacy_call(node) for node in nodes.items())

    def _read_legacy_call(self, node: Part) -> Call:
        first = self._read_call_tensors(node)
        if isinstance(first, list) and len(first) == 1:
            first = first[0]
        keywords = _first_call_keywords(node.value)
        kwargs = {
            name: self._read_keyword_value(value)
            for name, value in (keywords or {}).items()
            if value is not None and name not in _UNSAID
        }
        return Call((first,), kwargs)

    def _read_call_tensors(self, part: Part) -> Any:  # noqa: ANN401 - a structure of tensors
        value = part.value
        if isinstance(value, Mapping):
            return {key: self._read_call_tensors(item) for key, item in part.entries()}
        if isinstance(value, list) and value and isinstance(value[0], str):
            if value[0] == _CONSTANT:
                return _constant_call_value(part[2].value)
            return Ref(part[0].text, part[1].count, part[2].count)
        if not isinstance(value, list):
            raise MalformedError(part.path, "a tensor belongs here")
        return [self._read_call_tensors(item) for item in part.items()]

    def _read_keyword_value(self, value: Any) -> Any:  # noqa: ANN401 - an argument of a call
        if isinstance(value, list):
            if _is_tensor_triple(value) and value[0] in self.names:
                return Ref(value[0], value[1], value[2])
            return [self._read_keyword_value(item) for item in value]
        if isinstance(value, Mapping):
            if set(value) == {"start", "stop", "step"}:
                return slice(
                    *(self._read_keyword_value(value[key]) for key in ("start", "stop", "step"))
                )
            return {key: self._read_keyword_value(item) for key, item in value.items()}
        return value


def _is_tensor_triple(value: list[Any]) -> bool:
    return len(value) == 3 and isinstance(value[0], str) and type(value[1]) is type(value[2]) is int


def _constant_call_value(value: Any) -> Any:  # noqa: ANN401 - a number, or nested lists of numbers
    return Numbers(value, "float32") if isinstance(value, list) else value


def _first_call_keywords(value: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - a node
    """Return the keywords of a call, which stand beside each of its tensors."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list):
        return None
    if value and isinstance(value[0], str):
        return value[3] if len(value) > 3 and isinstance(value[3], Mapping) else None
    found = (_first_call_keywords(item) for item in value)
    return next((keywords for keywords in found if keywords is not None), None)


def with_initial_states(layer: SavedLayer) -> SavedLayer:
    """Return a recurrent layer whose beginning states are named, as Keras 3 takes them."""
    if layer.class_name not in _RECURRENT:
        return layer
    calls = []
    for call in layer.calls:
        first = call.args[0]
        if isinstance(first, list) and len(first) > 1:
            kwargs = {**call.kwargs, "initial_state": first[1:]}
            call = Call((first[0],), kwargs)
        calls.append(call)
    return replace(layer, calls=tuple(calls))


def renumbered_inner_calls(
    layers: list[SavedLayer], ends: list[Any]
) -> tuple[list[SavedLayer], list[Any]]:
    """Return layers and ends with the calls of inner models counted from 0.

    Before Keras 3 an inner model began with a call of its own, so that what a file calls 1 is its
    first call in the graph. Some releases counted that call and some did not; a call that nobody
    reads is not saved, so that the lowest number in use tells.
    """
    inner = {layer.name for layer in layers if layer.kind == "model"}
    refs = [ref for layer in layers for call in layer.calls for ref in call.refs_read()]
    refs += [ref for end in ends for ref in refs_in(end)]
    lowest = {
        name: min((ref.call for ref in refs if ref.layer == name), default=0) for name in inner
    }

    def shift(ref: Ref) -> Ref:
        return replace(ref, call=ref.call - lowest.get(ref.layer, 0))

    moved = [
        replace(
            layer,
            calls=tuple(
                Call(_with_changed_refs(call.args, shift), _with_changed_refs(call.kwargs, shift))
                for call in layer.calls
            ),
        )
        for layer in layers
    ]
    return moved, [_with_changed_refs(end, shift) for end in ends]


def _with_changed_refs(value: Any, change: Callable[[Ref], Ref]) -> Any:  # noqa: ANN401 - data of a saved model
    match value:
        case Ref():
            return change(value)
        case list() | tuple():
            return type(value)(_with_changed_refs(item, change) for item in value)
        case Mapping():
            return {key: _with_changed_refs(item, change) for key, item in value.items()}
    return value


def operation_of_node(
    layer: SavedLayer, config: Mapping[str, Any]
) -> tuple[SavedLayer, str | None]:
    """Return the node of a TensorFlow graph as one of keras.ops, and why that cannot be, if so."""
    found = [node_as_operation(config, call) for call in layer.calls]
    name, calls = layer.class_name, []
    for one in found:
        if isinstance(one, str):
            return layer, one
        name = one[0]
        calls.append(one[1])
    return _called_as(layer, name, calls), None


def _called_as(layer: SavedLayer, name: str, calls: list[Call]) -> SavedLayer:
    """Return a layer that is a function of keras.ops, or a layer where the name is a class's."""
    kind: Literal["layer", "operation"] = "layer" if name[0].isupper() else "operation"
    return replace(layer, kind=kind, class_name=name, calls=tuple(calls))


def keras_operation_layer(layer: SavedLayer, function: str) -> tuple[SavedLayer, str | None]:
    """Return a call of a TensorFlow function as one of keras.ops, and why that cannot be, if so.

    Args:
        function: Its name as tf.keras writes it, such as `math.reduce_mean`.
    """
    if function == "__operators__.getitem":
        calls = [_slicing_call(call) for call in layer.calls]
        return replace(layer, kind="operation", class_name="get_item", calls=tuple(calls)), None
    known = FUNCTIONS.get(function)
    if known is None:
        return layer, f"it calls `tf.{function}`, for which keras.ops has no plain equivalent"
    found: list[Call] = []
    for call in layer.calls:
        strange = [
            n for n in call.kwargs if not _takes_tensorflow_argument(known, n, call.kwargs[n])
        ]
        if strange:
            return layer, f"`tf.{function}` is called with `{strange[0]}`"
        kwargs = {known.renamed[n]: v for n, v in call.kwargs.items() if n in known.renamed}
        found.append(_call_with_positional_operands(call, kwargs))
    return _called_as(layer, known.name, found), None


def _call_with_positional_operands(call: Call, kwargs: dict[str, Any]) -> Call:
    """Return a call whose operands are given by position, as Keras 3 writes them."""
    operands = [name for name in ("x1", "x2") if name in kwargs]
    positional = tuple(kwargs.pop(name) for name in operands)
    return Call((*call.args, *positional), kwargs)


def _takes_tensorflow_argument(known: Function, name: str, value: Any) -> bool:  # noqa: ANN401 - data of a saved model
    return name in known.renamed or (name in known.only_at and known.only_at[name] == value)


def _slicing_call(call: Call) -> Call:
    key = call.kwargs.get("slice_spec")
    items = key if isinstance(key, list) else [key]
    return Call(
        (call.args[0], tuple(... if item in ("...", "Ellipsis") else item for item in items))
    )
