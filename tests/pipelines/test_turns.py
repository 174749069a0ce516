"""Turns and followers: beside a program of Keras, measured, stopped, continued, saved."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from stopped_trainings import whole_and_continued
from training_specs import TERMS, prepared, said_of_model_by_keras_alone
from turn_specs import (
    ASKED_IN_FLOAT16,
    FOLLOWED,
    FOLLOWS,
    FORGED,
    FORGED_IN_FLOAT16,
    FORGED_WITHOUT_DROPOUT,
    TAUGHT,
    TEACHER,
    TOLD_BY_A_TEACHER,
)
from turns_by_hand import MODELS, loss_scales_after, pair_by_hand, pair_trained_by_hand

import dlspec
from dlspec.resolve.chain import step_digest
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.training.objective_file import load_objective
from dlspec_pipelines.steps.training.train import samples_for_model, train

pytestmark = pytest.mark.usefixtures("home")


def arrays_of(model, names=MODELS):
    return [array for name in names for array in model.get_layer(name).get_weights()]


def assert_far_apart(arrays, others):
    """Assert that weights were moved by more than rounding."""
    moved = [np.abs(one - other).max() for one, other in zip(arrays, others, strict=True)]
    assert min(moved) > 1e-4


@pytest.fixture
def unfused():
    """Let TensorFlow join no operations: where it does, it rounds to bfloat16 once, not twice."""
    tf.config.optimizer.set_experimental_options({"remapping": False})
    yield
    tf.config.optimizer.set_experimental_options({"remapping": True})


@pytest.mark.usefixtures("unfused")
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_turns_give_the_weights_of_a_training_step_written_by_hand(precision):
    text = f"{FORGED_WITHOUT_DROPOUT}runtime: {{precision: {precision}}}\n"
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text="")
    begun, theirs = pair_trained_by_hand(plan, dataset)
    ours = arrays_of(load_objective(Path(trained.path), plan))
    for own, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)
    assert_far_apart(ours, begun)


def test_in_float16_each_turn_scales_its_loss_as_keras_does_and_goes_on_with_its_scale():
    """A loss so large that gradients overflow at first: steps are skipped, and its scale falls."""
    plan, dataset = prepared(FORGED_IN_FLOAT16)
    whole, resumed = whole_and_continued(plan, dataset)
    assert resumed.weights == whole.weights
    assert resumed.history == whole.history
    begun, pair = pair_by_hand(plan, dataset, **ASKED_IN_FLOAT16)
    ours = arrays_of(load_objective(Path(resumed.path), plan))
    for own, other in zip(ours, pair.weights(), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)
    assert_far_apart(ours, begun)
    (caught, _), (forged, _) = pair.loss_scales()
    assert caught < forged == 2**15
    assert loss_scales_after(plan, dataset) == pair.loss_scales()


def test_followers_are_the_moving_average_of_what_they_follow():
    plan, dataset = prepared(FOLLOWED)
    keras.utils.set_random_seed(7)
    model = dlspec.compile(plan)
    student, teacher = (model.get_layer(name) for name in ("student", "teacher"))
    expected = student.get_weights()
    for own, other in zip(teacher.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(own, other)
    points = np.array(samples_for_model(plan, dataset, "train").inputs["point"])
    for step in range(6):
        model.train_on_batch(points[32 * step : 32 * step + 32])
        followed = student.get_weights()
        expected = [
            0.9 * mine + (1 - 0.9) * other for mine, other in zip(expected, followed, strict=True)
        ]
    assert not np.allclose(expected[0], followed[0], atol=1e-4)
    for own, other in zip(teacher.get_weights(), expected, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
@pytest.mark.parametrize(
    "how",
    ["terms: {apart: 0}", "turns: [{train: student, loss: true, terms: {apart: 0}}]"],
    ids=["follow", "turns"],
)
def test_losses_beside_a_follower_and_in_a_turn_train_as_they_do_alone(how, precision):
    """A term of weight 0 is only told, so that the training is that of the student alone."""
    all_of_it = f"{TAUGHT}runtime: {{precision: {precision}}}\n"
    student = all_of_it
    for part in (TEACHER, TOLD_BY_A_TEACHER, FOLLOWS, ', gates: {apart: "<= 2"}'):
        assert part in student
        student = student.replace(part, "")
    found = {}
    for run, text in (("alone", student), ("taught", all_of_it.replace("terms: {apart: 0}", how))):
        plan, dataset = prepared(text)
        trained = train(plan, dataset, run=run, spec_text="")
        weights = keras.models.load_model(Path(trained.path, "model.keras")).get_weights()
        accuracy = evaluate(plan, trained, dataset).metrics["accuracy"]
        found[run] = weights, trained.history, accuracy
    (weights, history, accuracy), (theirs, history_of_both, accuracy_of_both) = found.values()
    for own, other in zip(weights, theirs, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-6)
    for figure in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert history_of_both[figure] == pytest.approx(history[figure], rel=1e-4)
    assert accuracy_of_both == accuracy


@pytest.mark.parametrize(
    ("text", "names"),
    [(FORGED, MODELS), (FOLLOWED, ("student", "teacher"))],
    ids=["turns", "follow"],
)
def test_a_stopped_training_goes_on_as_if_it_had_not_been(text, names):
    plan, dataset = prepared(text)
    whole, resumed = whole_and_continued(plan, dataset)
    assert resumed.weights == whole.weights
    assert resumed.history == whole.history
    ends = [load_objective(Path(run.path), plan) for run in (whole, resumed)]
    for one, other in zip(*(end.get_weights() for end in ends), strict=True):
        np.testing.assert_array_equal(one, other)
    keras.utils.set_random_seed(7)
    assert_far_apart(arrays_of(ends[0], names), arrays_of(dlspec.compile(plan), names))


def test_history_gates_and_the_file_know_terms_and_turns_by_name():
    plan, dataset = prepared(FORGED)
    trained = train(plan, dataset, run="r1", spec_text=FORGED)
    history = trained.history
    assert history["discriminator_loss"] == pytest.approx(history["told_apart"], rel=1e-6)
    both = history["discriminator_loss"] + history["generator_loss"]
    assert history["loss"] == pytest.approx(both, rel=1e-5)
    header = Path(trained.path, "history.csv").read_text().splitlines()[0].split(",")
    rates = ["discriminator_learning_rate", "generator_learning_rate"]
    assert header[:2] == ["epoch", "loss"]
    assert header[-3:] == [*rates, "seconds"]
    assert history["discriminator_learning_rate"] == pytest.approx(2e-3)
    measured = evaluate(plan, trained, dataset)
    assert {gate.metric for gate in measured.gates} == {"told_apart", "generator_loss"}
    metrics = json.loads(Path(trained.path, "metrics.json").read_text())
    assert metrics["generator_loss"] == pytest.approx(metrics["seen_through"], rel=1e-6)
    # The generator stands in the file as a model of its own, to be called on any noise.
    said = said_of_model_by_keras_alone(
        trained, "model.get_layer('generator')(keras.ops.zeros((1, 4))).shape"
    )
    assert said == ["(1,", "2)"]


@pytest.mark.parametrize(
    ("said", "still", "moved"),
    [
        ("{SGD: {learning_rate: 0.01, momentum: 0.5}}", "generator", "discriminator"),
        ("{Adam: {learning_rate: 2e-3, beta_1: 0.5}}", "discriminator", "generator"),
    ],
)
def test_a_turn_moves_its_own_weights_alone(said, still, moved):
    assert said in FORGED
    plan, dataset = prepared(FORGED.replace(said, "{SGD: 1e-12}"))
    keras.utils.set_random_seed(7)
    begun = dlspec.compile(plan)
    trained = train(plan, dataset, run="r1", spec_text="")
    model = load_objective(Path(trained.path), plan)
    found = {
        name: [
            float(np.abs(own.numpy() - other.numpy()).max())
            for own, other in zip(
                model.get_layer(name).trainable_variables,
                begun.get_layer(name).trainable_variables,
                strict=True,
            )
        ]
        for name in (still, moved)
    }
    assert max(found[still]) < 1e-6
    assert min(found[moved]) > 1e-4


def test_other_turns_train_anew_and_trainings_without_them_do_not():
    plans = [
        dlspec.loads(text) for text in (FORGED, FORGED.replace("steps: 2", "steps: 1"), FOLLOWED)
    ]
    plans.append(dlspec.loads(FOLLOWED.replace("momentum: 0.9}", "momentum: 0.8}")))
    assert len({step_digest(plan, "model") for plan in plans}) == 4
    # What was trained before the language knew turns has the digest that it had.
    assert step_digest(dlspec.loads(TERMS), "model").startswith("e3e0811998a81e17")
