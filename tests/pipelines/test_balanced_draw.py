"""`data.sampling: {balanced: target}`: what an epoch sees, also after a stop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_specs import MOONS, prepared

import dlspec
from dlspec.resolve.chain import step_digest
from dlspec_pipelines.steps.engine.batches import balanced_visit_order, class_ids_of
from dlspec_pipelines.steps.step_errors import Stopped
from dlspec_pipelines.steps.training.train import train

pytestmark = pytest.mark.usefixtures("home")

BALANCED = MOONS.replace("  split:", "  sampling: {balanced: moon}\n  split:")


@settings(deadline=None, max_examples=60)
@given(
    ids=st.lists(st.integers(0, 5), min_size=1, max_size=80),
    seed=st.integers(0, 5),
    epoch=st.integers(0, 3),
)
def test_an_epoch_sees_every_class_equally_often(ids, seed, epoch):
    ids = np.array(ids)
    order = balanced_visit_order(seed, epoch, ids)
    assert len(order) == len(ids)
    seen = np.array([np.sum(ids[order] == one) for one in np.unique(ids)])
    assert seen.max() - seen.min() <= 1
    for one, count in zip(np.unique(ids), seen, strict=True):
        # A sample comes again only after all of its class have come.
        times = np.array([np.sum(order == at) for at in np.flatnonzero(ids == one)])
        assert times.max() - times.min() <= 1
        assert times.sum() == count
    assert np.array_equal(order, balanced_visit_order(seed, epoch, ids))


def test_every_epoch_draws_others_of_a_frequent_class():
    ids = np.repeat([0, 1], [90, 10])
    drawn = [set(balanced_visit_order(1, epoch, ids)[:]) for epoch in range(4)]
    assert len(set.union(*drawn)) > max(len(one) for one in drawn)
    assert all(set(range(90, 100)) <= one for one in drawn)


@pytest.mark.parametrize(
    ("target", "ids"),
    [
        (np.array([0, 2, 1], "int32"), [0, 2, 1]),
        (np.array([[1.0], [0.0]], "float32"), [1, 0]),
        (np.eye(3, dtype="float32")[[2, 0]], [2, 0]),
    ],
)
def test_classes_are_read_off_every_form_of_target(target, ids):
    assert class_ids_of(target).tolist() == ids


def test_a_stopped_training_goes_on_with_the_same_draws():
    plan, dataset = prepared(BALANCED)
    whole = train(plan, dataset, run="whole", spec_text="")
    heard = []

    class Stop:
        def is_set(self) -> bool:
            return len(heard) >= 3

    with pytest.raises(Stopped):
        train(plan, dataset, run="stopped", spec_text="", progress=heard.append, stop=Stop())
    done = train(plan, dataset, run="stopped", spec_text="")
    assert done.weights == whole.weights


def test_another_draw_trains_anew_and_prepares_nothing_anew():
    plan, dataset = prepared(MOONS)
    other, same = prepared(BALANCED)
    assert same == dataset
    assert step_digest(other, "dataset") == step_digest(plan, "dataset")
    assert step_digest(other, "model") != step_digest(plan, "model")
    assert dlspec.diff(plan, other) != dlspec.diff(plan, plan)
