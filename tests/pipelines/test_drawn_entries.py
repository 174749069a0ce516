"""Entries that draw at random: trained, measured alike, continued and kept out of the file."""

from pathlib import Path

import keras
import numpy as np
import pytest
from stopped_trainings import whole_and_continued
from training_specs import DRAWN, MOONS, prepared, said_of_model_by_keras_alone

import dlspec
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.training.train import samples_for_model, train

pytestmark = pytest.mark.usefixtures("home")

NOISY = MOONS.replace(
    "    - Dense: 24\n",
    "    - {ops.random.normal: {stddev: 0.2}, name: noise}\n"
    "    - {ops.add: {args: [point, noise]}}\n    - Dense: 24\n",
)


def test_a_stopped_training_that_draws_goes_on_as_if_it_had_not_been():
    plan, dataset = prepared(DRAWN)
    whole, resumed = whole_and_continued(plan, dataset)
    assert resumed.weights == whole.weights
    assert resumed.history == whole.history


def test_two_measurements_draw_the_same():
    plan, dataset = prepared(DRAWN)
    runs = [train(plan, dataset, run=f"r{i}", spec_text=DRAWN) for i in range(2)]
    measured = [evaluate(plan, run, dataset).metrics for run in runs]
    assert runs[0].weights == runs[1].weights
    assert measured[0] == measured[1]


def test_each_measurement_of_one_model_draws_what_the_last_one_drew():
    plan, dataset = prepared(DRAWN)
    model = dlspec.compile(plan)
    part = samples_for_model(plan, dataset, "validation")
    x, y = np.array(part.inputs["image"]), {"picture": np.array(part.targets["picture"])}
    told = [model.evaluate(x, y, verbose=0, return_dict=True) for _ in range(2)]
    assert told[0] == told[1]
    # What is drawn within a measurement is drawn anew for each of its batches.
    noise = keras.Model(model.input, model.get_layer("noise").output)
    one, other = (keras.ops.convert_to_numpy(noise(x[:8])) for _ in range(2))
    assert np.abs(one - other).max() > 0.1


def test_a_draw_that_leads_to_an_output_is_its_mean_in_the_file():
    plan, dataset = prepared(NOISY, epochs=2)
    assert plan.objective is not None
    assert plan.objective.terms == ()
    trained = train(plan, dataset, run="r1", spec_text=NOISY)
    kinds = said_of_model_by_keras_alone(trained, "*[type(la).__name__ for la in model.layers]")
    assert {"Dense", "BatchNormalization"} <= set(kinds)
    assert "Draw" not in kinds
    model = keras.models.load_model(Path(trained.path, "model.keras"))
    x = np.array(samples_for_model(plan, dataset, "test").inputs["point"])
    # The mean of the noise is 0: the layers behind it read the input as it is.
    read = keras.Input((2,))
    behind = read
    for layer in model.layers[model.layers.index(model.get_layer("dense")) :]:
        behind = layer(behind)
    plain = keras.Model(read, behind)
    np.testing.assert_array_equal(model.predict(x, verbose=0), plain.predict(x, verbose=0))
    metrics = evaluate(plan, trained, dataset).metrics
    assert metrics["accuracy"] > 0.7
    assert "loss" in metrics
