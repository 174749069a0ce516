"""What functions of keras.ops cost, counted as layers are: see `cost`."""

from collections.abc import Iterable, Iterator

from dlspec.language.tensors import Tensor
from dlspec.resolve.shapes.cost import product_if_known, sample_elements, sum_if_known

_MOVING = (
    "broadcast_to cast concatenate copy expand_dims flip get_item one_hot ones_like reshape roll "
    "squeeze stack stop_gradient swapaxes take transpose where zeros_like image.crop_images "
    "image.pad_images"
)
_FREE = frozenset(_MOVING.split())


def op_cost(
    name: str, arguments: Iterable[object], output: Tensor | None
) -> tuple[int | None, int | None]:
    """Return the multiply-adds and the FLOPs of one call, per sample; None when not known.

    Args:
        name: A function of keras.ops.
        arguments: Its positional and keyword arguments: tensors, tuples of them, literals.
        output: What it gives; None for a function without a rule.
    """
    if output is None or output.shape is None:
        return None, None
    if name in _FREE:
        return 0, 0
    shapes = [
        tensor.shape for tensor in _tensors_among_arguments(arguments) if tensor.shape is not None
    ]
    if name == "matmul":
        macs = product_if_known(sample_elements(output.shape), shapes[0][-1])
        return macs, product_if_known(2, macs)
    return 0, sum_if_known(*(sample_elements(shape) for shape in shapes))


def _tensors_among_arguments(arguments: Iterable[object]) -> Iterator[Tensor]:
    for argument in arguments:
        if isinstance(argument, Tensor):
            yield argument
        elif isinstance(argument, tuple):
            yield from _tensors_among_arguments(argument)
