"""One layer's config of Keras 0.3, 1 or 2 -> arguments of Keras 3, with all that cannot be said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dlspec.backends.saved.legacy.old_words import (
    ARGUMENTS,
    CLASSES,
    DATA_FORMATS,
    DROPPED,
    GONE,
    ONLY_AT,
    SILENT,
)
from dlspec.backends.saved.legacy.values import keras3_argument_value
from dlspec.backends.saved.saved_objects import Refusal
from dlspec.diagnostics.codes import Code
from dlspec.language import catalogue

_CONVOLUTIONS = ("Conv", "Separable", "Depthwise")
_SLOPE = (
    "`hard_sigmoid` is max(0, min(1, x/6 + 0.5)) in Keras 3; the file means "
    "max(0, min(1, 0.2x + 0.5)), so it differs by up to 0.083"
)
_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "string", "bool")


@dataclass(slots=True)
class Translated:
    """A layer in the terms of Keras 3; `refusals` and `notes` say what is lost."""

    class_name: str
    config: dict[str, Any]
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inexact: list[str] = field(default_factory=list)
    counted_axis: bool = False

    def refuse(self, argument: str, *, help: str | None = None) -> None:
        """Note an argument, written as `name: value`, that Keras 3 has no equal for."""
        reason = f"`{argument}` has no equal in Keras 3"
        self.refusals.append(Refusal(Code.UNKNOWN_ARGUMENT, reason, help))


def translated_layer(class_name: str, config: Mapping[str, Any]) -> Translated:
    """Return a layer of an older Keras in the terms of Keras 3.

    `layer`, `cell` and `cells` stay as they are: the reader translates what is inside.
    """
    new = CLASSES.get(class_name, class_name)
    result = Translated(new, {})
    if class_name in GONE:
        reason = f"Keras 3 has no `{class_name}`"
        result.refusals.append(Refusal(Code.UNKNOWN_CLASS, reason, GONE[class_name]))
        return result
    entry = catalogue.find_entry("layer", new)
    if entry is None or entry.forbidden:
        # It is refused whole, whatever its arguments are.
        return result
    renames = ARGUMENTS.get(new, {})
    for name, value in config.items():
        _translate_argument(result, renames.get(name, name), value, old=name)
    for change in (
        _translate_kernel_size,
        _translate_recurrent_layer,
        _translate_special_class,
        _translate_formats,
        _note_hard_sigmoid,
    ):
        change(result, class_name, config)
    return result


def _translate_argument(result: Translated, name: str, value: Any, *, old: str) -> None:  # noqa: ANN401 - data of a saved model
    entry = catalogue.find_entry("layer", result.class_name)
    assert entry is not None, "a class that Keras does not have has no arguments"
    parameter = entry.parameter_named(name)
    is_dropout = old == "dropout" and result.class_name == "Embedding"
    if name in ("name", "trainable") or (old in _HANDLED and parameter is None) or is_dropout:
        return
    if parameter is not None:
        result.config[name] = keras3_argument_value(name, value)
    elif old in DROPPED:
        if value not in (0, None, False):
            result.notes.append(DROPPED[old])
    elif not _says_keras3_default(result.class_name, name, value, old=old):
        result.refuse(f"{old}: {_shortened_argument_text(value)}")


def _says_keras3_default(class_name: str, name: str, value: Any, *, old: str) -> bool:  # noqa: ANN401 - data of a saved model
    """Return whether an argument that Keras 3 has not says what Keras 3 does anyway."""
    if value is None or value is False or name in SILENT:
        return True
    if old in ONLY_AT and (not ONLY_AT[old] or value in ONLY_AT[old]):
        return True
    # DepthwiseConv2D and SeparableConv2D listed the kernel arguments of their base class, Conv2D.
    by_depth = class_name.startswith(("Depthwise", "Separable"))
    return by_depth and (name == "filters" or name.startswith("kernel_"))


# Renamed together with others, by the functions below.
_HANDLED = frozenset(
    {
        "nb_row", "nb_col", "kernel_dim1", "kernel_dim2", "kernel_dim3", "dim_ordering",
        "forget_bias_init", "output_shape",
    }
)  # fmt: skip


def _shortened_argument_text(value: Any) -> str:  # noqa: ANN401 - data of a saved model
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _translate_kernel_size(result: Translated, _old: str, config: Mapping[str, Any]) -> None:
    for names in (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3")):
        if names[0] in config:
            result.config["kernel_size"] = [config.get(name) for name in names]


def _translate_recurrent_layer(result: Translated, old: str, config: Mapping[str, Any]) -> None:
    if result.class_name in ("LSTM", "ConvLSTM2D"):
        bias = config.get("forget_bias_init")
        if bias is not None:
            result.config["unit_forget_bias"] = bias == "one"
        if bias not in (None, "one", "zero"):
            result.notes.append(f"`forget_bias_init: {bias}` is left out, as Keras 2 did")
    if result.class_name in ("GRU", "GRUCell") and "reset_after" not in config:
        # Keras 1, and Keras 2 before it had the argument, reset before the matrix product.
        result.config["reset_after"] = old == "CuDNNGRU"
    if old.startswith("CuDNN"):
        result.config |= {"activation": "tanh", "recurrent_activation": "sigmoid"}


def _translate_special_class(result: Translated, old: str, config: Mapping[str, Any]) -> None:
    special = _SPECIAL.get(result.class_name)
    if special is not None:
        special(result, old, config)


def _translate_batch_normalization(
    result: Translated, old: str, _config: Mapping[str, Any]
) -> None:
    _unlist_normalization_axis(result)
    if old == "SyncBatchNormalization":
        result.config["synchronized"] = True


def _translate_leaky_relu(result: Translated, _old: str, config: Mapping[str, Any]) -> None:
    # Until Keras 2.1 a NumPy number was saved as a nested value.
    value = config.get("alpha")
    if isinstance(value, Mapping):
        result.config["negative_slope"] = value.get("value")


def _note_thresholded_relu(result: Translated, old: str, _config: Mapping[str, Any]) -> None:
    if old == "ThresholdedReLU":
        result.notes.append(
            "`ThresholdedReLU` is `ReLU` with a `threshold`, which passes x = theta"
        )


def _translate_elu(result: Translated, _old: str, config: Mapping[str, Any]) -> None:
    value = config.get("alpha")
    if isinstance(value, Mapping):
        result.config["alpha"] = value.get("value")


def _translate_zero_padding_2d(result: Translated, _old: str, config: Mapping[str, Any]) -> None:
    padding = config.get("padding")
    if isinstance(padding, Mapping):
        # Keras 1: `{top_pad, bottom_pad, left_pad, right_pad}`, each 0 where it is not said.
        top, bottom, left, right = (
            padding.get(f"{side}_pad", 0) for side in ("top", "bottom", "left", "right")
        )
        result.config["padding"] = [[top, bottom], [left, right]]
    elif isinstance(padding, list) and len(padding) == 4:
        result.config["padding"] = [padding[:2], padding[2:]]


def _translate_one_dimensional_pooling(
    result: Translated, _old: str, _config: Mapping[str, Any]
) -> None:
    for name in ("pool_size", "strides"):
        value = result.config.get(name)
        # Of one dimension Keras 2.0 to 2.2 wrote the number, tf.keras a list.
        if isinstance(value, list) and len(value) == 1:
            result.config[name] = value[0]


def _translate_convolution_transpose(
    result: Translated, _old: str, config: Mapping[str, Any]
) -> None:
    shape = config.get("output_shape")
    if isinstance(shape, list):
        result.notes.append("`output_shape` of a deconvolution is left out: Keras works it out")


def _translate_embedding(result: Translated, _old: str, config: Mapping[str, Any]) -> None:
    if config.get("dropout"):
        help = "`SpatialDropout1D` right after the embedding is what Keras 2 advised"
        result.refuse(f"dropout: {config['dropout']}", help=help)
    if str(result.config.get("dtype", "")).startswith("int"):
        # Of the first layer of a Sequential model: the type of the input.
        del result.config["dtype"]


def _translate_layer_normalization(
    result: Translated, _old: str, _config: Mapping[str, Any]
) -> None:
    _unlist_normalization_axis(result)


def _unlist_normalization_axis(result: Translated) -> None:
    axis = result.config.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        # tf.keras wrote the axis as it was resolved when the layer was built.
        result.config["axis"] = axis[0]
        result.counted_axis = True


def _refuse_stacked_cells(result: Translated, _old: str, config: Mapping[str, Any]) -> None:
    if isinstance(config.get("cell"), list):
        result.refuse("cell: a list")


_Special = Callable[[Translated, str, Mapping[str, Any]], None]
_SPECIAL: Mapping[str, _Special] = {
    "BatchNormalization": _translate_batch_normalization,
    "LayerNormalization": _translate_layer_normalization,
    "LeakyReLU": _translate_leaky_relu,
    "ReLU": _note_thresholded_relu,
    "ELU": _translate_elu,
    "ZeroPadding2D": _translate_zero_padding_2d,
    "MaxPooling1D": _translate_one_dimensional_pooling,
    "AveragePooling1D": _translate_one_dimensional_pooling,
    "Conv2DTranspose": _translate_convolution_transpose,
    "Conv3DTranspose": _translate_convolution_transpose,
    "Embedding": _translate_embedding,
    "RNN": _refuse_stacked_cells,
}


def _translate_formats(result: Translated, _old: str, config: Mapping[str, Any]) -> None:
    ordering = config.get("dim_ordering")
    if isinstance(ordering, str):
        said = DATA_FORMATS.get(ordering, ordering)
        if said is not None:
            result.config["data_format"] = said
    padding = result.config.get("padding")
    if padding == "full" or (padding == "causal" and result.class_name != "Conv1D"):
        result.refuse(f"padding: {padding}")
    dtype = result.config.get("dtype")
    if dtype in _INTEGERS and result.class_name.startswith((*_CONVOLUTIONS, "Dense", "Masking")):
        del result.config["dtype"]


def _note_hard_sigmoid(result: Translated, _old: str, _config: Mapping[str, Any]) -> None:
    names = ("activation", "recurrent_activation")
    if any(result.config.get(name) == "hard_sigmoid" for name in names):
        result.inexact.append(_SLOPE)
