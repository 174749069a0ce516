"""Metrics of Keras in an evaluation: every class, whole and sample by sample, against Keras."""

import keras
import numpy as np
import pytest
from test_keras_metrics import OUTPUTS, judged

from dlspec.backends.keras_objects import build_object
from dlspec.language.catalogue import Object
from dlspec.language.features import ClassFeature, NumberFeature
from dlspec_pipelines.steps.evaluation.keras_figures import KerasFigures, joined_states, row_states

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras warns of what the numbers divide by.
TIMES = np.array([0, 2, 1, 0, 3, 1, 1, 0, 2, 1, 0, 1])


def _given(output):
    """Return what a head might give: random numbers past its activation."""
    drawn = np.random.default_rng(5).normal(size=(len(output.truth), *output.shape))
    given = keras.activations.get(output.activation)(drawn.astype("float32"))
    return keras.ops.convert_to_numpy(given)


def _in_keras(metric, true, given):
    made = build_object(metric)
    made.update_state(true, given)
    return float(np.mean(keras.ops.convert_to_numpy(made.result())))


@pytest.mark.slow
@pytest.mark.parametrize("which", OUTPUTS)
def test_what_a_metric_counts_of_each_sample_sums_up_to_its_value(which):
    output, given = OUTPUTS[which], _given(OUTPUTS[which])
    again = np.repeat(np.arange(len(TIMES)), TIMES)
    for name, arguments, _ in judged(which)[0]:
        if arguments.get("axis") == 0:
            continue  # it compares samples with each other, and no evaluation takes it
        metric = Object("metric", name, {k: _frozen(v) for k, v in arguments.items()})
        parts = [row_states(metric, output.truth[p], given[p]) for p in (slice(5), slice(5, None))]
        states = joined_states(parts)
        for times, rows in ((np.ones(len(TIMES)), slice(None)), (TIMES, again)):
            expected = _in_keras(metric, output.truth[rows], given[rows])
            found = states.value_for(times)
            assert found == pytest.approx(expected, rel=1e-4, abs=1e-5, nan_ok=True), metric


def _frozen(value):
    return tuple(value) if isinstance(value, list) else value


def test_figures_of_samples_that_come_in_parts_are_those_of_them_all():
    output, given = OUTPUTS["many-softmax"], _given(OUTPUTS["many-softmax"])
    metric = Object("metric", "SparseTopKCategoricalAccuracy", {"k": 3})
    figures = KerasFigures({"top_3": metric}, {"kind": ClassFeature("y", classes=7)})
    for part in (slice(4), slice(4, None)):
        figures.add("kind", output.truth[part], given[part])
    ranks = (given > given[np.arange(len(given)), output.truth][:, None]).sum(axis=1)
    assert figures.measures().values == {"top_3": pytest.approx((ranks < 3).mean())}


def test_a_figure_of_two_targets_is_their_mean_with_each_beside_it():
    metric = Object("metric", "MeanAbsoluteError", {})
    targets = {"a": NumberFeature("a"), "b": NumberFeature("b"), "c": ClassFeature("c", classes=2)}
    figures = KerasFigures({"error": metric}, targets)
    figures.add("a", np.array([[1.0]]), np.array([[2.0]]))
    figures.add("b", np.array([[1.0]]), np.array([[4.0]]))
    figures.add("c", np.array([1]), np.array([[0.1, 0.9]]))
    assert figures.measures().values == {"error": 2.0, "a_error": 1.0, "b_error": 3.0}


def test_a_figure_that_is_no_number_has_the_reason():
    figures = KerasFigures(
        {"e": Object("metric", "MeanAbsoluteError", {})}, {"a": NumberFeature("a")}
    )
    figures.add("a", np.array([[1.0]]), np.array([[np.nan]]))
    measures = figures.measures()
    assert measures.values == {}
    assert "`e` came out as nan" in measures.undefined["e"]
