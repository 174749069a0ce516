import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from dlspec_pipelines.steps.engine.batches import (
    Samples,
    class_weights,
    epoch_visit_order,
    sample_chunks,
)
from dlspec_pipelines.steps.engine.call_length import Pace


def _samples(rows: int, *, weights: bool = False) -> Samples:
    x = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)
    y = np.arange(rows, dtype=np.int32)
    return Samples({"x": x}, {"y": y}, "single", "single", {"y": y / 2} if weights else {})


@given(st.integers(0, 2**32 - 1), st.integers(0, 1000), st.integers(1, 500))
def test_an_epoch_visits_every_sample_once(seed, epoch, count):
    assert sorted(epoch_visit_order(seed, epoch, count)) == list(range(count))


def test_the_order_depends_on_seed_and_epoch_alone():
    first = epoch_visit_order(7, 0, 100)
    epoch_visit_order(7, 1, 100)
    assert epoch_visit_order(7, 0, 100).tolist() == first.tolist()
    assert epoch_visit_order(7, 1, 100).tolist() != first.tolist()
    assert epoch_visit_order(8, 0, 100).tolist() != first.tolist()


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 400))
def test_chunks_are_the_epoch_cut_at_whole_batches(rows, batch_size, chunk_bytes):
    samples, visit = _samples(rows), epoch_visit_order(0, 0, rows)
    found = list(sample_chunks(samples, batch_size, visit=visit, chunk_bytes=chunk_bytes))
    assert np.concatenate([chunk.arrays[1] for chunk in found]).tolist() == visit.tolist()
    assert [chunk.start for chunk in found] == np.cumsum([0, *(c.rows for c in found)])[
        :-1
    ].tolist()
    assert all(chunk.rows % batch_size == 0 for chunk in found[:-1])
    bytes_each = 3 * 4 + 4
    assert all(c.rows <= max(batch_size, chunk_bytes // bytes_each) for c in found)


def test_chunks_begin_where_an_interrupted_epoch_stood():
    found = list(sample_chunks(_samples(10), 4, visit=np.arange(10)[::-1], start=4))
    assert [chunk.arrays[1].tolist() for chunk in found] == [[5, 4, 3, 2, 1, 0]]


@pytest.mark.parametrize(
    ("form", "packed"),
    [("single", 1), ("list", [1, 2]), ("mapping", {"a": 1, "b": 2})],
)
def test_inputs_are_packed_as_the_model_takes_them(form, packed):
    names = ("a",) if form == "single" else ("a", "b")
    arrays = {name: np.zeros(3) for name in names}
    samples = Samples(arrays, {"y": np.zeros(3)}, form, "single", {"y": np.ones(3)})
    flat = list(range(1, len(names) + 1))
    assert samples.pack([*flat, "target", "weight"]) == (packed, "target", "weight")


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60))
def test_balanced_weights_are_those_of_scikit_learn(labels):
    target = np.array(labels, dtype=np.int32)
    present = np.unique(target)
    expected = compute_class_weight("balanced", classes=present, y=target)
    found = class_weights(target, "balanced")
    assert found.tolist() == pytest.approx(
        [dict(zip(present, expected, strict=True))[label] for label in labels], rel=1e-6
    )


def test_listed_weights_go_to_their_classes_and_one_to_the_others():
    one_hot = np.eye(3, dtype=np.float32)[[0, 2, 1, 2]]
    assert class_weights(one_hot, {"2": 5.0, "9": 2.0}).tolist() == [1, 5, 1, 5]
    assert class_weights(np.array([[0.0], [1.0]]), {"1": 3.0}).tolist() == [1, 3]


def test_calls_grow_until_they_take_a_second():
    pace = Pace(batch_size=32, one_by_one=False)
    sizes = []
    for seconds_per_batch in (5.0, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.1):
        sizes.append(pace.batches)
        pace.learn_from_call(seconds_per_batch * pace.batches, pace.rows)
    assert sizes == [1, 1, 4, 16, 64, 256, 1000, 1000]
    assert pace.batches == 10
    assert pace.tracing_s == 5.0


def test_callbacks_that_watch_batches_keep_calls_at_one_batch():
    pace = Pace(batch_size=32, one_by_one=True)
    pace.learn_from_call(1.0, 32)
    pace.learn_from_call(0.001, 32)
    assert pace.rows == 32
