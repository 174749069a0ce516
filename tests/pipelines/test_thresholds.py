"""The threshold of a binary target: said or chosen on validation rows, kept, and predicted with."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from training_specs import MOONS, prepared

import dlspec
from dlspec.resolve.chain import step_digest
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.new_rows import predict_new_rows
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.evaluation.thresholds import best_threshold, stored_thresholds
from dlspec_pipelines.steps.promotion import promote
from dlspec_pipelines.steps.reports.tiles import key_number_tiles
from dlspec_pipelines.steps.training.train import train

CHOSEN = MOONS.replace("evaluation:\n", "evaluation:\n  threshold: {maximize: f1}\n")
SAID = MOONS.replace("evaluation:\n", "evaluation:\n  threshold: 0.9\n").replace(">= 0.8", ">= 0")


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))


def _evaluated(text, run, *, champion=None, **params):
    plan, dataset = prepared(text, **params)
    trained = train(plan, dataset, run=run, spec_text=text)
    return plan, dataset, trained, evaluate(plan, trained, dataset, champion)


def _moons(trained):
    columns = pq.read_table(Path(trained.path, "predictions.parquet"))
    return (columns[f"moon_{what}"].to_numpy() for what in ("true", "pred", "p1"))


def test_a_threshold_is_applied_on_test_rows_and_by_predict():
    plan, dataset, trained, evaluation = _evaluated(SAID, "r1", epochs=2)
    true, guess, probability = _moons(trained)
    assert guess.tolist() == (probability > 0.9).astype(int).tolist()
    assert (guess != (probability > 0.5)).any()
    assert evaluation.metrics["accuracy"] == pytest.approx(sk.accuracy_score(true, guess))
    assert evaluation.thresholds == stored_thresholds(Path(trained.path)) == {"moon": 0.9}
    told = predict_new_rows(Path(trained.path), read_source_table(plan.data.source, Path()))
    expected = np.asarray(told.columns["moon_probability"]) > 0.9
    assert np.asarray(told.columns["moon"]).tolist() == expected.astype(int).tolist()
    tiles = {t.label: t.value for t in key_number_tiles(plan, dataset, trained, evaluation)}
    assert tiles["threshold of moon"] == "0.9000"


def test_a_chosen_threshold_is_the_best_of_the_validation_rows():
    plan, dataset, trained, evaluation = _evaluated(CHOSEN, "r1", epochs=2)
    (threshold,) = evaluation.thresholds.values()
    table = read_source_table(plan.data.source, Path())
    told = predict_new_rows(Path(trained.path), table).columns
    rows = np.load(Path(dataset.path, "validation", "rows.npy"))
    true = np.asarray(table.columns["moon"])[rows].astype(int)
    probability = np.asarray(told["moon_probability"])[rows]
    best = max(sk.f1_score(true, probability > t) for t in (0, *probability))
    assert sk.f1_score(true, probability > threshold) == pytest.approx(best)


def test_a_champion_keeps_its_threshold_and_a_new_one_trains_nothing_again():
    plan, _, trained, evaluation = _evaluated(SAID, "champion", epochs=2)
    champion = promote(plan, evaluation, trained)
    plan, _, trained, evaluation = _evaluated(
        SAID.replace("threshold: 0.9", "threshold: 0.4"),
        "r2",
        champion=champion,
        epochs=12,
        split_seed=2,
    )
    columns = pq.read_table(Path(trained.path, "predictions.parquet"))
    test_rows, theirs = (columns[name].to_numpy() for name in ("row", "moon_champion"))
    told = predict_new_rows(Path(champion.path), read_source_table(plan.data.source, Path()))
    expected = np.asarray(told.columns["moon_probability"])[test_rows] > 0.9
    assert theirs.tolist() == expected.astype(int).tolist()
    before, after = dlspec.loads(MOONS), dlspec.loads(CHOSEN)
    assert step_digest(before, "model") == step_digest(after, "model")
    assert step_digest(before, "evaluation") != step_digest(after, "evaluation")


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 99)), min_size=1, max_size=40))
def test_no_threshold_has_a_higher_f1_than_the_chosen_one(drawn):
    true = np.array([t for t, _ in drawn], dtype=np.int32)
    probability = np.array([percent / 100 for _, percent in drawn])
    p = Predicted("binary", true, true, probability)
    chosen = best_threshold("f1", p)
    tried = (0, *np.unique(probability))
    best = max(sk.f1_score(true, probability > t, zero_division=0) for t in tried)
    found = sk.f1_score(true, probability > chosen, zero_division=0)
    assert found == pytest.approx(best)


def test_rows_that_tell_of_no_threshold_leave_the_middle():
    zeros = np.zeros(4, int)
    assert best_threshold("f1", Predicted("binary", zeros, zeros, np.full(4, 0.4))) == 0.5
    assert best_threshold("accuracy", Predicted("binary", zeros, zeros, np.full(4, np.nan))) == 0.5
