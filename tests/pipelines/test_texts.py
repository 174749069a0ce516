"""Models of texts: from a table of strings to a trained model, and from its ids back to words."""

import csv
from pathlib import Path

import numpy as np
import pytest
from training_specs import prepared

from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.new_rows import predict_new_rows
from dlspec_pipelines.steps.reports import write_report
from dlspec_pipelines.steps.training.train import train

SPEC = """\
dlspec: 1
name: numerals
data:
  source: {{csv: {folder}/numerals.csv}}
  inputs:
    source: {{text: english, vocabulary: 12, length: 4}}
    said: {{text: french, vocabulary: 14, length: 5, start: true, end: true}}
  targets:
    next: {{text: french, length: 5, like: said, shift: 1}}
  split: {{test: 0.1, seed: 1}}
model:
  inputs:
    source: {{shape: [4], dtype: int32}}
    said: {{shape: [5], dtype: int32}}
  graph:
    - {{Embedding: [12, 16], name: read, from: source}}
    - {{GRU: {{units: 48, return_sequences: true, return_state: true}}, name: encoder}}
    - {{Embedding: [14, 16], name: heard, from: said}}
    - GRU: {{units: 48, return_sequences: true}}
      name: decoder
      call: {{initial_state: encoder.h}}
    - {{Attention, name: context, from: [decoder, encoder.out]}}
    - {{Concatenate, from: [decoder, context]}}
    - {{Dense: 14, name: next}}
training:
  epochs: 12
  optimizer: {{Adam: {{learning_rate: 1e-2, clipnorm: 1.0}}}}
  loss: {{SparseCategoricalCrossentropy: {{from_logits: true, ignore_class: 0}}}}
  seed: 2
evaluation:
  metrics: [token_accuracy, generated_sequence_accuracy, generated_bleu]
prediction:
  generate: {{input: said, start: 2, stop: 3}}
"""
NUMERALS = {
    "one": "un", "two": "deux", "three": "trois", "four": "quatre", "five": "cinq",
    "six": "six", "seven": "sept", "eight": "huit", "nine": "neuf", "ten": "dix",
}  # fmt: skip


def _said_in_french(english):
    return " ".join(NUMERALS[word] for word in english.lower().rstrip(".").split())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numerals")
    generator = np.random.default_rng(3)
    words = list(NUMERALS)
    with folder.joinpath("numerals.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["english", "french"])
        for _ in range(1500):
            english = " ".join(generator.choice(words, generator.integers(1, 5)))
            rows.writerow([english.capitalize() + ".", _said_in_french(english)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLSPEC_HOME", str(folder / "home"))
        text = SPEC.format(folder=folder)
        plan, dataset = prepared(text)
        model = train(plan, dataset, run="numerals", spec_text=text)
        yield plan, dataset, model


def test_a_translation_is_learned_and_said_in_words(trained):
    plan, dataset, model = trained
    evaluation = evaluate(plan, model, dataset)
    assert evaluation.metrics["generated_sequence_accuracy"] >= 0.9
    english = ["Two seven one.", "ten", "Six six NINE four"]
    column = np.empty(3, dtype=object)
    column[:] = english
    told = predict_new_rows(Path(model.path), Table({"english": column})).columns
    assert told["next_text"].tolist() == [_said_in_french(text) for text in english]
    assert all(3 not in ids for ids in told["next"])
    report = write_report(plan, dataset, model, evaluation)
    assert Path(report.html).is_file()
