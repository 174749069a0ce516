"""`dlspec champion`: shown, chosen by hand, rolled back; and the four stories of a challenger."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from scipy import stats
from trained_homes import make_run, moons_text

import dlspec
from dlspec_pipelines.cli import main
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.promotion import current_champion, promote
from dlspec_pipelines.steps.promotion.promote import recorded_champion
from dlspec_pipelines.steps.records import read_record

ARTIFACTS = Path(__file__).parents[1] / "golden" / "artifacts"


def dlspec_says(*arguments):
    return CliRunner().invoke(main, arguments)


def shown(*arguments):
    done = dlspec_says("champion", "moons", "--json", *arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


# -- four stories of a challenger ------------------------------------------------------------------


def test_a_better_challenger_is_promoted(runs_once):
    line, net = (runs_once[1][name] for name in ("line", "net"))
    assert line.champion.evidence.startswith("first champion: gates passed")
    assert (net.champion.run, net.champion.promoted) == ("1b-net", True)
    found = net.evaluation.comparison
    assert (found.better, found.rows, found.needed) == (True, 267, None)
    assert found.challenger == net.evaluation.metrics["accuracy"] > found.champion
    assert net.champion.before[0].run == "0a-line"


def test_an_equal_challenger_is_kept_out_by_the_statistics(runs_once):
    equal = runs_once[1]["equal"]
    found = equal.evaluation.comparison
    assert (equal.champion.run, equal.champion.promoted) == ("1b-net", False)
    assert found.p_value >= 0.05
    assert "run 2c-equal is not shown to be better" in equal.champion.evidence


@pytest.mark.usefixtures("home")
def test_a_better_challenger_on_too_few_rows_is_told_how_many_would_tell():
    make_run("hasty", units=0, samples=40, epochs=1, rate=0.01)
    net = make_run("line", units=0, samples=40)
    found = net.evaluation.comparison
    assert (found.rows, found.better) == (16, False)
    assert found.challenger > found.champion
    assert found.needed > found.rows
    assert (net.champion.run, net.champion.promoted) == ("hasty", False)
    assert net.champion.evidence.endswith(
        f"on 16 rows, where less than 0.375 between them is chance, mcnemar p = {found.p_value:g}; "
        f"{found.needed_note}"
    )
    report = Path(net.evaluation.path, "report.html").read_text("utf-8")
    assert f"It decides nothing: {found.needed_note}." in report


@pytest.mark.usefixtures("runs_home")
def test_a_failed_gate_keeps_a_challenger_out_and_no_hand_lets_it_in():
    strict = make_run("strict", gate=0.9999)
    assert "does not become the champion: accuracy" in strict.champion
    done = dlspec_says("champion", "moons", "--promote", "strict")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error: run `strict` does not become the champion: accuracy 0.9" in done.stderr
    assert "required >= 0.9999" in done.stderr
    assert "change it in the spec" in done.stderr
    assert shown()["champion"]["id"] == "1b-net"


# -- by hand ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("runs_home")
def test_the_champion_is_shown_with_its_evidence_and_those_before():
    found = shown()
    champion = found["champion"]
    assert (champion["run"], champion["id"], champion["by_hand"]) == ("moons#2", "1b-net", None)
    assert "mcnemar p = " in champion["evidence"]
    assert [past["id"] for past in found["before"]] == ["0a-line"]
    lines = dlspec_says("champion", "moons").stdout.splitlines()
    assert lines[0].startswith("moons#2 is the champion since 20")
    assert lines[-1] == "--rollback goes to moons#1"


@pytest.mark.usefixtures("runs_home")
def test_a_promotion_by_hand_keeps_who_decided_and_what_the_comparison_said(monkeypatch):
    monkeypatch.setenv("LOGNAME", "ann")
    found = shown("--promote", "moons#1")
    champion = found["champion"]
    assert champion["id"] == "0a-line"
    assert champion["by_hand"].startswith("ann@")
    ours, theirs = (
        read_record(store.records_folder("moons", "evaluation") / f"{run}.json").metrics
        for run in ("0a-line", "1b-net")
    )
    told = f"accuracy {ours['accuracy']:.6g} against {theirs['accuracy']:.6g} of run 1b-net"
    assert f"by hand, by {champion['by_hand']}: {told} on 267 rows" in champion["evidence"]
    assert champion["evidence"].endswith("; gates passed: accuracy 0.868914, required >= 0.5")
    assert [past["id"] for past in found["before"]] == ["1b-net", "0a-line"]
    assert current_champion("moons").run == "0a-line"


def test_the_champion_promoted_by_hand_stays_as_it_is(runs_home):
    file = runs_home / "champions" / "moons.json"
    before = file.read_bytes()
    done = dlspec_says("champion", "moons", "--promote", "moons")
    assert (done.exit_code, done.stderr) == (0, "moons#2 is the champion already\n")
    assert file.read_bytes() == before


@pytest.mark.usefixtures("runs_home")
def test_a_rollback_goes_back_one_by_one_and_ends_at_the_first():
    shown("--promote", "moons#3")
    assert shown("--rollback")["champion"]["id"] == "1b-net"
    back = shown("--rollback")
    assert back["champion"]["id"] == "0a-line"
    assert "rolled back by hand" in back["champion"]["evidence"]
    assert [past["rolled_back"] for past in back["before"]][:2] == [True, True]
    done = dlspec_says("champion", "moons", "--rollback")
    assert done.exit_code == 1
    assert "there is none before it" in done.stderr
    # Promoted anew, it is one that a rollback may go to again.
    shown("--promote", "moons#3")
    shown("--promote", "moons#2")
    assert shown("--rollback")["champion"]["id"] == "2c-equal"


@pytest.mark.usefixtures("runs_home")
def test_a_run_that_was_rolled_back_does_not_come_back_by_itself(runs_once):
    net = runs_once[1]["net"]
    shown("--rollback")
    decided = promote(dlspec.loads(moons_text()), net.evaluation, net.trained)
    assert (decided.run, decided.promoted) == ("0a-line", False)
    assert "run 1b-net was rolled back by hand at 20" in decided.evidence
    assert current_champion("moons").run == "0a-line"


def test_a_champion_whose_run_is_gone_is_shown_and_can_be_rolled_back(runs_home):
    shutil.rmtree(runs_home / "runs" / "moons" / "1b-net")
    assert "its folder is gone" in dlspec_says("champion", "moons").stdout
    assert shown("--rollback")["champion"]["id"] == "0a-line"
    shutil.rmtree(runs_home / "runs" / "moons" / "0a-line")
    assert shown("--promote", "moons#3")["champion"]["id"] == "2c-equal"
    done = dlspec_says("champion", "moons", "--rollback")
    assert (done.exit_code, "is gone" in done.stderr) == (1, True)


@pytest.mark.usefixtures("runs_home")
def test_one_process_at_a_time_decides_on_a_champion():
    with store.lock_folder(store.champion_file("moons").parent / ".moons"):
        for arguments in (("--promote", "moons#3"), ("--rollback",)):
            done = dlspec_says("champion", "moons", *arguments)
            assert (done.exit_code, "is in use by process" in done.stderr) == (1, True)
    assert shown()["champion"]["id"] == "1b-net"


def test_a_champion_that_an_earlier_dlspec_wrote_is_read(runs_home):
    """It has no history: nothing to go back to, and the next one begins it."""
    text = (ARTIFACTS / "dlspec-champion-1.json").read_text()
    (runs_home / "champions" / "moons.json").write_text(text)
    assert recorded_champion("moons").before == ()
    assert shown()["before"] == []
    assert dlspec_says("champion", "moons", "--rollback").exit_code == 1
    assert [past["id"] for past in shown("--promote", "moons#3")["before"]] == ["golden"]


@pytest.mark.usefixtures("runs_home")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mons",), "`mons` was not trained, so it has no champion\n  = help: write `moons`"),
        (("moons", "--promote", "moons#9"), "there is no run `moons#9`"),
        (("moons", "--promote", "mons#1"), "`mons#1` is no trained model"),
        (("moons", "--promote", "moons#1", "--rollback"), "two ways to another champion"),
    ],
)
def test_what_is_not_there_is_wrong_usage(arguments, said):
    done = dlspec_says("champion", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_the_p_value_kept_is_that_of_the_binomial_test(runs_once):
    found = runs_once[1]["net"].evaluation.comparison
    folder = Path(runs_once[1]["net"].evaluation.path)
    table = pq.read_table(runs_once[0] / "runs" / "moons" / folder.name / "predictions.parquet")
    true, ours, theirs = (table[f"moon_{side}"].to_numpy() for side in ("true", "pred", "champion"))
    better, worse = (
        ((ours == true) & (theirs != true)).sum(),
        ((ours != true) & (theirs == true)).sum(),
    )
    expected = stats.binomtest(int(min(better, worse)), int(better + worse), 0.5).pvalue
    assert found.p_value == pytest.approx(expected)
