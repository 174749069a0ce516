"""A training that begins with a saved Keras model: its weights, what a change means, going on."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from stopped_trainings import Stop

import dlspec
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.step_errors import StepError, Stopped
from dlspec_pipelines.steps.training.progress import Notice
from dlspec_pipelines.steps.training.train import train, work_key

TUNED = """\
dlspec: 1
name: tuned
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}
model:
  models:
    seen: {file: seen.keras, until: flat, trainable: false}
  graph:
    - use: seen
    - Dropout: 0.2
    - {Dense: 10, name: digit}
training:
  epochs: 4
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
evaluation: {metrics: [accuracy]}
"""


def _saved(file, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            keras.layers.Conv2D(4, 3, activation="relu", name="edges"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(10, name="digit"),
        ]
    )
    model.save(file)
    return model


@pytest.fixture
def tuned(tmp_path, home):
    saved = _saved(tmp_path / "seen.keras", 5)
    (tmp_path / "tuned.yaml").write_text(TUNED)
    plan = dlspec.load(tmp_path / "tuned.yaml")
    return saved, plan, prepare_dataset(plan.data, base=tmp_path)


def test_a_training_begins_with_the_saved_weights_and_goes_on_to_the_same_bits(tuned, tmp_path):
    saved, plan, dataset = tuned
    whole = train(plan, dataset, run="whole", spec_text=TUNED)
    inner = keras.models.load_model(Path(whole.path, "model.keras")).get_layer("seen")
    for name in ("edges", "norm"):
        pairs = zip(inner.get_layer(name).weights, saved.get_layer(name).weights, strict=True)
        assert all(np.array_equal(one, other) for one, other in pairs)
    begun = whole.models_from["seen"]
    assert (Path(begun.source).name, begun.run, begun.by) == ("seen.keras", None, "name")
    assert (begun.taken, begun.initialised) == (("edges", "norm"), {})
    facts = json.loads(Path(whole.path, "run.json").read_text())
    assert facts["models_from"]["seen"]["digest"] == begun.digest

    stop, heard = Stop(2), []
    with pytest.raises(Stopped):
        train(plan, dataset, run="r", spec_text=TUNED, progress=stop.hear, stop=stop)
    done = train(plan, dataset, run="r2", spec_text=TUNED, progress=heard.append)
    assert Notice("continuing after epoch 2 of 4") in heard
    assert done.weights == whole.weights

    key = work_key(plan, dataset)
    _saved(tmp_path / "seen.keras", 6)
    assert work_key(plan, dataset) != key
    (tmp_path / "seen.keras").write_bytes(b"")
    with pytest.raises(StepError, match="cannot begin with the weights of") as caught:
        train(plan, dataset, run="r3", spec_text=TUNED)
    assert caught.value.code == "DL615"
