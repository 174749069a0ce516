"""Models that a spec takes from another with its weights: transfer learning in one text."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from stopped_trainings import Stop

import dlspec
from dlspec.backends.weights import write_weights
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.records import record_to_json
from dlspec_pipelines.steps.reuse import trained_before
from dlspec_pipelines.steps.start import model_start_digests
from dlspec_pipelines.steps.step_errors import StepError, Stopped
from dlspec_pipelines.steps.training.progress import Notice
from dlspec_pipelines.steps.training.start_weights import begin_models_with_weights
from dlspec_pipelines.steps.training.train import train, work_key

DATA = """\
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}
"""
TRAINING = """\
training:
  epochs: 2
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  metrics: [accuracy]
evaluation: {metrics: [accuracy]}
"""
BASE = f"""\
dlspec: 1
name: base
params: {{filters: 8}}
{DATA}model:
  graph:
    - Conv2D: {{filters: $filters, kernel_size: 3, activation: relu}}
    - BatchNormalization
    - {{Flatten, name: features}}
    - {{Dense: 10, name: digit}}
{TRAINING}"""
TUNED = f"""\
dlspec: 1
name: tuned
{DATA}model:
  models:
    seen: {{spec: base.yaml, until: features, trainable: false, weights: base/base-run}}
  graph:
    - use: seen
    - Dropout: 0.2
    - {{Dense: 10, name: digit}}
{TRAINING}"""


@pytest.fixture
def specs(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    (tmp_path / "base.yaml").write_text(BASE)
    return tmp_path


@pytest.fixture
def base(specs):
    plan = dlspec.load(specs / "base.yaml")
    return train(plan, _prepared(plan), run="base-run", spec_text=BASE)


def _prepared(plan):
    return prepare_dataset(plan.data, base=Path.cwd())


def _plan(specs, text=TUNED):
    (specs / "tuned.yaml").write_text(text)
    return dlspec.load(specs / "tuned.yaml")


def note_record(done):
    record = store.records_folder("tuned", "model") / f"{done.run}.json"
    record.parent.mkdir(parents=True)
    record.write_text(record_to_json(done))


def _weights(trained, model=None):
    whole = keras.models.load_model(Path(trained.path, "model.keras"))
    layers = whole.layers if model is None else whole.get_layer(model).layers
    return {f"{layer.name}/{w.name}": w.numpy() for layer in layers for w in layer.weights}


def test_frozen_features_of_another_run_are_bit_equal_after_the_training_of_a_head(specs, base):
    plan = _plan(specs)
    dataset = _prepared(plan)
    heard = []
    done = train(plan, dataset, run="r", spec_text=TUNED, progress=heard.append)
    before, after = _weights(base), _weights(done, "seen")
    assert len(after) == 6
    assert all(np.array_equal(before[name], array) for name, array in after.items())
    begun = done.models_from["seen"]
    assert (begun.source, begun.run, begun.by) == ("base-run", "base-run", "name")
    assert begun.taken == ("conv2d", "batch_normalization")
    assert begun.initialised == {}
    assert begun in heard
    facts = json.loads(Path(done.path, "run.json").read_text())
    assert facts["models_from"]["seen"]["digest"] == begun.digest
    note_record(done)
    # What stands in the record is what a second run would begin with.
    assert model_start_digests(plan) == {"seen": begun.digest}


def test_other_weights_are_other_work_and_a_stopped_one_goes_on_to_the_same_bits(specs, base):
    text = TUNED.replace("epochs: 2", "epochs: 4").replace("base/base-run", "b.weights.h5")
    plan = _plan(specs, text)
    dataset = _prepared(plan)
    keras.utils.set_random_seed(5)
    write_weights(dlspec.compile(dlspec.load(specs / "base.yaml")), specs / "b.weights.h5")
    key = work_key(plan, dataset)
    stop = Stop(2)
    whole = train(plan, dataset, run="whole", spec_text=text)
    with pytest.raises(Stopped):
        train(plan, dataset, run="r", spec_text=text, progress=stop.hear, stop=stop)
    heard = []
    done = train(plan, dataset, run="r2", spec_text=text, progress=heard.append)
    assert Notice("continuing after epoch 2 of 4") in heard
    assert done.weights == whole.weights
    note_record(done)
    assert trained_before(plan, dataset, None) == done
    keras.utils.set_random_seed(6)
    write_weights(dlspec.compile(dlspec.load(specs / "base.yaml")), specs / "b.weights.h5")
    assert work_key(plan, dataset) != key
    assert trained_before(plan, dataset, None) is None


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("weights: base/base-run, with: {filters: 4}", r"`conv2d` has shape \(3, 3, 1, 4\) here"),
        ("weights: nowhere.h5", r"`nowhere\.h5` is no file"),
        ("weights: elsewhere", "`elsewhere` is no trained model"),
    ],
)
def test_weights_that_do_not_fit_are_told_before_any_epoch(specs, base, said, message):
    text = TUNED.replace("weights: base/base-run", said)
    plan = _plan(specs, text)
    with pytest.raises(StepError, match=message) as caught:
        train(plan, _prepared(plan), run="r", spec_text=text)
    assert caught.value.code == "DL615"
    assert not store.run_folder("tuned", "r").exists()


def test_a_run_that_is_gone_is_told_with_the_model_that_should_begin_with_it(specs, base):
    latest = store.records_folder("base", "model") / "latest.json"
    store.write_whole(latest, record_to_json(base))
    Path(base.path).rename(specs / "elsewhere")
    plan = _plan(specs, TUNED.replace("weights: base/base-run", "weights: base"))
    with pytest.raises(StepError) as caught:
        model_start_digests(plan)
    assert caught.value.code == "DL615"
    assert caught.value.message == (
        f"the model `seen` cannot begin with these weights: the run `{base.path}` is gone"
    )


def test_a_follower_begins_as_a_copy_of_the_weights_that_its_model_begins_with(specs, base):
    text = f"""\
dlspec: 1
name: tuned
{DATA}model:
  models:
    student: {{spec: base.yaml, until: features, weights: base/base-run}}
    teacher: {{spec: base.yaml, until: features}}
  graph:
    - {{use: student, name: seen}}
    - {{use: teacher, from: image, name: known}}
    - {{ops.subtract: {{args: [seen, known]}}}}
    - ops.square
    - {{ops.mean: {{axis: -1}}, name: apart}}
    - {{Dense: 10, name: digit, from: seen}}
  outputs: digit
training:
  epochs: 1
  loss: {{SparseCategoricalCrossentropy: {{from_logits: true}}}}
  terms: {{apart: 0.1}}
  follow: {{teacher: {{model: student, momentum: 0.9}}}}
"""
    plan = _plan(specs, text)
    model = dlspec.compile(plan)
    begin_models_with_weights(model, plan)
    (follower,) = model.followers
    expected = [array for name, array in _weights(base).items() if not name.startswith("digit")]
    for pair in follower.pairs:
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, pair))
    assert len(follower.pairs) == len(expected) == 6
    for weight, array in zip(follower.model.weights, expected, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), array)
