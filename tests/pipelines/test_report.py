"""The report of a run: true numbers, real pictures, one page that needs nothing else."""

import base64
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import report_runs
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import binomtest
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

import dlspec
from dlspec.language.features import ImageFeature
from dlspec_pipelines.steps.figure_texts import (
    duration_text,
    figure_text,
    percent_text,
    proportion_interval,
    round_ticks,
    tick_labels,
)
from dlspec_pipelines.steps.records import Baseline, Comparison, KeptWeights
from dlspec_pipelines.steps.reports import write_report
from dlspec_pipelines.steps.reports.baseline_verdict import baseline_verdict
from dlspec_pipelines.steps.reports.charts import calibration_error
from dlspec_pipelines.steps.reports.confusion import confusion_counts, scores_by_class, worst_pairs
from dlspec_pipelines.steps.reports.examples import worst_examples
from dlspec_pipelines.steps.reports.highlight import highlighted_yaml
from dlspec_pipelines.steps.reports.png import png_file_bytes
from dlspec_pipelines.steps.reports.report_inputs import (
    read_data,
    read_history,
    read_prediction_columns,
)

CHROMIUM = shutil.which("chromium")
MAX_PAGE = 3_000_000
MAX_SHORT = 100_000

_MAKERS = {
    "digits": report_runs.digits_run,
    "hundred": report_runs.hundred_classes_run,
    "moons": report_runs.moons_run,
    "progression": report_runs.progression_run,
    "sine": report_runs.sine_run,
    "reversal": report_runs.reversal_run,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return what gives the run of a kind, made and rendered once for this file."""
    made = {}

    def get(name):
        if name not in made:
            home = tmp_path_factory.mktemp(name)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DLSPEC_HOME", str(home))
                run = _MAKERS[name](home)
            made[name] = run, Path(write_report(*run.records).html).read_text()
        return made[name]

    return get


class _Page(HTMLParser):
    """What a page is made of: its tags with attributes, and the ids that links can reach."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute):
        return [attrs[attribute] for _, attrs in self.tags if attribute in attrs]


def _text(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.replace("\u00a0", " ")))


@pytest.mark.parametrize("name", list(_MAKERS))
def test_a_report_is_one_page_that_loads_nothing(runs, name):
    _, text = runs(name)
    page = _Page(text)
    assert {tag for tag, _ in page.tags} & {"script", "iframe", "object", "embed"} == set()
    assert all(value.startswith(("#", "data:")) for value in page.values("href"))
    assert all(value.startswith("data:image/png;base64,") for value in page.values("src"))
    assert "@import" not in text
    assert "url(" not in text
    assert len(text.encode()) < MAX_PAGE


@pytest.mark.parametrize("name", list(_MAKERS))
def test_every_anchor_is_there_and_every_picture_says_what_it_shows(runs, name):
    page = _Page(runs(name)[1])
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {value.removeprefix("#") for value in page.values("href") if value != "data:,"} <= set(
        ids
    )
    assert all(attrs["alt"] for tag, attrs in page.tags if tag == "img")
    charts = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert len(charts) >= 2
    assert all(attrs["role"] == "img" for attrs in charts)


def test_the_scores_are_those_of_scikit_learn(runs):
    run, text = runs("digits")
    true, predicted = run.predictions["digit_true"], run.predictions["digit_pred"]
    expected = precision_recall_fscore_support(true, predicted)
    found = scores_by_class(confusion_counts(true, predicted, 10), "0123456789")
    columns = [[getattr(s, n) for s in found] for n in ("precision", "recall", "f1", "support")]
    assert np.allclose(columns, expected)
    for precision in expected[0]:
        assert f'<td class="number">{precision:.4f}</td>' in text


def test_a_class_that_is_never_predicted_scores_zero():
    found = scores_by_class(confusion_counts(np.array([0, 1, 1]), np.array([1, 1, 1]), 3), "abc")
    assert [(s.precision, s.recall, s.support) for s in found] == [
        (0.0, 0.0, 1),
        (2 / 3, 1.0, 2),
        (0.0, 0.0, 0),
    ]


def test_the_confusion_matrix_is_that_of_scikit_learn(runs):
    run, text = runs("digits")
    true, predicted = run.predictions["digit_true"], run.predictions["digit_pred"]
    matrix = confusion_matrix(true, predicted)
    assert confusion_counts(true, predicted, 10).tolist() == matrix.tolist()
    shown = re.findall(r'<td class="(?:right|wrong)"[^>]*><b>(\d+)</b>', text)
    assert [int(count) for count in shown] == matrix[matrix > 0].tolist()


def test_the_pairs_mixed_up_most_come_first():
    true = np.array([0, 0, 0, 1, 1, 2])
    predicted = np.array([1, 1, 0, 2, 1, 2])
    pairs = worst_pairs(confusion_counts(true, predicted, 3), "abc")
    assert [(p.true, p.predicted, p.count) for p in pairs] == [("a", "b", 2), ("b", "c", 1)]
    assert pairs[0].share == pytest.approx(2 / 3)


def test_a_hundred_classes_are_a_picture_and_not_ten_thousand_cells(runs):
    run, text = runs("hundred")
    picture = re.search(r'<img class="matrix" src="data:image/png;base64,([^"]+)"', text)
    image = Image.open(BytesIO(base64.b64decode(picture[1])))
    assert image.size == (100, 100)
    true, predicted = run.predictions["kind_true"], run.predictions["kind_pred"]
    opaque = np.asarray(image)[..., 3] > 0
    assert (opaque == (confusion_matrix(true, predicted) > 0)).all()
    assert "All 100 classes" in text


def test_the_worst_mistakes_are_the_wrong_rows_with_the_highest_loss(runs):
    run, text = runs("digits")
    true, predicted = run.predictions["digit_true"], run.predictions["digit_pred"]
    stated = np.stack([run.predictions[f"digit_p{k}"] for k in range(10)], axis=1)
    loss = -np.log(stated[np.arange(len(true)), true])
    wrong = np.flatnonzero(true != predicted)
    worst = wrong[np.argsort(-loss[wrong], kind="stable")]
    shown = [int(row) for row in re.findall(r'alt="Row (\d+): true', text)]
    assert shown == run.predictions["row"][worst].tolist()


def test_a_picture_of_a_mistake_is_that_digit_of_the_source(runs):
    _, text = runs("digits")
    images = load_digits().images
    found = re.findall(r'<img src="data:image/png;base64,([^"]+)" alt="Row (\d+)', text)
    assert len(found) >= 3
    for encoded, row in found:
        pixels = np.asarray(Image.open(BytesIO(base64.b64decode(encoded))))
        assert np.abs(pixels / 255 * 16 - images[int(row)]).max() < 0.05


def test_without_a_mistake_the_least_certain_rows_are_shown(runs):
    run, _ = runs("digits")
    true = run.predictions["digit_true"]
    stated = np.full((len(true), 10), 0.01)
    stated[np.arange(len(true)), true] = np.linspace(0.4, 0.9, len(true))
    found = worst_examples(
        run.predictions["row"],
        (true, true, stated),
        names="0123456789",
        inputs={"image": ImageFeature("images", (8, 8), 1)},
        data=read_data(run.plan.data, run.dataset),
    )
    assert found.wrong is False
    assert found.rows[0].row == run.predictions["row"][0]
    assert found.rows[0].probability == pytest.approx(0.4)


def test_a_gate_that_failed_is_the_first_thing_said(runs):
    text = _text(runs("digits")[1])
    assert "1 of 2 gates are not passed loss is" in text
    assert "required is <= 1e-06" in text.replace("&lt;", "<")
    assert "This model is not promoted." in text


def test_what_the_spec_says_is_escaped(runs):
    text = runs("digits")[1]
    assert "Ten digits &amp; &lt;one&gt; layer." in text
    assert "<one>" not in text


def test_the_comparison_with_the_champion_is_told(runs):
    run, _ = runs("digits")
    plan, dataset, trained, evaluation = run.records
    comparison = Comparison("1c2d", "accuracy", "mcnemar", 0.98, 0.95, 0.0123, better=True)
    comparison = replace(comparison, rows=29, least=6 / 29)
    baseline = Baseline({"digit": "always the class 3"}, {"accuracy": 0.1012}, None)
    evaluation = replace(evaluation, comparison=comparison, baseline=baseline)
    report = write_report(plan, dataset, trained, evaluation)
    page, short = _text(Path(report.html).read_text()), Path(report.markdown).read_text()
    size = "on 29 rows, where less than 0.207 between them is chance."
    assert "Better with p = 0.0123" in page
    assert size in page
    assert "accuracy 0.9800 against 0.9500, mcnemar p = 0.0123: better, " + size in short
    assert "; baseline 0.1012" in page
    assert "; baseline 0.1012" in short
    assert "of digit always the class 3." in page
    measured = replace(comparison, champion_run="", champion=0.1012, better=False)
    baseline = replace(baseline, comparison=measured)
    report = write_report(plan, dataset, trained, replace(evaluation, baseline=baseline))
    assert (
        "Against a baseline (`digit`: always the class 3): accuracy 0.9800 against 0.1012, "
        "mcnemar p = 0.0123: not better, " + size
    ) in Path(report.markdown).read_text()
    write_report(*run.records)


@pytest.mark.parametrize(
    ("ours", "theirs", "better", "said"),
    [
        (0.9, 0.95, None, "No better than a baseline"),
        (0.9, 0.9, None, "No better than a baseline"),
        (0.9, 0.8, False, "Not shown to be better than a baseline"),
        (0.9, 0.8, True, None),
        (0.9, 0.8, None, None),
    ],
)
def test_the_first_line_says_of_a_model_that_it_does_not_beat_a_baseline(
    runs, ours, theirs, better, said
):
    plan, dataset, trained, evaluation = runs("digits")[0].records
    tested = (
        None
        if better is None
        else Comparison("", "accuracy", "mcnemar", ours, theirs, 0.1, better=better)
    )
    baseline = Baseline({"digit": "always the class 3"}, {"accuracy": theirs}, tested)
    changed = replace(
        evaluation, metrics={**evaluation.metrics, "accuracy": ours}, baseline=baseline
    )
    report = write_report(plan, dataset, trained, changed)
    page, short = Path(report.html).read_text(), Path(report.markdown).read_text()
    write_report(plan, dataset, trained, evaluation)
    first = _text(page.partition("</header>")[2].partition("</strong>")[0])
    if said is None:
        assert "baseline" not in first
        assert short.splitlines()[2].startswith("**1 of 2 gates not passed.**")
    else:
        assert first.strip() == f"✗ {said}"
        told = f"accuracy {ours:.4f} against {theirs:.4f} (digit: always the class 3)"
        assert told in _text(page)
        assert short.splitlines()[2] == f"**{said}:** {told}."


def test_of_a_metric_where_less_is_better_more_is_no_better_than_the_baseline(runs):
    plan, *_, evaluation = runs("progression")[0].records
    plan = replace(plan, evaluation=dlspec.loads(report_runs.DIGITS).evaluation)
    plan = replace(plan, evaluation=replace(plan.evaluation, metrics=("mae",), gates=()))
    for ours, said in ((30.0, False), (50.0, True)):
        baseline = Baseline({"progression": "the mean of the training rows"}, {"mae": 40.0}, None)
        changed = replace(evaluation, metrics={"mae": ours}, baseline=baseline)
        assert bool(baseline_verdict(plan, changed)) == said


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ((0.0, 0.1, 0.2), ("0.0", "0.1", "0.2")),
        ((0.0, 20_000.0, 80_000.0), ("0", "20,000", "80,000")),
        ((0.0, 100_000.0, 200_000.0), ("0", "100k", "200k")),
        ((0.0, 250_000.0, 1_250_000.0), ("0", "0.25M", "1.25M")),
        ((-1e9, 0.0, 1e9), ("-1G", "0", "1G")),
        ((0.0, 2e12), ("0", "2e+12")),
    ],
)
def test_the_numbers_of_an_axis_fit_beside_it(ticks, labels):
    assert tick_labels(ticks) == labels
    assert max(map(len, tick_labels(ticks))) <= 6


@pytest.mark.parametrize("name", ["digits", "sine", "reversal"])
def test_the_same_run_gives_the_same_bytes(runs, name):
    run, text = runs(name)
    first = (run.folder / "report.md").read_bytes()
    assert Path(write_report(*run.records).html).read_text() == text
    assert (run.folder / "report.md").read_bytes() == first


def test_the_short_report_holds_the_headline_and_a_small_picture_of_the_curves(runs):
    run, _ = runs("digits")
    text = (run.folder / "report.md").read_text()
    accuracy = run.evaluation.metrics["accuracy"]
    assert f"| accuracy | {accuracy:.4f} | 95 %:" in text
    assert "| loss | " in text
    assert "| <= 1e-06 | **failed** |" in text
    picture = re.search(r"!\[learning curves\]\(data:image/png;base64,([^)]+)\)", text)
    image = Image.open(BytesIO(base64.b64decode(picture[1])))
    assert image.size == (880, 240)
    assert len(text) < MAX_SHORT


def test_the_forecast_of_a_series_is_drawn_by_step_and_by_window(runs):
    run, text = runs("sine")
    true, predicted = (np.stack(run.predictions[f"future_{s}"]) for s in ("true", "pred"))
    error = np.abs(predicted - true).mean()
    assert f"mean absolute error {error:.4f}, RMSE" in text
    assert "mean absolute error by step: from" in text
    assert text.count("window (mean absolute error") >= 3


def test_a_regression_is_told_in_the_unit_of_its_target(runs):
    run, text = runs("progression")
    true, predicted = (run.predictions[f"progression_{s}"] for s in ("true", "pred"))
    assert np.isin(true.round(3), np.round(_progressions(), 3)).all()
    assert f"mean absolute error {np.abs(predicted - true).mean():.4g}" in text


def _progressions():
    from sklearn.datasets import load_diabetes

    return load_diabetes().target


def test_wrong_ids_of_a_sequence_are_marked(runs):
    run, text = runs("reversal")
    true, predicted = (np.stack(run.predictions[f"next_{s}"]) for s in ("true", "pred"))
    wrong = np.flatnonzero((true != predicted).any(axis=1))
    assert f"{len(wrong)} of the test rows are not wholly right" in text
    shown = wrong[:16]
    assert text.count("<mark>") == (true != predicted)[shown].sum()
    assert " ".join(map(str, true[shown[0]])) in text


def test_two_classes_are_told_apart_by_one_probability(runs):
    run, text = runs("moons")
    stated = run.predictions["moon_p1"].astype(float)
    right = run.predictions["moon_true"] == run.predictions["moon_pred"]
    sure = np.where(stated >= 0.5, stated, 1 - stated)
    assert f"expected calibration error is {calibration_error(sure, right):.4f}" in text


def test_the_balance_and_the_contract_of_the_data_are_told(runs):
    text = _text(runs("digits")[1])
    assert "1,797 rows in the source; 1,231 samples to train on" in text
    assert "images in_range [0, 16] 1,797 ✓ holds" in text
    assert "class train validation test 0 126 23 29" in text


def test_calibration_is_the_mean_gap_between_saying_and_being_right():
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.65, 0.65])
    right = np.array([True, True, True, False, True, False])
    expected = 4 / 6 * abs(0.75 - 0.95) + 2 / 6 * abs(0.5 - 0.65)
    assert calibration_error(confidence, right) == pytest.approx(expected)


@given(st.integers(1, 5000), st.data())
def test_the_interval_of_a_proportion_is_that_of_scipy(trials, data):
    successes = data.draw(st.integers(0, trials))
    expected = binomtest(successes, trials).proportion_ci(method="wilson")
    assert proportion_interval(successes, trials) == pytest.approx(tuple(expected), abs=1e-6)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_are_few_and_enclose_what_they_measure(low, width):
    high = low + width
    found = round_ticks(low, high)
    assert 2 <= len(found) <= 12
    assert found[0] <= low + 1e-6 * max(abs(low), width)
    assert found[-1] >= high - 1e-6 * max(abs(high), width)


def test_a_report_says_whose_weights_are_kept_and_why(runs):
    run, _ = runs("digits")
    plan, dataset, trained, evaluation = run.records
    kept = replace(trained, kept=KeptWeights(epoch=20, best=17, monitor="val_loss"))
    report = write_report(plan, dataset, kept, evaluation)
    told = "of 20; weights of epoch 20, the last; epoch 17 is the best by val_loss"
    page = _text(Path(report.html).read_text())
    assert told in page
    assert "weights of epoch 20: " in page
    assert told in Path(report.markdown).read_text()
    write_report(*run.records)


def test_a_gap_in_a_history_is_not_a_number(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss,val_loss\n1,0.5,\n2,0.25,0.75\n")
    found = read_history(path)
    assert found["loss"].tolist() == [0.5, 0.25]
    assert np.isnan(found["val_loss"][0])
    assert found["val_loss"][1] == 0.75


def test_predictions_of_lists_come_back_as_rows(runs):
    run, _ = runs("sine")
    found = read_prediction_columns(run.folder / "predictions.parquet")
    assert found["future_true"].shape == (run.dataset.rows["test"], 6)
    assert np.allclose(found["future_true"], np.stack(run.predictions["future_true"]))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pillow_reads_back_the_pixels_of_our_png(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    found = np.asarray(Image.open(BytesIO(png_file_bytes(pixels))))
    assert (found.reshape(5, 7, channels) == pixels).all()


def test_a_spec_keeps_every_character_under_its_colours():
    text = report_runs.DIGITS + "# a <comment>\nx: 'it''s' \n"
    shown = highlighted_yaml(text)
    plain = re.sub(r"</?span[^>]*>", "", shown)
    assert plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace(
        "&#39;", "'"
    ).replace("&#34;", '"') == text.rstrip("\n")
    assert '<span class="y-key">dlspec</span>: <span class="y-number">1</span>' in shown
    assert '<span class="y-expression">$1/16</span>' in shown


@pytest.mark.parametrize(
    ("value", "text"),
    [(1797, "1,797"), (0.98519, "0.9852"), (1.0, "1.0000"), (45.549, "45.55"), (1e-5, "1e-5")],
)
def test_figures_have_four_digits(value, text):
    assert figure_text(value) == text


def test_shares_and_times_are_said_as_people_say_them():
    assert [percent_text(s).replace("\u00a0", " ") for s in (1.0, 0.985, 0.0004)] == [
        "100 %",
        "98.5 %",
        "0.04 %",
    ]
    assert [duration_text(s) for s in (0.82, 12.34, 200, 7500)] == [
        "820 ms",
        "12.3 s",
        "3 min 20 s",
        "2 h 5 min",
    ]


def _browse(page, *arguments, folder):
    command = [
        *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
        *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
        *("--disable-sync", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}"),
        *(*arguments, page.as_uri()),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (issue 2)")


@needs_chromium
@pytest.mark.parametrize(
    ("scheme", "background"), [("1", (246, 248, 250)), ("0", (15, 20, 27))], ids=["light", "dark"]
)
def test_a_browser_shows_the_page_in_the_reader_s_scheme(runs, tmp_path, scheme, background):
    run, _ = runs("digits")
    picture = tmp_path / "page.png"
    _browse(
        run.folder / "report.html",
        f"--blink-settings=preferredColorScheme={scheme}",
        "--window-size=1000,700",
        f"--screenshot={picture}",
        folder=tmp_path,
    )
    pixels = np.asarray(Image.open(picture).convert("RGB"))
    assert tuple(pixels[2, 2]) == background
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 100


@needs_chromium
@pytest.mark.parametrize("name", ["digits", "hundred", "sine", "reversal"])
def test_on_a_narrow_screen_the_page_does_not_scroll_sideways(runs, tmp_path, name):
    page = tmp_path / "page.html"
    script = "<script>document.title = document.documentElement.scrollWidth</script></body>"
    page.write_text(runs(name)[1].replace("</body>", script))
    found = _browse(page, "--window-size=500,900", "--dump-dom", folder=tmp_path)
    assert re.search(r"<title>(\d+)</title>", found.stdout)[1] == "500"
