"""Which rows go together in the pairs of an epoch."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlspec_pipelines.steps.engine.batches import Samples, sample_chunks
from dlspec_pipelines.steps.engine.row_pairs import draw_row_pairs, draw_row_triplets, rows_by_class
from dlspec_pipelines.steps.engine.taken_rows import TakenRows
from dlspec_pipelines.steps.step_errors import StepError


@settings(deadline=None, max_examples=120)
@given(
    ids=st.lists(st.integers(0, 5), min_size=3, max_size=60),
    seed=st.integers(0, 5),
    epoch=st.integers(0, 3),
    times=st.integers(1, 3),
)
def test_every_second_pair_is_of_one_class_and_no_row_is_beside_itself(ids, seed, epoch, times):
    ids = np.array(ids)
    counts = np.bincount(ids)
    assume((counts > 0).sum() > 1)
    assume(counts.max() > 1)
    count = times * len(ids) - 1
    pairs = draw_row_pairs(rows_by_class(ids, part="test"), (seed, epoch), count)
    assert len(pairs.left) == len(pairs.right) == len(pairs.same) == count
    assert not np.any(pairs.left == pairs.right)
    assert np.array_equal(pairs.same, ids[pairs.left] == ids[pairs.right])
    alone = counts[ids[pairs.left]] == 1
    assert np.array_equal(pairs.same, (np.arange(count) % 2 == 0) & ~alone)
    seen = np.bincount(pairs.left, minlength=len(ids))
    assert set(seen.tolist()) <= {times - 1, times}
    again = draw_row_pairs(rows_by_class(ids, part="test"), (seed, epoch), count)
    assert np.array_equal(pairs.right, again.right)


def test_every_other_row_is_as_likely():
    ids = np.array([0, 0, 0, 1, 1, 2])
    rows = rows_by_class(ids, part="training")
    beside = {0: np.zeros(6), 5: np.zeros(6)}
    for epoch in range(3000):
        pairs = draw_row_pairs(rows, (1, epoch), 6)
        for left, found in beside.items():
            found[pairs.right[pairs.left == left]] += 1
    # Row 0 is in a pair of one class half the time; the only row of class 2 never is.
    assert beside[0] / 3000 == pytest.approx([0, 1 / 4, 1 / 4, 1 / 6, 1 / 6, 1 / 6], abs=0.03)
    assert beside[5] / 3000 == pytest.approx([1 / 5] * 5 + [0], abs=0.03)


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ([3, 3, 3], "all validation rows are of one class, and no pair is of two"),
        ([1, 2, 3], "no class has two validation rows, and no pair is of one class"),
    ],
)
def test_rows_that_make_no_pairs_are_refused(ids, told):
    with pytest.raises(StepError, match=told) as refused:
        rows_by_class(np.array(ids), part="validation")
    assert refused.value.code == "DL613"


def test_taken_rows_are_those_of_the_array():
    array = np.arange(24.0, dtype="float32").reshape(6, 2, 2)
    taken = TakenRows(array, np.array([5, 0, 0, 3]))
    whole = array[[5, 0, 0, 3]]
    assert (taken.shape, taken.dtype, taken.nbytes) == (whole.shape, whole.dtype, whole.nbytes)
    assert len(taken) == 4
    assert np.array_equal(taken[1:3], whole[1:3])
    assert np.array_equal(taken[np.array([3, 0])], whole[[3, 0]])


def test_pairs_of_a_mapped_array_are_gathered_in_little_memory_too(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(400_000, dtype="float32").reshape(1000, 400))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    pairs = draw_row_pairs(rows_by_class(np.arange(1000) % 3, part="training"), (1, 0), 1500)
    sides = {"left": TakenRows(mapped, pairs.left), "right": TakenRows(mapped, pairs.right)}
    samples = Samples(sides, {}, "mapping", "single")
    chunks = list(sample_chunks(samples, 32, start=64, memory=2**20))
    assert len(chunks) > 5
    for number, side in enumerate((pairs.left, pairs.right)):
        found = np.concatenate([chunk.arrays[number] for chunk in chunks])
        assert np.array_equal(found, mapped[side[64:]])


@settings(deadline=None, max_examples=100)
@given(
    ids=st.lists(st.integers(0, 5), min_size=3, max_size=60),
    epoch=st.integers(0, 3),
    count=st.none() | st.integers(1, 150),
)
def test_a_triplet_is_two_rows_of_one_class_and_one_of_another(ids, epoch, count):
    ids = np.array(ids)
    sizes = np.bincount(ids)
    assume((sizes > 0).sum() > 1)
    assume(sizes.max() > 1)
    rows = rows_by_class(ids, part="training")
    three = draw_row_triplets(rows, (1, epoch), count)
    assert not np.any(three.anchor == three.positive)
    assert np.array_equal(ids[three.anchor], ids[three.positive])
    assert not np.any(ids[three.anchor] == ids[three.negative])
    paired = np.flatnonzero(sizes[ids] > 1)
    if count is None:
        assert sorted(three.anchor) == paired.tolist()
    else:
        seen = np.bincount(three.anchor, minlength=len(ids))[paired]
        assert len(three.anchor) == seen.sum() == count
        assert seen.max() - seen.min() <= 1
    again = draw_row_triplets(rows, (1, epoch), count)
    assert np.array_equal(three.negative, again.negative)
