"""Columns of weights in the prepared data: from every source, in every part, checked row by row."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine

import dlspec
from dlspec.language.features import (
    ClassFeature,
    MaskFeature,
    NumberFeature,
    TokensFeature,
)
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sample_weights import SampleWeight
from dlspec.language.sections import Data
from dlspec.language.sources import (
    CsvSource,
    JsonLinesSource,
    NpzSource,
    ParquetSource,
    SqlSource,
)
from dlspec_pipelines.steps.datasets.contract import ContractBroken
from dlspec_pipelines.steps.datasets.spooled_arrays import fits_in_memory
from dlspec_pipelines.steps.preparation.dataset import (
    fingerprint_of,
    prepare_dataset,
    table_of_data,
)
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.preparation.splits import PARTS
from dlspec_pipelines.steps.profiles.data_profile import profile_of_dataset
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import remove_folder

pytestmark = pytest.mark.usefixtures("home")

# The columns have 320 bytes each.
ROWS, LITTLE = 40, 1_000
SPLIT = FractionSplit(0.2, 0.2, seed=2)


def frame(**changed) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    found = {
        "x": np.arange(ROWS) / 4,
        "kind": draw.integers(0, 2, ROWS),
        "trust": draw.integers(0, 9, ROWS) / 4,
    }
    return pd.DataFrame({**found, **changed})


def write_csv(folder, rows):
    rows.to_csv(folder / "a.csv", index=False)
    return CsvSource((str(folder / "a.csv"),))


def write_json(folder, rows):
    rows.to_json(folder / "a.jsonl", orient="records", lines=True)
    return JsonLinesSource((str(folder / "a.jsonl"),))


def write_parquet(folder, rows):
    rows.to_parquet(folder / "a.parquet")
    return ParquetSource((str(folder / "a.parquet"),))


def write_npz(folder, rows):
    np.savez(folder / "a.npz", **{name: rows[name].to_numpy() for name in rows})
    return NpzSource((str(folder / "a.npz"),))


def write_sql(folder, rows):
    url = f"sqlite:///{folder / 'a.db'}"
    rows.to_sql("a", create_engine(url), index=False)
    return SqlSource("SELECT * FROM a ORDER BY x", url)


def data_of(source, weights=None, **changed):
    return Data(
        source,
        {"x": NumberFeature("x")},
        {"kind": ClassFeature("kind", 2)},
        changed.get("split", SPLIT),
        weights={"kind": SampleWeight("trust", ())} if weights is None else weights,
    )


@pytest.mark.parametrize("write", [write_csv, write_json, write_parquet, write_npz, write_sql])
def test_every_part_of_every_source_keeps_the_weights_of_its_rows(tmp_path, write):
    rows = frame()
    data = data_of(write(tmp_path, rows))
    dataset = prepare_dataset(data, base=tmp_path)
    for name in PARTS:
        part = open_part(dataset, name)
        assert part.weights["kind"].dtype == np.float32
        assert part.weights["kind"][:, 0].tolist() == rows["trust"][part.rows].tolist()
        # The split goes by what a row is, and not by what it weighs.
        plain = open_part(prepare_dataset(replace(data, weights={}), base=tmp_path), name)
        assert plain.rows.tolist() == part.rows.tolist()
        assert plain.weights == {}
    assert sum(dataset.rows.values()) == ROWS


def test_little_memory_changes_no_weight(tmp_path):
    rows = frame()
    assert not any(fits_in_memory(rows[name].nbytes, LITTLE) for name in rows)
    data = data_of(write_npz(tmp_path, rows))
    free = prepare_dataset(data, base=tmp_path)
    remove_folder(tmp_path / "home" / "datasets" / free.fingerprint)
    assert prepare_dataset(data, base=tmp_path, memory=LITTLE) == free


def test_another_column_and_another_value_are_another_data_set(tmp_path):
    data = data_of(write_csv(tmp_path, frame(other=1.0)))
    first = fingerprint_of(data, tmp_path)
    other = replace(data, weights={"kind": SampleWeight("other", ())})
    assert (
        len(
            {
                first,
                fingerprint_of(other, tmp_path),
                fingerprint_of(replace(data, weights={}), tmp_path),
            }
        )
        == 3
    )
    write_csv(tmp_path, frame(other=1.0, trust=3.0))
    assert fingerprint_of(data, tmp_path) != first


def test_the_file_of_test_rows_holds_weights_too(tmp_path):
    text = """\
dlspec: 1
name: given
data:
  source: {csv: a.csv}
  test: {csv: b.csv}
  inputs: {x: {number: x}}
  targets: {kind: {class: kind, classes: 2}}
  split: {validation: 0.2, test: given, seed: 1}
model: {inputs: {x: [1]}, graph: [{Dense: 2, name: kind}]}
training:
  epochs: 1
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  sample_weight: trust
"""
    write_csv(tmp_path, frame())
    frame().iloc[:6].to_csv(tmp_path / "b.csv", index=False)
    data = dlspec.loads(text).data
    dataset = prepare_dataset(data, base=tmp_path)
    test = open_part(dataset, "test")
    assert test.weights["kind"][:, 0].tolist() == frame()["trust"][:6].tolist()
    frame().iloc[:6].rename(columns={"trust": "Trust"}).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(StepError) as caught:
        prepare_dataset(data, base=tmp_path)
    assert caught.value.code == "DL611"
    assert "have no column `trust`" in caught.value.message


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ({4: -0.5}, [4]),
        ({4: None, 9: None}, [4, 9]),
        ({7: "much"}, [7]),
        ({2: np.inf}, [2]),
    ],
)
def test_what_cannot_be_a_weight_is_told_with_its_lines(tmp_path, values, rows):
    trust = frame()["trust"].astype(object)
    for row, value in values.items():
        trust[row] = value
    data = data_of(write_csv(tmp_path, frame(trust=trust)))
    with pytest.raises(ContractBroken) as caught:
        prepare_dataset(data, base=tmp_path)
    assert caught.value.code == "DL612"
    assert f"`trust` fails a weight of at least 0 in {len(rows)} of {ROWS} rows" in str(
        caught.value
    )
    assert [failing.place.line for failing in caught.value.verdict.failing] == [r + 2 for r in rows]
    assert "write a number of at least 0 into these rows" in str(caught.value)


@pytest.mark.parametrize(("part", "word"), [("train", "training"), ("validation", "validation")])
def test_a_part_in_which_nothing_counts_is_refused(tmp_path, part, word):
    rows = frame(trust=1.0)
    dataset = prepare_dataset(data_of(write_csv(tmp_path, rows)), base=tmp_path)
    rows.loc[open_part(dataset, part).rows, "trust"] = 0
    with pytest.raises(StepError) as caught:
        prepare_dataset(data_of(write_csv(tmp_path, rows)), base=tmp_path)
    assert caught.value.code == "DL613"
    assert caught.value.message == f"all {word} samples of `kind` weigh 0 in column `trust`"


def test_a_mistyped_column_is_told_from_the_header(tmp_path):
    data = data_of(write_csv(tmp_path, frame()), {"kind": SampleWeight("trsut", ())})
    with pytest.raises(StepError) as caught:
        prepare_dataset(data, base=tmp_path)
    assert (caught.value.code, caught.value.help) == ("DL611", "write `trust` for `trsut`")


TAGS = MaskFeature("tags", 3, (4,), ignore=9)


def steps_of(weights, target=TAGS, tags=None):
    draw = np.random.default_rng(1)
    rows = frame(
        tags=[draw.integers(0, 3, 1 + i % 5).tolist() for i in range(ROWS)]
        if tags is None
        else tags,
        trust=weights,
    )
    return rows, lambda folder: Data(
        write_json(folder, rows),
        {"x": NumberFeature("x")},
        {"tags": target},
        SPLIT,
        weights={"tags": SampleWeight("trust", (4,))},
    )


def test_weights_of_steps_are_filled_up_with_0_and_cut_as_their_target(tmp_path):
    given = [[0.5 + step for step in range(1 + i % 5)] for i in range(ROWS)]
    _, made = steps_of(given)
    part = open_part(prepare_dataset(made(tmp_path), base=tmp_path), "train")
    expected = [(given[row] + [0.0] * 4)[:4] for row in part.rows]
    assert part.weights["tags"].tolist() == expected
    assert {0, 4.5} & set(np.unique(part.weights["tags"])) == {0}
    assert ((part.targets["tags"] == 9) == (part.weights["tags"] == 0)).all()


def test_weights_of_steps_are_filled_up_on_the_side_of_their_target(tmp_path):
    given = [[1.0] * (1 + i % 4) for i in range(ROWS)]
    target = TokensFeature("tags", vocabulary=3, length=4, pad="start", cut="start")
    tags = [[1] * (1 + i % 4) for i in range(ROWS)]
    _, made = steps_of(given, target, tags)
    part = open_part(prepare_dataset(made(tmp_path), base=tmp_path), "train")
    assert (np.asarray(part.weights["tags"]) == np.asarray(part.targets["tags"])).all()
    assert 0 < part.weights["tags"].sum() < part.weights["tags"].size


def test_weights_of_steps_of_another_shape_are_told(tmp_path):
    full = MaskFeature("tags", 3, (4,))
    tags = [[0, 1, 2, 0]] * ROWS
    _, made = steps_of([[1.0] * 4] * (ROWS - 1) + [[1.0, 1.0]], full, tags)
    with pytest.raises(ContractBroken, match=r"`trust` fails weights of shape \(4,\) in 1 of 40"):
        prepare_dataset(made(tmp_path), base=tmp_path)
    _, made = steps_of([[1.0] * 4] * (ROWS - 1) + [[1.0, 1.0, -1.0, 1.0]], full, tags)
    with pytest.raises(ContractBroken, match="`trust` fails a weight of at least 0 in 1 of 40"):
        prepare_dataset(made(tmp_path), base=tmp_path)


def test_an_array_of_weights_for_a_single_loss_is_told(tmp_path):
    rows = frame(trust=[[1.0, 2.0]] * ROWS)
    with pytest.raises(ContractBroken, match="`trust` fails one weight in 40 of 40 rows") as caught:
        prepare_dataset(data_of(write_json(tmp_path, rows)), base=tmp_path)
    assert "its target has a single loss" in str(caught.value)


def test_a_profile_shows_the_weights_and_what_they_come_to(tmp_path):
    data = data_of(write_csv(tmp_path, frame()))
    dataset = prepare_dataset(data, base=tmp_path)
    profile = profile_of_dataset("a", data, table_of_data(data, tmp_path), dataset)
    weighed = profile.features[-1]
    assert (weighed.name, weighed.side, weighed.columns[0].column) == (
        "weight of kind",
        "weights",
        "trust",
    )
    train = open_part(dataset, "train")
    assert weighed.given.mean == pytest.approx(frame()["trust"][train.rows].mean())
    assert profile.left_out == ()
    assert "trust" in profile.examples[0]
    assert "a weight of at least 0" in [one.check for one in profile.checks]


def test_a_weight_that_is_always_the_same_is_found_odd(tmp_path):
    dataset = prepare_dataset(data_of(write_csv(tmp_path, frame(trust=2.0))), base=tmp_path)
    account = json.loads(Path(dataset.path, "contract.json").read_text())
    assert ("constant_column", "trust") in [(f["kind"], f["subject"]) for f in account["findings"]]
