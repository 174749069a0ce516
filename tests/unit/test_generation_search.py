"""Greedy and beam search against plain loops, where every sequence can be looked at."""

import math
from itertools import product

import numpy as np
import pytest

from dlspec_pipelines.steps.evaluation.beam_search import (
    PADDING,
    Rules,
    columns_of_highest,
    length_penalty_divisor,
    search_best_sequences,
)

VOCABULARY = 4


class Table:
    """The next id's log-probabilities by sample and by all that was said, drawn at random."""

    def __init__(self, seed: int, *, digits: int | None = None) -> None:
        self._seed, self._digits, self.asked = seed, digits, 0

    def row(self, sample: int, said: tuple[int, ...]) -> np.ndarray:
        drawn = np.random.default_rng([self._seed, sample, *(i + 1 for i in said)])
        scores = drawn.normal(0, 1.5, VOCABULARY)
        if self._digits is not None:
            scores = scores.round(self._digits)
        return scores - np.log(np.exp(scores).sum())

    def __call__(self, sample: np.ndarray, said: np.ndarray) -> np.ndarray:
        self.asked += len(sample)
        asked = zip(sample.tolist(), said.tolist(), strict=True)
        return np.stack([self.row(one, tuple(ids)) for one, ids in asked])


def _all_sequences(rules: Rules):
    """Yield every sequence that is complete: ended by `stop`, or of the greatest length."""
    for length in range(1, rules.length + 1):
        for ids in product(range(VOCABULARY), repeat=length):
            ended = ids[-1] == rules.stop or length == rules.length
            if ended and rules.stop not in ids[:-1]:
                yield ids


def _score(table: Table, sample: int, ids: tuple[int, ...], exponent: float) -> float:
    told = sum(table.row(sample, ids[:t])[ids[t]] for t in range(len(ids)))
    return told / ((5 + len(ids)) ** exponent / (5 + 1) ** exponent)


def _plain_beam(table: Table, sample: int, rules: Rules) -> tuple[tuple[int, ...], float]:
    beam, ended = [((), 0.0)], []
    for _ in range(rules.length):
        longer = [
            ((*ids, i), told + table.row(sample, ids)[i])
            for ids, told in beam
            for i in range(VOCABULARY)
        ]
        longer = sorted(longer, key=lambda one: -one[1])[: rules.beam]
        done = [o for o in longer if o[0][-1] == rules.stop or len(o[0]) == rules.length]
        beam = [one for one in longer if one not in done]
        ended += [(ids, _score(table, sample, ids, rules.length_penalty)) for ids, _ in done]
    return max(ended, key=lambda one: one[1])


def _ids(row: np.ndarray, rules: Rules) -> tuple[int, ...]:
    listed = tuple(row.tolist())
    return listed[: listed.index(rules.stop) + 1] if rules.stop in listed else listed


@pytest.mark.parametrize("exponent", [0.0, 0.6, 1.5])
@pytest.mark.parametrize("stop", [None, 2])
def test_a_beam_that_holds_everything_finds_the_best_of_all_sequences(stop, exponent):
    rules = Rules(stop=stop, length=4, beam=VOCABULARY**4, length_penalty=exponent)
    table = Table(seed=3)
    found = search_best_sequences(table, 6, rules)
    for sample in range(6):
        best = max(_all_sequences(rules), key=lambda ids: _score(table, sample, ids, exponent))
        assert _ids(found.ids[sample], rules) == best
        assert found.scores[sample] == pytest.approx(_score(table, sample, best, exponent))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("beam", "exponent"), [(1, 0.0), (2, 0.6), (3, 0.0), (5, 1.0)])
def test_a_narrow_beam_finds_what_plain_loops_find(beam, exponent, seed):
    rules = Rules(stop=1, length=6, beam=beam, length_penalty=exponent)
    table = Table(seed)
    found = search_best_sequences(table, 5, rules)
    for sample in range(5):
        ids, score = _plain_beam(table, sample, rules)
        assert _ids(found.ids[sample], rules) == ids
        assert found.scores[sample] == pytest.approx(score)


def test_a_beam_of_one_takes_the_likeliest_id_each_time():
    rules = Rules(stop=1, length=6, beam=1, length_penalty=0.6)
    table = Table(seed=11)
    found = search_best_sequences(table, 8, rules)
    for sample in range(8):
        said: list[int] = []
        while len(said) < 6 and 1 not in said:
            said.append(int(table.row(sample, tuple(said)).argmax()))
        assert found.ids[sample].tolist() == said + [PADDING] * (6 - len(said))


def test_samples_do_not_depend_on_their_neighbours():
    rules = Rules(stop=0, length=5, beam=3, length_penalty=0.6)
    table = Table(seed=5)
    together = search_best_sequences(table, 7, rules)
    for sample in range(7):
        alone = search_best_sequences(
            lambda _, said, s=sample: table(np.full(len(said), s), said), 1, rules
        )
        assert alone.ids[0].tolist() == together.ids[sample].tolist()
        assert alone.scores[0] == together.scores[sample]


def test_ties_go_to_the_lower_ids_and_to_what_ended_first():
    def equal(sample: np.ndarray, said: np.ndarray) -> np.ndarray:
        return np.full((len(sample), 3), math.log(1 / 3))

    without_stop = Rules(stop=None, length=3, beam=3, length_penalty=0.0)
    assert search_best_sequences(equal, 2, without_stop).ids.tolist() == [[0, 0, 0], [0, 0, 0]]

    def certain(sample: np.ndarray, said: np.ndarray) -> np.ndarray:
        first = said.shape[1] == 0
        row = [math.log(0.5), math.log(0.5), -50.0] if first else [0.0, -50.0, -50.0]
        return np.tile(row, (len(sample), 1))

    ended = search_best_sequences(certain, 1, Rules(stop=1, length=3, beam=2, length_penalty=0.0))
    assert ended.ids.tolist() == [[1, PADDING, PADDING]]


def test_rounded_scores_give_the_same_sequence_twice():
    rules = Rules(stop=None, length=4, beam=3, length_penalty=0.0)
    first, second = (search_best_sequences(Table(2, digits=0), 9, rules) for _ in range(2))
    assert first.ids.tolist() == second.ids.tolist()
    assert first.scores.tolist() == second.scores.tolist()


def test_a_sample_that_has_ended_is_asked_no_more():
    table = Table(seed=0)

    def ends(sample: np.ndarray, said: np.ndarray) -> np.ndarray:
        table.asked += len(sample)
        stops = (sample == 0)[:, None]
        return np.where(stops, [[-20.0, 0.0, -20.0]], [[0.0, -20.0, -20.0]])

    search_best_sequences(ends, 2, Rules(stop=1, length=10, beam=1, length_penalty=0.0))
    assert table.asked == 1 + 10


def test_the_penalty_is_that_of_wu_et_al():
    assert [length_penalty_divisor(n, 1.0) for n in (1, 4, 7)] == [1.0, 1.5, 2.0]
    assert length_penalty_divisor(10, 0.6) == pytest.approx(15**0.6 / 6**0.6)
    assert length_penalty_divisor(30, 0.0) == 1.0


def test_a_greater_penalty_prefers_the_longer_sequence():
    # Ends at once with 0.5, or says four ids with 0.5 * 0.9 ** 3 together.
    def told(sample: np.ndarray, said: np.ndarray) -> np.ndarray:
        row = [0.5, 0.5] if said.shape[1] == 0 else [0.9, 0.1]
        return np.tile(np.log(row), (len(sample), 1))

    def found(exponent: float) -> list[int]:
        rules = Rules(stop=1, length=4, beam=2, length_penalty=exponent)
        return search_best_sequences(told, 1, rules).ids[0].tolist()

    # log 0.5 = -0.693; log 0.3645 = -1.009, over 1.5 ** exponent.
    assert found(0.0) == [1, 0, 0, 0]
    assert found(0.9) == [1, 0, 0, 0]
    assert found(1.0) == [0, 0, 0, 0]


def test_the_highest_of_each_row_are_those_of_a_stable_sort():
    values = np.random.default_rng(0).integers(0, 5, (40, 17)).astype(float)
    values[3, 4:] = -np.inf
    for count in (1, 4, 17):
        expected = np.argsort(-values, axis=1, kind="stable")[:, :count]
        assert columns_of_highest(values, count).tolist() == expected.tolist()
