"""Layers that prepare features: lookups, encodings, hashing, scaling, spectrograms."""

from dlspec.diagnostics.codes import Code
from dlspec.language.tensors import Dim, Shape
from dlspec.resolve.shapes.call import (
    Call,
    flag_argument,
    integer_argument,
    integer_tuple,
    known_shape,
    optional_integer_argument,
    require_known_extent,
    require_min_rank,
    require_rank,
    resolve_axis,
    several_inputs,
    sole_input,
    sole_shape,
    text_argument,
)
from dlspec.resolve.shapes.cost import AFFINE, one_output, product_if_known, sample_elements
from dlspec.resolve.shapes.result_dtypes import is_float
from dlspec.resolve.shapes.tensor import Inferred, ShapeError, Weight
from dlspec.resolve.shapes.window_extents import Windows, slide_windows, sole_image

# What counts come out as, whatever the policy: Keras's default float.
_FLOAT = "float32"


def infer_rescaling(call: Call) -> Inferred:
    """Infer Rescaling: a scale and a shift per element."""
    shape = sole_shape(call)
    return one_output(shape, call.dtype, extra=product_if_known(AFFINE, sample_elements(shape)))


def infer_normalization(call: Call) -> Inferred:
    """Infer Normalization; what `adapt` finds is kept in variables unless `mean` is given."""
    shape = sole_shape(call)
    axis = call.layer["axis"]
    axes = sorted(
        resolve_axis(call, a, shape) for a in (() if axis is None else integer_tuple(axis))
    )
    kept = tuple(
        require_known_extent(call, shape[a], what=f"the extent of axis {a}, which it normalizes")
        for a in axes
    )
    weights = (
        Weight("mean", kept, trainable=False),
        Weight("variance", kept, trainable=False),
        Weight("count", (), trainable=False),
    )
    own = weights if call.layer["mean"] is None else ()
    return one_output(
        shape, call.dtype, weights=own, extra=product_if_known(AFFINE, sample_elements(shape))
    )


def infer_category_encoding(call: Call) -> Inferred:
    """Infer CategoryEncoding.

    Shapes:
        ids: (batch, ..., n)
        returns: (batch, ..., num_tokens), or (batch, ..., n, num_tokens) with `one_hot` and n > 1
    """
    shape = require_min_rank(call, sole_shape(call), 1)
    mode = text_argument(call, "output_mode")
    _require_countable(call, shape, mode)
    return one_output(_encoded_shape(shape, mode, _number_of_tokens(call)), call.dtype)


def _number_of_tokens(call: Call) -> int:
    number = optional_integer_argument(call, "num_tokens")
    if number is None:
        raise ShapeError(
            Code.MISSING_ARGUMENT,
            "`CategoryEncoding` needs to know how many tokens there are",
            field="num_tokens",
            help="give `num_tokens`",
        )
    return number


def _require_countable(call: Call, shape: Shape, mode: str) -> None:
    """Refuse more axes than Keras counts over: it announces another shape than it computes."""
    if mode not in ("int", "one_hot") and len(shape) > 2:
        raise ShapeError(
            Code.RANK,
            f"`{call.layer.class_name}` counts over (batch, n), not {shape}",
            field="output_mode",
            help="bring the input to two axes, as `Flatten` does",
        )


def _encoded_shape(shape: Shape, mode: str, depth: Dim) -> Shape:
    if mode == "one_hot" and (len(shape) == 1 or shape[-1] != 1):
        return (*shape, depth)
    return (*shape[:-1], depth)


def infer_discretization(call: Call) -> Inferred:
    """Infer Discretization: the number of each value's bin, or an encoding of it."""
    shape = require_min_rank(call, sole_shape(call), 1)
    mode = text_argument(call, "output_mode")
    if mode == "int":
        return one_output(shape, "int32", extra=sample_elements(shape))
    borders = call.layer["bin_boundaries"]
    depth = (
        len(borders) + 1
        if isinstance(borders, tuple)
        else optional_integer_argument(call, "num_bins")
    )
    if mode == "one_hot":
        return one_output(
            _encoded_shape(shape, mode, depth), call.dtype, extra=sample_elements(shape)
        )
    out = (shape[0], *shape[2:], depth) if len(shape) > 1 else (depth,)
    return one_output(out, call.dtype, extra=sample_elements(shape))


def infer_hashing(call: Call) -> Inferred:
    """Infer Hashing: each value's bucket, or an encoding of the buckets."""
    shape = require_min_rank(call, sole_shape(call), 1)
    bins, mode = integer_argument(call, "num_bins"), text_argument(call, "output_mode")
    own = call.layer.arguments.get("dtype")
    dtype = own if isinstance(own, str) else "int64" if mode == "int" else _FLOAT
    _require_countable(call, shape, mode)
    if mode == "one_hot" and (len(shape) != 2 or shape[1] != 1):
        raise ShapeError(
            Code.RANK,
            f"`Hashing` encodes one value per sample, (batch, 1), not {shape}",
            field="output_mode",
            help="bring the input to one value per sample, as `Reshape: [1]` does, "
            "or use `output_mode: int`",
        )
    return one_output(shape if mode == "int" else (*shape[:-1], bins), dtype)


def infer_hashed_crossing(call: Call) -> Inferred:
    """Infer HashedCrossing of two features: the bucket of each pair of values.

    Shapes:
        a, b: (batch,) or (batch, 1)
        returns: the same, or (batch, num_bins) with `one_hot`
    """
    a, b = several_inputs(call, 2, 2)
    first, last = known_shape(a), known_shape(b)
    if first != last or not 1 <= len(first) <= 2 or (len(first) > 1 and first[1] != 1):
        raise ShapeError(
            Code.MERGE,
            f"`HashedCrossing` takes two tensors of shape (batch, 1), not {first} and {last}",
            help="bring both to one value per sample, for example with `Reshape: [1]`",
        )
    if is_float(a.dtype) or is_float(b.dtype):
        raise ShapeError(
            Code.DTYPE,
            "`HashedCrossing` crosses integers or strings, not floats",
            help="give the input `dtype: int64` or `dtype: string`",
        )
    if text_argument(call, "output_mode") == "int":
        own = call.layer.arguments.get("dtype")
        return one_output(first, own if isinstance(own, str) else "int64")
    return one_output(
        _encoded_shape(first, "one_hot", integer_argument(call, "num_bins")), call.dtype
    )


def infer_vocabulary_lookup(call: Call) -> Inferred:
    """Infer StringLookup and IntegerLookup: ids, their words with `invert`, or an encoding."""
    shape = require_min_rank(call, sole_shape(call), 1)
    _require_kind(call)
    mode = text_argument(call, "output_mode")
    if mode == "int":
        words = flag_argument(call, "invert") and call.layer.class_name == "StringLookup"
        return one_output(shape, "string" if words else "int64")
    _require_countable(call, shape, mode)
    return one_output(_encoded_shape(shape, mode, _encoding_width(call)), _encoding_dtype(mode))


def _encoding_dtype(mode: str) -> str:
    return _FLOAT if mode == "tf_idf" else "int64"


def _require_kind(call: Call) -> None:
    dtype = sole_input(call).dtype
    words = call.layer.class_name == "StringLookup" and not flag_argument(call, "invert")
    if dtype is None or (dtype == "string") == words:
        return
    raise ShapeError(
        Code.DTYPE,
        f"`{call.layer.class_name}` looks up {'strings' if words else 'integers'}, not {dtype}",
        help=f"give the input `dtype: {'string' if words else 'int64'}`",
    )


def _encoding_width(call: Call) -> Dim:
    """Return the width of an encoding; None when the vocabulary is a file or still to be adapted.

    The words that stand for unknown ones and for padding may head the vocabulary; they are not
    counted twice.
    """
    if flag_argument(call, "pad_to_max_tokens"):
        return optional_integer_argument(call, "max_tokens")
    words = call.layer["vocabulary"]
    if not isinstance(words, tuple):
        return None
    looked_up = call.layer.class_name != "TextVectorization"
    unknown = integer_argument(call, "num_oov_indices") if looked_up else 1
    token = call.layer["oov_token"] if looked_up else "[UNK]"
    return len(words) + (0 if words[:unknown] == (token,) * unknown else unknown)


def infer_text_vectorization(call: Call) -> Inferred:
    """Infer TextVectorization.

    Shapes:
        texts: (batch,) or (batch, 1)
        returns: (batch, output_sequence_length) ids, or (batch, tokens) counts
    """
    shape = require_min_rank(call, sole_shape(call), 1)
    dtype = sole_input(call).dtype
    if dtype not in (None, "string"):
        raise ShapeError(
            Code.DTYPE,
            f"`TextVectorization` takes strings, not {dtype}",
            help="give the input `dtype: string`",
        )
    mode = text_argument(call, "output_mode")
    splits = call.layer["split"] is not None
    _require_texts(call, shape, splits=splits, counts=mode != "int")
    if mode == "int":
        length = optional_integer_argument(call, "output_sequence_length")
        return one_output((shape[0], length), "int64")
    words = (*shape, None) if splits else shape
    return one_output(_encoded_shape(words, mode, _encoding_width(call)), _encoding_dtype(mode))


def _require_texts(call: Call, shape: Shape, *, splits: bool, counts: bool) -> None:
    """Refuse the ranks for which Keras announces another shape than it computes."""
    name = call.layer.class_name
    if not splits and len(shape) != 2:
        raise ShapeError(
            Code.RANK,
            f"without `split` `{name}` takes (batch, words), not {shape}",
            field="split",
            help="give the input an axis of words, or use `split: whitespace`",
        )
    if splits and shape[1:] != () and (counts or shape[1:] != (1,)):
        raise ShapeError(
            Code.RANK,
            f"`{name}` takes one text per sample, (batch,), not {shape}",
            help="give the input the shape []",
        )


def infer_mel_spectrogram(call: Call) -> Inferred:
    """Infer MelSpectrogram; the FLOPs of its Fourier transforms are not counted.

    Shapes:
        wave: (batch, samples)
        returns: (batch, num_mel_bins, frames)
    """
    batch, samples = require_rank(call, sole_shape(call), "batch, samples")
    stride = integer_argument(call, "sequence_stride")
    # One more sample than the frames need: Keras's own count, on which later layers are built.
    frames = None if samples is None else (samples + stride + 1) // stride
    bins = integer_argument(call, "num_mel_bins")
    macs = product_if_known(frames, integer_argument(call, "fft_length") // 2 + 1, bins)
    return one_output((batch, bins, frames), call.dtype, macs=macs)


def infer_stft_spectrogram(call: Call) -> Inferred:
    """Infer STFTSpectrogram, a convolution with Fourier kernels.

    Shapes:
        wave: (batch, samples, channels)
        returns: (batch, frames, channels * bins), or (batch, frames, bins, channels) with
            `expand_dims`
    """
    x = sole_image(call, 1)
    channels = require_known_extent(call, x.channels, what="the number of channels")
    length, mode = integer_argument(call, "frame_length"), text_argument(call, "mode")
    step = optional_integer_argument(call, "frame_step") or length // 2
    windows = Windows(
        (length,), (step,), (1,), text_argument(call, "padding").lower(), "frame_length"
    )
    (frames,) = slide_windows(x.spatial, windows)
    half = _fourier_length(call, length) // 2 + 1
    bins = half * (2 if mode == "stft" else 1)
    parts = [name for name, off in (("real", "imag"), ("imag", "real")) if mode != off]
    weights = tuple(Weight(f"{part}_kernel", (length, 1, half)) for part in parts)
    macs = product_if_known(frames, channels, length, half, len(parts))
    if not flag_argument(call, "expand_dims"):
        out = x.shape_with((frames,), bins * channels)
    elif x.channels_first:
        out = (x.batch, channels, frames, bins)
    else:
        out = (x.batch, frames, bins, channels)
    return one_output(out, call.dtype, weights=weights, macs=macs)


def _fourier_length(call: Call, length: int) -> int:
    """Return `fft_length`, by default the next power of two."""
    return optional_integer_argument(call, "fft_length") or 1 << (length - 1).bit_length()
