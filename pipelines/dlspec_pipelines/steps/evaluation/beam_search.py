"""Greedy and beam search for the likeliest sequence of ids, over many samples at a time."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlspec_pipelines.steps.evaluation.outputs import PADDING

Ids = NDArray[np.int32]
Scores = NDArray[np.float64]
Array = NDArray[Any]

# Args: the sample of each sequence (n,), and what each has said so far (n, said).
# Returns: log-probabilities of the next id (n, vocabulary).
Next = Callable[[NDArray[np.intp], Ids], Array]


@dataclass(frozen=True, slots=True)
class Rules:
    """How sequences grow and end, and which of them is the best.

    Attributes:
        stop: The id that ends a sequence; None when only `length` does.
        length: Most ids in a sequence, `stop` included.
        beam: Sequences kept at each step; a sequence that ends leaves the beam, which then
            holds one less. 1 is greedy search.
        length_penalty: The exponent of `penalty`.
    """

    stop: int | None
    length: int
    beam: int
    length_penalty: float


@dataclass(frozen=True, slots=True, eq=False)
class Sequences:
    """The best sequence of each sample.

    Attributes:
        ids: (samples, length); `stop` is among them, behind it stands padding.
        scores: (samples,) log-likelihood over `penalty`.
    """

    ids: Ids
    scores: Scores


def length_penalty_divisor(said: int, exponent: float) -> float:
    """Return what the log-likelihood of a sequence of `said` ids is divided by.

    Source: Wu et al. (2016), "Google's Neural Machine Translation System", equation 14.
    """
    return math.pow((5 + said) / (5 + 1), exponent)


def said_until(ids: Ids, rules: Rules) -> int:
    """Return how many ids of one sequence stand before the one that ends it."""
    (ends,) = np.nonzero(ids[: rules.length] == rules.stop)
    return int(ends[0]) if ends.size else min(len(ids), rules.length)


def search_best_sequences(following: Next, samples: int, rules: Rules) -> Sequences:
    """Return the best sequence of each sample that the beam finds.

    Of equally good ones the one that ended first is taken, then the one with the lower ids.
    A sample is finished once no sequence in its beam can still become better than its best.
    """
    best = Sequences(
        np.full((samples, rules.length), PADDING, dtype=np.int32), np.full(samples, -np.inf)
    )
    # One empty sequence in each beam; places without a sequence have a likelihood of 0.
    said = np.zeros((samples, 1, 0), dtype=np.int32)
    likelihood = np.zeros((samples, 1))
    for step in range(rules.length):
        growing = _still_growing(likelihood, best, rules)
        if not growing.any():
            break
        said, likelihood = _grow_beams(
            following, said, np.where(growing, likelihood, -np.inf), rules
        )
        last = step + 1 == rules.length
        ended = np.full(likelihood.shape, last) | (said[:, :, -1] == rules.stop)
        _keep_best(best, said, np.where(ended, likelihood, -np.inf), rules)
        likelihood[ended] = -np.inf
    return best


def _still_growing(likelihood: Scores, best: Sequences, rules: Rules) -> NDArray[np.bool_]:
    """Return which sequences may become better than the best that has ended."""
    # No log-likelihood rises, and none is divided by more than at the greatest length.
    bound = likelihood / length_penalty_divisor(rules.length, rules.length_penalty)
    return np.isfinite(likelihood) & (bound > best.scores[:, None])


def _grow_beams(following: Next, said: Ids, likelihood: Scores, rules: Rules) -> tuple[Ids, Scores]:
    """Return the likeliest sequences of one id more, the likeliest of each sample first."""
    sample, place = np.nonzero(np.isfinite(likelihood))
    told = np.asarray(following(sample, said[sample, place]), dtype=np.float64)
    vocabulary = told.shape[1]
    longer = np.full((*likelihood.shape, vocabulary), -np.inf)
    longer[sample, place] = likelihood[sample, place, None] + told
    flat = longer.reshape(len(longer), -1)
    chosen = columns_of_highest(flat, min(rules.beam, flat.shape[1]))
    before, id_ = np.divmod(chosen, vocabulary)
    kept = np.take_along_axis(said, before[:, :, None], axis=1)
    grown = np.concatenate([kept, id_[:, :, None].astype(np.int32)], axis=2)
    return grown, np.take_along_axis(flat, chosen, axis=1)


def columns_of_highest(values: Scores, count: int) -> NDArray[np.intp]:
    """Return the columns of the `count` highest values of each row, the highest first.

    Equal values come in the order of their columns, so that ties are always broken alike.
    """
    least = np.partition(values, values.shape[1] - count, axis=1)[:, -count, None]
    above, equal = values > least, values == least
    room = count - above.sum(axis=1, keepdims=True)
    taken = above | (equal & (equal.cumsum(axis=1) <= room))
    columns = np.nonzero(taken)[1].reshape(len(values), count)
    order = np.argsort(-np.take_along_axis(values, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _keep_best(best: Sequences, said: Ids, likelihood: Scores, rules: Rules) -> None:
    """Put the best of the sequences that ended just now in the place of a worse one."""
    scores = likelihood / length_penalty_divisor(said.shape[2], rules.length_penalty)
    place = scores.argmax(axis=1)
    found = np.take_along_axis(scores, place[:, None], axis=1)[:, 0]
    better = found > best.scores
    best.scores[better] = found[better]
    best.ids[better] = PADDING
    best.ids[better, : said.shape[2]] = said[better, place[better]]
