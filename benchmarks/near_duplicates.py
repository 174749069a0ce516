"""How many pictures are found as near duplicates that are none, and how many copies are missed.

`python -m benchmarks.near_duplicates` prints a line for each data set of $DLSPEC_DATA: a tenth of
it held against the rest, and copies of 600 pictures as people save them.
"""

import gzip
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlspec_pipelines.steps.datasets.picture_hashes import (
    LEAST_CORRELATION,
    MOST_BITS,
    nearly_equal_pictures,
    picture_hashes,
)

Pixels = NDArray[np.uint8]

_COPIES = 600
_MOST = 20_000


def _mnist(data: Path) -> Pixels:
    with np.load(data / "keras-cache/datasets/mnist.npz") as archive:
        return np.asarray(archive["x_train"][:_MOST, ..., None])


def _fashion_mnist(data: Path) -> Pixels:
    path = data / "keras-cache/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
    pixels = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=16)
    return pixels.reshape(-1, 28, 28, 1)[:_MOST]


def _cifar10(data: Path) -> Pixels:
    sheet = np.asarray(Image.open(data / "images/cifar10/data_batch_1.webp").convert("RGB"))
    tiles = sheet.reshape(100, 32, 100, 32, 3).transpose(0, 2, 1, 3, 4)
    return tiles.reshape(-1, 32, 32, 3)


def _flowers(data: Path) -> Pixels:
    files = sorted((data / "images/flowers128").rglob("*.jpg"))
    return np.stack([np.asarray(Image.open(f).convert("RGB").resize((128, 128))) for f in files])


_SETS: dict[str, Callable[[Path], Pixels]] = {
    "MNIST": _mnist,
    "Fashion-MNIST": _fashion_mnist,
    "CIFAR-10": _cifar10,
    "flowers": _flowers,
}


def _saved(pixels: Pixels, quality: int, *, scale: float = 1.0, bright: float = 1.0) -> Pixels:
    """Return a picture as it is after it was made smaller, brighter, and saved as JPEG."""
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    size = picture.size
    smaller = (round(size[0] * scale), round(size[1] * scale))
    picture = picture.resize(smaller, Image.Resampling.BILINEAR).resize(size)
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=quality)
    read = np.asarray(Image.open(io.BytesIO(written.getvalue())), dtype=np.float32)
    return np.asarray(np.clip(read * bright, 0, 255), dtype=np.uint8).reshape(pixels.shape)


def _copies(pixels: Pixels) -> Iterator[tuple[str, Pixels]]:
    some = pixels[:_COPIES]
    yield "JPEG 90", np.stack([_saved(one, 90) for one in some])
    yield "JPEG 50", np.stack([_saved(one, 50) for one in some])
    yield "3/4, JPEG 85", np.stack([_saved(one, 85, scale=0.75) for one in some])
    yield "brighter, JPEG 85", np.stack([_saved(one, 85, bright=1.1) for one in some])


def main() -> None:
    """Print the lines."""
    data = Path(os.environ["DLSPEC_DATA"])
    print(f"at most {MOST_BITS} of 64 bits apart, correlation at least {LEAST_CORRELATION}")
    for name, read in _SETS.items():
        pixels = read(data)
        order = np.random.default_rng(0).permutation(len(pixels))
        hashes = [picture_hashes(pixels[part]) for part in np.split(order, [len(order) // 10])]
        found = len(nearly_equal_pictures(hashes[1], hashes[0])[0])
        asked = len(hashes[0].bits)
        same = np.isin(hashes[0].bits, hashes[1].bits).mean()
        known = picture_hashes(pixels[:_COPIES])
        told = []
        for what, copies in _copies(pixels):
            places, of, _ = nearly_equal_pictures(known, picture_hashes(copies))
            told.append(f"{what} {(places == of).sum() / len(copies):.1%}")
        print(
            f"{name}: {found} of {asked} found ({found / asked:.2%}), {same:.1%} have the very "
            f"hash of another; copies found: {', '.join(told)}"
        )


if __name__ == "__main__":
    main()
