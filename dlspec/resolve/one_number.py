"""What is minimised is a number of floating point for each sample."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Span
from dlspec.language.tensors import Dim, Shape, Tensor


def report_not_one_number(
    what: str, tensor: Tensor, place: Span, *, batch: Dim, reporter: Reporter
) -> None:
    """Report a tensor that is not one number for each sample.

    Args:
        what: What ends in it, such as "the loss `Focal`".
        batch: The extent of the batch axis, None where any number of samples comes.
    """
    shape = tensor.shape
    if tensor.dtype is not None and "float" not in tensor.dtype:
        reporter.error(
            Code.NOT_ONE_NUMBER,
            place,
            f"{what} ends in {tensor.dtype}",
            label="what is minimised is a number of floating point",
            help="put `{ops.cast: {dtype: float32}}` behind it",
        )
    elif shape is not None and (len(shape) != 1 or shape[0] != batch):
        reporter.error(
            Code.NOT_ONE_NUMBER,
            place,
            f"{what} does not end in one number for each sample",
            label=f"its shape is {shape}, {(batch,)} is wanted",
            help=_reduction_help(shape),
        )


def _reduction_help(shape: Shape) -> str:
    if not shape:
        return "reduce over the axes of a sample alone: write `axis: -1` where all were reduced"
    if len(shape) == 1:
        return "keep the axis of the samples, which is axis 0"
    axes = ", ".join(str(axis) for axis in range(1, len(shape)))
    return f"put `{{ops.mean: {{axis: [{axes}]}}}}` behind it"
