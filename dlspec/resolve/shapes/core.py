"""Dense, embeddings, activations, dropout and noise, masking."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.resolve.shapes.call import (
    Call,
    distinct_axes,
    flag_argument,
    integer_argument,
    optional_integer_argument,
    require_known_extent,
    require_min_rank,
    sole_input,
    sole_shape,
)
from dlspec.resolve.shapes.cost import (
    activation_cost,
    one_output,
    product_if_known,
    sample_elements,
    sum_if_known,
)
from dlspec.resolve.shapes.result_dtypes import autocast_dtype, is_float
from dlspec.resolve.shapes.tensor import Inferred, ShapeError, Weight


def infer_dense(call: Call) -> Inferred:
    """Infer Dense.

    Shapes:
        x: (batch, ..., features)
        returns: (batch, ..., units)
    """
    shape = require_min_rank(call, sole_shape(call), 2)
    features = require_known_extent(call, shape[-1], what="the extent of the last axis")
    units = integer_argument(call, "units")
    out = (*shape[:-1], units)
    biased = flag_argument(call, "use_bias")
    rank = optional_integer_argument(call, "lora_rank")
    weights = [Weight("kernel", (features, units), trainable=not rank)]
    weights += [Weight("bias", (units,))] if biased else []
    weights += _low_rank("kernel", (features, units), rank)
    extra = sum_if_known(
        product_if_known(int(biased), sample_elements(out)), activation_cost(call, out)
    )
    macs = product_if_known(sample_elements(shape), units)
    return one_output(out, call.dtype, weights=tuple(weights), macs=macs, extra=extra)


def _low_rank(name: str, shape: tuple[int, int], rank: int | None) -> list[Weight]:
    if not rank:
        return []
    first, last = shape
    return [Weight(f"lora_{name}_a", (first, rank)), Weight(f"lora_{name}_b", (rank, last))]


def infer_embedding(call: Call) -> Inferred:
    """Infer Embedding and ReversibleEmbedding.

    Shapes:
        ids: (batch, ...)
        returns: (batch, ..., output_dim)

    Raises:
        ShapeError: If the ids are floats: Keras would cut their fractions off.
    """
    ids = sole_input(call)
    if ids.dtype is not None and is_float(ids.dtype):
        raise ShapeError(
            Code.DTYPE,
            f"`{call.layer.class_name}` looks up integer ids, not {ids.dtype}",
            help="give the input `dtype: int32`",
        )
    rows, width = integer_argument(call, "input_dim"), integer_argument(call, "output_dim")
    return one_output(
        (*sole_shape(call), width), call.dtype, weights=_embedding_tables(call, rows, width)
    )


def _embedding_tables(call: Call, rows: int, width: int) -> tuple[Weight, ...]:
    rank = (
        optional_integer_argument(call, "lora_rank")
        if call.layer.class_name == "Embedding"
        else None
    )
    weights = [Weight("embeddings", (rows, width), trainable=not rank)]
    weights += _low_rank("embeddings", (rows, width), rank)
    if call.layer.class_name == "ReversibleEmbedding" and not flag_argument(call, "tie_weights"):
        weights.append(Weight("reverse_embeddings", (width, rows)))
    return tuple(weights)


def infer_reversible_embedding(call: Call) -> Inferred:
    """Infer ReversibleEmbedding: ids to vectors or, called with `reverse: true`, vectors to logits.

    Shapes:
        vectors: (batch, ..., output_dim)
        returns: (batch, ..., input_dim)
    """
    if call.arguments.get("reverse") is not True:
        return infer_embedding(call)
    shape = require_min_rank(call, sole_shape(call), 1)
    rows, width = integer_argument(call, "input_dim"), integer_argument(call, "output_dim")
    if shape[-1] not in (None, width):
        raise ShapeError(
            Code.CHANNELS,
            f"vectors of {shape[-1]} do not fit an `output_dim` of {width}",
            field="output_dim",
            help=f"use `output_dim: {shape[-1]}`",
        )
    macs = product_if_known(*shape[1:-1], width, rows)
    out = (*shape[:-1], rows)
    return one_output(out, call.dtype, weights=_embedding_tables(call, rows, width), macs=macs)


def infer_unchanged(call: Call) -> Inferred:
    """Infer a layer that passes its input on: Identity, dropout and noise outside training."""
    x = sole_input(call)
    return one_output(sole_shape(call), autocast_dtype(call, x.dtype))


def infer_masking(call: Call) -> Inferred:
    """Infer Masking, which zeroes steps and passes a mask on.

    Shapes:
        x: (batch, steps, ...)
        returns: the same
    """
    shape = require_min_rank(call, sole_shape(call), 1)
    dtype = autocast_dtype(call, sole_input(call).dtype)
    return one_output(shape, None if dtype == "bool" else dtype, extra=sample_elements(shape))


def infer_activation(call: Call) -> Inferred:
    """Infer Activation, ReLU, LeakyReLU, ELU: the input's shape, one FLOP per element.

    Integers stay integers under ReLU only; what else becomes of them depends on the backend.
    """
    shape = sole_shape(call)
    name = call.layer["activation"] if call.layer.class_name == "Activation" else None
    free = call.layer.class_name == "Activation" and name in (None, "linear")
    dtype = autocast_dtype(call, sole_input(call).dtype)
    keeps = is_float(dtype) or free or "relu" in (name, call.layer.class_name.lower())
    return one_output(shape, dtype if keeps else None, extra=0 if free else sample_elements(shape))


def infer_softmax(call: Call) -> Inferred:
    """Infer Softmax over one or several axes."""
    shape = sole_shape(call)
    distinct_axes(call, shape)
    return one_output(shape, call.dtype, extra=sample_elements(shape))


def infer_prelu(call: Call) -> Inferred:
    """Infer PReLU, whose slope has one value per element, shared along `shared_axes`."""
    shape = require_min_rank(call, sole_shape(call), 1)
    shared = call.layer["shared_axes"]
    alpha = list(shape[1:])
    for axis in shared if isinstance(shared, tuple) else (shared,) if shared is not None else ():
        assert isinstance(axis, int), axis
        if not 0 < axis < len(shape):
            raise ShapeError(
                Code.AXIS,
                f"{shape} has no axis {axis} to share",
                field="shared_axes",
                help=f"use axes from 1 to {len(shape) - 1}",
            )
        alpha[axis - 1] = 1
    known = tuple(
        require_known_extent(call, extent, what="every axis that `shared_axes` leaves")
        for extent in alpha
    )
    return one_output(
        shape, call.dtype, weights=(Weight("alpha", known),), extra=sample_elements(shape)
    )


def infer_spatial_dropout(call: Call) -> Inferred:
    """Infer SpatialDropout1D to 3D, which drop whole channels.

    Shapes:
        x: (batch, *spatial, channels)
        returns: the same
    """
    rank = int(call.layer.class_name[-2])
    shape = sole_shape(call)
    if len(shape) != rank + 2:
        raise ShapeError(
            Code.RANK,
            f"`{call.layer.class_name}` takes {counted(rank + 2, 'axis')}, not {shape}",
            help="use `Dropout`, which takes any shape",
        )
    return one_output(shape, autocast_dtype(call, sole_input(call).dtype))
