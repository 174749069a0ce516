"""Run folders as training and evaluation leave them, made in a second by scikit-learn models."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

import dlspec
from dlspec_pipelines.steps.file_digests import write_file_digests
from dlspec_pipelines.steps.json_documents import METRICS, RUN, document_text
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import invert_predictions, load_preparation
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.records import Dataset, Evaluation, GateResult, TrainedModel

DIGITS = """\
dlspec: 1
name: digits
description: Ten digits & <one> layer.
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}
  expect: {images: {in_range: [0, 16]}}
model:
  inputs: {image: [8, 8, 1]}
  graph:
    - Conv2D: {filters: 8, kernel_size: 3, padding: same, activation: relu}
    - MaxPooling2D: 2
    - Flatten
    - Dense: [64, {activation: relu}]
    - {Dense: 10, name: digit}
training:
  epochs: 20
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  metrics: [accuracy]
  seed: 7
evaluation:
  metrics: [accuracy]
  gates: {accuracy: ">= 0.5", loss: "<= 0.000001"}
"""

CLASSES = """\
dlspec: 1
name: hundred
data:
  source: {npz: hundred.npz}
  inputs: {place: {vector: place, length: 2}}
  targets: {kind: {class: kind, classes: 100}}
  split: {validation: 0.1, test: 0.4, seed: 1}
model:
  inputs: {place: [2]}
  graph: [{Dense: [100, {activation: softmax}], name: kind}]
training: {epochs: 3, loss: SparseCategoricalCrossentropy, metrics: [accuracy]}
"""

MOONS = """\
dlspec: 1
name: moons
data:
  source: {synthetic: two_moons, samples: 600, noise: 0.25, seed: 1}
  inputs: {place: {vector: [x, y]}}
  targets: {moon: {binary: moon}}
  split: {validation: 0.2, test: 0.3, seed: 1}
model:
  inputs: {place: [2]}
  graph: [{Dense: [1, {activation: sigmoid}], name: moon}]
training: {epochs: 3, loss: BinaryCrossentropy}
"""

PROGRESSION = """\
dlspec: 1
name: progression
data:
  source: {sklearn: diabetes}
  inputs: {measures: {vector: data, length: 10, standardize: true}}
  targets: {progression: {number: target, standardize: true}}
  split: {validation: 0.2, test: 0.3, seed: 1}
model:
  inputs: {measures: [10]}
  graph: [{Dense: 1, name: progression}]
training: {epochs: 3, loss: MeanSquaredError, metrics: [MeanAbsoluteError]}
"""

SINE = """\
dlspec: 1
name: sine
data:
  source: {synthetic: sine, samples: 800, noise: 0.1, seed: 3}
  inputs: {past: {series: value, length: 24}}
  targets: {future: {series: value, horizon: 6}}
  split: {time: time, validation: 0.15, test: 0.25}
model:
  inputs: {past: [24, 1]}
  graph: [Flatten, {Dense: 6, name: future}]
training: {epochs: 3, loss: MeanSquaredError}
"""

REVERSAL = """\
dlspec: 1
name: reversal
data:
  source: {synthetic: sequence_reversal, samples: 300, length: 5, vocabulary: 9, seed: 5}
  inputs:
    source: {tokens: source, length: 5, vocabulary: 9}
    previous: {tokens: decoder_input, length: 5, vocabulary: 9}
  targets: {next: {tokens: decoder_target, length: 5, vocabulary: 9}}
  split: {validation: 0.1, test: 0.3, seed: 5}
model:
  inputs:
    source: {shape: [5], dtype: int32}
    previous: {shape: [5], dtype: int32}
  graph:
    - {Embedding: [9, 8], name: source_vectors, from: source}
    - {GRU: {units: 16, return_sequences: true, return_state: true}, name: encoder}
    - {Embedding: [9, 8], name: previous_vectors, from: previous}
    - {GRU: {units: 16, return_sequences: true}, name: decoder, call: {initial_state: encoder.h}}
    - {Attention, name: context, from: [decoder, encoder.out]}
    - {Concatenate, from: [decoder, context]}
    - {Dense: 9, name: next}
training: {epochs: 3, loss: {SparseCategoricalCrossentropy: {from_logits: true}}}
"""


@dataclass(frozen=True)
class Run:
    """All that `render` takes, and the columns that the predictions hold."""

    plan: dlspec.Plan
    dataset: Dataset
    trained: TrainedModel
    evaluation: Evaluation
    predictions: dict

    @property
    def folder(self):
        return Path(self.evaluation.path)

    @property
    def records(self):
        return self.plan, self.dataset, self.trained, self.evaluation


def digits_run(home):
    """Return a run whose history has 20 epochs of a real network, and which fails one gate."""
    plan, dataset = _prepared(DIGITS, home)
    (x, y), (validation_x, validation_y), (test_x, _) = _arrays(dataset, "image", "digit")
    model = MLPClassifier((12,), learning_rate_init=3e-3, random_state=7, batch_size=32)
    history = []
    for epoch in range(20):
        model.partial_fit(x, y, classes=range(10))
        row = {"epoch": epoch + 1}
        for prefix, (features, ids) in {"": (x, y), "val_": (validation_x, validation_y)}.items():
            stated = model.predict_proba(features)
            row[prefix + "loss"] = log_loss(ids, stated, labels=range(10))
            row[prefix + "accuracy"] = accuracy_score(ids, stated.argmax(axis=1))
        history.append({**row, "learning_rate": 1e-3, "seconds": 0.1})
    columns = _class_columns(dataset, "digit", model.predict_proba(test_x))
    return _run(plan, dataset, DIGITS, home=home, columns=columns, history=history)


def hundred_classes_run(home):
    """Return a run over a hundred overlapping clouds of points."""
    rng = np.random.default_rng(0)
    kind = np.arange(4000) % 100
    centers = np.stack([kind % 10, kind // 10], axis=1)
    place = (centers + rng.normal(0, 0.35, centers.shape)).astype(np.float32)
    home.mkdir(parents=True, exist_ok=True)
    np.savez(home / "hundred.npz", place=place, kind=kind)
    plan, dataset = _prepared(CLASSES, home)
    (x, y), _, (test_x, _) = _arrays(dataset, "place", "kind")
    stated = GaussianNB().fit(x, y).predict_proba(test_x)
    return _run(plan, dataset, CLASSES, home=home, columns=_class_columns(dataset, "kind", stated))


def moons_run(home):
    """Return a run of two classes, told apart by one probability."""
    plan, dataset = _prepared(MOONS, home)
    (x, y), _, (test_x, test_y) = _arrays(dataset, "place", "moon")
    stated = LogisticRegression().fit(x, y.ravel()).predict_proba(test_x)[:, 1]
    columns = {
        **_rows(dataset),
        "moon_true": test_y.ravel().astype(np.int32),
        "moon_pred": (stated >= 0.5).astype(np.int32),
        "moon_p1": stated.astype(np.float32),
    }
    return _run(plan, dataset, MOONS, home=home, columns=columns)


def progression_run(home):
    """Return a regression in the target's own unit."""
    plan, dataset = _prepared(PROGRESSION, home)
    (x, y), _, (test_x, test_y) = _arrays(dataset, "measures", "progression")
    preparation = load_preparation(Path(dataset.path))
    predicted = Ridge().fit(x, y).predict(test_x).reshape(-1, 1)
    sides = {"true": test_y, "pred": predicted}
    columns = {
        f"progression_{side}": np.ravel(
            invert_predictions(preparation, "progression", np.array(values))
        )
        for side, values in sides.items()
    }
    return _run(plan, dataset, PROGRESSION, home=home, columns={**_rows(dataset), **columns})


def sine_run(home):
    """Return a forecast of six steps."""
    plan, dataset = _prepared(SINE, home)
    (x, y), _, (test_x, test_y) = _arrays(dataset, "past", "future")
    predicted = Ridge().fit(x, y).predict(test_x)
    columns = {"future_true": list(test_y.astype(np.float32)), "future_pred": list(predicted)}
    return _run(plan, dataset, SINE, home=home, columns={**_rows(dataset), **columns})


def reversal_run(home):
    """Return a run over sequences; too few rows were learnt from to get all of them right."""
    plan, dataset = _prepared(REVERSAL, home)
    (x, y), _, (test_x, test_y) = _arrays(dataset, "source", "next")
    one_hot, asked = np.eye(9)[x.astype(int)].reshape(len(x), -1), np.eye(9)[test_x.astype(int)]
    places = [LogisticRegression(C=0.02).fit(one_hot, y[:, i]) for i in range(5)]
    predicted = [model.predict(asked.reshape(len(test_x), -1)) for model in places]
    columns = {
        **_rows(dataset),
        "next_true": list(test_y.astype(np.int32)),
        "next_pred": list(np.stack(predicted, axis=1).astype(np.int32)),
    }
    return _run(plan, dataset, REVERSAL, home=home, columns=columns)


def _prepared(text, home):
    home.mkdir(parents=True, exist_ok=True)
    plan = dlspec.loads(text)
    return plan, prepare_dataset(plan.data, base=home)


def _arrays(dataset, source, target):
    parts = [open_part(dataset, part) for part in ("train", "validation", "test")]
    return [
        (np.array(p.inputs[source]).reshape(len(p.rows), -1), np.array(p.targets[target]))
        for p in parts
    ]


def _rows(dataset):
    rows = open_part(dataset, "test").rows
    return {"row": np.array(rows), "part": ["test"] * len(rows)}


def _class_columns(dataset, target, stated):
    true = np.array(open_part(dataset, "test").targets[target]).astype(np.int32)
    columns = {**_rows(dataset), f"{target}_true": true}
    columns[f"{target}_pred"] = stated.argmax(axis=1).astype(np.int32)
    shares = stated.astype(np.float32).T
    return columns | {f"{target}_p{k}": column for k, column in enumerate(shares)}


def _run(plan, dataset, text, *, home, columns, history=None):
    folder = home / "runs" / plan.name / "4f6c1f0e"
    folder.mkdir(parents=True)
    history = history or [
        {"epoch": k, "loss": 1 / k, "val_loss": 1.2 / k, "learning_rate": 0.1**k, "seconds": 0.1}
        for k in (1, 2, 3)
    ]
    with (folder / "history.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, history[0])
        writer.writeheader()
        writer.writerows(history)
    pq.write_table(pa.table(columns), folder / "predictions.parquet")
    facts = {
        "run": "4f6c1f0e",
        "seed": plan.training.seed,
        "digests": {"data": dataset.digest},
        "versions": {"python": "3.11.7", "keras": "3.15.0"},
        "host": {"cpus": 2, "devices": ["cpu"]},
        "started": "2026-11-21T01:02:03+00:00",
    }
    (folder / "run.json").write_text(document_text(RUN, facts))
    (folder / "spec.yaml").write_text(text)
    metrics = {"loss": float(history[-1]["loss"])}
    targets = [name for name in plan.data.targets if f"{name}_p0" in columns]
    for name in targets:
        metrics["accuracy"] = accuracy_score(columns[f"{name}_true"], columns[f"{name}_pred"])
    (folder / "metrics.json").write_text(document_text(METRICS, metrics))
    write_file_digests(folder, ["history.csv", "predictions.parquet", "spec.yaml"])
    gates = plan.evaluation.gates if plan.evaluation else ()
    results = tuple(
        GateResult(
            gate.metric,
            f"{gate.comparison} {gate.threshold:g}",
            metrics[gate.metric],
            gate.is_met_by(metrics[gate.metric]),
        )
        for gate in gates
    )
    trained = TrainedModel(
        run="4f6c1f0e",
        path=str(folder),
        name=plan.name,
        weights="0f" * 32,
        dataset=dataset.fingerprint,
        epochs=len(history),
        seconds=9.81,
        parameters=1234,
        flops=56789,
        continued_from_epoch=0,
        history=history[-1],
    )
    evaluation = Evaluation("4f6c1f0e", str(folder), plan.name, metrics, results, None)
    return Run(plan, dataset, trained, evaluation, columns)
