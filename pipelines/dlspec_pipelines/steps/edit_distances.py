"""Edits between sequences: how many must be put in, left out or replaced (Levenshtein 1965)."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]

# Pairs that are compared at a time, so that long texts take little memory.
_PAIRS = 1024


def edit_distances(
    truths: Sequence[Sequence[Hashable]], said: Sequence[Sequence[Hashable]]
) -> Counts:
    """Return for each pair the fewest edits that make what is said the truth."""
    known: dict[Hashable, int] = {}
    sides = [
        [[known.setdefault(one, len(known)) for one in sequence] for sequence in side]
        for side in (truths, said)
    ]
    parts = [
        _distances_at_once(*(side[start : start + _PAIRS] for side in sides))
        for start in range(0, len(truths), _PAIRS)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _distances_at_once(truths: list[list[int]], said: list[list[int]]) -> Counts:
    """Return the distances of some pairs, a row of Levenshtein's table for all of them at a time.

    Row `i` holds the distances of the first `i` items of the truth from every beginning of what is
    said. Within a row each place may be one more than the place before it, which a running
    minimum of the distances less their places gives at once.
    """
    true, other = _ids_of_one_width(truths, -1), _ids_of_one_width(said, -2)
    places = np.arange(other.shape[1] + 1)
    row = np.tile(places, (len(true), 1))
    ends = np.array([len(one) for one in said])
    lengths = np.array([len(one) for one in truths])
    found = np.where(lengths == 0, ends, 0)
    for i in range(true.shape[1]):
        begun = np.full((len(true), 1), i + 1)
        replaced = row[:, :-1] + (other != true[:, i, None])
        fewest = np.concatenate([begun, np.minimum(replaced, row[:, 1:] + 1)], axis=1)
        row = np.minimum.accumulate(fewest - places, axis=1) + places
        here = lengths == i + 1
        found[here] = row[here, ends[here]]
    return found


def _ids_of_one_width(sequences: list[list[int]], filling: int) -> Counts:
    longest = max(map(len, sequences), default=0)
    filled = np.full((len(sequences), longest), filling, dtype=np.int64)
    for row, sequence in enumerate(sequences):
        filled[row, : len(sequence)] = sequence
    return filled
