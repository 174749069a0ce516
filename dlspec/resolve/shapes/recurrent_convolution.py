"""ConvLSTM1D to 3D: an LSTM whose products are convolutions."""

from math import prod

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.tensors import Dim, Shape, Tensor
from dlspec.resolve.shapes.call import (
    Call,
    flag_argument,
    integer_argument,
    require_known_extent,
    sole_shape,
)
from dlspec.resolve.shapes.cost import product_if_known, sum_if_known
from dlspec.resolve.shapes.recurrent import require_runnable, require_states
from dlspec.resolve.shapes.tensor import Inferred, ShapeError, Weight
from dlspec.resolve.shapes.window_extents import (
    Image,
    image_of,
    kernel_windows,
    require_one_of_stride_and_dilation,
    slide_windows,
)

# Input, forget, cell and output: Keras's ConvLSTM has no other form.
_GATES = 4
# Per state element and step, bias aside: sums, activations, products, as in LSTM.
_ELEMENTWISE = 13


def infer_convolution_lstm(call: Call) -> Inferred:
    """Infer ConvLSTM1D, ConvLSTM2D and ConvLSTM3D.

    Shapes:
        x: (batch, steps, *spatial, channels)
        returns: (batch, *spatial', filters), or (batch, steps, *spatial', filters) with
            `return_sequences`; with `return_state` also h and c, (batch, *spatial', filters)
    """
    shape = sole_shape(call)
    rank = int(call.layer.class_name[-2])
    windows = kernel_windows(call, rank)
    require_one_of_stride_and_dilation(windows)
    steps, x = _steps_and_image(call, shape, rank)
    channels = require_known_extent(call, x.channels, what="the number of channels")
    for extent in x.spatial:
        require_known_extent(call, extent, what="every spatial extent")
    filters = integer_argument(call, "filters")
    state = x.shape_with(slide_windows(x.spatial, windows), filters)
    require_runnable(call, x.batch, steps)
    require_states(call, (state, state))
    weights = _convolution_lstm_weights(call, windows.sizes, channels, filters)
    cells = product_if_known(*state[1:])
    macs = product_if_known(steps, cells, _GATES * prod(windows.sizes), channels + filters)
    extra = product_if_known(
        steps, cells, _ELEMENTWISE + _GATES * int(flag_argument(call, "use_bias"))
    )
    return Inferred(
        _convolution_lstm_outputs(call, state, steps),
        weights,
        macs,
        sum_if_known(product_if_known(2, macs), extra),
    )


def _steps_and_image(call: Call, shape: Shape, rank: int) -> tuple[Dim, Image]:
    if len(shape) != rank + 3:
        raise ShapeError(
            Code.RANK,
            f"`{call.layer.class_name}` takes steps of {counted(rank + 1, 'axis')}, not {shape}",
            help=f"give it {counted(rank + 3, 'axis')}: batch, steps, space, channels",
        )
    return shape[1], image_of(call, (shape[0], *shape[2:]), rank)


def _convolution_lstm_weights(
    call: Call, sizes: tuple[int, ...], channels: int, filters: int
) -> tuple[Weight, ...]:
    wide = _GATES * filters
    kernel = Weight("kernel", (*sizes, channels, wide))
    recurrent = Weight("recurrent_kernel", (*sizes, filters, wide))
    bias = (Weight("bias", (wide,)),) if flag_argument(call, "use_bias") else ()
    return (kernel, recurrent, *bias)


def _convolution_lstm_outputs(
    call: Call, state: Shape, steps: Dim
) -> tuple[tuple[str, Tensor], ...]:
    out = (state[0], steps, *state[1:]) if flag_argument(call, "return_sequences") else state
    own = Tensor(state, call.dtype)
    states = (("h", own), ("c", own)) if flag_argument(call, "return_state") else ()
    return (("out", Tensor(out, call.dtype)), *states)
