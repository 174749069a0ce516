"""The champion on today's test samples: its stored predictions, or its model once more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dlspec.language.figures import AskedMetric
from dlspec.language.sample_draws import ContextsDraw, JoiningDraw, RowDraw, SampleDraw
from dlspec.language.sections import Championship
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.datasets.given_test_rows import read_data_table
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.forward import (
    load_model,
    pack_inputs,
    predict_samples,
    states_of_samples,
)
from dlspec_pipelines.steps.evaluation.keras_figures import RowStates
from dlspec_pipelines.steps.evaluation.outputs import (
    Predicted,
    draw_of_plan_document,
    in_one_width,
    signature_of,
    signature_of_plan_document,
)
from dlspec_pipelines.steps.evaluation.paired_tests import compare_pair
from dlspec_pipelines.steps.evaluation.predictions_file import read_predictions
from dlspec_pipelines.steps.evaluation.thresholds import stored_thresholds, with_thresholds
from dlspec_pipelines.steps.file_digests import require_intact
from dlspec_pipelines.steps.json_documents import PLAN, RUN, read_document
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.fitting import Preparation, load_preparation
from dlspec_pipelines.steps.preparation.model_parts import ModelPart, open_model_part
from dlspec_pipelines.steps.preparation.prepared_arrays import Part, open_part
from dlspec_pipelines.steps.preparation.trained_types import text_columns_of
from dlspec_pipelines.steps.records import Champion, Comparison, Dataset

# Some MB at a time, whatever the file holds.
_CHUNK_ROWS = 2**16


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """The champion's predictions of today's test samples.

    Attributes:
        fresh: Which samples the champion was not fitted to and can read; only these are compared.
    """

    run: str
    predicted: Mapping[str, Predicted]
    fresh: Array


def predict_as_rival(
    plan: Plan,
    champion: Champion,
    *,
    dataset: Dataset,
    ours: Mapping[str, Predicted],
    base: Path,
) -> Rival | None:
    """Return the champion's predictions of today's test samples; None when its targets differ.

    So they do where the samples are drawn in another way, are contexts in another text, or where
    only one of the two decodes sequences.

    Args:
        ours: The challenger's predictions: the truth is taken from them.
        base: The folder of the spec, where its data files are found.

    Raises:
        StepError: If the champion's files or the data cannot be read.
    """
    folder = Path(champion.path)
    theirs = read_document(folder / "plan.json", PLAN)
    today = load_preparation(Path(dataset.path))
    preparation = load_preparation(folder)
    if {n: f.feature for n, f in preparation.targets.items()} != {
        n: f.feature for n, f in today.targets.items()
    }:
        return None
    assert plan.data is not None
    sampled = draw_of_plan_document(theirs)
    told_as = {head.name: head.kind for head in signature_of_plan_document(theirs).heads}
    # What a loss aligns is decoded, what another compares place by place is not.
    learned_alike = told_as == {name: one.kind for name, one in ours.items()}
    if not (learned_alike and _draw_alike(plan.data.sampling, sampled)):
        return None
    test = open_model_part(plan.data, dataset, "test")
    stored = read_document(folder / "run.json", RUN)
    if stored["digests"]["data"] == dataset.digest and _drawn_test_is_the_same(plan, sampled):
        _, predicted = read_predictions(
            require_intact(folder, "predictions.parquet"), signature_of_plan_document(theirs)
        )
        told = {name: _with_truth(p, ours[name]) for name, p in predicted.items()}
        return Rival(champion.run, told, np.ones(len(test.rows), dtype=bool))
    if isinstance(sampled, ContextsDraw):
        # Its ids mean the words of another text.
        return None
    inputs, fresh = _rows_for_champion(
        _applied_by_champion(plan, preparation, base), test, stored["digests"]["dataset"]
    )
    predicted = _predict_with_champion(folder, theirs, inputs, base=base)
    told = {name: _with_truth(p, ours[name]) for name, p in predicted.items()}
    return Rival(champion.run, told, fresh)


def _applied_by_champion(plan: Plan, preparation: Preparation, base: Path) -> Part:
    assert plan.data is not None
    text = text_columns_of(preparation)
    table = read_data_table(plan.data, base, text_columns=text)
    return apply_preparation(preparation, table)


def states_of_rival(
    plan: Plan,
    champion: Champion,
    metrics: Mapping[str, AskedMetric],
    *,
    dataset: Dataset,
    base: Path,
) -> dict[str, RowStates] | str:
    """Return what a metric of Keras counts of the champion on each of today's test samples.

    Its stored predictions do not hold the outputs, so that its model gives them once more.

    Args:
        metrics: The metric, by target.

    Returns:
        The states by target, or why the champion's outputs cannot be read by the metric.
    """
    folder = Path(champion.path)
    theirs = read_document(folder / "plan.json", PLAN)
    ours = {head.name: head for head in signature_of(plan).heads}
    signed = signature_of_plan_document(theirs)
    if any(head.name in metrics and head != ours[head.name] for head in signed.heads):
        return "its outputs are of another kind: logits on one side, probabilities on the other"
    assert plan.data is not None
    test = open_model_part(plan.data, dataset, "test")
    preparation = load_preparation(folder)
    stored = read_document(folder / "run.json", RUN)
    inputs, _ = _rows_for_champion(
        _applied_by_champion(plan, preparation, base), test, stored["digests"]["dataset"]
    )
    targets = {head.name: test.targets[head.name] for head in signed.heads}
    samples = replace(pack_inputs(signed, inputs), targets=targets)
    return states_of_samples(
        load_model(folder, with_loss=False, base=base),
        samples,
        metrics,
        signature=signed,
        preparation=preparation,
        target_preparation=load_preparation(Path(dataset.path)),
    )


def _draw_alike(ours: SampleDraw | None, theirs: SampleDraw | None) -> bool:
    """Return whether the samples of two models have the same form."""
    drawn = [one.word if isinstance(one, JoiningDraw) else "" for one in (ours, theirs)]
    return drawn[0] == drawn[1]


def _drawn_test_is_the_same(plan: Plan, theirs: SampleDraw | None) -> bool:
    """Return whether the test samples of equal data are those that the champion was told of."""
    assert plan.data is not None
    ours = plan.data.sampling
    if isinstance(ours, RowDraw) and isinstance(theirs, RowDraw):
        return (ours.named, ours.seed) == (theirs.named, theirs.seed)
    return not isinstance(ours, ContextsDraw) or ours == theirs


def _rows_for_champion(
    applied: Part, test: ModelPart, fingerprint: str
) -> tuple[dict[str, Array], Array]:
    """Return what the champion reads of each test sample, and which it was not fitted to."""
    if not test.source_rows:
        inputs, found = _at_rows(applied, test.rows)
        return inputs, found & ~_rows_seen_by_champion(fingerprint, inputs)
    samples: dict[str, Array] = {}
    fresh = np.ones(len(test.rows), dtype=bool)
    for name, rows in test.source_rows.items():
        taken, found = _at_rows(applied, rows)
        fresh &= found & ~_rows_seen_by_champion(fingerprint, taken)
        (samples[name],) = taken.values()
    return samples, fresh


def compare_with_rival(
    rules: Championship, ours: Mapping[str, Predicted], *, theirs: Rival, seed: int
) -> Comparison | str:
    """Return the comparison on the rows that neither was fitted to, or why there is none."""
    rows = np.flatnonzero(theirs.fresh)
    if not len(rows):
        return "it was fitted to every test row"
    challenger = {name: p.take(rows) for name, p in ours.items()}
    champion = {name: p.take(rows) for name, p in theirs.predicted.items()}
    return compare_pair(rules, challenger, champion, run=theirs.run, seed=seed)


def _predict_with_champion(
    folder: Path, plan: Mapping[str, Any], inputs: Mapping[str, Array], *, base: Path
) -> dict[str, Predicted]:
    signed = with_thresholds(signature_of_plan_document(plan), stored_thresholds(folder))
    return predict_samples(
        load_model(folder, with_loss=False, base=base),
        pack_inputs(signed, inputs),
        signature=signed,
        preparation=load_preparation(folder),
    )


def _at_rows(applied: Part, rows: Array) -> tuple[dict[str, Array], Array]:
    """Return the samples of some rows, and which of them exist: a longer window has fewer."""
    order = np.argsort(applied.rows)
    places = np.searchsorted(applied.rows, rows, sorter=order)
    at = order[np.minimum(places, len(order) - 1)]
    return {name: array[at] for name, array in applied.inputs.items()}, applied.rows[at] == rows


def _with_truth(theirs: Predicted, ours: Predicted) -> Predicted:
    if ours.kind == theirs.kind == "sequence":
        # Of another model there may be more steps, or fewer.
        true, guess = in_one_width(ours.true, theirs.guess)
        return replace(theirs, true=true, guess=guess, text=ours.text)
    return replace(theirs, true=ours.true)


def _rows_seen_by_champion(fingerprint: str, inputs: Mapping[str, Array]) -> Array:
    """Return which samples are among those the champion was trained or chosen on."""
    folder = store.dataset_folder(fingerprint)
    mine = _sample_hashes(inputs)
    seen = np.zeros(len(mine), dtype=bool)
    for part in ("train", "validation"):
        if (folder / part).is_dir():
            fitted = Dataset(str(folder), fingerprint, "", {})
            seen |= np.isin(mine, _sample_hashes(open_part(fitted, part).inputs))
    return seen


def _sample_hashes(inputs: Mapping[str, Array]) -> Array:
    """Return a number per sample: its bytes times fixed random odd factors, modulo 2^64."""
    generator = np.random.Generator(np.random.Philox(0))
    total: Array = np.zeros(len(next(iter(inputs.values()))), dtype=np.uint64)
    for name in sorted(inputs):
        array = inputs[name]
        width = int(np.prod(array.shape[1:], dtype=np.int64)) * array.itemsize
        factors = generator.integers(0, 2**63, width, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        for start in range(0, len(array), _CHUNK_ROWS):
            rows = np.ascontiguousarray(array[start : start + _CHUNK_ROWS])
            content = rows.view(np.uint8).reshape(len(rows), width).astype(np.uint64)
            total[start : start + len(rows)] += content @ factors
    return total
