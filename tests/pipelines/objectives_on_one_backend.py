"""What a training of each kind comes to on one backend, from the same weights on each of them.

    objectives_on_one_backend.py OUT

Nothing is drawn at random but the noise of turns. Weights go to OUT.npz, all else to OUT.json.
"""

import json
import os
import sys
import zlib
from pathlib import Path

import keras
import numpy as np
from mood_texts import MOOD, write_mood_texts
from stopped_trainings import whole_and_continued
from training_specs import FOCAL, OWN_FOCAL, STRIPS, prepared
from turn_specs import ASKED_IN_FLOAT16, FOLLOWED, FORGED_IN_FLOAT16, FORGED_WITHOUT_DROPOUT, TAUGHT
from turns_by_hand import MODELS, loss_scales_after, pair_by_hand

import dlspec
from dlspec.backends.penalties_model import PenaltiesModel
from dlspec.backends.weights import write_weights
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.start import find_start
from dlspec_pipelines.steps.training.objective_file import load_objective
from dlspec_pipelines.steps.training.train import samples_for_model, train

# A token and positions that are weights of their own, as a transformer of images has them.
OWN_WEIGHTS = """\
dlspec: 1
name: own_weights
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: 0.0625}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}
model:
  inputs: {image: [8, 8, 1]}
  graph:
    - Reshape: [8, 8]
    - {Dense: 6, name: seen}
    - {Concatenate: 1, branches: [[{weight: [1, 6], name: token}], []]}
    - {Add, branches: [[], [{weight: [9, 6], name: positions}]]}
    - {Dense: [12, tanh], name: told}
    - Flatten
    - {Dense: 10, name: digit}
training:
  epochs: 2
  batch_size: 64
  optimizer: {Adam: {learning_rate: 5e-3}}
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  seed: 7
evaluation: {metrics: [accuracy]}
"""
# Every row and weight that the file does not give is the same everywhere; Adam would make steps of
# what is rounded otherwise near 0.
SAME_MOOD = (
    MOOD.replace("[22, 4]", "[22, 4, {embeddings_initializer: zeros}]")
    .replace("{Dense: 1, ", "{Dense: [1, {kernel_initializer: {Constant: 0.1}}], ")
    .replace("  epochs: 3\n", "  epochs: 3\n  optimizer: {SGD: {learning_rate: 0.1}}\n")
)
KINDS = {
    "follow": TAUGHT.replace("terms: {apart: 0}", "terms: {apart: 0.5}"),
    "weight": OWN_WEIGHTS,
    "vectors": SAME_MOOD,
    "aligned": STRIPS.replace("    - Dropout: 0.1\n", ""),
}
PRECISIONS = ("mixed_float16", "mixed_bfloat16")


def write_start(plan: dlspec.Plan, path: Path) -> None:
    """Write weights that depend on their names alone."""
    model = dlspec.compile(plan)
    predicting = model.predicting if isinstance(model, PenaltiesModel) else model
    for weight in predicting.trainable_variables:
        random, shape = np.random.default_rng(zlib.crc32(weight.path.encode())), weight.shape
        bound = np.sqrt(3 / np.prod(shape[:-1])) if len(shape) > 1 else 0.1
        weight.assign(random.uniform(-bound, bound, tuple(shape)).astype("float32"))
    write_weights(predicting, path)


def trained_kind(name: str, text: str) -> tuple[dict, list[np.ndarray]]:
    """Return what a training came to, whole and continued, and the weights that it ended with."""
    plan, dataset = prepared(text)
    start = None
    # Vectors would be overwritten.
    if name != "vectors":
        write_start(plan, Path("begun.weights.h5"))
        start = find_start("begun.weights.h5")
    whole, resumed = whole_and_continued(plan, dataset, start=start)
    measured = evaluate(plan, resumed, dataset).metrics
    saved = keras.models.load_model(Path(resumed.path, "model.keras"))
    told = {
        "weights": [whole.weights, resumed.weights],
        "histories": [whole.history, resumed.history],
        "continued_from": resumed.continued_from_epoch,
        "taken": [] if start is None else list(whole.start.initialised),
        "metrics": {n: v for n, v in measured.items() if isinstance(v, float | int)},
    }
    return told, saved.get_weights()


def begun_rows() -> dict:
    """Return the rows of the embedding of words in the file, frozen, after a training."""
    frozen = SAME_MOOD.replace("name: seen", "trainable: false, name: seen")
    plan, dataset = prepared(frozen)
    trained = train(plan, dataset, run="frozen", spec_text="")
    saved = keras.models.load_model(Path(trained.path, "model.keras"))
    (table,) = saved.get_layer("seen").get_weights()
    return {"rows": table.tolist(), "found": trained.vectors_from["seen"].found}


def follower_beside_average() -> dict[str, float]:
    """Return how far a follower is, step by step, from the average of what it follows."""
    plan, dataset = prepared(FOLLOWED)
    keras.utils.set_random_seed(7)
    model = dlspec.compile(plan)
    student, teacher = (model.get_layer(name) for name in ("student", "teacher"))
    expected, apart = student.get_weights(), []
    points = np.array(samples_for_model(plan, dataset, "train").inputs["point"])
    for step in range(6):
        model.train_on_batch(points[32 * step : 32 * step + 32])
        expected = [
            0.9 * mine + (1 - 0.9) * other
            for mine, other in zip(expected, student.get_weights(), strict=True)
        ]
        for own, other in zip(teacher.get_weights(), expected, strict=True):
            apart.append(float(np.max(np.abs(own - other) / (np.abs(other) + 1e-2))))
    moved = np.abs(expected[0] - student.get_weights()[0]).max()
    return {"apart": max(apart), "moved": float(moved)}


def turns_beside_a_step_by_hand(precision: str) -> dict:
    """Return how far turns in a precision moved, and how far a step by hand is from there."""
    asked = ASKED_IN_FLOAT16 if precision == "mixed_float16" else {}
    in_bfloat16 = f"{FORGED_WITHOUT_DROPOUT}runtime: {{precision: {precision}}}\n"
    text = FORGED_IN_FLOAT16 if asked else in_bfloat16
    plan, dataset = prepared(text.replace("name: forged\ndata", f"name: forged_{precision}\ndata"))
    whole, resumed = whole_and_continued(plan, dataset)
    begun, pair = pair_by_hand(plan, dataset, **asked)
    model = load_objective(Path(resumed.path), plan)
    ours = [array for name in MODELS for array in model.get_layer(name).get_weights()]

    def distances(others: list) -> list[float]:
        return [float(np.abs(a - b).max()) for a, b in zip(ours, others, strict=True)]

    return {
        "weights": [whole.weights, resumed.weights],
        "histories": [whole.history, resumed.history],
        "moved": distances(begun),
        "apart": distances(pair.weights()),
        "scales": [loss_scales_after(plan, dataset), pair.loss_scales()] if asked else [],
    }


def own_loss_in_float16() -> list[dict]:
    """Return the histories of Keras's focal loss and of one that says it in the spec."""
    histories = []
    for run, text in (("keras", FOCAL), ("own", OWN_FOCAL)):
        plan, dataset = prepared(f"{text}runtime: {{precision: mixed_float16}}\n", epochs=2)
        histories.append(train(plan, dataset, run=run, spec_text="").history)
    return histories


def main(out: str) -> None:
    """Write what was found to two files."""
    folder = Path(out).parent
    os.chdir(folder)
    write_mood_texts(folder)
    told, arrays = {}, {}
    for name, text in KINDS.items():
        told[name], weights = trained_kind(name, text)
        arrays |= {f"{name}/{i}": array for i, array in enumerate(weights)}
    found = {
        "backend": keras.config.backend(),
        "kinds": told,
        "rows": begun_rows(),
        "average": follower_beside_average(),
        "half": {precision: turns_beside_a_step_by_hand(precision) for precision in PRECISIONS},
        "own loss": own_loss_in_float16(),
    }
    Path(f"{out}.json").write_text(json.dumps(found))
    np.savez(f"{out}.npz", **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
