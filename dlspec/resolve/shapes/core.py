"""Dense, embeddings, activations, dropout and noise, masking."""

from dlspec.diagnostics.codes import Code
from dlspec.resolve.shapes.call import (
    Call,
    distinct_axes,
    flag,
    integer,
    optional_integer,
    require_known,
    require_min_rank,
    sole,
    sole_shape,
)
from dlspec.resolve.shapes.cost import activation_cost, one_output, plus, size, times
from dlspec.resolve.shapes.result_dtypes import autocast, is_float
from dlspec.resolve.shapes.tensor import Inferred, ShapeError, Weight


def dense(call: Call) -> Inferred:
    """Infer Dense.

    Shapes:
        x: (batch, ..., features)
        returns: (batch, ..., units)
    """
    shape = require_min_rank(call, sole_shape(call), 2)
    features = require_known(call, shape[-1], what="the extent of the last axis")
    units = integer(call, "units")
    out = (*shape[:-1], units)
    biased = flag(call, "use_bias")
    rank = optional_integer(call, "lora_rank")
    weights = [Weight("kernel", (features, units), trainable=not rank)]
    weights += [Weight("bias", (units,))] if biased else []
    weights += _low_rank("kernel", (features, units), rank)
    extra = plus(times(int(biased), size(out)), activation_cost(call, out))
    macs = times(size(shape), units)
    return one_output(out, call.dtype, weights=tuple(weights), macs=macs, extra=extra)


def _low_rank(name: str, shape: tuple[int, int], rank: int | None) -> list[Weight]:
    if not rank:
        return []
    first, last = shape
    return [Weight(f"lora_{name}_a", (first, rank)), Weight(f"lora_{name}_b", (rank, last))]


def embedding(call: Call) -> Inferred:
    """Infer Embedding and ReversibleEmbedding.

    Shapes:
        ids: (batch, ...)
        returns: (batch, ..., output_dim)

    Raises:
        ShapeError: If the ids are floats: Keras would cut their fractions off.
    """
    ids = sole(call)
    if ids.dtype is not None and is_float(ids.dtype):
        raise ShapeError(
            Code.DTYPE,
            f"`{call.layer.class_name}` looks up integer ids, not {ids.dtype}",
            help="give the input `dtype: int32`",
        )
    rows, width = integer(call, "input_dim"), integer(call, "output_dim")
    return one_output((*sole_shape(call), width), call.dtype, weights=_tables(call, rows, width))


def _tables(call: Call, rows: int, width: int) -> tuple[Weight, ...]:
    rank = optional_integer(call, "lora_rank") if call.layer.class_name == "Embedding" else None
    weights = [Weight("embeddings", (rows, width), trainable=not rank)]
    weights += _low_rank("embeddings", (rows, width), rank)
    if call.layer.class_name == "ReversibleEmbedding" and not flag(call, "tie_weights"):
        weights.append(Weight("reverse_embeddings", (width, rows)))
    return tuple(weights)


def reversible_embedding(call: Call) -> Inferred:
    """Infer ReversibleEmbedding: ids to vectors or, called with `reverse: true`, vectors to logits.

    Shapes:
        vectors: (batch, ..., output_dim)
        returns: (batch, ..., input_dim)
    """
    if call.arguments.get("reverse") is not True:
        return embedding(call)
    shape = require_min_rank(call, sole_shape(call), 1)
    rows, width = integer(call, "input_dim"), integer(call, "output_dim")
    if shape[-1] not in (None, width):
        raise ShapeError(
            Code.CHANNELS,
            f"vectors of {shape[-1]} do not fit an `output_dim` of {width}",
            field="output_dim",
            help=f"use `output_dim: {shape[-1]}`",
        )
    macs = times(*shape[1:-1], width, rows)
    out = (*shape[:-1], rows)
    return one_output(out, call.dtype, weights=_tables(call, rows, width), macs=macs)


def unchanged(call: Call) -> Inferred:
    """Infer a layer that passes its input on: Identity, dropout and noise outside training."""
    x = sole(call)
    return one_output(sole_shape(call), autocast(call, x.dtype))


def masking(call: Call) -> Inferred:
    """Infer Masking, which zeroes steps and passes a mask on.

    Shapes:
        x: (batch, steps, ...)
        returns: the same
    """
    shape = require_min_rank(call, sole_shape(call), 1)
    dtype = autocast(call, sole(call).dtype)
    return one_output(shape, None if dtype == "bool" else dtype, extra=size(shape))


def activation(call: Call) -> Inferred:
    """Infer Activation, ReLU, LeakyReLU, ELU: the input's shape, one FLOP per element.

    Integers stay integers under ReLU only; what else becomes of them depends on the backend.
    """
    shape = sole_shape(call)
    name = call.layer["activation"] if call.layer.class_name == "Activation" else None
    free = call.layer.class_name == "Activation" and name in (None, "linear")
    dtype = autocast(call, sole(call).dtype)
    keeps = is_float(dtype) or free or "relu" in (name, call.layer.class_name.lower())
    return one_output(shape, dtype if keeps else None, extra=0 if free else size(shape))


def softmax(call: Call) -> Inferred:
    """Infer Softmax over one or several axes."""
    shape = sole_shape(call)
    distinct_axes(call, shape)
    return one_output(shape, call.dtype, extra=size(shape))


def prelu(call: Call) -> Inferred:
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
        require_known(call, extent, what="every axis that `shared_axes` leaves") for extent in alpha
    )
    return one_output(shape, call.dtype, weights=(Weight("alpha", known),), extra=size(shape))


def spatial_dropout(call: Call) -> Inferred:
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
            f"`{call.layer.class_name}` takes {rank + 2} axes, not {shape}",
            help="use `Dropout`, which takes any shape",
        )
    return one_output(shape, autocast(call, sole(call).dtype))
