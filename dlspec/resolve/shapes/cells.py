"""Recurrent cells: what one step takes, keeps and costs."""

from dataclasses import dataclass, replace

from dlspec.language.catalogue import Object
from dlspec.resolve.shapes.tensor import Weight

States = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One step of a recurrent layer.

    Attributes:
        units: Width of the output.
        states: Name and width of each state.
        weights: The cell's variables.
        macs: Multiply-adds of one step.
        extra: FLOPs of one step besides those.
    """

    units: int
    states: States
    weights: tuple[Weight, ...]
    macs: int
    extra: int


@dataclass(frozen=True, slots=True)
class _Gates:
    number: int
    states: tuple[str, ...]
    # Per unit and step, bias aside: sums of the two products, activations, products with states.
    elementwise: int


_GATES = {
    "SimpleRNN": _Gates(1, ("h",), 2),
    "GRU": _Gates(3, ("h",), 11),
    "LSTM": _Gates(4, ("h", "c"), 13),
}


def cell_of(layer: Object, features: int) -> Cell | None:
    """Return the step of a recurrent layer or cell; None for a class not known here.

    Args:
        layer: SimpleRNN, GRU, LSTM, one of their cells, or StackedRNNCells.
        features: Width of one step of the input.
    """
    if layer.class_name == "StackedRNNCells":
        cells = layer["cells"]
        assert isinstance(cells, tuple), cells
        stack = cell_of_stack(tuple(cell for cell in cells if isinstance(cell, Object)), features)
        if stack is None or layer.arguments.get("trainable") is not False:
            return stack
        frozen = tuple(replace(weight, trainable=False) for weight in stack.weights)
        return replace(stack, weights=frozen)
    name = layer.class_name.removesuffix("Cell")
    gates = _GATES.get(name)
    if gates is None:
        return None
    units = layer["units"]
    assert isinstance(units, int), units
    biases = _bias_rows(layer, name)
    wide = gates.number * units
    bias = {0: (), 1: (Weight("bias", (wide,)),), 2: (Weight("bias", (2, wide)),)}[biases]
    weights = (
        Weight("kernel", (features, wide)),
        Weight("recurrent_kernel", (units, wide)),
        *bias,
    )
    if layer.arguments.get("trainable") is False:
        weights = tuple(replace(weight, trainable=False) for weight in weights)
    states = tuple((state, units) for state in gates.states)
    extra = biases * wide + gates.elementwise * units
    return Cell(units, states, weights, (features + units) * wide, extra)


def _bias_rows(layer: Object, name: str) -> int:
    """Return 2 when GRU adds a bias to each of its two products, as cuDNN does."""
    if not layer["use_bias"]:
        return 0
    return 2 if name == "GRU" and layer["reset_after"] else 1


def cell_of_stack(cells: tuple[Object, ...], features: int) -> Cell | None:
    """Return several cells as one step; their states are numbered `h1`, `c1`, `h2`, ..."""
    whole = Cell(features, (), (), 0, 0)
    for number, layer in enumerate(cells, start=1):
        cell = cell_of(layer, whole.units)
        if cell is None:
            return None
        whole = replace(
            whole,
            units=cell.units,
            states=(*whole.states, *((f"{name}{number}", width) for name, width in cell.states)),
            weights=(*whole.weights, *cell.weights),
            macs=whole.macs + cell.macs,
            extra=whole.extra + cell.extra,
        )
    return whole
