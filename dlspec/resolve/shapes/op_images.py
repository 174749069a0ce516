"""Functions of keras.ops.image: which size their images have."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.tensors import Dim, Shape, Tensor
from dlspec.resolve.shapes.op_arguments import Asked, UnknownError
from dlspec.resolve.shapes.tensor import ShapeError

# Ranks: height, width and channels, without and with a batch before them.
_ONE, _BATCH = 3, 4
# Keras's colour functions take RGB alone.
_COLOURS = 3


def _image_axes(asked: Asked, shape: Shape, *, single: bool = True) -> tuple[int, int, int]:
    """Return the axes of height, width and channels.

    Raises:
        ShapeError: If there is neither a batch of images nor, where that is taken, a single one.
    """
    rank = len(shape)
    if rank != _BATCH and not (single and rank == _ONE):
        raise ShapeError(
            Code.RANK,
            f"{shape} has {counted(rank, 'axis')}, `ops.{asked.name}` takes images of 4",
            help="give it images of shape (batch, height, width, channels)",
        )
    if asked.arguments.get("data_format") == "channels_first":
        return rank - 2, rank - 1, rank - 3
    return rank - 3, rank - 2, rank - 1


def _shape_with_extents(shape: Shape, extents: dict[int, Dim]) -> Shape:
    return tuple(extents.get(axis, extent) for axis, extent in enumerate(shape))


def infer_resize_op(asked: Asked) -> Tensor:
    """Infer `resize`.

    Shapes:
        images: (batch, height, width, channels)
        returns: (batch, *size, channels)
    """
    shape, size = asked.shape("images"), asked.integers("size") or ()
    height, width, _ = _image_axes(asked, shape)
    made = _shape_with_extents(shape, dict(zip((height, width), size, strict=True)))
    return Tensor(made, asked.tensor("images").dtype)


def infer_grayscale_op(asked: Asked) -> Tensor:
    """Infer `rgb_to_grayscale`: one channel of three, or of one.

    Raises:
        ShapeError: If there is another number of channels.
    """
    shape = asked.shape("images")
    *_, channels = _image_axes(asked, shape)
    _require_colour_count(shape[channels], (1, _COLOURS), asked)
    return Tensor(_shape_with_extents(shape, {channels: 1}), asked.tensor("images").dtype)


def infer_colour_space_op(asked: Asked) -> Tensor:
    """Infer `rgb_to_hsv` and `hsv_to_rgb`.

    Raises:
        ShapeError: If there are no three channels, or no floats.
    """
    shape, dtype = asked.shape("images"), asked.tensor("images").dtype
    *_, channels = _image_axes(asked, shape)
    _require_colour_count(shape[channels], (_COLOURS,), asked)
    if dtype is not None and "float" not in dtype:
        raise ShapeError(
            Code.DTYPE,
            f"`ops.{asked.name}` takes floats, not {dtype}",
            help="put `ops.cast: float32` before it",
        )
    return Tensor(shape, dtype)


def _require_colour_count(extent: Dim, known: tuple[int, ...], asked: Asked) -> None:
    if extent is not None and extent not in known:
        counts = " or ".join(str(count) for count in known)
        raise ShapeError(
            Code.CHANNELS,
            f"`ops.{asked.name}` takes {counts} channels, not {extent}",
            help="give it images of three channels",
        )


def infer_pad_images_op(asked: Asked) -> Tensor:
    """Infer `pad_images`, whose margins grow the images."""
    return _margined_images(asked, word="padding", sign=1)


def infer_crop_images_op(asked: Asked) -> Tensor:
    """Infer `crop_images`, whose margins shrink the images."""
    return _margined_images(asked, word="cropping", sign=-1)


def _margined_images(asked: Asked, *, word: str, sign: int) -> Tensor:
    shape = asked.shape("images")
    height, width, _ = _image_axes(asked, shape)
    sides = {
        height: (f"top_{word}", f"bottom_{word}", "target_height"),
        width: (f"left_{word}", f"right_{word}", "target_width"),
    }
    made = {
        axis: _margined_extent(asked, shape[axis], names, sign=sign)
        for axis, names in sides.items()
    }
    return Tensor(_shape_with_extents(shape, made), asked.tensor("images").dtype)


def _margined_extent(asked: Asked, extent: Dim, names: tuple[str, str, str], *, sign: int) -> Dim:
    """Return the length of an axis that two of its margins and its target are given for.

    Raises:
        ShapeError: If not just two are given, or they do not go together.
    """
    given = {name: asked.integer(name) for name in names if asked.arguments.get(name) is not None}
    *_, target = names
    if len(given) != 2:
        listed = ", ".join(f"`{name}`" for name in names)
        raise ShapeError(
            Code.CONFLICT,
            f"two of {listed} are to be given, not {len(given)}",
            field=next(iter(given), None),
            help=f"give two of {listed}",
        )
    if target not in given:
        # Where the extent is known at run time only, Keras refuses to crop by margins alone.
        made = None if extent is None else extent + sign * sum(given.values())
        if made is None and sign < 0:
            raise UnknownError
        left = made
    else:
        made = given[target]
        margin = sum(given.values()) - made
        left = None if extent is None else sign * (made - extent) - margin
    if left is not None and left < 0:
        raise ShapeError(
            Code.WINDOW,
            f"{', '.join(f'{name}: {value}' for name, value in given.items())} "
            f"do not go with an extent of {extent}",
            field=next(iter(given)),
            help="leave no margin below 0",
        )
    return made


def infer_sobel_edges_op(asked: Asked) -> Tensor:
    """Infer `sobel_edges`: two gradients of each pixel, on a new last axis."""
    shape = asked.shape("images")
    _image_axes(asked, shape, single=False)
    return Tensor((*shape, 2), asked.tensor("images").dtype)


def infer_same_size_op(asked: Asked) -> Tensor:
    """Infer functions that move or blur pixels and keep the size."""
    images = asked.tensor("images")
    _image_axes(asked, asked.shape("images"))
    return Tensor(images.shape, images.dtype)
