from pathlib import Path

import keras
import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as sk
from training_specs import DIGITS, MOONS, prepared

import dlspec
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.new_rows import predict_new_rows
from dlspec_pipelines.steps.json_documents import METRICS, UNDEFINED_METRICS, read_document
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.promotion import promote
from dlspec_pipelines.steps.records import Champion, GateResult
from dlspec_pipelines.steps.reports import write_report
from dlspec_pipelines.steps.step_errors import Refused, StepError
from dlspec_pipelines.steps.training.train import train

pytestmark = pytest.mark.usefixtures("home")

FORECAST = """\
dlspec: 1
name: forecast
data:
  source: {synthetic: sine, samples: 400}
  inputs: {past: {series: value, length: 12, standardize: true}}
  targets: {future: {series: value, horizon: 2, standardize: true}}
  split: {time: time, validation: 0.15, test: 0.2}
model:
  inputs: {past: [12, 1]}
  graph:
    - Flatten
    - {Dense: 2, name: future}
training:
  epochs: 15
  optimizer: {Adam: {learning_rate: 0.03}}
  loss: MeanSquaredError
evaluation: {metrics: [mae, r2]}
"""

REVERSAL = """\
dlspec: 1
name: reversal
data:
  source: {synthetic: sequence_reversal, samples: 300, length: 4}
  inputs: {ids: {tokens: source, length: 4, vocabulary: 10}}
  targets: {turned: {tokens: decoder_target, length: 4, vocabulary: 10}}
  split: {test: 0.3}
model:
  inputs: {ids: {shape: [4], dtype: int32}}
  graph:
    - Embedding: [10, 8]
    - Flatten
    - Dense: 40
    - {Reshape: [4, 10], name: turned}
training:
  epochs: 2
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
evaluation: {metrics: [token_accuracy, sequence_accuracy]}
"""


def _run(text: str, run: str, *, champion: Champion | None = None, **params: object):
    plan, dataset = prepared(text, **params)
    trained = train(plan, dataset, run=run, spec_text=text)
    return plan, dataset, trained, evaluate(plan, trained, dataset, champion)


def test_the_figures_are_those_of_keras_and_scikit_learn_on_the_test_rows():
    _, dataset, trained, evaluation = _run(DIGITS, "r1")
    test = open_part(dataset, "test")
    model = keras.models.load_model(Path(trained.path, "model.keras"))
    x, y = test.inputs["image"], np.array(test.targets["digit"])
    keras_says = model.evaluate(x, y, verbose=0, return_dict=True)
    probability = keras.ops.softmax(model.predict(x, verbose=0)).numpy()
    guess = probability.argmax(axis=1)
    assert evaluation.metrics == {
        "accuracy": pytest.approx(sk.accuracy_score(y, guess)),
        "f1_macro": pytest.approx(sk.f1_score(y, guess, average="macro")),
        "log_loss": pytest.approx(sk.log_loss(y, probability), rel=1e-5),
        "loss": pytest.approx(keras_says["loss"], rel=1e-5),
    }
    assert read_document(Path(trained.path, "metrics.json"), METRICS) == evaluation.metrics
    table = pq.read_table(Path(trained.path, "predictions.parquet"))
    assert table.column_names == [
        "row",
        "part",
        "digit_true",
        "digit_pred",
        *(f"digit_p{k}" for k in range(10)),
    ]
    assert table["row"].to_pylist() == test.rows.tolist()
    assert table["digit_true"].to_pylist() == y.tolist()
    assert table["digit_pred"].to_pylist() == guess.tolist()
    assert table["digit_p3"].to_numpy() == pytest.approx(probability[:, 3], abs=1e-6)
    assert set(table["part"].to_pylist()) == {"test"}


def test_gates_compare_what_was_measured():
    evaluation = _run(MOONS.replace("<= 1000", "<= 100"), "r1", epochs=1)[3]
    gates = {gate.metric: gate for gate in evaluation.gates}
    assert gates["accuracy"].value == evaluation.metrics["accuracy"]
    assert gates["accuracy"].passed == (evaluation.metrics["accuracy"] >= 0.8)
    parameters = gates["parameters"]
    assert (parameters.value, parameters.requirement, parameters.passed) == (193.0, "<= 100", False)


def test_a_run_is_evaluated_once():
    plan, dataset, trained, _ = _run(MOONS, "r1", epochs=1)
    with pytest.raises(StepError, match="the run `r1` has been evaluated"):
        evaluate(plan, trained, dataset)


def test_a_later_run_evaluates_in_a_folder_of_its_own():
    plan, dataset, trained, first = _run(MOONS, "r1", epochs=1)
    second = evaluate(plan, trained, dataset, run="r2")
    assert second.metrics == first.metrics
    assert Path(second.path).name == second.run == "r2"
    assert Path(second.path, "model.keras").samefile(Path(trained.path, "model.keras"))


def _champion(text: str, **params: object) -> Champion:
    plan, _, trained, evaluation = _run(text, "champion", **params)
    return promote(plan, evaluation, trained)


LENIENT = MOONS.replace(">= 0.8", ">= 0")


def test_the_challenger_meets_the_champion_on_the_same_rows():
    champion = _champion(LENIENT, epochs=1, rate=1e-6)
    plan, _, trained, evaluation = _run(LENIENT, "r2", champion=champion, epochs=12)
    found = evaluation.comparison
    assert found is not None
    assert (found.champion_run, found.test) == ("champion", "mcnemar")
    assert found.champion == champion.metrics["accuracy"]
    assert found.challenger == evaluation.metrics["accuracy"] > 0.85
    assert found.better
    assert found.p_value < 0.001
    assert promote(plan, evaluation, trained).run == "r2"
    columns = pq.read_table(Path(trained.path, "predictions.parquet"))
    right = columns["moon_champion"].to_numpy() == columns["moon_true"].to_numpy()
    assert right.mean() == pytest.approx(found.champion)


def test_an_equal_challenger_is_not_better():
    champion = _champion(LENIENT, epochs=4)
    evaluation = _run(LENIENT, "r2", champion=champion, epochs=4, seed=3)[3]
    assert evaluation.comparison is not None
    assert (evaluation.comparison.p_value, evaluation.comparison.better) == (1.0, False)


def test_on_another_split_the_champion_is_scored_on_rows_it_was_not_fitted_to():
    champion = _champion(LENIENT, epochs=12)
    _, dataset, trained, evaluation = _run(
        LENIENT, "r2", champion=champion, epochs=12, split_seed=2
    )
    found = evaluation.comparison
    assert found is not None
    today = open_part(dataset, "test").rows
    before = pq.read_table(Path(champion.path, "predictions.parquet"))
    fresh = np.isin(today, before["row"].to_numpy())
    assert 0 < fresh.sum() < len(today)
    columns = pq.read_table(Path(trained.path, "predictions.parquet"))
    true, guess, theirs = (
        columns[f"moon_{what}"].to_numpy() for what in ("true", "pred", "champion")
    )
    assert found.challenger == pytest.approx((guess == true)[fresh].mean())
    assert found.champion == pytest.approx((theirs == true)[fresh].mean())
    # The champion's own preparation applies: it says today what it said then.
    then = dict(zip(before["row"].to_pylist(), before["moon_pred"].to_pylist(), strict=True))
    assert [then[row] for row in today[fresh]] == theirs[fresh].tolist()


def test_predictions_of_a_forecast_are_in_the_unit_of_the_column():
    plan, dataset, trained, evaluation = _run(FORECAST, "r1")
    assert plan.data is not None
    value = read_source_table(plan.data.source, Path()).columns["value"]
    table = pq.read_table(Path(trained.path, "predictions.parquet"))
    true = np.array(table["future_true"].to_pylist())
    assert true == pytest.approx(
        np.stack([value[row : row + 2] for row in open_part(dataset, "test").rows]), abs=1e-5
    )
    guess = np.array(table["future_pred"].to_pylist())
    assert evaluation.metrics["mae"] == pytest.approx(np.abs(guess - true).mean(), rel=1e-4)
    assert evaluation.metrics["r2"] > 0.8


def test_predictions_of_ids_are_lists_of_ids():
    _, dataset, trained, evaluation = _run(REVERSAL, "r1")
    table = pq.read_table(Path(trained.path, "predictions.parquet"))
    true, guess = (np.array(table[f"turned_{side}"].to_pylist()) for side in ("true", "pred"))
    assert true.tolist() == open_part(dataset, "test").targets["turned"].tolist()
    assert evaluation.metrics["token_accuracy"] == pytest.approx((true == guess).mean())


def test_predict_gives_classes_by_name_with_their_probability():
    named = DIGITS.replace("classes: 10", "classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]").replace(
        "digits_small", "digits_named"
    )
    plan, dataset, trained, _ = _run(named, "r1")
    assert plan.data is not None
    table = read_source_table(plan.data.source, Path())
    found = predict_new_rows(Path(trained.path), Table({"images": table.columns["images"]})).columns
    assert list(found) == ["row", "digit", "digit_probability"]
    assert found["row"].tolist() == list(range(1797))
    stored = pq.read_table(Path(trained.path, "predictions.parquet"))
    rows = open_part(dataset, "test").rows
    assert found["digit"][rows].tolist() == stored["digit_pred"].to_pylist()
    highest = np.max([stored[f"digit_p{k}"].to_numpy() for k in range(10)], axis=0)
    assert found["digit_probability"][rows] == pytest.approx(highest, abs=1e-5)


def test_predict_says_what_is_not_a_run_and_what_is_not_a_column(tmp_path):
    with pytest.raises(StepError, match="is not the folder of a run"):
        predict_new_rows(tmp_path, Table({"x": np.zeros(1)}))
    trained = _run(MOONS, "r1", epochs=1)[2]
    with pytest.raises(StepError, match="`y`") as caught:
        predict_new_rows(Path(trained.path), Table({"x": np.zeros(3)}))
    assert caught.value.code == "DL611"


def test_a_damaged_model_is_said():
    plan, dataset = prepared(MOONS, epochs=1)
    trained = train(plan, dataset, run="r1", spec_text="")
    Path(trained.path, "model.keras").write_bytes(b"PK\x03\x04")
    with pytest.raises(StepError, match="is damaged: its content is not what was written"):
        evaluate(plan, trained, dataset)


ONE_SIDED = """\
dlspec: 1
name: one_sided
data:
  source: {csv: a.csv}
  inputs: {x: {number: x}}
  targets: {y: {binary: y}}
  split: {column: part, test: [t]}
model: {inputs: {x: [1]}, graph: [{Dense: 1, name: y}]}
training: {epochs: 1, loss: {BinaryCrossentropy: {from_logits: true}}, seed: 1}
evaluation: {metrics: [accuracy]}
"""


def test_a_metric_without_a_value_leaves_the_others_and_fails_its_gate(tmp_path):
    rows = [f"{i},{i % 2},r" for i in range(20)] + [f"{i},0,t" for i in range(5)]
    (tmp_path / "a.csv").write_text("\n".join(["x,y,part", *rows]))
    plan = dlspec.loads(ONE_SIDED)
    dataset = prepare_dataset(plan.data, base=tmp_path)
    trained = train(plan, dataset, run="r1", spec_text=ONE_SIDED)
    asking = ONE_SIDED.replace("[accuracy]}", '[roc_auc, accuracy], gates: {roc_auc: ">= 0.5"}}')
    evaluation = evaluate(dlspec.loads(asking), trained, dataset, run="r2", spec_text=asking)
    reason = "`roc_auc` is not defined: no sample has the class 1"
    assert set(evaluation.metrics) == {"accuracy", "loss"}
    assert evaluation.undefined == {"roc_auc": reason}
    assert evaluation.gates == (GateResult("roc_auc", ">= 0.5", None, passed=False, reason=reason),)
    folder = Path(evaluation.path)
    assert read_document(folder / "metrics.json", METRICS) == evaluation.metrics
    told = read_document(folder / "undefined_metrics.json", UNDEFINED_METRICS)
    assert told == evaluation.undefined
    report = write_report(dlspec.loads(asking), dataset, trained, evaluation)
    for page in (report.html, report.markdown):
        text = Path(page).read_text()
        assert "not defined" in text
        assert "no sample has the class 1" in text
    with pytest.raises(Refused, match=r"roc_auc was not measured \(`roc_auc` is not defined"):
        promote(dlspec.loads(asking), evaluation, trained)
