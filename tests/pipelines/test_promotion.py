from dataclasses import replace
from pathlib import Path

import pytest
from evaluated_runs import evaluated_run
from training_specs import MOONS

import dlspec
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.promotion import current_champion, promote
from dlspec_pipelines.steps.records import (
    Baseline,
    Comparison,
    Evaluation,
    GateResult,
    TrainedModel,
)
from dlspec_pipelines.steps.step_errors import Busy, Refused, StepError

pytestmark = pytest.mark.usefixtures("home")

PLAN = dlspec.loads(MOONS)
PASSED = GateResult("accuracy", ">= 0.8", 0.9, passed=True)
FAILED = GateResult("accuracy", ">= 0.8", 0.7, passed=False)


def _run(name: str, **changes: object) -> tuple[Evaluation, TrainedModel]:
    return evaluated_run(name, "moons", {"accuracy": 0.9}, **{"gates": (PASSED,), **changes})


def _against(run: str, *, better: bool) -> Comparison:
    p_value = 0.012 if better else 0.3
    return Comparison(run, "accuracy", "mcnemar", 0.9, 0.8, p_value, better, rows=29, least=6 / 29)


def _measured_against_baseline(*, better: bool) -> Baseline:
    return Baseline({"moon": "always 1"}, {"accuracy": 0.8}, _against("", better=better))


COST_ALONE = GateResult("parameters", "<= 1000", 193.0, passed=True)


def test_there_is_no_champion_at_first():
    assert current_champion("moons") is None


def test_the_first_run_that_passes_its_gates_becomes_the_champion():
    champion = promote(PLAN, *_run("r1"))
    assert champion.promoted
    assert champion.evidence == "first champion: gates passed: accuracy 0.9, required >= 0.8"
    assert current_champion("moons") == champion


def test_a_failed_gate_is_refused_with_its_reason():
    with pytest.raises(Refused) as caught:
        promote(PLAN, *_run("r1", gates=(PASSED, FAILED, replace(FAILED, value=None))))
    assert caught.value.reasons == (
        "accuracy 0.7, required >= 0.8",
        "accuracy was not measured, required >= 0.8",
    )
    assert current_champion("moons") is None


@pytest.mark.parametrize("gates", [(), (COST_ALONE,)], ids=["no gates", "a gate of cost"])
def test_a_first_run_that_no_gate_judges_must_beat_a_baseline(gates):
    measured = _measured_against_baseline(better=False)
    with pytest.raises(Refused) as caught:
        promote(PLAN, *_run("r1", gates=gates, baseline=measured))
    assert caught.value.message == (
        "run `r1` does not become the first champion: it is not shown to be better than a "
        "baseline: accuracy 0.9 against 0.8 of a baseline (`moon`: always 1) on 29 rows, where "
        "less than 0.207 between them is chance, mcnemar p = 0.3"
    )
    assert 'write a gate: `gates: {accuracy: ">= 0.8"}`' in caught.value.help
    assert current_champion("moons") is None
    measured = _measured_against_baseline(better=True)
    champion = promote(PLAN, *_run("r2", gates=gates, baseline=measured))
    assert (champion.run, champion.promoted) == ("r2", True)
    assert "of a baseline (`moon`: always 1)" in champion.evidence


def test_a_first_run_that_a_gate_judges_needs_no_baseline():
    measured = _measured_against_baseline(better=False)
    assert promote(PLAN, *_run("r1", baseline=measured)).promoted


def test_a_run_evaluated_without_a_baseline_is_sent_back():
    with pytest.raises(Refused, match="was compared with no baseline") as caught:
        promote(PLAN, *_run("r1", gates=()))
    assert caught.value.help == "evaluate again: `dlspec run moons --again`; or write a gate"


def test_a_champion_is_decided_on_by_one_run_at_a_time():
    with (
        store.lock_folder(store.champion_file("moons").parent / ".moons"),
        pytest.raises(Busy),
    ):
        promote(PLAN, *_run("r1"))
    assert current_champion("moons") is None
    assert promote(PLAN, *_run("r1")).promoted


def test_a_better_challenger_takes_over_with_the_evidence():
    promote(PLAN, *_run("r1"))
    champion = promote(PLAN, *_run("r2", comparison=_against("r1", better=True)))
    assert (champion.run, champion.promoted) == ("r2", True)
    assert champion.evidence == (
        "accuracy 0.9 against 0.8 of run r1 on 29 rows, where less than 0.207 between them is "
        "chance, mcnemar p = 0.012; "
        "gates passed: accuracy 0.9, required >= 0.8"
    )
    assert current_champion("moons") == champion


def test_a_challenger_that_is_not_shown_to_be_better_changes_nothing():
    first = promote(PLAN, *_run("r1"))
    decided = promote(PLAN, *_run("r2", comparison=_against("r1", better=False)))
    assert (decided.run, decided.promoted) == ("r1", False)
    assert decided.evidence == (
        "run r1 stays champion: run r2 is not shown to be better: "
        "accuracy 0.9 against 0.8 of run r1 on 29 rows, where less than 0.207 between them is "
        "chance, mcnemar p = 0.3"
    )
    assert current_champion("moons") == first


def test_a_comparison_with_an_earlier_champion_does_not_count():
    promote(PLAN, *_run("r1"))
    promote(PLAN, *_run("r2", comparison=_against("r1", better=True)))
    decided = promote(PLAN, *_run("r3", comparison=_against("r1", better=True)))
    assert (decided.run, decided.promoted) == ("r2", False)
    assert "was compared with run r1, the champion before" in decided.evidence


def test_without_a_comparison_the_champion_stays():
    promote(PLAN, *_run("r1"))
    assert "could not be compared with it" in promote(PLAN, *_run("r2")).evidence
    head, _, _ = MOONS.partition("  champion:")
    silent = dlspec.loads(head)
    evidence = promote(silent, *_run("r2")).evidence
    assert "the spec has no `evaluation.champion`" in evidence


def test_the_champion_promoted_again_stays_as_it_is():
    first = promote(PLAN, *_run("r1"))
    assert promote(PLAN, *_run("r1")) == first


def test_a_damaged_record_is_said():
    store.write_whole(store.champion_file("moons"), '{"record": "Champion"')
    with pytest.raises(StepError, match="is damaged"):
        current_champion("moons")


def test_a_champion_whose_run_is_gone_is_said():
    champion = promote(PLAN, *_run("r1"))
    Path(champion.path, "model.keras").unlink()
    with pytest.raises(StepError, match=r"the champion of `moons` is run `r1`, and .* is gone"):
        current_champion("moons")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (60_670.0, "60,670"),
        (12_345_678.0, "12,345,678"),
        (0.9619047, "0.961905"),
        (1.0, "1"),
        (1234.5, "1,234.5"),
        (float("nan"), "nan"),
        (None, None),
    ],
)
def test_the_value_of_a_gate_reads_as_its_bound_does(value, text):
    assert GateResult("parameters", "<= 100,000", value, passed=True).value_text == text
