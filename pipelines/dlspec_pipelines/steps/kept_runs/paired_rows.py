"""Two runs on the test rows that both were measured on: which test says what of each metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dlspec.language.metrics import COMPARABLE_METRICS, METRIC_OF
from dlspec.language.sections import Championship
from dlspec.language.significance_tests import default_test
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.class_metrics import right_rows
from dlspec_pipelines.steps.evaluation.measures import FUNCTIONS, metric_fits_target
from dlspec_pipelines.steps.evaluation.number_metrics import prediction_error
from dlspec_pipelines.steps.evaluation.outputs import (
    Predicted,
    in_one_width,
    signature_of_plan_document,
)
from dlspec_pipelines.steps.evaluation.paired_tests import compare_pair
from dlspec_pipelines.steps.evaluation.predictions_file import read_predictions
from dlspec_pipelines.steps.file_digests import require_intact
from dlspec_pipelines.steps.json_documents import PLAN, RUN, read_document
from dlspec_pipelines.steps.records import Comparison

Sides = tuple[Mapping[str, Predicted], Mapping[str, Predicted]]


@dataclass(frozen=True, slots=True, eq=False)
class PairedRows:
    """The predictions of two runs for the same test rows, by target.

    Attributes:
        rows: The number of each row in the source, or of a sample of several rows.
        alone: How many test rows each of the two has that the other has not.
        sides: Those of the first run, and of the second.
    """

    rows: Array
    alone: tuple[int, int]
    sides: Sides

    def disagreement(self, target: str) -> tuple[Array, Array]:
        """Return the positions at which the first alone is right, and those of the second.

        Of numbers, which are never right: those at which it is nearer, the largest gain first.
        """
        first, second = (side[target] for side in self.sides)
        if first.kind in ("number", "mask"):
            gain = _error_of_rows(second) - _error_of_rows(first)
            order = np.argsort(-np.abs(gain), kind="stable")
            return order[gain[order] > 0], order[gain[order] < 0]
        ours, theirs = right_rows(first), right_rows(second)
        return np.flatnonzero(ours & ~theirs), np.flatnonzero(theirs & ~ours)


def pair_test_rows(first: Path, second: Path) -> PairedRows | str:
    """Return what two runs predicted for the test rows that both have, or why there are none.

    Rows are the same where the data sets are, or where the source is written alike and both hold
    the same truth in the same rows.

    Args:
        first: The folder of the one run.
        second: That of the other.

    Raises:
        StepError: If a file is damaged.
    """
    folders = (first, second)
    for folder in folders:
        if not (folder / "predictions.parquet").is_file():
            return f"run `{folder.name}` was not evaluated"
    plans = [read_document(folder / "plan.json", PLAN) for folder in folders]
    facts = [read_document(folder / "run.json", RUN)["digests"] for folder in folders]
    if facts[0]["data"] != facts[1]["data"] and not _may_share_rows(*plans):
        return "they were measured on data of different sources"
    read = [
        read_predictions(
            require_intact(folder, "predictions.parquet"), signature_of_plan_document(plan)
        )
        for folder, plan in zip(folders, plans, strict=True)
    ]
    (rows, ours), (others, theirs) = read
    if ours.keys() != theirs.keys() or any(ours[t].kind != theirs[t].kind for t in ours):
        return "they predict other targets"
    if len(np.unique(rows)) < len(rows) or len(np.unique(others)) < len(others):
        return "their test samples have no numbers of their own"
    both, at, there = np.intersect1d(rows, others, return_indices=True)
    if not len(both):
        return "they have no test row in common"
    sides = _on_common_rows(ours, theirs, at, there)
    if sides is None:
        return "rows of the same number hold another truth: the data changed between them"
    return PairedRows(both, (len(rows) - len(both), len(others) - len(both)), sides)


def compare_paired_rows(
    paired: PairedRows, folders: tuple[Path, Path], metrics: Sequence[str]
) -> dict[str, Comparison | str]:
    """Return how the second run compares with the first in each metric, or why that is not known.

    The metric that decides on champions is tested as the second run's spec says, others with the
    first test that can compare them.

    Raises:
        StepError: If a file is damaged.
    """
    plan = read_document(folders[1] / "plan.json", PLAN)
    seed = plan["training"]["seed"]
    ours, theirs = paired.sides[1], paired.sides[0]
    found: dict[str, Comparison | str] = {}
    for metric in metrics:
        if not _can_be_tested(metric, ours):
            found[metric] = "its values for single rows are not kept"
            continue
        rules = _rules_of_document(plan, metric)
        found[metric] = compare_pair(rules, ours, theirs, run=folders[0].name, seed=seed)
    return found


def _can_be_tested(metric: str, predicted: Mapping[str, Predicted]) -> bool:
    known = metric in COMPARABLE_METRICS and metric in FUNCTIONS
    return known and any(metric_fits_target(metric, one) for one in predicted.values())


def _rules_of_document(plan: Mapping[str, Any], metric: str) -> Championship:
    said = (plan.get("evaluation") or {}).get("champion") or {}
    alpha = {"alpha": said["alpha"]} if said else {}
    if said.get("metric") == metric:
        return Championship(metric=metric, test=said["test"], **alpha)
    return Championship(metric=metric, test=default_test(metric), **alpha)


def is_higher_better(metric: str) -> bool | None:
    """Return which values of a metric are better; None where nobody knows."""
    known = METRIC_OF.get(metric)
    if metric == "loss":
        return False
    return None if known is None else known.better == "higher"


def _may_share_rows(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return bool(first["data"]["source"] == second["data"]["source"]) and bool(
        first["data"].get("sampling") == second["data"].get("sampling")
    )


def _on_common_rows(
    ours: Mapping[str, Predicted], theirs: Mapping[str, Predicted], at: Array, there: Array
) -> Sides | None:
    """Return both on their common rows; None where the truth is not the same."""
    first, second = {}, {}
    for name in ours:
        mine, other = ours[name].take(at), theirs[name].take(there)
        if mine.kind in ("sequence", "tokens"):
            mine, other = _as_wide_as_another(mine, other)
        if mine.true.shape != other.true.shape or not np.array_equal(mine.true, other.true):
            return None
        first[name], second[name] = mine, other
    return first, second


def _as_wide_as_another(mine: Predicted, other: Predicted) -> tuple[Predicted, Predicted]:
    true, other_true = in_one_width(mine.true, other.true)
    guess, other_guess = in_one_width(mine.guess, other.guess)
    (true, guess), (other_true, other_guess) = (
        in_one_width(true, guess),
        in_one_width(other_true, other_guess),
    )
    return replace(mine, true=true, guess=guess), replace(other, true=other_true, guess=other_guess)


def _error_of_rows(p: Predicted) -> Array:
    wrong = p.true != p.guess if p.kind == "mask" else np.abs(prediction_error(p))
    mean: Array = wrong.reshape(len(p.true), -1).mean(axis=1)
    return mean
