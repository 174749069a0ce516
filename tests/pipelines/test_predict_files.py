"""`dlspec predict` from and to every form of a table, with what the rows are known by."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from training_specs import prepared

from dlspec_pipelines.cli import main
from dlspec_pipelines.steps.training.train import train

HOUSES = """\
dlspec: 1
name: houses
data:
  source: {csv: houses.csv}
  inputs: {place: {vector: [x, y]}, kind: {category: kind, vocabulary: [flat, house]}}
  targets: {price: {number: price}}
  split: {test: 0.2}
model:
  inputs: {place: [2], kind: {shape: [], dtype: int32}}
  graph:
    - {Embedding: [3, 2], from: kind, name: known}
    - {Concatenate, from: [place, known]}
    - {Dense: 1, name: price}
training: {epochs: 1, loss: MeanSquaredError, seed: 1}
"""
NEW = {"id": ["007", "8", "x9"], "x": [1, 2, 3], "y": [0.5, 1.5, 2.5], "kind": ["flat"] * 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project folder with one trained run of `houses`, and new rows in every form."""
    place = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("DLSPEC_HOME", str(place / "home"))
        rows = [f"{i},{i % 7},{i % 3},{'flat' if i % 2 else 'house'},{i}" for i in range(40)]
        Path("houses.csv").write_text("\n".join(["id,x,y,kind,price", *rows]))
        plan, dataset = prepared(HOUSES)
        train(plan, dataset, run="r1", spec_text=HOUSES)
        new = pd.DataFrame(NEW)
        new.to_csv("new.csv", index=False)
        new.to_csv("NEW.TSV", index=False, sep="\t")
        pq.write_table(pa.table(NEW), "new.parquet")
        lines = [json.dumps(record) for record in new.to_dict("records")]
        Path("new.jsonl").write_text("\n".join(lines))
        np.savez("new.npz", **{name: np.array(values) for name, values in NEW.items()})
        yield place


@pytest.fixture
def predict(folder, monkeypatch):
    """Return a function that calls `dlspec predict RUN` and gives what it did."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DLSPEC_HOME", str(folder / "home"))
    return lambda *arguments: CliRunner().invoke(
        main, ["predict", str(folder / "home" / "runs" / "houses" / "r1"), *arguments]
    )


READERS = {
    ".csv": lambda path: pd.read_csv(path, dtype={"id": str}),
    ".tsv": lambda path: pd.read_csv(path, sep="\t", dtype={"id": str}),
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype={"id": str}),
    ".parquet": lambda path: pd.read_parquet(path),
    ".npz": lambda path: pd.DataFrame(dict(np.load(path))),
}
FILES = ["new.csv", "NEW.TSV", "new.parquet", "new.jsonl", "new.npz"]


@pytest.mark.parametrize("ending", READERS)
@pytest.mark.parametrize("file", FILES)
def test_rows_keep_their_identifiers_in_every_form(predict, folder, file, ending):
    out = folder / f"{file}-out{ending}"
    answer = predict(file, "-o", str(out))
    assert answer.exit_code == 0, answer.stderr
    found = READERS[ending](out)
    assert found.columns.tolist() == ["row", "id", "price"]
    assert found["id"].tolist() == NEW["id"]
    first = READERS[".csv"](folder / "first.csv") if (folder / "first.csv").exists() else found
    assert found["price"].to_numpy() == pytest.approx(first["price"].to_numpy(), rel=1e-5)
    found[["row", "id", "price"]].to_csv(folder / "first.csv", index=False)


def test_what_is_kept_can_be_said(predict):
    head = [predict("new.csv", "--keep", k).stdout.splitlines()[0] for k in ("kind, id", "", "x")]
    assert head == ["row,kind,id,price", "row,price", "row,x,price"]


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        ("idd", "`--keep` names `idd`, and the file has no such column\n  = help: write `id`"),
        ("row", "`--keep` names `row`, and the file has no such column"),
    ],
)
def test_a_column_that_cannot_be_kept_is_wrong_usage(predict, keep, told):
    answer = predict("new.csv", "--keep", keep)
    assert answer.exit_code == 2
    assert told in answer.stderr


def test_a_column_called_as_a_prediction_is_left_out_and_refused_when_asked_for(predict, folder):
    (folder / "known.csv").write_text("row,x,y,kind,price,price_score\n5,1,2,flat,3,4\n")
    assert predict("known.csv").stdout.splitlines()[0] == "row,price"
    answer = predict("known.csv", "--keep", "price_score")
    assert answer.exit_code == 2
    assert "predictions have a column of that name" in answer.stderr


def test_whole_numbers_stay_numbers_and_gaps_stay_gaps(predict, folder):
    (folder / "ids.csv").write_text("id,note,x,y,kind\n7,a,1,2,flat\n8,,1,2,flat\n")
    assert predict("ids.csv", "-o", "ids.parquet").exit_code == 0
    found = pq.read_table(folder / "ids.parquet")
    assert found["id"].to_pylist() == [7, 8]
    assert found["note"].to_pylist() == ["a", None]
    assert predict("ids.csv").stdout.splitlines()[2].startswith("1,8,,")


def test_what_a_form_cannot_hold_is_told_before_anything_is_predicted(predict, folder):
    (folder / "ids.csv").write_text("id,x,y,kind\na,1,2,flat\n,1,2,flat\n")
    answer = predict("ids.csv", "-o", "ids.npz")
    assert answer.exit_code == 1
    assert "`id` is no array of one type" in answer.stderr
    assert not (folder / "ids.npz").exists()


def test_the_form_of_the_output_is_known_before_anything_is_read(predict):
    answer = predict("new.csv", "-o", "out.xlsx")
    assert answer.exit_code == 2
    assert "end its name in one of `.csv`, `.tsv`, `.jsonl`, `.npz`, `.parquet`" in answer.stderr
    assert "using run" not in answer.stderr


LOADS = """\
dlspec: 1
name: loads
data:
  source: {csv: loads.csv}
  inputs: {past: {series: load, length: 3}}
  targets: {next: {series: load, horizon: 1}}
  split: {time: day, test: 0.25}
model: {inputs: {past: [3, 1]}, graph: [Flatten, {Dense: 1, name: next}]}
training: {epochs: 1, loss: MeanSquaredError, seed: 1}
"""


def test_windows_over_gaps_are_left_out_and_counted_and_forecasts_have_their_days(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    days = [str(day.date()) for day in pd.date_range("2024-01-01", periods=40)]
    rows = [f"{day},{number}" for number, day in enumerate(days)]
    Path("loads.csv").write_text("\n".join(["day,load", *rows]))
    plan, dataset = prepared(LOADS)
    trained = train(plan, dataset, run="r1", spec_text=LOADS)
    Path("new.csv").write_text("\n".join(["day,load", *rows[:4], *rows[6:10]]))
    answer = CliRunner().invoke(main, ["predict", trained.path, "new.csv"])
    assert answer.exit_code == 0, answer.stderr
    assert "3 windows left out that reach over 1 gap in time" in answer.stderr
    told = [line.split(",")[:2] for line in answer.stdout.splitlines()]
    assert told == [["row", "next_time"], ["3", days[3]], ["7", days[9]], ["8", days[10]]]


def test_blanks_and_unknown_words_are_read_alike_in_every_form(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DLSPEC_HOME", str(folder / "home"))
    text = HOUSES.replace("csv: houses.csv", "csv: houses.csv, strip: true").replace(
        "name: houses", "name: stripped"
    )
    plan, dataset = prepared(text)
    train(plan, dataset, run="s1", spec_text=text)
    new = pd.DataFrame({**NEW, "kind": [" house", "house ", "barn"]})
    new.to_csv("blanks.csv", index=False)
    new.to_parquet("blanks.parquet")
    run = str(folder / "home" / "runs" / "stripped" / "s1")
    said = [CliRunner().invoke(main, ["predict", run, f"blanks{e}"]) for e in (".csv", ".parquet")]
    one, other = (pd.read_csv(StringIO(done.stdout)) for done in said)
    assert one["price"].tolist() == other["price"].tolist()
    for done in said:
        assert "1 new sample of `kind` holds a category that is not known: " in done.stderr
        assert "barn" in done.stderr
