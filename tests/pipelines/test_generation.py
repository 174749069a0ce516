"""Sequences that a trained model says by itself, in `predict` and in the evaluation."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pyarrow.parquet as pq
import pytest
from training_specs import prepared

from dlspec_pipelines.predict import predict as predict_file
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.generated_metrics import corpus_bleu
from dlspec_pipelines.steps.evaluation.new_rows import predict_new_rows
from dlspec_pipelines.steps.json_documents import METRICS, PLAN, document_text, read_document
from dlspec_pipelines.steps.reports import write_report
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.train import train

SPEC = """\
dlspec: 1
name: reversal
params: {{epochs: 9, beam: 1, activation: linear, from_logits: true}}
data:
  source: {{npz: {folder}/data.npz}}
  inputs:
    source: {{tokens: source, length: 5, vocabulary: 9}}
    previous: {{tokens: previous, length: 5, vocabulary: 9}}
  targets:
    next: {{tokens: next, length: 5, vocabulary: 9}}
  split: {{test: 0.1, seed: 1}}
model:
  inputs:
    source: {{shape: [5], dtype: int32}}
    previous: {{shape: [5], dtype: int32}}
  graph:
    - {{Embedding: [9, 16], name: read, from: source}}
    - {{GRU: {{units: 48, return_sequences: true, return_state: true}}, name: encoder}}
    - {{Embedding: [9, 16], name: said, from: previous}}
    - {decoder}
    - {{Attention, name: context, from: [decoder, encoder.out]}}
    - {{Concatenate, from: [decoder, context]}}
    - {{Dense: [9, {{activation: $activation}}], name: next}}
training:
  epochs: $epochs
  optimizer: {{Adam: {{learning_rate: 1e-2, clipnorm: 1.0}}}}
  loss: {{SparseCategoricalCrossentropy: {{from_logits: $from_logits}}}}
  seed: 2
evaluation:
  metrics: [generated_token_accuracy, generated_sequence_accuracy, generated_bleu]
prediction:
  generate: {{input: previous, start: 1, stop: 2, beam: $beam}}
"""
GRU = "{GRU: {units: 48, return_sequences: true}, name: decoder, call: {initial_state: encoder.h}}"
LOOKS_AHEAD = (
    GRU.replace("name: decoder", "name: gru")
    + "\n    - {ops.roll: {shift: -1, axis: 1}, name: decoder, from: gru}"
)
# Another output, words for the ids, and probabilities in the place of logits.
TWO_HEADS = (
    (
        "    next: {tokens: next, length: 5, vocabulary: 9}",
        "    begin: {class: begin, classes: 9}\n"
        "    next: {tokens: next, length: 5, vocabulary: [pad, start, stop, a, b, c, d, e, f]}",
    ),
    (
        "\ntraining:",
        "\n    - {Dense: [9, {activation: softmax}], name: begin, from: encoder.h}"
        "\n  outputs: [next, begin]\ntraining:",
    ),
    ("{input: previous,", "{input: previous, output: next,"),
)


def _reversals() -> dict[str, np.ndarray]:
    """Return sequences of one to four ids, and the same turned round, with id 2 at the end."""
    rng = np.random.default_rng(0)
    source, following = np.zeros((2, 1500, 5), dtype=np.int32)
    for row, length in enumerate(rng.integers(1, 5, 1500)):
        ids = rng.integers(3, 9, length)
        source[row, :length] = ids
        following[row, : length + 1] = [*ids[::-1], 2]
    start = np.ones((1500, 1), dtype=np.int32)
    return {
        "source": source,
        "previous": np.concatenate([start, following[:, :-1]], axis=1),
        "next": following,
        "begin": following[:, 0],
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("generation")
        patch.setenv("DLSPEC_HOME", str(folder / "home"))
        np.savez(folder / "data.npz", **_reversals())
        yield folder


def _trained(folder: Path, run: str, *, decoder: str = GRU, **params: object):
    text = SPEC.format(folder=folder, decoder=decoder)
    plan, dataset = prepared(text, **params)
    return plan, dataset, train(plan, dataset, run=run, spec_text=text)


@pytest.fixture(scope="module")
def run(home):
    return _trained(home, "r1")


SOURCES = Table({"source": np.array([[3, 4, 5, 0, 0], [8, 0, 0, 0, 0], [4, 4, 6, 7, 0]])})


def test_predict_says_the_ids_before_the_one_that_ends(run):
    said = predict_new_rows(Path(run[2].path), SOURCES)
    assert list(said.columns) == ["row", "next", "next_score"]
    assert said.columns["next"].tolist() == [[5, 4, 3], [8], [7, 6, 4, 4]]
    assert said.columns["next_score"].max() < 0


def test_greedy_search_says_what_a_loop_over_keras_says(run):
    model = keras.models.load_model(Path(run[2].path, "model.keras"))
    rows = Table({"source": np.random.default_rng(3).integers(3, 9, (20, 5))})
    read = np.tile(np.array([1, 0, 0, 0, 0]), (20, 1))
    likelihood = np.zeros((20, 5))
    for place in range(5):
        told = keras.ops.log_softmax(model.predict([rows.columns["source"], read], verbose=0))
        told = np.asarray(told)[:, place]
        likelihood[:, place] = told.max(axis=1)
        if place < 4:
            read[:, place + 1] = told.argmax(axis=1)
    last = told.argmax(axis=1)
    expected = []
    scores = []
    for row, ids in enumerate(np.concatenate([read[:, 1:], last[:, None]], axis=1).tolist()):
        end = ids.index(2) if 2 in ids else 5
        expected.append(ids[:end])
        scores.append(likelihood[row, : end + 1].sum())
    said = predict_new_rows(Path(run[2].path), rows)
    assert said.columns["next"].tolist() == expected
    np.testing.assert_allclose(said.columns["next_score"], scores, atol=1e-4)


def test_a_beam_says_nothing_less_likely_than_greedy_search_here(run):
    greedy, beam = (predict_new_rows(Path(run[2].path), SOURCES, beam=b) for b in (1, 4))
    assert beam.columns["next"].tolist() == [[5, 4, 3], [8], [7, 6, 4, 4]]
    assert (beam.columns["next_score"] >= greedy.columns["next_score"] - 1e-6).all()


def test_a_shorter_length_ends_a_sequence_sooner(run):
    said = predict_new_rows(Path(run[2].path), SOURCES, length=2)
    assert said.columns["next"].tolist() == [[5, 4], [8], [7, 6]]


@pytest.mark.parametrize("option", [{"beam": 10}, {"length": 6}])
def test_a_beam_or_a_length_out_of_range_is_refused(run, option):
    with pytest.raises(StepError, match="is out of range"):
        predict_new_rows(Path(run[2].path), SOURCES, **option)


def test_the_evaluation_measures_what_is_said_on_the_test_rows(run, home):
    plan, dataset, trained = run
    evaluation = evaluate(plan, trained, dataset)
    table = pq.read_table(Path(trained.path, "predictions.parquet")).to_pydict()
    true, said = (np.array(table[f"next_{side}"]) for side in ("true", "generated"))
    right = (true == said) | (true == 0)
    assert evaluation.metrics["generated_sequence_accuracy"] == right.all(axis=1).mean()
    assert evaluation.metrics["generated_sequence_accuracy"] > 0.9
    assert evaluation.metrics["generated_token_accuracy"] == pytest.approx(right[true != 0].mean())
    rows = Table({"source": _reversals()["source"][table["row"]]})
    by_predict = predict_new_rows(Path(trained.path), rows).columns["next"].tolist()
    assert [ids[: ids.index(2)] if 2 in ids else ids for ids in said.tolist()] == by_predict
    kept = read_document(Path(trained.path, "metrics.json"), METRICS)
    assert kept == evaluation.metrics
    report = write_report(plan, dataset, trained, evaluation)
    assert '<th scope="col">generated</th>' in Path(report.html).read_text()


def test_another_beam_is_measured_and_kept_without_training_again(run, home):
    plan, dataset, trained = run
    wider = replace(plan.prediction.generate, beam=4)
    plan = replace(plan, prediction=replace(plan.prediction, generate=wider))
    folder = Path(evaluate(plan, trained, dataset, run="r5").path)
    assert folder != Path(trained.path)
    kept = json.loads((folder / "plan.json").read_text())
    assert kept["prediction"]["generate"]["beam"] == 4
    by_keeping, by_asking = (
        predict_new_rows(folder, SOURCES),
        predict_new_rows(Path(trained.path), SOURCES, beam=4),
    )
    assert by_keeping.columns["next_score"].tolist() == by_asking.columns["next_score"].tolist()


def test_probabilities_say_what_logits_say_with_words_and_another_output(home):
    text = SPEC.format(folder=home, decoder=GRU)
    for old, new in TWO_HEADS:
        assert old in text
        text = text.replace(old, new)
    plan, dataset = prepared(text, activation="softmax", from_logits=False)
    trained = train(plan, dataset, run="r2", spec_text=text)
    said = predict_new_rows(Path(trained.path), SOURCES, beam=3)
    assert said.columns["next"].tolist() == [[5, 4, 3], [8], [7, 6, 4, 4]]
    assert said.columns["next_text"].tolist() == ["c b a", "f", "e d b b"]
    assert said.columns["begin"].tolist() == [5, 8, 7]


def test_a_look_ahead_that_the_text_hides_is_found_on_data(home):
    _, _, trained = _trained(home, "r3", decoder=LOOKS_AHEAD, epochs=1)
    with pytest.raises(StepError) as caught:
        predict_new_rows(Path(trained.path), SOURCES)
    assert caught.value.code == "DL517"
    assert "at place 0 of `next` depends on ids of `previous`" in caught.value.message


def test_a_model_that_says_nothing_by_itself_takes_no_beam(run, tmp_path):
    folder = shutil.copytree(run[2].path, tmp_path / "plain")
    plan = read_document(folder / "plan.json", PLAN)
    del plan["prediction"]
    (folder / "plan.json").write_text(document_text(PLAN, plan))
    with pytest.raises(StepError, match="`reversal` generates no ids"):
        predict_new_rows(folder, SOURCES, beam=2)


def test_the_command_writes_the_ids_as_a_list(run, tmp_path, capsys):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"source": [3, 4, 5]}\n{"source": [8]}\n')
    assert predict_file(run[2].path, (str(rows),), output=None, beam=2) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == "row,next,next_score"
    assert [line.rpartition(",")[0] for line in lines] == ['0,"[5, 4, 3]"', "1,[8]"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # As sacrebleu 2 gives them with `smooth_method="none"`, over 100.
        (
            [[2, 3, 4, 5, 6, 6], [8, 2, 5, 3], [4, 4, 4, 4, 4], [9, 2, 3, 4, 5, 7, 8]],
            0.7213095174515409,
        ),
        ([[2, 3, 4, 5, 6], [8, 2, 5], [4, 4, 4], [9, 2, 3, 4, 5]], 0.6456485264278924),
        ([[2, 3, 4, 5, 6, 7], [8, 8, 2, 5, 3], [4, 4, 4, 4], [9, 2, 3, 4, 5, 6, 7, 8]], 1.0),
        ([[3, 2], [5, 8], [9], [9]], 0.0),
    ],
)
def test_bleu_is_that_of_sacrebleu(said, expected):
    true = [[2, 3, 4, 5, 6, 7], [8, 8, 2, 5, 3], [4, 4, 4, 4], [9, 2, 3, 4, 5, 6, 7, 8]]
    assert corpus_bleu(true, said) == pytest.approx(expected)
