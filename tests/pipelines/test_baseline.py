"""What a model must beat at least: scikit-learn's Dummy estimators are the judge."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_absolute_error, roc_auc_score
from training_specs import prepared

from dlspec_pipelines.steps.evaluation.baseline import measure_baseline
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.preparation.fitting import invert_predictions, load_preparation
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.promotion import current_champion, promote
from dlspec_pipelines.steps.step_errors import Refused
from dlspec_pipelines.steps.training.train import train

pytestmark = pytest.mark.usefixtures("home")

CLASSES = """\
dlspec: 1
name: wine
data:
  source: {sklearn: wine}
  inputs: {data: {vector: data, length: 13, standardize: true}}
  targets: {kind: {class: target, classes: 3, one_hot: $one_hot}}
  split: {test: 0.3, seed: 2}
params: {one_hot: false, loss: SparseCategoricalCrossentropy}
model:
  inputs: {data: [13]}
  graph: [{Dense: [3, {activation: softmax}], name: kind}]
training: {epochs: 1, loss: $loss}
"""

MOON = """\
dlspec: 1
name: moon
data:
  source: {synthetic: two_moons, samples: 90, noise: 0.2, seed: 4}
  inputs: {point: {vector: [x, y]}}
  targets: {moon: {binary: moon}}
  split: {test: 0.3, seed: 1}
model:
  inputs: {point: [2]}
  graph: [{Dense: [1, {activation: sigmoid}], name: moon}]
training: {epochs: 1, loss: BinaryCrossentropy}
"""

NUMBERS = """\
dlspec: 1
name: diabetes
data:
  source: {sklearn: diabetes}
  inputs: {data: {vector: data, length: 10}}
  targets: {progression: {number: target, standardize: true}}
  split: {test: 0.3, seed: 1}
model:
  inputs: {data: [10]}
  graph: [{Dense: 1, name: progression}]
training: {epochs: 1, loss: MeanSquaredError}
"""

WAVE = """\
dlspec: 1
name: wave
data:
  source: {synthetic: sine, samples: 300}
  inputs: {past: {series: value, length: 8, standardize: true}}
  targets: {future: {series: value, horizon: 3, standardize: $standardize}}
  split: {time: time, test: 0.3}
params: {standardize: true}
model:
  inputs: {past: [8, 1]}
  graph: [Flatten, {Dense: 3, name: future}]
training: {epochs: 1, loss: MeanSquaredError}
"""

REVERSAL = """\
dlspec: 1
name: reversal
data:
  source: {synthetic: sequence_reversal, samples: 200, length: 4}
  inputs: {ids: {tokens: source, length: 4, vocabulary: 10}}
  targets: {turned: {tokens: decoder_target, length: 4, vocabulary: 10}}
  split: {test: 0.3}
model:
  inputs: {ids: {shape: [4], dtype: int32}}
  graph: [{Embedding: [10, 8]}, Flatten, {Dense: 40}, {Reshape: [4, 10], name: turned}]
training: {epochs: 1, loss: {SparseCategoricalCrossentropy: {from_logits: true}}}
"""


def _parts(dataset, target):
    parts = (open_part(dataset, name).targets[target] for name in ("train", "test"))
    return tuple(np.array(part) for part in parts)


def _baseline(plan, dataset, target, truth, metrics):
    return measure_baseline(plan, dataset, {target: truth}, metrics=metrics, compare=True)


@pytest.mark.parametrize("one_hot", [False, True])
def test_of_classes_it_is_the_most_frequent_with_the_shares_of_training(one_hot):
    loss = "CategoricalCrossentropy" if one_hot else "SparseCategoricalCrossentropy"
    plan, dataset = prepared(CLASSES, one_hot=one_hot, loss=loss)
    train_y, test_y = (y.argmax(axis=1) if one_hot else y for y in _parts(dataset, "kind"))
    judge = DummyClassifier(strategy="prior").fit(np.zeros((len(train_y), 1)), train_y)
    shown = np.zeros((len(test_y), 1))
    guess, stated = judge.predict(shown), judge.predict_proba(shown)
    truth = Predicted("class", test_y.astype(np.int32), test_y.astype(np.int32), stated)
    names = ("accuracy", "f1_macro", "log_loss", "roc_auc")
    found = _baseline(plan, dataset, "kind", truth, names)
    assert found.metrics == {
        "accuracy": pytest.approx(accuracy_score(test_y, guess)),
        "f1_macro": pytest.approx(f1_score(test_y, guess, average="macro", zero_division=0)),
        "log_loss": pytest.approx(log_loss(test_y, stated)),
        "roc_auc": pytest.approx(roc_auc_score(test_y, stated, multi_class="ovr")),
    }
    assert found.rules == {"kind": f"always the class {guess[0]}"}
    # Every answer right against the most frequent class.
    assert found.comparison.better
    assert (found.comparison.metric, found.comparison.test) == ("accuracy", "mcnemar")


def test_of_two_values_it_is_the_more_frequent():
    plan, dataset = prepared(MOON)
    train_y, test_y = (y.ravel().astype(int) for y in _parts(dataset, "moon"))
    judge = DummyClassifier(strategy="prior").fit(train_y[:, None], train_y)
    guess, stated = judge.predict(test_y[:, None]), judge.predict_proba(test_y[:, None])
    truth = Predicted("binary", test_y, test_y, test_y.astype(float))
    found = _baseline(plan, dataset, "moon", truth, ("accuracy", "log_loss"))
    assert found.metrics == {
        "accuracy": pytest.approx(accuracy_score(test_y, guess)),
        "log_loss": pytest.approx(log_loss(test_y, stated)),
    }
    assert found.rules == {"moon": f"always {guess[0]}"}


def test_of_numbers_it_is_the_mean_of_training_in_their_own_unit():
    plan, dataset = prepared(NUMBERS)
    preparation = load_preparation(Path(dataset.path))
    train_y, test_y = (
        invert_predictions(preparation, "progression", y) for y in _parts(dataset, "progression")
    )
    judge = DummyRegressor().fit(train_y, train_y)
    truth = Predicted("number", test_y, test_y)
    found = _baseline(plan, dataset, "progression", truth, ("mae",))
    expected = mean_absolute_error(test_y, judge.predict(test_y))
    assert found.metrics == {"mae": pytest.approx(expected, rel=1e-5)}
    assert (found.comparison.metric, found.comparison.better) == ("mae", True)


@pytest.mark.parametrize("standardize", [True, False])
def test_of_a_forecast_it_is_the_last_value_seen(standardize):
    plan, dataset = prepared(WAVE, standardize=standardize)
    preparation, test = load_preparation(Path(dataset.path)), open_part(dataset, "test")
    true = invert_predictions(preparation, "future", np.array(test.targets["future"]))
    past = np.array(test.inputs["past"])[:, -1, 0]
    scaling = preparation.inputs["past"].scaling
    last = past * scaling.deviation[0] + scaling.mean[0]
    found = _baseline(plan, dataset, "future", Predicted("number", true, true), ("mae",))
    expected = mean_absolute_error(true, np.repeat(last[:, None], 3, axis=1))
    assert found.metrics == {"mae": pytest.approx(expected, rel=1e-5)}
    assert found.rules == {"future": "the last value before the forecast"}
    # The value before a window is the last that its neighbour forecasts first.
    rows = test.rows
    following = np.flatnonzero(np.diff(rows) == 1)
    assert last[following + 1] == pytest.approx(true[following, 0], abs=1e-5)


def test_of_ids_it_is_the_most_frequent_at_each_place():
    plan, dataset = prepared(REVERSAL)
    train_y, test_y = _parts(dataset, "turned")
    judge = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(train_y), 1)), train_y)
    guess = judge.predict(np.zeros((len(test_y), 1)))
    truth = Predicted("tokens", test_y, test_y)
    found = _baseline(plan, dataset, "turned", truth, ("token_accuracy",))
    assert found.metrics == {"token_accuracy": pytest.approx((guess == test_y).mean())}


def test_a_net_at_chance_is_not_promoted_and_one_that_learnt_is():
    plan, dataset = prepared(MOON.replace("epochs: 1", "epochs: 60, batch_size: 8"))
    trained = train(plan, dataset, run="learnt", spec_text=MOON)
    learnt = evaluate(plan, trained, dataset)
    # A rate at which nothing is learnt.
    text = MOON.replace("loss: B", "optimizer: {SGD: {learning_rate: 1e-9}}, loss: B")
    idle_plan, idle_dataset = prepared(text)
    idle = train(idle_plan, idle_dataset, run="idle", spec_text=text)
    measured = evaluate(idle_plan, idle, idle_dataset)
    with pytest.raises(Refused, match="is not shown to be better than a baseline"):
        promote(idle_plan, measured, idle)
    assert current_champion("moon") is None
    assert promote(plan, learnt, trained).promoted
