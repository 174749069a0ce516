"""A small task of each kind of feature is learned, and `predict` reads rows as training did."""

import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import metrics as sk
from training_specs import prepared

import dlspec
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.new_rows import predict_new_rows
from dlspec_pipelines.steps.evaluation.outputs import signature_of
from dlspec_pipelines.steps.evaluation.predictions_file import read_predictions
from dlspec_pipelines.steps.figure_texts import percent_text
from dlspec_pipelines.steps.reports import write_report
from dlspec_pipelines.steps.training.train import train


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))


def _learned(text, target):
    """Train, measure and report a spec; check that `predict` says of the test rows the same."""
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text=text)
    measured = evaluate(plan, trained, dataset)
    rows, predicted = read_predictions(
        Path(measured.path) / "predictions.parquet", signature_of(plan)
    )
    page = Path(write_report(plan, dataset, trained, measured).html).read_text()
    told = predict_new_rows(Path(trained.path), read_source_table(plan.data.source, Path()))
    at = np.searchsorted(told.columns["row"], rows)
    assert (told.columns["row"][at] == rows).all()
    return measured, predicted[target], {n: c[at] for n, c in told.columns.items()}, page


LABELS = """\
dlspec: 1
name: shapes
data:
  source: {csv: shapes.csv}
  inputs: {point: {vector: [x, y, z], standardize: true}}
  targets: {signs: {labels: signs, classes: [left, low, near], missing: none}}
  split: {test: 0.25, seed: 1}
model:
  inputs: {point: [3]}
  graph: [{Dense: [3, {activation: sigmoid}], name: signs}]
training: {epochs: 25, loss: BinaryCrossentropy, optimizer: {Adam: {learning_rate: 0.1}}, seed: 1}
evaluation: {metrics: [accuracy, f1_macro, f1_micro, label_accuracy, log_loss, roc_auc]}
"""


def _write_shapes():
    points = np.random.default_rng(3).normal(size=(400, 3))
    held = pd.DataFrame(points < 0, columns=["left", "low", "near"])
    texts = ["|".join(held.columns[row]) for row in held.to_numpy()]
    table = pd.DataFrame(points, columns=list("xyz")).assign(signs=texts)
    table.join(held.astype(int)).to_csv("shapes.csv", index=False)


def test_labels_are_learned_and_told_by_name():
    _write_shapes()
    measured, predicted, told, page = _learned(LABELS, "signs")
    assert measured.metrics["label_accuracy"] > 0.95
    np.testing.assert_array_equal(told["signs"], predicted.guess)
    np.testing.assert_allclose(told["signs_probability"], predicted.probability, rtol=1e-5)
    names = np.array(["left", "low", "near"])
    assert "Scores per label" in page
    assert '<th scope="row">near</th>' in page
    assert told["signs_text"].tolist() == ["|".join(names[r > 0]) for r in predicted.guess]


def test_labels_in_columns_are_the_same_as_in_one():
    _write_shapes()
    _, one = prepared(LABELS)
    in_columns = "{labels: [left, low, near]}"
    _, several = prepared(
        LABELS.replace("{labels: signs, classes: [left, low, near], missing: none}", in_columns)
    )
    parts = [np.load(Path(d.path) / "train" / "targets" / "signs.npy") for d in (one, several)]
    np.testing.assert_array_equal(*parts)


def test_labels_are_measured_as_scikit_learn_does():
    _write_shapes()
    measured, p, _, _ = _learned(LABELS, "signs")
    expected = {
        "accuracy": sk.accuracy_score(p.true, p.guess),
        "f1_macro": sk.f1_score(p.true, p.guess, average="macro"),
        "f1_micro": sk.f1_score(p.true, p.guess, average="micro"),
        "label_accuracy": 1 - sk.hamming_loss(p.true, p.guess),
        "roc_auc": sk.roc_auc_score(p.true, p.probability),
        "log_loss": float(keras.losses.binary_crossentropy(p.true, p.probability).numpy().mean()),
    }
    for name, value in expected.items():
        assert measured.metrics[name] == pytest.approx(value, rel=1e-4), name
    assert measured.baseline.rules == {"signs": "always the labels that hold in most training rows"}


@pytest.mark.parametrize("loss", ["SparseCategoricalCrossentropy", "CategoricalCrossentropy"])
def test_a_loss_over_exclusive_classes_is_refused_on_labels(loss):
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.loads(LABELS.replace("BinaryCrossentropy", loss))
    (found,) = caught.value.diagnostics
    assert found.help == "write `BinaryCrossentropy`, or make the target a `class`"


VIDEO = """\
dlspec: 1
name: video
data:
  source: {npz: video.npz}
  inputs: {frames: {tensor: frames, shape: [3, 4, 4, 1], standardize: true}}
  targets: {last: {tensor: last, shape: [4, 4], scale: 0.1}}
  split: {test: 0.25, seed: 1}
model:
  inputs: {frames: [3, 4, 4, 1]}
  graph:
    - Flatten
    - Dense: 16
    - {Reshape: [4, 4], name: last}
training: {epochs: 30, loss: MeanSquaredError, optimizer: {Adam: {learning_rate: 0.03}}, seed: 1}
evaluation: {metrics: [mae, r2]}
"""


def test_arrays_of_any_rank_are_read_and_learned():
    frames = np.random.default_rng(4).normal(5, 2, size=(400, 3, 4, 4))
    np.savez("video.npz", frames=frames, last=frames[:, -1])
    measured, predicted, told, _ = _learned(VIDEO, "last")
    assert measured.metrics["r2"] > 0.9
    assert told["last"].shape[1:] == (4, 4)
    np.testing.assert_allclose(told["last"].reshape(-1, 16), predicted.guess, rtol=1e-4, atol=1e-4)


PIXELS = """\
dlspec: 1
name: pixels
data:
  source: {npz: pixels.npz}
  inputs: {image: {image: images, size: [8, 8], channels: 1}}
  targets: {kind: {mask: masks, shape: [8, 8], classes: [0, 10, 20], ignore: 255}}
  split: {test: 0.25, seed: 1}
model:
  inputs: {image: [8, 8, 1]}
  graph:
    - Conv2D: [16, 1, {activation: relu}]
    - {Conv2D: [3, 1, {activation: softmax}], name: kind}
training:
  epochs: 20
  loss: {SparseCategoricalCrossentropy: {ignore_class: 255}}
  optimizer: {Adam: {learning_rate: 0.05}}
  seed: 1
evaluation: {metrics: [pixel_accuracy, mean_iou]}
"""


def test_masks_are_learned_and_measured_as_keras_does():
    images = np.random.default_rng(5).random((200, 8, 8, 1))
    masks = np.floor(images[..., 0] * 3).astype(int) * 10
    masks[:, 0, :2] = 255
    np.savez("pixels.npz", images=images, masks=masks)
    measured, p, told, page = _learned(PIXELS, "kind")
    assert measured.metrics["pixel_accuracy"] > 0.9
    judge = keras.metrics.MeanIoU(3, ignore_class=-1)
    judge.update_state(p.true, p.guess)
    assert measured.metrics["mean_iou"] == pytest.approx(float(judge.result()))
    counted = p.true >= 0
    assert counted.mean() == pytest.approx(62 / 64)
    assert measured.metrics["pixel_accuracy"] == pytest.approx(
        sk.accuracy_score(p.true[counted], p.guess[counted])
    )
    np.testing.assert_array_equal(told["kind"].reshape(-1, 64).astype(int), p.guess * 10)
    assert measured.baseline.metrics["mean_iou"] < 0.3
    assert f"{percent_text(2 / 64)} are of no class" in page
    _require_pictures_of_masks(page, p)


def _require_pictures_of_masks(page, p):
    """Check that the least right masks stand there: the picture, the truth, what was said."""
    shown = page[page.index("The least right masks") :]
    pictures = [
        np.asarray(Image.open(BytesIO(b64decode(found))))
        for found in re.findall(r'src="data:image/png;base64,([^"]+)" alt="Row', shown)
    ]
    true, guess = (side.reshape(-1, 8, 8) for side in (p.true, p.guess))
    right = ((true == guess) & (true >= 0)).sum(axis=(1, 2))
    worst = np.argsort(right, kind="stable")[:6]
    assert len(pictures) == 6
    legend = re.findall(r'background:#(\w{6})"></span>(\d+)', shown)
    assert [name for _, name in legend] == ["0", "10", "20"]
    colours = np.array([list(bytes.fromhex(colour)) for colour, _ in legend] + [[255] * 3])
    for drawn, row in zip(pictures, worst, strict=True):
        # Three squares of 8 places with a line between two.
        assert drawn.shape == (8, 26, 3)
        np.testing.assert_array_equal(drawn[:, 9:17], colours[true[row]])
        said = np.where(true[row] >= 0, guess[row], -1)
        np.testing.assert_array_equal(drawn[:, 18:], colours[said])


TAGS = """\
dlspec: 1
name: tags
data:
  source: {json_lines: tags.jsonl}
  inputs: {words: {tokens: words, length: 6, vocabulary: 12}}
  targets: {tag: {mask: tags, shape: [6], classes: [noun, verb, other], ignore: 9}}
  split: {test: 0.25, seed: 1}
model:
  inputs: {words: {shape: [6], dtype: int32}}
  graph:
    - Embedding: [12, 8]
    - {Dense: [3, {activation: softmax}], name: tag}
training:
  epochs: 15
  loss: {SparseCategoricalCrossentropy: {ignore_class: 9}}
  optimizer: {Adam: {learning_rate: 0.05}}
  seed: 1
evaluation: {metrics: [pixel_accuracy]}
"""


def test_sequences_of_several_lengths_are_tagged():
    draw, names = np.random.default_rng(6), ("noun", "verb", "other")
    rows = [draw.integers(1, 12, size=draw.integers(2, 7)) for _ in range(200)]
    lines = [{"words": row.tolist(), "tags": [names[i % 3] for i in row]} for row in rows]
    pd.DataFrame(lines).to_json("tags.jsonl", orient="records", lines=True)
    measured, p, told, _ = _learned(TAGS, "tag")
    assert measured.metrics["pixel_accuracy"] > 0.95
    assert told["tag"].tolist() == np.array(names)[p.guess].tolist()
