"""The shape and the type of what enters an old model, said by an input or by the first layer."""

from collections.abc import Mapping
from typing import Any

_WITH_STEPS = (
    "LSTM", "GRU", "SimpleRNN", "Convolution1D", "AtrousConvolution1D", "TimeDistributedDense",
)  # fmt: skip
# What a first layer may say of the input; a policy for mixed precision it says of itself.
_INPUTS = (
    "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool", "string",
)  # fmt: skip


def input_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an input layer of any age by their Keras 3 names."""
    shape = _stated_batch_shape(config)
    found: dict[str, Any] = {} if shape is None else {"batch_shape": shape}
    found["dtype"] = _legacy_input_dtype(config.get("dtype") or config.get("input_dtype"))
    for name in ("sparse", "ragged", "optional"):
        if config.get(name):
            found[name] = True
    return found


def input_settings(class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input layer's arguments that a first layer says; no `batch_shape` if none does."""
    shape = _stated_batch_shape(config)
    if shape is None:
        shape = _shape_from_input_dim(class_name, config)
    if shape is None:
        return _settings_of_wrapped_layer(class_name, config.get("layer"))
    dtype = _legacy_input_dtype(config.get("input_dtype") or config.get("dtype"))
    return {"batch_shape": shape, "dtype": dtype if dtype in _INPUTS else "float32"}


def _stated_batch_shape(config: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a list, or what Keras will refuse
    """Return the shape with the batch axis, None where it is not said."""
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    inner = config.get("input_shape")
    return [None, *inner] if shape is None and isinstance(inner, list) else shape


def _legacy_input_dtype(value: object) -> str:
    """Return the type of an input; of a policy there is none. `float` and `int` are Keras 0.3's."""
    named = value if isinstance(value, str) else "float32"
    return {"float": "float32", "int": "int32"}.get(named, named)


def _settings_of_wrapped_layer(class_name: str, inner: Any) -> dict[str, Any]:  # noqa: ANN401 - data of a saved model
    config = inner.get("config") if isinstance(inner, Mapping) else None
    if class_name != "Bidirectional" or not isinstance(config, Mapping):
        return {}
    return input_settings(str(inner.get("class_name")), config)


def _shape_from_input_dim(class_name: str, config: Mapping[str, Any]) -> list[Any] | None:
    """Return a shape told by `input_dim` and `input_length`, as Keras 0.3 and 1 allowed.

    Source: keras/legacy/interfaces.py of Keras 2.3.1, recurrent_args_preprocessor and others.
    """
    width, length = config.get("input_dim"), config.get("input_length")
    if class_name == "Embedding":
        return [None, length]
    if width is None:
        return None
    return [None, length, width] if class_name in _WITH_STEPS else [None, width]


def reads_channels_first(value: Any) -> bool:  # noqa: ANN401 - JSON is any of its types
    """Return whether some layer of a file says Theano's order of axes, and none TensorFlow's."""
    said = set(_stated_axis_orders(value))
    return bool(said & {"th", "channels_first"}) and not said & {"tf", "channels_last"}


def _stated_axis_orders(value: Any) -> list[Any]:  # noqa: ANN401 - data of a saved model
    if isinstance(value, list):
        return [order for item in value for order in _stated_axis_orders(item)]
    if not isinstance(value, Mapping):
        return []
    here = [
        value[key] for key in ("dim_ordering", "data_format") if isinstance(value.get(key), str)
    ]
    return here + [order for item in value.values() for order in _stated_axis_orders(item)]
