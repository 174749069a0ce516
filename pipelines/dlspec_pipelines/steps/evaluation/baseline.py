"""What says the same whatever it is shown: the least that a model must beat to be of any use."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

import numpy as np

from dlspec.language.features import MaskFeature, SeriesFeature, SeriesTarget
from dlspec.language.metrics import metrics_on
from dlspec.language.sections import Championship, Data
from dlspec.language.significance_tests import default_test
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.measures import (
    FUNCTIONS,
    measure_targets,
)
from dlspec_pipelines.steps.evaluation.outputs import PADDING, Predicted
from dlspec_pipelines.steps.evaluation.paired_tests import compare_pair
from dlspec_pipelines.steps.preparation.fitting import (
    Preparation,
    class_target_labels,
    fitted_classes,
    invert_predictions,
    load_preparation,
)
from dlspec_pipelines.steps.preparation.model_parts import (
    ModelPart,
    learned_in_training,
    open_model_part,
)
from dlspec_pipelines.steps.preparation.numbers import invert_scaling
from dlspec_pipelines.steps.records import Baseline, Comparison, Dataset


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What a baseline predicts for the test rows, and how it came to that."""

    predicted: Predicted
    rule: str


def measure_baseline(
    plan: Plan,
    dataset: Dataset,
    ours: Mapping[str, Predicted],
    *,
    metrics: tuple[str, ...],
    compare: bool,
) -> Baseline:
    """Return what a baseline scores on the test rows.

    It gives the most frequent class, with the shares of the training rows as probabilities, the
    mean of numbers, and of a series the last value before the forecast.

    Args:
        ours: The model's predictions: the truth is taken from them.
        metrics: What is measured.
        compare: Whether to test the model against it, too.
    """
    assert plan.data is not None
    assert plan.training is not None
    told = _predict_baseline(plan.data, dataset, ours)
    theirs = {name: one.predicted for name, one in told.items()}
    compared: Comparison | str = ""
    if compare:
        rules = _rules_of_comparison(plan, ours)
        compared = compare_pair(rules, ours, theirs, run="", seed=plan.training.seed)
    return Baseline(
        rules={name: one.rule for name, one in told.items()},
        metrics=measure_targets(metrics, theirs).values,
        comparison=compared if isinstance(compared, Comparison) else None,
        not_compared="" if isinstance(compared, Comparison) else compared,
    )


def _rules_of_comparison(plan: Plan, ours: Mapping[str, Predicted]) -> Championship:
    """Return how the spec compares, else its first metric, else the plainest for its targets.

    A baseline has no outputs that a metric of Keras could read.
    """
    own = plan.evaluation.own_metrics if plan.evaluation is not None else ()
    asked = [name for name in own if name in FUNCTIONS]
    champion = plan.evaluation.champion if plan.evaluation is not None else None
    if champion is not None and champion.metric in asked:
        return champion
    first = next(iter(ours.values()))
    metric = asked[0] if asked else metrics_on(first.kind)[0].name
    return Championship(metric=metric, test=default_test(metric))


def _predict_baseline(
    data: Data, dataset: Dataset, ours: Mapping[str, Predicted]
) -> dict[str, _Told]:
    preparation = load_preparation(Path(dataset.path))
    learned, test = learned_in_training(data, dataset), open_model_part(data, dataset, "test")
    found = {}
    for name, p in ours.items():
        target = data.model_targets[name]
        last = _last_values(data, target, test, preparation) if p.kind == "number" else None
        if last is not None:
            told = Predicted("number", p.true, last.reshape(p.true.shape))
            found[name] = _Told(told, "the last value before the forecast")
        else:
            found[name] = _constant_prediction(name, p, learned[name], preparation)
    return found


def _constant_prediction(
    name: str, ours: Predicted, train: Array, preparation: Preparation
) -> _Told:
    count = len(ours.true)
    match ours.kind:
        case "class":
            one_hot = train.ndim == 2
            ids = train.argmax(axis=1) if one_hot else train.reshape(-1).astype(np.int64)
            classes = preparation.targets[name].feature.num_classes
            assert classes is not None
            shares = np.bincount(ids, minlength=classes) / len(ids)
            most = int(shares.argmax())
            labels = class_target_labels(preparation, name)
            guess = np.full(count, most, dtype=np.int32)
            told = Predicted("class", ours.true, guess, np.tile(shares, (count, 1)))
            return _Told(told, f"always the class {labels[most] if labels else most}")
        case "binary":
            share = float(np.mean(train, dtype=np.float64))
            most = int(share > 0.5)
            guess = np.full(count, most, dtype=np.int32)
            told = Predicted("binary", ours.true, guess, np.full(count, share))
            named = fitted_classes(preparation).get(name)
            return _Told(told, f"always {named[most] if named else most}")
        case "labels":
            shares = np.mean(train, axis=0, dtype=np.float64)
            held = np.tile((shares > 0.5).astype(np.int32), (count, 1))
            told = Predicted("labels", ours.true, held, np.tile(shares, (count, 1)))
            return _Told(told, "always the labels that hold in most training rows")
        case "mask":
            # As the truth is read: what the loss ignores is of no class.
            ignore = preparation.targets[name].feature
            assert isinstance(ignore, MaskFeature)
            kept = train[train != ignore.ignore] if ignore.ignore is not None else train
            most = int(np.bincount(np.asarray(kept).reshape(-1)).argmax())
            told = Predicted("mask", ours.true, np.full_like(ours.true, most))
            labels = class_target_labels(preparation, name)
            return _Told(told, f"everywhere the class {labels[most] if labels else most}")
        case "tokens":
            ids = np.broadcast_to(_frequent_ids(np.asarray(train)), ours.true.shape)
            return _Told(
                Predicted("tokens", ours.true, ids),
                "at each place the most frequent id of training",
            )
        case "sequence":
            told = replace(ours, guess=_frequent_sequence(np.asarray(train), ours.true))
            return _Told(told, "at each place the most frequent id of training, up to the padding")
        case "number":
            mean: Array = np.asarray(np.mean(train, axis=0, dtype=np.float64, keepdims=True))
            numbers: Array = invert_predictions(preparation, name, mean)
            told = Predicted("number", ours.true, np.broadcast_to(numbers, ours.true.shape))
            return _Told(told, "the mean of the training rows")
        case _:
            assert_never(ours.kind)


def _frequent_ids(train: Array) -> Array:
    """Return the most frequent id at each place; padding, which nobody asks for, is left out."""
    size = int(train.max(initial=0)) + 1
    frequent = np.zeros(train.shape[1], dtype=np.int32)
    for place in range(train.shape[1]):
        counts = np.bincount(train[:, place], minlength=size)
        counts[PADDING] = 0
        frequent[place] = counts.argmax()
    return frequent


def _frequent_sequence(train: Array, true: Array) -> Array:
    """Return for each row of the truth the most frequent id at each place, as far as most go."""
    size = int(train.max(initial=0)) + 1
    frequent = np.zeros(true.shape[1], dtype=np.int32)
    for place in range(train.shape[1]):
        frequent[place] = np.bincount(train[:, place], minlength=size).argmax()
        if frequent[place] == PADDING:
            break
    return np.tile(frequent, (len(true), 1))


def _last_values(
    data: Data, target: object, test: ModelPart, preparation: Preparation
) -> Array | None:
    """Return the last value of each column of a series target at each of its steps.

    None where the target is no forecast, or no input holds all its columns.

    Shapes:
        returns: (samples, horizon, columns)
    """
    if not isinstance(target, SeriesTarget) or target.horizon is None:
        return None
    for name, feature in data.inputs.items():
        if isinstance(feature, SeriesFeature) and set(target.columns) <= set(feature.columns):
            window = np.asarray(test.inputs[name][:, -1:, :])
            values = invert_scaling(preparation.inputs[name].scaling, window)
            columns = [feature.columns.index(column) for column in target.columns]
            return np.repeat(values[:, :, columns], target.horizon, axis=1)
    return None
