"""`dlspec run --find-rate`: a rate that rises in every step, against a loop of Keras."""

from pathlib import Path

import keras
import numpy as np
import pytest
from chain_specs import write_tiny
from terminal import run_dlspec
from training_specs import DIGITS, prepared
from turn_specs import FORGED_WITHOUT_DROPOUT

import dlspec
from dlspec_pipelines.steps.engine.batches import epoch_visit_order
from dlspec_pipelines.steps.reports.rate_page import rate_page
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.progress import Tick
from dlspec_pipelines.steps.training.rate_finder import (
    HIGHEST,
    LOWEST,
    STEPS,
    RateSearch,
    find_rate,
)
from dlspec_pipelines.steps.training.train import samples_for_model

pytestmark = pytest.mark.usefixtures("home")

# Without what draws, and without weights of classes: the loop of Keras has neither.
PLAIN = DIGITS.replace("  class_weight: balanced\n", "").replace("    - Dropout: 0.3\n", "")
DOWN = np.linspace(2.0, 1.0, 40)
RATES = np.geomspace(1e-4, 1.0, 40)


@pytest.mark.parametrize(
    "optimizer", ["{SGD: {momentum: 0.9}}", "{Adam: {learning_rate: {CosineDecay: [0.001, 10]}}}"]
)
def test_the_losses_are_those_of_keras_with_a_rate_that_rises(optimizer):
    plan, dataset = prepared(PLAIN.replace("  loss:", f"  optimizer: {optimizer}\n  loss:"))
    told = []
    found = find_rate(plan, dataset, listen=told.append)
    by_hand = _losses_by_hand(plan, dataset, optimizer)
    count, settled = len(found.losses), int(np.argmin(found.means))
    assert settled > STEPS / 2
    # Large rates let the last bits of the losses grow into everything: a power of ten below.
    compared = settled - STEPS // 7
    np.testing.assert_allclose(found.losses[:compared], by_hand[:compared], rtol=1e-4)
    np.testing.assert_allclose(found.losses[:settled], by_hand[:settled], rtol=0.05)
    ticks = [said.figures["learning_rate"] for said in told if isinstance(said, Tick)]
    np.testing.assert_allclose(ticks, np.geomspace(LOWEST, HIGHEST, STEPS)[:count])
    assert LOWEST < found.suggested <= found.least / 10
    assert found.blown_up == (count < STEPS)


def _losses_by_hand(plan, dataset, optimizer):
    keras.utils.set_random_seed(plan.training.seed)
    model = dlspec.compile(plan)
    kind = keras.optimizers.SGD if "SGD" in optimizer else keras.optimizers.Adam
    arguments = {"momentum": 0.9} if "SGD" in optimizer else {}
    model.compile(kind(LOWEST, **arguments), loss=model.loss)
    part = samples_for_model(plan, dataset, "train")
    x, y = np.array(part.inputs["image"]), np.array(part.targets["digit"])
    size, losses = plan.training.batch_size, []
    whole = len(x) // size
    for step, rate in enumerate(np.geomspace(LOWEST, HIGHEST, STEPS)):
        visit = epoch_visit_order(plan.training.seed, step // whole, len(x))
        rows = visit[step % whole * size :][:size]
        model.optimizer.learning_rate = rate
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x[rows], y[rows], return_dict=True)["loss"]))
    return np.array(losses)


def test_nothing_is_kept_of_the_search_but_its_page(tmp_path):
    write_tiny(tmp_path / "specs")
    done = run_dlspec(tmp_path, "run", "tiny", "--find-rate")
    assert done.returncode == 0, done.stderr
    (page,) = done.stdout.splitlines()
    assert Path(page).read_text("utf-8").startswith("<!")
    assert not (tmp_path / "home" / "runs").exists()
    suggested = next(line for line in done.stderr.splitlines() if line.startswith("suggested"))
    assert 1e-4 < float(suggested.split()[-1]) < 1
    assert run_dlspec(tmp_path, "run", "tiny", "--find-rate").stdout == done.stdout


def test_what_says_something_of_a_run_is_refused_beside_it(tmp_path):
    write_tiny(tmp_path / "specs")
    done = run_dlspec(tmp_path, "run", "tiny", "--find-rate", "--again")
    assert done.returncode == 2
    assert "`--again` says something of a run" in done.stderr
    assert done.stdout == ""


def test_turns_have_no_single_rate():
    plan, dataset = prepared(FORGED_WITHOUT_DROPOUT)
    with pytest.raises(StepError, match="turns have optimizers of their own"):
        find_rate(plan, dataset, listen=lambda _: None)


def test_where_no_rate_makes_the_loss_fall_none_is_suggested():
    found = RateSearch(RATES, DOWN[::-1], DOWN[::-1], blown_up=True)
    assert found.suggested is None
    assert "suggested" not in rate_page("tiny", found, ["no rate made the loss fall"])


def test_the_suggested_rate_is_where_the_loss_falls_fastest_and_well_below_the_least():
    means = np.concatenate([np.full(15, 2.0), np.linspace(2.0, 1.0, 5), np.full(20, 0.9)])
    found = RateSearch(RATES, means, means, blown_up=False)
    assert RATES[14] <= found.steepest <= RATES[20]
    assert found.suggested == pytest.approx(min(found.steepest, found.least / 10))
