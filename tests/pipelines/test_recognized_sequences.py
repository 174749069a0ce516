"""Training with the loss `CTC`: from a spec to decoded text, its error rates and its report."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pyarrow.parquet as pq
import pytest
from stopped_trainings import stopped_and_continued
from training_specs import STRIPS, prepared, said_of_model_by_keras_alone

from dlspec_pipelines.predict import predict as predict_file
from dlspec_pipelines.steps.datasets.sources.digit_strips import digit_strips
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.new_rows import predict_new_rows
from dlspec_pipelines.steps.promotion.promote import promote
from dlspec_pipelines.steps.reports import write_report
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage
from dlspec_pipelines.steps.training.aligned_targets import steps_needed
from dlspec_pipelines.steps.training.train import train

LEARNED = STRIPS.replace("epochs: 3", "epochs: 14").replace("samples: 900", "samples: 1500")
BEAM = LEARNED + "prediction: {decode: {beam: 6}}\n"
WAVES = """\
dlspec: 1
name: waves
data:
  source: {{npz: {folder}/waves.npz}}
  inputs: {{wave: {{sequence: wave, length: 6, features: 2}}}}
  targets: {{said: {{tokens: said, length: 4, vocabulary: 5}}}}
  split: {{test: 0.25, seed: 1}}
model:
  inputs: {{wave: [6, 2]}}
  graph:
    - {{Dense: 5, name: said}}
training:
  epochs: 1
  loss: CTC
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("recognized")
        patch.setenv("DLSPEC_HOME", str(folder / "home"))
        yield folder


@pytest.fixture(scope="module")
def run(home):
    plan, dataset = prepared(LEARNED)
    trained = train(plan, dataset, run="r1", spec_text=LEARNED)
    return plan, dataset, trained, evaluate(plan, trained, dataset)


def _collapsed(logits):
    """Return what the likeliest id of each step says, in plain Python."""
    return [[i for i, _ in itertools.groupby(row) if i] for row in logits.argmax(axis=2).tolist()]


def test_a_text_that_no_step_is_told_is_learned(run):
    _, _, trained, evaluation = run
    assert trained.history["loss"] < 1
    assert evaluation.metrics["character_error_rate"] < 0.1
    assert evaluation.metrics["sequence_accuracy"] > 0.8
    # Without blanks a text is one word: it is wrong where anything in it is.
    assert evaluation.metrics["word_error_rate"] == pytest.approx(
        1 - evaluation.metrics["sequence_accuracy"]
    )


def test_predict_gives_ids_and_their_text_as_plain_keras_decodes_them(run):
    plan, _, trained, _ = run
    rows = digit_strips(replace(plan.data.source, samples=60, seed=11))
    told = predict_new_rows(Path(trained.path), rows)
    assert list(told.columns) == ["row", "digits", "digits_text"]
    model = keras.models.load_model(Path(trained.path, "model.keras"))
    logits = model.predict(rows.columns["strip"][..., None] / 16, verbose=0)
    assert told.columns["digits"].tolist() == _collapsed(logits)
    right = told.columns["digits_text"] == rows.columns["digits"]
    assert right.mean() > 0.8
    assert {len(text) for text in told.columns["digits_text"]} <= {0, 1, 2, 3, 4}


def test_the_model_is_one_that_keras_loads_alone(run):
    said = said_of_model_by_keras_alone(run[2], "model.loss.__class__.__name__")
    assert said[-1] == "CTC"


def test_predictions_hold_both_sides_in_the_width_of_the_steps(run):
    table = pq.read_table(Path(run[3].path, "predictions.parquet"))
    true, said = (np.stack(table[f"digits_{side}"].to_pylist()) for side in ("true", "pred"))
    assert true.shape == said.shape == (table.num_rows, 36)
    assert ((true == said).all(axis=1)).mean() == pytest.approx(run[3].metrics["sequence_accuracy"])


def test_the_baseline_says_what_most_texts_say(run):
    baseline = run[3].baseline
    assert baseline.rules == {
        "digits": "at each place the most frequent id of training, up to the padding"
    }
    assert 0.5 < baseline.metrics["character_error_rate"] <= 1
    assert baseline.comparison.better
    assert baseline.comparison.metric == "character_error_rate"


def test_the_report_shows_texts_beside_the_truth_the_worst_first(run):
    plan, dataset, trained, evaluation = run
    report = write_report(plan, dataset, trained, evaluation)
    page = Path(report.html).read_text()
    assert '<th scope="col">expected</th><th scope="col">decoded</th>' in page
    assert "wrong characters of a row" in page
    assert '<td><img src="data:image/png;base64,' in page


def test_a_beam_of_the_spec_decodes_the_test_rows_and_new_ones(run, capsys):
    _, dataset, trained, greedy = run
    plan, _ = prepared(BEAM)
    evaluation = evaluate(plan, trained, dataset, run="beam", spec_text=BEAM)
    better = evaluation.metrics["character_error_rate"] - greedy.metrics["character_error_rate"]
    assert better <= 0.01
    rows = digit_strips(replace(plan.data.source, samples=40, seed=12))
    by_spec = predict_new_rows(Path(evaluation.path), rows)
    by_word = predict_new_rows(Path(trained.path), rows, beam=6)
    assert by_spec.columns["digits"].tolist() == by_word.columns["digits"].tolist()
    with pytest.raises(WrongUsage, match="decodes ids from steps"):
        predict_new_rows(Path(trained.path), rows, length=3)


def test_new_rows_of_a_file_are_written_with_their_text(run, home):
    plan, _, trained, _ = run
    rows = digit_strips(replace(plan.data.source, samples=10, seed=13))
    np.savez(home / "new.npz", strip=rows.columns["strip"])
    out = home / "said.jsonl"
    assert predict_file(str(trained.path), (str(home / "new.npz"),), output=str(out)) == 0
    said = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["digits_text"] for one in said][:3]
    assert all(isinstance(one["digits"], list) for one in said)


def test_a_champion_that_decodes_is_compared_by_its_error_rate(run):
    plan, _, trained, evaluation = run
    champion = promote(plan, evaluation, trained)
    text = LEARNED.replace("units: 24", "units: 8").replace("epochs: 14", "epochs: 2")
    other, same = prepared(text)
    worse = train(other, same, run="r2", spec_text=text)
    compared = evaluate(other, worse, same, champion).comparison
    assert compared.metric == "character_error_rate"
    assert compared.champion == pytest.approx(evaluation.metrics["character_error_rate"])
    assert compared.challenger > 0.5
    assert not compared.better
    assert compared.p_value < 0.05


def test_a_champion_that_compares_place_by_place_has_other_targets(run):
    plan, _, trained, evaluation = run
    champion = promote(plan, evaluation, trained)
    head, end = LEARNED.index("    - Masking"), LEARNED.index("training:")
    text = (
        LEARNED[:head]
        + "    - Flatten\n    - Dense: 36\n    - {Reshape: [3, 12], name: digits}\n"
        + LEARNED[end:]
    )
    text = text.replace("CTC", "{SparseCategoricalCrossentropy: {from_logits: true}}")
    text = text.replace(
        "[character_error_rate, word_error_rate, sequence_accuracy]", "[token_accuracy]"
    )
    text = text.replace("{metric: character_error_rate,", "{metric: token_accuracy,")
    other, same = prepared(text.replace("epochs: 14", "epochs: 1"))
    placed = train(other, same, run="placed", spec_text=text)
    assert evaluate(other, placed, same, champion).not_compared == "it has other targets"


@pytest.fixture(scope="module")
def whole(home):
    plan, dataset = prepared(STRIPS)
    return train(plan, dataset, run="whole", spec_text=STRIPS)


def test_a_stopped_training_ends_with_the_weights_of_one_that_never_stopped(whole):
    plan, dataset = prepared(STRIPS)
    assert stopped_and_continued(plan, dataset, epochs=2).weights == whole.weights


def test_a_bound_on_memory_changes_no_weight(whole):
    plan, dataset = prepared(STRIPS)
    bounded = replace(plan, runtime=replace(plan.runtime, memory=200_000))
    assert train(bounded, dataset, run="streamed", spec_text=STRIPS).weights == whole.weights


# -- targets that do not fit ---------------------------------------------------------------------


def _waves(folder, rows):
    said = np.array([rows[i % len(rows)] for i in range(40)])
    wave = np.random.default_rng(0).normal(size=(40, 6, 2)).astype(np.float32)
    np.savez(folder / "waves.npz", wave=wave, said=said)
    return prepared(WAVES.format(folder=folder))


def test_rows_with_more_ids_than_steps_stop_a_training_with_their_number(home):
    plan, dataset = _waves(home, [[1, 2, 3, 4], [2, 2, 2, 2], [1, 0, 0, 0], [3, 0, 0, 0]])
    with pytest.raises(StepError, match=r"of `said` need more than the 6 steps.*up to 7") as found:
        train(plan, dataset, run="w1", spec_text="")
    assert found.value.code == "DL534"


def test_an_id_0_between_two_others_stops_a_training(home):
    plan, dataset = _waves(home, [[1, 2, 0, 0], [1, 0, 2, 0]])
    with pytest.raises(StepError, match="holds id 0 before another") as found:
        train(plan, dataset, run="w2", spec_text="")
    assert found.value.code == "DL534"


def test_equal_ids_in_a_row_need_a_step_between_them():
    ids = np.array([[1, 2, 3, 0], [1, 1, 1, 0], [0, 0, 0, 0], [2, 2, 1, 1]])
    assert steps_needed(ids).tolist() == [3, 5, 0, 6]


def test_what_is_drawn_for_strips_is_theirs_alone(home):
    plan, _ = prepared(STRIPS)
    table: Table = digit_strips(plan.data.source)
    again = digit_strips(plan.data.source)
    assert np.array_equal(table.columns["strip"], again.columns["strip"])
    assert table.columns["strip"].shape == (900, 8, 36)
    assert {len(text) for text in table.columns["digits"]} == {1, 2, 3}
    # Of a strip of one digit the picture is that of a single fold.
    of_fold = {}
    for strip, text, fold in zip(
        *(table.columns[n] for n in ("strip", "digits", "fold")), strict=True
    ):
        if len(text) == 1:
            held = np.flatnonzero(strip.any(axis=0))
            of_fold.setdefault(strip[:, held].tobytes(), set()).add(int(fold))
    assert {len(folds) for folds in of_fold.values()} == {1}
