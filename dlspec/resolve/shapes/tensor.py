"""What goes into a layer and what comes out: tensors, weights, operations, refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Help
from dlspec.language.catalogue import ModelRef
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class Weight:
    """One variable of a layer, named as Keras names it."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True

    @property
    def size(self) -> int:
        """Return the number of scalars."""
        product = 1
        for extent in self.shape:
            product *= extent
        return product


@dataclass(frozen=True, slots=True)
class Inferred:
    """What is known of a layer before Keras builds it.

    Attributes:
        outputs: The outputs by name: `out`; `out, h, c`; `out, fh, fc, bh, bc`; `out, scores`.
        weights: The variables in the order of Keras's `layer.weights`.
        macs: Multiply-adds of matrix products and convolutions, per sample; None when an extent
            they depend on is unknown.
        flops: Operations per sample: `2 * macs`, and one for each element that anything else
            (bias, activation, pooling window, normalization step) reads; None like `macs`.
    """

    outputs: tuple[tuple[str, Tensor], ...]
    weights: tuple[Weight, ...] = ()
    macs: int | None = 0
    flops: int | None = 0

    @property
    def out(self) -> Tensor:
        """Return the first output."""
        return self.outputs[0][1]


Inputs = Tensor | tuple[Tensor, ...] | Mapping[str, Tensor]


Models = Callable[[ModelRef, Inputs], Inferred | None]


class ShapeError(Exception):
    """What a layer itself refuses: its inputs, or arguments that contradict each other.

    Attributes:
        code: One of the DL4xx codes.
        message: The fact, as one clause: the label at the caret.
        field: The argument at fault; None when it is the input.
        help: What to write instead, or None.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        field: str | None = None,
        help: Help | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.help = help
