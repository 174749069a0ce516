"""Layers that hold a layer: Bidirectional, TimeDistributed, SpectralNormalization."""

from dataclasses import replace

from dlspec.diagnostics.codes import Code
from dlspec.language.catalogue import ModelRef, Object, Value
from dlspec.language.tensors import Tensor
from dlspec.resolve.shapes.call import Call, known_shape, require_min_rank, sole_input, sole_shape
from dlspec.resolve.shapes.cost import product_if_known, sum_if_known
from dlspec.resolve.shapes.recurrent import require_states
from dlspec.resolve.shapes.result_dtypes import autocast_dtype, is_float
from dlspec.resolve.shapes.tensor import Inferred, ShapeError, Weight


def infer_bidirectional(call: Call) -> Inferred | None:
    """Infer Bidirectional.

    Returns:
        `out`, joined as `merge_mode` says, then the states of both directions with `f` and `b`
        before their names; without a merge mode `out` and `back`, then the states.
    """
    forward, backward = _forward_and_backward(call)
    _require_pair(call, forward, backward)
    _refuse_stateful_states(forward)
    there, back = _inferred_direction(call, forward), _inferred_direction(call, backward)
    if there is None or back is None:
        return None
    states = tuple(
        (f"{way}{name}", Tensor(known_shape(tensor), call.dtype))
        for way, run in (("f", there), ("b", back))
        for name, tensor in run.outputs[1:]
    )
    require_states(call, tuple(known_shape(tensor) for _, tensor in states))
    macs = sum_if_known(there.macs, back.macs)
    flops = sum_if_known(there.flops, back.flops)
    joined = _joined_directions(call, there.out, back.out)
    returned = states if forward["return_state"] else ()
    return Inferred((*joined, *returned), (*there.weights, *back.weights), macs, flops)


def _forward_and_backward(call: Call) -> tuple[Object, Object]:
    forward, backward = call.layer["layer"], call.layer["backward_layer"]
    if not isinstance(forward, Object) or not forward.traits.recurrent:
        raise ShapeError(
            Code.CONFLICT,
            "`Bidirectional` runs a recurrent layer in both directions",
            field="layer",
            help="hold one of `LSTM`, `GRU`, `SimpleRNN`, `RNN`, `ConvLSTM1D`, ...",
        )
    if isinstance(backward, Object):
        return forward, backward
    mirrored = {**forward.arguments, "go_backwards": True}
    return forward, replace(forward, arguments=mirrored)


def _require_pair(call: Call, forward: Object, backward: Object) -> None:
    explicit = isinstance(call.layer["backward_layer"], Object)
    if bool(forward["go_backwards"]) == bool(backward["go_backwards"]):
        way = "backwards" if forward["go_backwards"] else "forwards"
        raise ShapeError(
            Code.CONFLICT,
            f"both directions run {way}",
            field="backward_layer" if explicit else "layer",
            help="set `go_backwards: true` in `backward_layer` only"
            if explicit
            else "remove `go_backwards` from the layer held",
        )
    for name in ("stateful", "return_sequences", "return_state"):
        if forward[name] != backward[name]:
            raise ShapeError(
                Code.CONFLICT,
                f"`{name}` differs between the two directions",
                field="backward_layer",
                help=f"give both layers the same `{name}`",
            )


def _refuse_stateful_states(forward: Object) -> None:
    # Keras 3.15 multiplies a generator in `Bidirectional.compute_mask` and stops with a TypeError.
    if forward["stateful"] and forward["return_state"]:
        raise ShapeError(
            Code.CONFLICT,
            "`Bidirectional` cannot return the states of a stateful layer",
            field="layer",
            help="remove `stateful` or `return_state` from the layer held",
        )


def _inferred_direction(call: Call, direction: Object) -> Inferred | None:
    """Return one direction's result together with its states."""
    arguments: dict[str, Value] = {**direction.arguments, "return_state": True}
    return call.nested(replace(direction, arguments=arguments), sole_input(call))


def _joined_directions(call: Call, there: Tensor, back: Tensor) -> tuple[tuple[str, Tensor], ...]:
    first, last = known_shape(there), known_shape(back)
    mode = call.layer["merge_mode"]
    if mode is None:
        return (("out", Tensor(first, call.dtype)), ("back", Tensor(last, call.dtype)))
    if mode == "concat":
        width = sum_if_known(first[-1], last[-1])
        return (("out", Tensor((*first[:-1], width), call.dtype)),)
    if first != last:
        raise ShapeError(
            Code.MERGE,
            f"`{mode}` joins equal widths, not {first[-1]} and {last[-1]}",
            field="merge_mode",
            help="give both directions the same width, or use `merge_mode: concat`",
        )
    return (("out", Tensor(first, call.dtype)),)


def infer_time_distributed(call: Call) -> Inferred | None:
    """Infer TimeDistributed: the same layer or model at every step.

    Shapes:
        x: (batch, steps, ...)
        returns: (batch, steps, ...'), where (batch, ...) -> (batch, ...') is the layer held
    """
    shape = require_min_rank(call, sole_shape(call), 3)
    held = call.layer["layer"]
    assert isinstance(held, Object | ModelRef), held
    step = Tensor((shape[0], *shape[2:]), autocast_dtype(call, sole_input(call).dtype))
    inner = call.nested(held, step)
    if inner is None or inner.out.shape is None:
        return None
    if len(inner.outputs) > 1:
        raise ShapeError(
            Code.LAYER_INPUTS,
            f"`TimeDistributed` holds a layer of one output, not {len(inner.outputs)}",
            field="layer",
            help="remove `return_state` from the layer held",
        )
    out = (inner.out.shape[0], shape[1], *inner.out.shape[1:])
    dtype = call.dtype if is_float(inner.out.dtype) else inner.out.dtype
    macs, flops = product_if_known(shape[1], inner.macs), product_if_known(shape[1], inner.flops)
    return Inferred((("out", Tensor(out, dtype)),), inner.weights, macs, flops)


def infer_spectral_normalization(call: Call) -> Inferred | None:
    """Infer SpectralNormalization: the layer held, and one vector for its power iteration."""
    held = call.layer["layer"]
    assert isinstance(held, Object), held
    inner = call.nested(held, sole_input(call))
    if inner is None:
        return None
    kernels = [w for w in inner.weights if w.name in ("kernel", "embeddings")]
    if not kernels or held.traits.recurrent:
        raise ShapeError(
            Code.CONFLICT,
            f"`{held.class_name}` has no kernel to normalize",
            field="layer",
            help="hold a layer with one kernel, such as `Dense`, `Conv2D` or `Embedding`",
        )
    vector = Weight("vector_u", (1, kernels[0].shape[-1]), trainable=False)
    # Keras casts the output to the input's dtype: vectors looked up for integer ids lose their
    # fractions.
    dtype = autocast_dtype(call, sole_input(call).dtype)
    outputs = tuple((name, Tensor(tensor.shape, dtype)) for name, tensor in inner.outputs)
    weights = (vector, *inner.weights)
    if not held.arguments.get("lora_rank"):
        # The wrapper tracks the kernel as its own variable; with LoRA it is a sum, and no variable.
        rest = tuple(weight for weight in inner.weights if weight is not kernels[0])
        weights = (kernels[0], vector, *rest)
    return replace(inner, outputs=outputs, weights=weights)
