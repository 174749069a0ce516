"""Losses that a spec declares: trained, measured, stopped and continued as Keras's own."""

from pathlib import Path

import keras
import numpy as np
import pytest
from stopped_trainings import whole_and_continued
from training_specs import FOCAL, OWN_FOCAL, prepared, said_of_model_by_keras_alone

import dlspec
from dlspec.resolve.chain import step_digest
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.training.train import samples_for_model, train

pytestmark = pytest.mark.usefixtures("home")

TWO = """\
dlspec: 1
name: two
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: 0.0625}}
  targets: {digit: {class: target, classes: 10}, again: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, seed: 7}
model:
  inputs: {image: [8, 8, 1]}
  graph:
    - {Flatten, name: flat}
    - {Dense: 10, name: digit, from: flat}
    - {Dense: 10, name: again, from: flat}
  outputs: {digit: digit, again: again}
training:
  epochs: 1
  losses:
    Entropy:
      params: {weight: 1.0, from_logits: true}
      graph:
        - ops.sparse_categorical_crossentropy:
            args: [target, prediction]
            from_logits: $from_logits
        - ops.multiply: {x2: $weight}
  loss: {digit: Entropy, again: {Entropy: {weight: 2.0}}}
  seed: 7
evaluation: {metrics: [accuracy, log_loss]}
"""

THEIRS = """\
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  loss_weights: {again: 2.0}
"""


def trained_weights(trained):
    return keras.models.load_model(Path(trained.path, "model.keras")).get_weights()


def test_a_focal_loss_of_ones_own_gives_the_numbers_of_keras():
    runs = []
    for text in (FOCAL, OWN_FOCAL):
        plan, dataset = prepared(text)
        trained = train(plan, dataset, run="keras" if text == FOCAL else "own", spec_text=text)
        runs.append((trained, evaluate(plan, trained, dataset)))
    (theirs, measured), (ours, found) = runs
    # The gradients of one tensor are added up in another order, hence not the last bits.
    for mine, kerases in zip(trained_weights(ours), trained_weights(theirs), strict=True):
        np.testing.assert_allclose(mine, kerases, atol=1e-5)
    assert ours.history == pytest.approx(theirs.history, rel=1e-5)
    assert found.metrics == pytest.approx(measured.metrics, rel=1e-5)


def test_a_stopped_training_with_a_declared_loss_goes_on_as_if_it_had_not_been():
    plan, dataset = prepared(OWN_FOCAL)
    whole, resumed = whole_and_continued(plan, dataset, epochs=2)
    assert resumed.weights == whole.weights


def test_the_saved_model_loads_where_there_is_keras_alone():
    plan, dataset = prepared(OWN_FOCAL, epochs=1)
    trained = train(plan, dataset, run="r1", spec_text="")
    said = said_of_model_by_keras_alone(trained, "model.loss, model.count_params()")
    assert said == ["None", str(trained.parameters)]


def test_each_output_has_its_own_loss_and_is_read_as_its_graph_takes_it():
    plan, dataset = prepared(TWO)
    assert {n: planned.from_logits for n, planned in plan.losses.items()} == {
        "digit": True,
        "again": True,
    }
    trained = train(plan, dataset, run="r1", spec_text="")
    measured = evaluate(plan, trained, dataset)
    plain = TWO.replace(TWO[TWO.index("  losses:") : TWO.index("  seed: 7\n")], THEIRS)
    plan, dataset = prepared(plain)
    theirs = train(plan, dataset, run="r2", spec_text="")
    assert measured.metrics == pytest.approx(evaluate(plan, theirs, dataset).metrics, rel=1e-5)
    assert trained.history["loss"] == pytest.approx(theirs.history["loss"], rel=1e-5)


def test_the_loss_of_a_compiled_model_is_what_its_graph_says():
    plan, dataset = prepared(OWN_FOCAL, epochs=1)
    model = dlspec.compile(plan)
    part = samples_for_model(plan, dataset, "validation")
    x, y = np.array(part.inputs["point"]), np.array(part.targets["moon"])
    expected = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, gamma=1.5)
    said = model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
    assert said == pytest.approx(float(expected(y, model.predict(x, verbose=0))), rel=1e-6)


def test_a_changed_loss_graph_trains_anew_and_a_comment_does_not():
    plan = dlspec.loads(OWN_FOCAL)
    commented = dlspec.loads(OWN_FOCAL.replace("Focal:\n", "Focal:  # as published\n", 1))
    other = dlspec.loads(OWN_FOCAL.replace("- ops.mean: {axis: -1}", "- ops.max: {axis: -1}"))
    assert step_digest(commented, "model") == step_digest(plan, "model")
    assert step_digest(other, "model") != step_digest(plan, "model")
    assert step_digest(other, "dataset") == step_digest(plan, "dataset")
