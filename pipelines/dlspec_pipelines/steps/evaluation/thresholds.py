"""From which probability on a binary target is called 1: said by the spec, or chosen for it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from dlspec.language.sections import ThresholdChoice
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.data_memory import memory_for_data
from dlspec_pipelines.steps.engine.batches import Array, Samples
from dlspec_pipelines.steps.evaluation.forward import measure_samples
from dlspec_pipelines.steps.evaluation.measures import FUNCTIONS, value_or_reason
from dlspec_pipelines.steps.evaluation.outputs import Predicted, Signature, signature_of
from dlspec_pipelines.steps.json_documents import THRESHOLDS, read_document
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.model_parts import open_model_part
from dlspec_pipelines.steps.records import Dataset

THRESHOLDS_FILE = "thresholds.json"
# So many are tried where validation rows have more probabilities: one in a thousand is as near as
# a share of a few thousand rows can be known.
_MOST_TRIED = 1000
# Where nobody says another.
_MIDDLE = 0.5


def settled_thresholds(
    plan: Plan, folder: Path, dataset: Dataset, model: keras.Model
) -> dict[str, float]:
    """Return the threshold of each binary target, where the spec says one or how it is chosen."""
    asked = plan.evaluation.threshold if plan.evaluation is not None else None
    signed = signature_of(plan)
    names = [head.name for head in signed.heads if head.kind == "binary"]
    if asked is None:
        return {}
    if not isinstance(asked, ThresholdChoice):
        return dict.fromkeys(names, float(asked))
    predicted = _predict_validation_rows(plan, folder, dataset, model)
    return {name: best_threshold(asked.maximize, predicted[name]) for name in names}


def _predict_validation_rows(
    plan: Plan, folder: Path, dataset: Dataset, model: keras.Model
) -> Mapping[str, Predicted]:
    assert plan.data is not None
    part, signed = open_model_part(plan.data, dataset, "validation"), signature_of(plan)
    samples = Samples(
        {name: part.inputs[name] for name in signed.inputs},
        {head.name: part.targets[head.name] for head in signed.heads},
        signed.inputs_as,
        signed.outputs_as,
    )
    return measure_samples(
        model,
        samples,
        signature=signed,
        preparation=load_preparation(folder),
        memory=memory_for_data(plan.runtime.memory),
    ).predicted


def best_threshold(metric: str, predicted: Predicted) -> float:
    """Return the threshold with the highest value of a metric, of several the one nearest 0.5."""
    assert predicted.probability is not None, "the rules ask for a loss that knows probabilities"
    best = (-math.inf, 0.0, _MIDDLE)
    for threshold in _tried_thresholds(predicted.probability):
        guess = (predicted.probability > threshold).astype(np.int32)
        value = value_or_reason(FUNCTIONS[metric], replace(predicted, guess=guess), name=metric)
        if not isinstance(value, str):
            best = max(best, (value, -abs(threshold - _MIDDLE), threshold))
    return best[2]


def _tried_thresholds(probability: Array) -> list[float]:
    """Return 0.5, and what lies halfway between two probabilities that are there, 0 or 1."""
    there = np.unique(probability[np.isfinite(probability)].astype(np.float64))
    if len(there) > _MOST_TRIED:
        there = np.unique(np.quantile(there, np.linspace(0, 1, _MOST_TRIED)))
    ends = np.concatenate([[0.0], there, [1.0]])
    return [_MIDDLE, *((ends[1:] + ends[:-1]) / 2).tolist()]


def with_thresholds(signature: Signature, thresholds: Mapping[str, float]) -> Signature:
    """Return a signature whose binary heads are called 1 from these probabilities on."""
    heads = tuple(replace(h, threshold=thresholds.get(h.name)) for h in signature.heads)
    return replace(signature, heads=heads)


def stored_thresholds(folder: Path) -> dict[str, float]:
    """Return the thresholds of an evaluated run; nothing where it has none.

    Raises:
        StepError: If the file is damaged.
    """
    path = folder / THRESHOLDS_FILE
    return read_document(path, THRESHOLDS) if path.exists() else {}
