"""`dlspec compare` and `dlspec report`: two runs beside each other, and the page of one."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from scipy import stats
from sklearn.metrics import accuracy_score, roc_auc_score
from trained_homes import make_run

from dlspec_pipelines.cli import main
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.kept_runs.comparison_page import answer_texts
from dlspec_pipelines.steps.kept_runs.paired_rows import PairedRows


def dlspec_says(*arguments):
    return CliRunner().invoke(main, arguments)


def compared(*arguments):
    done = dlspec_says("compare", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def columns(home, run):
    table = pq.read_table(home / "runs" / "moons" / run / "predictions.parquet")
    return {name: table[name].to_numpy() for name in table.column_names}


def test_metrics_stand_side_by_side_with_a_test_on_the_same_rows(runs_home):
    first, second = (columns(runs_home, run) for run in ("0a-line", "1b-net"))
    found = {one["metric"]: one for one in compared("moons#1", "moons#2")["metrics"]}
    for one, side in ((first, "first"), (second, "second")):
        expected = accuracy_score(one["moon_true"], one["moon_pred"])
        assert found["accuracy"][side] == pytest.approx(expected)
        assert found["roc_auc"][side] == pytest.approx(
            roc_auc_score(one["moon_true"], one["moon_p1"])
        )
    ours, theirs = (one["moon_true"] == one["moon_pred"] for one in (second, first))
    only = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    test = found["accuracy"]["test"]
    assert test["p_value"] == pytest.approx(stats.binomtest(min(only), sum(only), 0.5).pvalue)
    assert (test["test"], test["rows"], test["verdict"]) == ("mcnemar", 267, "better")
    assert found["roc_auc"]["test"]["test"] == "bootstrap"
    assert found["loss"]["test"] is None


def test_the_rows_that_one_alone_gets_right_are_named_as_the_source_numbers_them(runs_home):
    first, second = (columns(runs_home, run) for run in ("0a-line", "1b-net"))
    alone = compared("moons#1", "moons#2")["rows"]["alone"]["moon"]
    right = [one["row"][one["moon_true"] == one["moon_pred"]] for one in (first, second)]
    assert alone["first"] == sorted(np.setdiff1d(right[0], right[1]))
    assert alone["second"] == sorted(np.setdiff1d(right[1], right[0]))


@pytest.mark.usefixtures("runs_home")
def test_what_is_equal_is_not_decided_and_how_many_rows_would_is_said():
    text = dlspec_says("compare", "moons#2", "moons#3").stdout
    assert "Compared on the 267 test rows that both were measured on." in text
    (said,) = (line for line in text.splitlines() if line.startswith("In accuracy"))
    needed = {m["metric"]: m for m in compared("moons#2", "moons#3")["metrics"]}["accuracy"]["test"]
    assert needed["verdict"] == "not decided"
    assert needed["needed"] > 267
    assert said.startswith("In accuracy nothing is decided: a difference below 0.0225 is chance")
    assert said.endswith("rows would show a difference as large as this.")


@pytest.mark.usefixtures("runs_home")
def test_spec_and_cost_are_compared_in_meaning():
    found = compared("moons#1", "moons#2")
    assert [layer["class"] for layer in found["spec"]["layers"] if layer["kind"] == "added"] == [
        "Dense"
    ]
    assert found["spec"]["rerun"] == ["model", "evaluation", "report", "champion"]
    facts = {one["what"]: (one["first"], one["second"]) for one in found["facts"]}
    assert facts["parameters"] == ("3", "65")
    assert facts["rows of test"] == ("267", "267")
    assert len(set(facts["data set"])) == 1
    assert facts["contract"][0].endswith("all hold")
    text = dlspec_says("compare", "moons#1", "moons#2").stdout
    assert "parameters" in text
    assert "~   parameters" in text
    assert "units  0 -> 16" in text


def test_of_other_test_rows_those_are_compared_that_both_have(runs_home):
    make_run("other-split", split=2)
    mine, theirs = (columns(runs_home, run)["row"] for run in ("1b-net", "other-split"))
    both = np.intersect1d(mine, theirs)
    found = compared("moons#2", "moons#4")
    count = found["rows"]["compared"]
    assert count == len(both) < 267
    assert found["rows"]["left_out"] == [len(mine) - count, len(theirs) - count]
    test = found["metrics"][0]["test"]
    assert test["rows"] == count
    assert "other test rows of moons#2" in dlspec_says("compare", "moons#2", "moons#4").stdout


@pytest.mark.usefixtures("runs_home")
def test_of_data_that_are_others_nothing_is_compared_row_by_row():
    make_run("fewer", samples=100)
    found = compared("moons#2", "moons#4")
    assert found["rows"]["not_compared"] == "they were measured on data of different sources"
    assert found["metrics"][0]["test"] is None
    assert found["metrics"][0]["second"] is not None
    assert "No test on the same rows: they" in dlspec_says("compare", "moons#2", "moons#4").stdout


def test_a_run_that_is_damaged_or_not_there_is_said(runs_home):
    assert dlspec_says("compare", "moons#1", "moons#9").exit_code == 2
    assert dlspec_says("compare", "moons#1").exit_code == 2
    (runs_home / "runs" / "moons" / "1b-net" / "history.csv").unlink()
    done = dlspec_says("compare", "moons#1", "moons#2")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "moons#2 is damaged: `" in done.stderr
    assert "`dlspec run moons --again`" in done.stderr


@pytest.mark.usefixtures("runs_home")
def test_the_page_shows_the_same_with_curves_and_rows_and_loads_nothing():
    done = dlspec_says("compare", "moons#1", "moons#2", "--html", "compared.html")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "wrote compared.html\n")
    page = Path("compared.html").read_text("utf-8")
    for word in ("<script", "@import", "url(", "http://", "https://", '<link rel="stylesheet'):
        assert word not in page
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "B is better than A in accuracy" in text
    assert "Compared on the 267 test rows that both were measured on." in text
    assert page.count('class="chart"') == 1
    assert 'aria-label="validation loss: A ends at' in page
    alone = compared("moons#1", "moons#2")["rows"]["alone"]["moon"]
    shown = re.findall(r'<tr><th scope="row">(\d+)</th><td>([01])</td><td>([01])</td><td>', page)
    # As many as fit are shown of each side, the first ones first.
    rows = [int(row) for row, _, _ in shown]
    assert rows == [*alone["first"][:24], *alone["second"][:24]]
    assert f"A alone is right in {len(alone['first'])} row" in text
    assert [first == true for _, true, first in shown] == [
        *[True] * len(alone["first"][:24]),
        *[False] * len(alone["second"][:24]),
    ]
    assert "point" in text
    assert "units  0 -&gt; 16" in page


def test_a_page_without_the_data_set_shows_the_rows_by_number(runs_home):
    shutil.rmtree(runs_home / "datasets")
    done = dlspec_says("compare", "moons#1", "moons#2", "--html", "compared.html")
    assert done.exit_code == 0
    page = Path("compared.html").read_text("utf-8")
    assert "not known: the data set is gone or cannot be read" in page
    assert "the model reads" not in page
    assert "B alone is right in" in page


@pytest.mark.usefixtures("runs_home")
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium is installed")
@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_is_not_wider_than_the_window_and_has_no_error(width):
    assert dlspec_says("compare", "moons#2", "moons#3", "--html", "c.html").exit_code == 0
    page = Path("c.html")
    # Told by the page itself, which as it is written holds no script.
    probe = (
        "<script>document.title = document.documentElement.scrollWidth + ' ' + innerWidth</script>"
    )
    Path("probe.html").write_text(page.read_text("utf-8").replace("</body>", probe + "</body>"))
    done = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--enable-logging=stderr", f"--window-size={width},900", "--dump-dom"),
            Path("probe.html").absolute().as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    (found, inner) = re.search(r"<title>(\d+) (\d+)</title>", done.stdout).groups()
    assert int(found) <= int(inner)
    assert "CONSOLE" not in done.stderr


@pytest.mark.parametrize("page", ["nowhere/c.html", "specs"])
@pytest.mark.usefixtures("runs_home")
def test_a_page_that_cannot_be_written_is_wrong_usage(page):
    done = dlspec_says("compare", "moons#1", "moons#2", "--html", page)
    assert (done.exit_code, done.stdout) == (2, "")


def test_of_numbers_the_rows_are_those_that_one_is_nearer_to():
    true = np.array([0.0, 1.0, 2.0, 3.0])
    first = Predicted("number", true, np.array([0.0, 1.5, 5.0, 3.0]))
    second = Predicted("number", true, np.array([0.1, 1.0, 2.0, 3.0]))
    paired = PairedRows(np.arange(4), (0, 0), ({"y": first}, {"y": second}))
    nearer = [list(rows) for rows in paired.disagreement("y")]
    assert nearer == [[0], [2, 1]]


@pytest.mark.parametrize("kind", ["sequence", "tokens"])
def test_ids_are_shown_as_what_they_say_without_what_fills_them_up(kind):
    said = Predicted(kind, np.array([[3, 2, 0, 0], [0, 0, 0, 0]]), np.array([[2], [0]]))
    text = lambda ids: "".join("_?ab"[i] for i in ids)  # noqa: E731 - a vocabulary
    assert answer_texts(said, said.true, (), text) == ["ba", "nothing"]
    assert answer_texts(said, said.true, (), None) == ["3 2", "nothing"]
    assert answer_texts(said, said.guess, (), text) == ["a", "nothing"]
    assert answer_texts(said, said.guess[:0], (), text) == []


# -- the report of a run ---------------------------------------------------------------------------


def test_the_path_of_a_report_is_printed_and_a_missing_one_is_made_again(runs_home):
    page = runs_home / "runs" / "moons" / "1b-net" / "report.html"
    before = page.read_bytes()
    done = dlspec_says("report", "moons#2", "-q")
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{page}\n", "")
    page.unlink()
    done = dlspec_says("report", "moons")
    assert (done.exit_code, done.stdout) == (0, f"{page}\n")
    assert "it has no report yet; making it" in done.stderr
    assert page.read_bytes() == before


def test_a_report_that_cannot_be_made_again_says_what_is_missing(runs_home):
    page = runs_home / "runs" / "moons" / "1b-net" / "report.html"
    page.unlink()
    shutil.rmtree(runs_home / "datasets")
    done = dlspec_says("report", "moons#2")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error: the data set of run `1b-net` was removed" in done.stderr
    assert not Path(page).exists()
    assert dlspec_says("report", "mons").exit_code == 2
