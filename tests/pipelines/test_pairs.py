"""`data.sampling: {pairs: target}`: a model of two rows, from training to prediction."""

import re
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from sampled_specs import THREE, TWINS
from training_specs import prepared

import dlspec
from dlspec.resolve.chain import step_digest
from dlspec_pipelines.cli import main
from dlspec_pipelines.profile_tables import print_data_profile
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.new_rows import predict_new_rows
from dlspec_pipelines.steps.preparation.dataset import table_of_data
from dlspec_pipelines.steps.preparation.model_parts import open_model_part
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.profiles.data_profile import profile_of_dataset
from dlspec_pipelines.steps.records import Champion
from dlspec_pipelines.steps.reports.report_page import write_report
from dlspec_pipelines.steps.step_errors import Stopped
from dlspec_pipelines.steps.training.progress import Tick
from dlspec_pipelines.steps.training.train import train


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Keep one home for the module: its one run is looked at from several sides."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLSPEC_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def run(home):
    plan, dataset = prepared(TWINS)
    trained = train(plan, dataset, run="whole", spec_text=TWINS)
    evaluation = evaluate(plan, trained, dataset)
    return plan, dataset, trained, evaluation


def test_a_model_learns_whether_two_digits_are_the_same(run):
    _, _, _, evaluation = run
    assert evaluation.metrics["accuracy"] > 0.8
    assert evaluation.metrics["roc_auc"] > 0.9
    assert evaluation.baseline.rules == {"same": "always 1"}
    assert evaluation.baseline.metrics["accuracy"] == pytest.approx(0.5, abs=0.01)


def test_test_pairs_are_of_test_rows_and_told_by_them(run):
    _, dataset, trained, _ = run
    found = pq.read_table(Path(trained.path, "predictions.parquet")).to_pandas()
    test = open_part(dataset, "test")
    assert found["row"].tolist() == list(range(len(test.rows)))
    assert sorted(found["left_row"]) == sorted(test.rows)
    assert set(found["right_row"]) <= set(test.rows.tolist())
    digit = dict(zip(test.rows.tolist(), test.targets["digit"].tolist(), strict=True))
    same = [
        digit[a] == digit[b] for a, b in zip(found["left_row"], found["right_row"], strict=True)
    ]
    assert found["same_true"].tolist() == [int(one) for one in same]
    assert abs(sum(same) - len(same) / 2) <= 1


def test_another_training_seed_is_measured_on_the_same_pairs_and_trained_on_others(run, home):
    _, dataset, trained, _ = run
    other = dlspec.loads(TWINS, params={"seed": 2, "epochs": 1})
    again = train(other, dataset, run="other", spec_text="")
    evaluate(other, again, dataset)
    first, second = (
        pq.read_table(Path(one.path, "predictions.parquet")).to_pandas() for one in (trained, again)
    )
    assert first["right_row"].equals(second["right_row"])
    assert trained.weights != again.weights


def test_two_runs_and_one_stopped_within_epochs_end_bit_equal(run, home):
    plan, dataset, trained, _ = run
    assert train(plan, dataset, run="twice", spec_text="").weights == trained.weights
    for after in (1, 3):
        heard = []

        class Stop:
            def is_set(self, heard=heard, after=after) -> bool:
                return len([one for one in heard if isinstance(one, Tick)]) >= after

        with pytest.raises(Stopped):
            train(plan, dataset, run="stopped", spec_text="", progress=heard.append, stop=Stop())
    done = train(plan, dataset, run="stopped", spec_text="")
    assert done.weights == trained.weights


def test_a_champion_is_compared_on_the_pairs_of_today(run, home):
    _, dataset, trained, _ = run
    drawn_anew = TWINS.replace("{pairs: digit}", "{pairs: digit, seed: 9}")
    other = dlspec.loads(drawn_anew, params={"epochs": 1})
    champion = Champion("twins", trained.run, trained.path, "2026-01-01", "", {}, promoted=True)
    again = train(other, dataset, run="challenger", spec_text=drawn_anew)
    found = evaluate(other, again, dataset, champion)
    assert found.comparison is not None
    assert found.comparison.rows == dataset.rows["test"]


def test_the_report_shows_both_rows_of_a_pair(run):
    plan, dataset, trained, evaluation = run
    page = Path(write_report(plan, dataset, trained, evaluation).html).read_text("utf-8")
    assert "Drawn from them are pairs: 1,231 in an epoch of training" in page
    assert "same is 1 in 616, 141, 143" in page
    shown = re.findall(r'alt="Rows (\d+) and (\d+): true [01], predicted [01]"', page)
    assert len(shown) == 24


def test_new_pairs_are_predicted_from_a_table_with_one_in_each_row(run):
    plan, _, trained, _ = run
    folder = Path(trained.path)
    table = table_of_data(plan.data, Path())
    told = pq.read_table(folder / "predictions.parquet").to_pandas()
    images = table.columns["images"]
    pairs = Table({name: images[told[f"{name}_row"].to_numpy()] for name in ("left", "right")})
    found = predict_new_rows(folder, pairs)
    assert found.columns["same"].tolist() == told["same_pred"].tolist()
    assert found.columns["same_probability"] == pytest.approx(told["same_p1"].to_numpy(), abs=1e-5)


def test_files_alone_are_no_pairs(run, tmp_path):
    _, _, trained, _ = run
    done = CliRunner().invoke(main, ["predict", trained.path, str(tmp_path)])
    assert done.exit_code == 2
    assert "`twins` reads `left` and `right` of each sample" in done.stderr
    assert "name a table that has them in columns called `left` and `right`" in done.stderr


def test_a_table_without_a_side_is_refused(run, tmp_path):
    _, _, trained, _ = run
    np.savez(tmp_path / "new.npz", left=np.zeros((2, 8, 8)))
    done = CliRunner().invoke(main, ["predict", trained.path, str(tmp_path / "new.npz")])
    assert done.exit_code == 1
    assert "error[DL611]" in done.stderr
    assert "`right`" in done.stderr


def test_columns_of_several_are_told_by_the_side_too(home, tmp_path):
    text = """\
dlspec: 1
name: near
data:
  source: {synthetic: two_moons, samples: 200, noise: 0.1, seed: 5}
  inputs: {point: {vector: [x, y], standardize: true}}
  targets: {moon: {binary: moon}}
  split: {validation: 0.2, test: 0.25, seed: 1}
  sampling: {pairs: moon, per_epoch: 500}
model:
  inputs: {left: [2], right: [2]}
  graph:
    - {Concatenate, name: both, from: [left, right]}
    - {Dense: [1, {activation: sigmoid}], name: same}
training: {epochs: 1, batch_size: 100, loss: BinaryCrossentropy}
evaluation: {metrics: [accuracy]}
"""
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text=text)
    told = profile_of_dataset("near", plan.data, table_of_data(plan.data, Path()), dataset)
    assert told.drawn.counts == {**dataset.rows, "train": 500}
    out = StringIO()
    print_data_profile(told, out)
    assert "\npairs     500 in an epoch of training, " in out.getvalue()
    assert "`same` is 1 in 250, " in " ".join(out.getvalue().split())
    new = {"left.x": [1.0], "left.y": [0.0], "right.x": [0.5], "right.y": [1.0], "id": ["a"]}
    pd.DataFrame(new).to_csv(tmp_path / "new.csv", index=False)
    done = CliRunner().invoke(main, ["predict", trained.path, str(tmp_path / "new.csv")])
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[0] == "row,id,same,same_probability"


def test_rows_of_one_class_are_refused_before_training(home, tmp_path):
    rows = ["x,kind,part"] + [f"{i},{i % 2},train" for i in range(8)] + ["9,1,test", "10,1,test"]
    (tmp_path / "rows.csv").write_text("\n".join(rows))
    text = """\
dlspec: 1
name: alone
data:
  source: {csv: rows.csv}
  inputs: {x: {number: x}}
  targets: {kind: {class: kind, classes: 2}}
  split: {column: part, test: [test]}
  sampling: {pairs: kind}
model:
  inputs: {left: [1], right: [1]}
  graph:
    - {Concatenate, name: both, from: [left, right]}
    - {Dense: [1, {activation: sigmoid}], name: same}
training: {epochs: 1, loss: BinaryCrossentropy}
evaluation: {metrics: [accuracy]}
"""
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "alone.yaml").write_text(text.replace("rows.csv", "../rows.csv"))
    done = CliRunner().invoke(main, ["data", str(tmp_path / "specs" / "alone.yaml")])
    assert done.exit_code == 1
    assert "error[DL613]: all test rows are of one class, and no pair is of two" in done.stderr


def test_another_draw_trains_anew_and_prepares_nothing_anew():
    plan, other = (
        dlspec.loads(TWINS.replace("pairs: digit", text))
        for text in ("pairs: digit", "pairs: digit, per_epoch: 500")
    )
    assert step_digest(other, "dataset") == step_digest(plan, "dataset")
    assert step_digest(other, "model") != step_digest(plan, "model")


def test_triplets_are_counted_without_a_model_that_learns_of_them(home):
    text = (Path(__file__).parents[1] / "golden/valid/triplets_of_digits.yaml").read_text()
    plan, dataset = prepared(text)
    table = table_of_data(plan.data, Path())
    told = profile_of_dataset(plan.name, plan.data, table, dataset).drawn
    assert told.counts == {**dataset.rows, "train": 500}
    assert told.text.startswith("500 in an epoch of training, ")
    assert told.positive == {}
    test, rows = open_model_part(plan.data, dataset, "test"), open_part(dataset, "test")
    assert (list(test.inputs), test.targets) == (["anchor", "positive", "negative"], {})
    digit = dict(zip(rows.rows.tolist(), rows.targets["digit"].tolist(), strict=True))
    anchor, positive, negative = (
        np.array([digit[row] for row in at.tolist()]) for at in test.source_rows.values()
    )
    assert np.array_equal(anchor, positive)
    assert not np.any(anchor == negative)
    first = rows.rows.tolist().index(test.source_rows["negative"][0])
    assert np.array_equal(test.inputs["negative"][:1], rows.inputs["image"][first : first + 1])


def test_triplets_learn_by_terms_alone(home):
    plan, dataset = prepared(THREE)
    trained = train(plan, dataset, run="whole", spec_text=THREE)
    evaluation = evaluate(plan, trained, dataset)
    assert evaluation.metrics["margin"] < 0.4
    assert (evaluation.baseline, [gate.passed for gate in evaluation.gates]) == (None, [True])
    page = Path(write_report(plan, dataset, trained, evaluation).html).read_text("utf-8")
    assert "Drawn from them are triplets: 1,231 in an epoch of training" in page
    assert train(plan, dataset, run="twice", spec_text="").weights == trained.weights


def test_a_model_without_a_target_gives_its_outputs_as_numbers(home, tmp_path):
    plan, dataset = prepared(THREE, epochs=1)
    trained = train(plan, dataset, run="short", spec_text=THREE)
    sides = {name: np.zeros((2, 8, 8)) for name in ("anchor", "positive", "negative")}
    np.savez(tmp_path / "rows.npz", **sides)
    done = CliRunner().invoke(main, ["predict", trained.path, str(tmp_path / "rows.npz")])
    assert done.exit_code == 0
    header, *rows = done.stdout.splitlines()
    assert header.startswith("row,anchor_code.0,anchor_code.1")
    # Of equal rows the three sides have one code.
    values = [row.split(",")[1:] for row in rows]
    width = len(values[0]) // 3
    assert values[0][:width] == values[0][width : 2 * width] == values[1][2 * width :]
