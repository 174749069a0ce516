"""A training of models that share weights: one copy of them in the run, on to the same bits."""

from pathlib import Path

import keras
import numpy as np
import pytest
from stopped_trainings import whole_and_continued

import dlspec
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset

SPEC = """\
dlspec: 1
name: pair
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}
model:
  models:
    stem: {inputs: {x: [8, 8, 1]}, graph: [Flatten, {Dense: 8}, {Dropout: 0.1}]}
    left: {inputs: {x: [8, 8, 1]}, graph: [{use: stem}, {Dense: 6}]}
    right: {inputs: {x: [8, 8, 1]}, graph: [{use: stem}, {Dense: [6, {activation: tanh}]}]}
  graph:
    - use: left
    - {use: right, from: image}
    - {Concatenate, from: [left, right]}
    - {Dense: 10, name: digit}
training:
  epochs: 3
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
evaluation: {metrics: [accuracy]}
"""


@pytest.mark.slow
def test_a_stopped_training_of_shared_weights_goes_on_to_the_same_bits(tmp_path, home):
    plan = dlspec.loads(SPEC)
    whole, resumed = whole_and_continued(plan, prepare_dataset(plan.data, base=tmp_path))
    assert resumed.weights == whole.weights
    model = keras.models.load_model(Path(whole.path, "model.keras"))
    left, right = (model.get_layer(name).get_layer("stem") for name in ("left", "right"))
    assert all(one is other for one, other in zip(left.weights, right.weights, strict=True))
    assert model.count_params() == (64 * 8 + 8) + 2 * (8 * 6 + 6) + (12 * 10 + 10)
    begun = dlspec.compile(plan).get_layer("left").get_layer("stem").get_weights()[0]
    assert not np.array_equal(left.get_weights()[0], begun)
