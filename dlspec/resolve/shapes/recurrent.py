"""Recurrent layers over steps, and cells used as layers."""

from dlspec.diagnostics.codes import Code
from dlspec.language.catalogue import Object
from dlspec.language.tensors import Dim, Shape, Tensor, may_be_equal
from dlspec.resolve.shapes.call import (
    Call,
    argument_tensors,
    flag_argument,
    known_shape,
    require_known_extent,
    require_rank,
    sole_shape,
)
from dlspec.resolve.shapes.cells import Cell, States, cell_of, cell_of_stack
from dlspec.resolve.shapes.cost import product_if_known, sum_if_known
from dlspec.resolve.shapes.tensor import Inferred, ShapeError


def infer_recurrent(call: Call) -> Inferred | None:
    """Infer SimpleRNN, GRU, LSTM, and RNN over cells; None for a cell not known here.

    Shapes:
        x: (batch, steps, features)
        returns: (batch, units), or (batch, steps, units) with `return_sequences`; with
            `return_state` also each state, (batch, units)

    Raises:
        ShapeError: If initial states have another width or number, if the steps are unknown and
            `unroll` is set, or if the batch is unknown and `stateful` is set.
    """
    batch, steps, features = require_rank(call, sole_shape(call), "batch, steps, features")
    width = require_known_extent(call, features, what="the number of features")
    cell = _cell_of_layer(call.layer, width)
    if cell is None:
        return None
    require_runnable(call, batch, steps)
    require_states(call, tuple((batch, width) for _, width in cell.states))
    out = (
        (batch, steps, cell.units)
        if flag_argument(call, "return_sequences")
        else (batch, cell.units)
    )
    states = state_outputs(call, cell.states, batch)
    macs, extra = product_if_known(steps, cell.macs), product_if_known(steps, cell.extra)
    outputs = (("out", Tensor(out, call.dtype)), *states)
    return Inferred(outputs, cell.weights, macs, sum_if_known(product_if_known(2, macs), extra))


def _cell_of_layer(layer: Object, features: int) -> Cell | None:
    if layer.class_name != "RNN":
        return cell_of(layer, features)
    held = layer["cell"]
    if isinstance(held, Object):
        return cell_of(held, features)
    cells = held if isinstance(held, tuple) else ()
    known = tuple(cell for cell in cells if isinstance(cell, Object))
    return cell_of_stack(known, features) if known and len(known) == len(cells) else None


def require_runnable(call: Call, batch: Dim, steps: Dim) -> None:
    """Refuse what a recurrent layer cannot run over open axes.

    Raises:
        ShapeError: If `stateful` has no batch size, or `unroll` no number of steps.
    """
    if batch is None and flag_argument(call, "stateful"):
        raise ShapeError(
            Code.UNKNOWN_EXTENT,
            "a stateful layer needs to know the batch size, which is None here",
            field="stateful",
            help="give the input `batch: n`, or remove `stateful`",
        )
    if steps is None and call.layer.arguments.get("unroll") is True:
        raise ShapeError(
            Code.UNKNOWN_EXTENT,
            "unrolling needs to know the number of steps, which is None here",
            field="unroll",
            help="give the input its number of steps, or remove `unroll`",
        )


def state_outputs(call: Call, states: States, batch: Dim) -> tuple[tuple[str, Tensor], ...]:
    """Return the states as outputs, if the layer returns them."""
    if not flag_argument(call, "return_state"):
        return ()
    return tuple((name, Tensor((batch, width), call.dtype)) for name, width in states)


def require_states(
    call: Call, wanted: tuple[Shape, ...], *, argument: str = "initial_state"
) -> None:
    """Refuse initial states that do not fit the layer's own.

    Raises:
        ShapeError: If their number or an extent differs.
    """
    given = argument_tensors(call, argument)
    if given is None or any(tensor.shape is None for tensor in given):
        return
    if len(given) != len(wanted):
        raise ShapeError(
            Code.STATE,
            f"`{call.layer.class_name}` keeps {_states_text(len(wanted))}, not {len(given)}",
            field=argument,
            help=f"give {_states_text(len(wanted))}, as a layer of the same kind returns them",
        )
    for tensor, own in zip(given, wanted, strict=True):
        if not may_be_equal(known_shape(tensor), own):
            raise ShapeError(
                Code.STATE,
                f"a state of shape {tensor.shape} does not fit states of shape {own}",
                field=argument,
                help="give both layers the same width",
            )


def _states_text(number: int) -> str:
    return f"{number} state" + ("s" if number != 1 else "")


def infer_lone_cell(call: Call) -> Inferred | None:
    """Infer a cell called as a layer: one step and its states go in, both come out.

    Shapes:
        x: (batch, features)
        states: (batch, units) each, the call argument `states`
        returns: (batch, units), and each state

    Raises:
        ShapeError: If there are no states, or they have another width or number.
    """
    batch, features = require_rank(call, sole_shape(call), "batch, features")
    width = require_known_extent(call, features, what="the number of features")
    cell = cell_of(call.layer, width)
    if cell is None:
        return None
    if "states" not in call.arguments:
        raise ShapeError(
            Code.LAYER_INPUTS,
            f"`{call.layer.class_name}` takes a step and its states, and there are no states",
            help="give them, as in `call: {states: [h]}`",
        )
    require_states(call, tuple((batch, n) for _, n in cell.states), argument="states")
    states = tuple((name, Tensor((batch, n), call.dtype)) for name, n in cell.states)
    outputs = (("out", Tensor((batch, cell.units), call.dtype)), *states)
    return Inferred(outputs, cell.weights, cell.macs, 2 * cell.macs + cell.extra)
