import threading
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_specs import DIGITS, prepared

from dlspec_pipelines.steps.data_memory import memory_for_data, rows_of_mapped_array
from dlspec_pipelines.steps.engine.batches import Samples, epoch_visit_order, sample_chunks
from dlspec_pipelines.steps.engine.reading_ahead import read_ahead
from dlspec_pipelines.steps.step_errors import Stopped
from dlspec_pipelines.steps.training.progress import Tick
from dlspec_pipelines.steps.training.train import train

# An eightieth of the training samples of DIGITS: their pixels alone are 300 kB.
SMALL = 4_000


class StopWithin:
    """Asks to stop at the first sign of life from within an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch, self.heard = epoch, False

    def is_set(self) -> bool:
        return self.heard

    def hear(self, said: object) -> None:
        self.heard |= isinstance(said, Tick) and said.epoch == self.epoch


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLSPEC_HOME", str(tmp_path_factory.mktemp("home")))
        plan, dataset = prepared(DIGITS)
        yield plan, replace(plan, runtime=replace(plan.runtime, memory=SMALL)), dataset


def test_a_bound_on_memory_changes_no_weight(digits):
    plan, bounded, dataset = digits
    free = train(plan, dataset, run="free", spec_text="")
    streamed = train(bounded, dataset, run="streamed", spec_text="")
    assert streamed.weights == free.weights
    assert streamed.history == free.history


def test_a_streamed_training_goes_on_within_an_epoch_under_another_bound(digits):
    plan, bounded, dataset = digits
    whole = train(plan, dataset, run="whole", spec_text="")
    stop = StopWithin(2)
    with pytest.raises(Stopped) as stopped:
        train(bounded, dataset, run="stopped", spec_text="", progress=stop.hear, stop=stop)
    assert stopped.value.epoch == 1
    said = []
    goes_on = train(plan, dataset, run="stopped", spec_text="", progress=said.append)
    assert said[0].text == "continuing within epoch 2 of 2"
    assert goes_on.weights == whole.weights


def test_a_shuffled_epoch_is_the_same_in_memory_and_streamed(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (501, 3, 5), dtype=np.uint8)
    np.save(tmp_path / "x.npy", pixels)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    visit = epoch_visit_order(3, 1, 501)
    for start in (0, 64):
        for memory in (2_000, 6_000):
            samples = Samples({"x": mapped}, {}, "single", "single")
            chunks = list(sample_chunks(samples, 16, visit=visit, start=start, memory=memory))
            assert max(len(chunk.arrays[0]) for chunk in chunks) <= max(16, memory // 8 // 15)
            found = np.concatenate([chunk.arrays[0] for chunk in chunks])
            assert np.array_equal(found, pixels[visit[start:]])


@given(st.lists(st.integers(0, 49), max_size=120), st.integers(0, 400_000))
def test_rows_of_a_mapped_array_are_those_asked_for(tmp_path_factory, rows, room):
    path = tmp_path_factory.getbasetemp() / "rows.npy"
    if not path.exists():
        np.save(path, np.arange(100.0).reshape(50, 2))
    mapped = np.load(path, mmap_mode="r")
    at = np.array(rows, dtype=np.int64)
    assert np.array_equal(rows_of_mapped_array(mapped, at, room), mapped[at])


def test_one_item_is_made_ahead_and_no_more():
    made = []

    def items():
        for number in range(5):
            made.append(number)
            yield number

    ahead = read_ahead(items())
    assert next(ahead) == 0
    assert next(ahead) == 1
    ahead.close()
    assert made[:2] == [0, 1]
    assert len(made) <= 3
    assert list(read_ahead(iter(range(50)))) == list(range(50))


def test_an_error_comes_where_its_item_would_have_come():
    def items():
        yield 1
        message = "the disk is gone"
        raise OSError(message)

    ahead = read_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)


def test_no_thread_is_left_when_an_epoch_is_left():
    with closing(read_ahead(iter(range(9)))) as ahead:
        assert next(ahead) == 0
    assert not [t for t in threading.enumerate() if t.name.startswith("reading-ahead")]


def test_data_may_take_half_of_the_machine_where_nothing_is_said():
    assert memory_for_data(123_456_789) == 123_456_789
    assert 2**28 < memory_for_data(None) < 2**44
