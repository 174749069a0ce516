"""What trainings on one backend come to; run in a process of its own for each backend."""

import json
import math
import sys
from pathlib import Path

import keras
import numpy as np
from augmented_by_hand import layers_of_augmented, train_by_hand
from stopped_trainings import stopped_and_continued, whole_and_continued
from training_specs import (
    AUGMENTED,
    DIGITS,
    FOCAL,
    MOONS,
    OWN_FOCAL,
    PENALIZED,
    PLAIN,
    STRIPS,
    WEIGHED,
    prepared,
)
from turn_specs import FOLLOWED, FORGED, FORGED_WITHOUT_DROPOUT
from turns_by_hand import MODELS, pair_trained_by_hand

import dlspec
from dlspec_pipelines.steps.engine.batches import class_weights, epoch_visit_order
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.training.objective_file import load_objective
from dlspec_pipelines.steps.training.train import samples_for_model, train

DROPOUT = "    - Dropout: 0.3\n"
PRECISE = "mixed_bfloat16"


def two_runs_and_a_stopped_one() -> dict:
    """Return the weights of two trainings, and of one that was stopped and continued."""
    plan, dataset = prepared(MOONS)
    runs = [train(plan, dataset, run=f"r{i}", spec_text="") for i in range(2)]
    continued = stopped_and_continued(plan, dataset, epochs=3)
    return {
        "weights": [run.weights for run in (*runs, continued)],
        "continued_from": continued.continued_from_epoch,
        "accuracy": evaluate(plan, continued, dataset).metrics["accuracy"],
    }


def beside_fit() -> dict:
    """Return whether two epochs give the weights and figures of `fit`, without Dropout."""
    plan, dataset = prepared(DIGITS.replace(DROPOUT, ""))
    trained = train(plan, dataset, run="fit", spec_text="")
    keras.utils.set_random_seed(7)
    model = dlspec.compile(plan)
    part, validation = (samples_for_model(plan, dataset, name) for name in ("train", "validation"))
    x, y = np.array(part.inputs["image"]), np.array(part.targets["digit"])
    tested = np.array(validation.inputs["image"]), np.array(validation.targets["digit"])
    weights = class_weights(y, "balanced")
    for epoch in range(2):
        visit = epoch_visit_order(7, epoch, len(x))
        history = model.fit(
            x[visit],
            y[visit],
            sample_weight=weights[visit],
            validation_data=tested,
            batch_size=32,
            shuffle=False,
            verbose=0,
        ).history
    found = keras.models.load_model(Path(trained.path, "model.keras")).get_weights()
    pairs = zip(found, model.get_weights(), strict=True)
    figures = {name: values[0] for name, values in history.items()}
    return {
        "equal": all(np.array_equal(ours, theirs) for ours, theirs in pairs),
        "figures": {name: [trained.history[name], value] for name, value in figures.items()},
    }


def weighed_beside_fit() -> dict:
    """Return whether samples of unequal weight give the weights and figures of `fit`."""
    plan, dataset = prepared(WEIGHED.replace(DROPOUT, ""))
    trained = train(plan, dataset, run="weighed", spec_text="")
    keras.utils.set_random_seed(7)
    model = dlspec.compile(plan)
    parts = (samples_for_model(plan, dataset, name) for name in ("train", "validation"))
    (x, y), tested = (
        (np.array(part.inputs["image"]), np.array(part.targets["digit"])) for part in parts
    )
    for epoch in range(3):
        visit = epoch_visit_order(7, epoch, len(x))
        history = model.fit(
            x[visit],
            y[visit],
            sample_weight=y[visit].astype(np.float32),
            validation_data=(*tested, tested[1].astype(np.float32)),
            batch_size=32,
            shuffle=False,
            verbose=0,
        ).history
    found = keras.models.load_model(Path(trained.path, "model.keras")).get_weights()
    pairs = zip(found, model.get_weights(), strict=True)
    return {
        "equal": all(np.array_equal(ours, theirs) for ours, theirs in pairs),
        "figures": {name: [trained.history[name], said[0]] for name, said in history.items()},
    }


def penalties_beside_fit() -> dict:
    """Return the figures of what layers add, and whether the weights are those of `fit`."""
    plan, dataset = prepared(PENALIZED.replace(DROPOUT, ""))
    whole, resumed = whole_and_continued(plan, dataset)
    keras.utils.set_random_seed(7)
    model = dlspec.compile(plan)
    part = samples_for_model(plan, dataset, "train")
    x, y = np.array(part.inputs["image"]), np.array(part.targets["digit"])
    for epoch in range(2):
        visit = epoch_visit_order(7, epoch, len(x))
        history = model.fit(x[visit], y[visit], batch_size=32, shuffle=False, verbose=0).history
    found = keras.models.load_model(Path(whole.path, "model.keras")).get_weights()
    pairs = zip(found, model.get_weights(), strict=True)
    metrics = evaluate(plan, resumed, dataset).metrics
    names = [n for n in whole.history if "regular" in n and not n.startswith("val_")]
    return {
        "equal": all(np.array_equal(ours, theirs) for ours, theirs in pairs),
        "loss": [whole.history["loss"], history["loss"][0]],
        "weights": [whole.weights, resumed.weights],
        "histories": [whole.history, resumed.history],
        "continued_from": resumed.continued_from_epoch,
        "names": names,
        "measured": {name: metrics[name] for name in names},
    }


def half_precision() -> dict:
    """Return what a training in mixed precision comes to."""
    plan, dataset = prepared(f"{MOONS}runtime: {{precision: {PRECISE}}}\n")
    trained = train(plan, dataset, run="half", spec_text="")
    model = dlspec.compile(plan)
    return {
        "finite": all(math.isfinite(value) for value in trained.history.values()),
        "compute": model.get_layer("dense").compute_dtype,
        "accuracy": evaluate(plan, trained, dataset).metrics["accuracy"],
    }


def declared_loss() -> dict:
    """Return what a focal loss of one's own and Keras's come to on the test rows."""
    found = {}
    for name, text in (("keras", FOCAL), ("own", OWN_FOCAL)):
        plan, dataset = prepared(text, epochs=2)
        trained = train(plan, dataset, run=name, spec_text="")
        found[name] = evaluate(plan, trained, dataset).metrics["loss"]
    return found


def stopped_beside_whole() -> dict:
    """Return the weights of trainings in turns, with a follower, and of steps that are aligned."""
    found = {}
    for name, text in (("turns", FORGED), ("follow", FOLLOWED), ("aligned", STRIPS)):
        plan, dataset = prepared(text)
        whole, resumed = whole_and_continued(plan, dataset)
        found[name] = {
            "weights": [whole.weights, resumed.weights],
            "histories": [whole.history, resumed.history],
            "continued_from": resumed.continued_from_epoch,
            "loss": evaluate(plan, resumed, dataset).metrics["loss"],
        }
    return found


def turns_beside_a_step_by_hand() -> dict:
    """Return how far turns moved weights, and how far those of a step by hand are from them."""
    plan, dataset = prepared(FORGED_WITHOUT_DROPOUT)
    trained = train(plan, dataset, run="by_hand", spec_text="")
    begun, theirs = pair_trained_by_hand(plan, dataset)
    model = load_objective(Path(trained.path), plan)
    ours = [array for name in MODELS for array in model.get_layer(name).get_weights()]

    def distances(others: list) -> list[float]:
        return [float(np.abs(a - b).max()) for a, b in zip(ours, others, strict=True)]

    return {"moved": distances(begun), "apart": distances(theirs)}


def augmented_beside_a_plain_loop() -> dict:
    """Return whether varied batches train as Keras's layers do in a loop, and go on alike."""
    plan, dataset = prepared(AUGMENTED.replace(DROPOUT, ""))
    whole, resumed = whole_and_continued(plan, dataset)
    keras.utils.set_random_seed(7)
    model = dlspec.compile(dlspec.loads(PLAIN.replace(DROPOUT, "")))
    begun = [weight.numpy() for weight in model.weights]
    train_by_hand(model, plan, dataset, layers_of_augmented())
    found = keras.models.load_model(Path(whole.path, "model.keras"))
    ours, theirs = found.get_weights(), model.get_weights()
    return {
        "weights": [whole.weights, resumed.weights],
        "continued_from": resumed.continued_from_epoch,
        "moved": max(float(np.abs(a - b).max()) for a, b in zip(begun, theirs, strict=True)),
        "apart": max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True)),
    }


def main(out: str) -> None:
    """Write what was found to a file."""
    found = {
        "backend": keras.config.backend(),
        "runs": two_runs_and_a_stopped_one(),
        "fit": beside_fit(),
        "weighed": weighed_beside_fit(),
        "penalties": penalties_beside_fit(),
        "half": half_precision(),
        "declared": declared_loss(),
        "stopped": stopped_beside_whole(),
        "by hand": turns_beside_a_step_by_hand(),
        "augmented": augmented_beside_a_plain_loop(),
        "tensorflow": "tensorflow" in sys.modules,
    }
    Path(out).write_text(json.dumps(found))
