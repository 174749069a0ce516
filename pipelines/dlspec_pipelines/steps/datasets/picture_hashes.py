"""Pictures that nearly are the same: found by a hash of their gradients, judged by their grey."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlspec_pipelines.steps.data_memory import row_blocks
from dlspec_pipelines.steps.datasets.spooled_arrays import spooled_array
from dlspec_pipelines.steps.datasets.table import Array

# Bits of 64, and the correlation of 16 x 16 means of grey. A tenth of a set held against the rest
# (`python -m benchmarks.near_duplicates`): of MNIST, whose digits are alike, 15 % of the rows have
# the very hash of another and 0.05 % are found with both bounds; of Fashion-MNIST 0.65 %, of
# CIFAR-10 and of flowers none. Of copies saved as JPEG of quality 90 99 % are found in all four; of
# those made a quarter smaller all of flowers (128 x 128 pixels), and a third of CIFAR-10.
MOST_BITS = 6
# The second bound of the two.
LEAST_CORRELATION = 0.995
# The hash compares neighbours in eight rows of nine means: 64 bits are one number.
_HASH_ROWS, _HASH_COLUMNS = 8, 9
# Means in a row: the correlation over so many is what the bound above was measured with.
_GREY = 16
# Of what the means reach: less is noise of a flat background, which JPEG writes anew.
_RISE = 0.02
# A hundred times what float32 rounds.
_ROUNDING = 1e-5
# Means of 16,000 pictures. Those of more are read again from a file: few are ever looked at.
_HELD_BYTES = 2**24
# Hashes compared at most, about ten seconds; of more samples, some are looked at.
_MOST_COMPARED = 2**33
# Of hashes near that of one picture, the nearest are judged: blank pictures are all alike.
_MOST_JUDGED = 256


@dataclass(frozen=True, slots=True, eq=False)
class PictureHashes:
    """What is compared of some pictures.

    Shapes:
        bits: (pictures,), whether grey rises from each mean to the next
        grey: (pictures, 256), means of 16 x 16 fields, about 0 and of length 1
    """

    bits: NDArray[np.uint64]
    grey: NDArray[np.float32]


def picture_hashes(pixels: Array) -> PictureHashes:
    """Return what is compared of pictures of one size; their scale does not matter.

    Shapes:
        pixels: (pictures, height, width, channels)
    """
    count, height, width, channels = pixels.shape
    rows = np.concatenate([_field_means(height, _HASH_ROWS), _field_means(height, _GREY)])
    fields = np.concatenate([_field_means(width, _HASH_COLUMNS), _field_means(width, _GREY)])
    columns = np.ascontiguousarray(np.repeat(fields / channels, channels, axis=1).T)
    bits: list[NDArray[np.uint64]] = [np.zeros(0, dtype=np.uint64)]

    def grey_of_blocks() -> Iterator[NDArray[np.float32]]:
        for block in row_blocks(pixels):
            chunk = np.asarray(block, dtype=np.float32)
            # One product for all rows of all pictures: one for each picture took ten times as long.
            along = chunk.reshape(len(chunk) * height, -1) @ columns
            means = rows @ along.reshape(len(chunk), height, -1)
            bits.append(_rising_bits(means[:, :_HASH_ROWS, :_HASH_COLUMNS]))
            yield _unit_vectors(means[:, _HASH_ROWS:, _HASH_COLUMNS:])

    width_of_grey, kind = _GREY * _GREY, np.dtype(np.float32)
    if count * width_of_grey * kind.itemsize > _HELD_BYTES:
        grey = spooled_array(grey_of_blocks(), kind)
    else:
        grey = np.concatenate([np.zeros((0, width_of_grey), kind), *grey_of_blocks()])
    return PictureHashes(np.concatenate(bits), grey)


def nearly_equal_pictures(
    train: PictureHashes, asked: PictureHashes
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return which pictures nearly are a training picture, each with the nearest of those.

    Returns:
        Places among those asked, places among the training pictures, and how many of those asked
        were looked at: all, or evenly chosen ones where there are very many.
    """
    if not len(train.bits) or not len(asked.bits):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), len(asked.bits)
    every = -(-len(train.bits) * len(asked.bits) // _MOST_COMPARED)
    looked_at = np.arange(0, len(asked.bits), every)
    found = list(_nearest_pictures(train, asked, looked_at))
    return (
        np.array([place for place, _ in found], dtype=np.int64),
        np.array([at for _, at in found], dtype=np.int64),
        len(looked_at),
    )


def _nearest_pictures(
    train: PictureHashes, asked: PictureHashes, looked_at: NDArray[np.int64]
) -> Iterator[tuple[int, int]]:
    for place in looked_at.tolist():
        apart = np.bitwise_count(train.bits ^ asked.bits[place])
        near = np.flatnonzero(apart <= MOST_BITS)
        if near.size > _MOST_JUDGED:
            near = near[np.argsort(apart[near], kind="stable")[:_MOST_JUDGED]]
        if near.size:
            alike = train.grey[near] @ asked.grey[place]
            best = int(np.argmax(alike))
            if alike[best] >= LEAST_CORRELATION:
                yield place, int(near[best])


def _field_means(extent: int, fields: int) -> NDArray[np.float32]:
    """Return the matrix that makes means of equal fields of an axis; a field may hold half a pixel.

    Shapes:
        returns: (fields, extent)
    """
    edges = np.linspace(0, extent, fields + 1)
    pixels = np.arange(extent)
    upper = np.minimum(edges[1:, None], pixels + 1)
    lower = np.maximum(edges[:-1, None], pixels)
    shares = np.maximum(upper - lower, 0)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)


def _rising_bits(means: NDArray[np.float32]) -> NDArray[np.uint64]:
    reach = means.max(axis=(1, 2), keepdims=True) - means.min(axis=(1, 2), keepdims=True)
    rises = (np.diff(means, axis=2) > _RISE * reach).reshape(len(means), 64)
    return np.ascontiguousarray(np.packbits(rises, axis=1)).view(np.uint64)[:, 0]


def _unit_vectors(means: NDArray[np.float32]) -> NDArray[np.float32]:
    flat = means.reshape(len(means), -1)
    about_zero = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(about_zero, axis=1, keepdims=True)
    # A picture of one colour, but for rounding, is near none.
    least = _ROUNDING * _GREY * np.abs(flat).max(axis=1, keepdims=True)
    unit = np.where(length > least, about_zero / np.maximum(length, 1e-30), 0)
    return np.asarray(unit, dtype=np.float32)
