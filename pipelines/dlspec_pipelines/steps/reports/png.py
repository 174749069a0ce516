"""Arrays as PNG files for a page that loads nothing."""

import struct
import zlib
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

# PNG's colour types by number of channels: grey, grey and alpha, RGB, RGBA.
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def png_file_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """Return `(height, width, channels)` bytes as a PNG file; 1 to 4 channels.

    Source: W3C, "Portable Network Graphics (PNG) Specification", www.w3.org/TR/png.
    """
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    rows = np.ascontiguousarray(pixels).reshape(height, width * channels)
    # Each row begins with its filter; 0 is none.
    filtered = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)
    data = zlib.compress(filtered.tobytes(), 9)
    chunks = (_png_chunk(b"IHDR", header), _png_chunk(b"IDAT", data), _png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def data_uri(file: bytes) -> str:
    """Return a PNG file as the address of an image that needs no file."""
    return "data:image/png;base64," + b64encode(file).decode()


def stretched_to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return numbers as bytes, the smallest of all as 0 and the largest as 255."""
    finite = np.nan_to_num(np.asarray(values, dtype=np.float64))
    low, high = float(finite.min()), float(finite.max())
    scaled = (finite - low) * (255 / (high - low)) if high > low else finite * 0
    return np.round(scaled).astype(np.uint8)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum
