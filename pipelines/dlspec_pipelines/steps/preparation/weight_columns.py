"""What samples count for in the losses: `training.sample_weight` read beside its targets."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dlspec.language.features import (
    Feature,
    MaskFeature,
    NumberFeature,
    TensorFeature,
    TextFeature,
    TokensFeature,
)
from dlspec.language.sample_weights import SampleWeight
from dlspec_pipelines.steps.datasets.table import Array, Table, holds_arrays, unpreparable_data
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.numbers import finite_numbers, numeric_column
from dlspec_pipelines.steps.preparation.raw_columns import Fill, Raw, padded_rows
from dlspec_pipelines.steps.preparation.sampling import Samples, element_batches


@dataclass(frozen=True, slots=True, eq=False)
class ReadWeights:
    """The weights in the source's rows, and the feature that a number or an array of them is."""

    column: str
    raw: Raw
    fitted: Fitted


def read_target_weights(
    weight: SampleWeight, target: Feature, table: Table, real: Array | None
) -> ReadWeights:
    """Return what each row counts for, or each place of it.

    An array is filled up with 0, or cut, as its target is.

    Args:
        real: Which steps of the target are no filling; None where all count.

    Raises:
        StepError: If weights are not what their target takes (DL613).
    """
    name, column = weight.column, table.columns[weight.column]
    if not holds_step_weights(column):
        numbers = numeric_column(name, column, gaps=False)
        return ReadWeights(name, Raw(numbers[:, None]), Fitted(NumberFeature(name)))
    extents = tuple(extent or 0 for extent in weight.extents)
    if 0 in extents or not extents:
        raise unpreparable_data(
            f"column `{name}` holds an array of weights in each row, and the target has one loss",
            help="give each row one number",
        )
    padded = padded_rows(name, column, extents, fill_of_target(target) or Fill())
    values = finite_numbers(name, padded.values, gaps=False)
    if real is not None:
        values = np.where(real, values, 0)
    return ReadWeights(name, Raw(values), Fitted(TensorFeature(name, extents)))


def holds_step_weights(column: Array) -> bool:
    """Return whether a column of weights has several in each row."""
    return holds_arrays(column) or column.ndim > 2 or (column.ndim == 2 and column.shape[1] != 1)


def fill_of_target(target: Feature) -> Fill | None:
    """Return how short samples of a target are filled up; None where all have one shape."""
    match target:
        case TextFeature() | TokensFeature():
            return Fill(target.pad, target.cut)
        case TensorFeature() if target.pad is not None:
            return Fill(target.pad, target.cut or target.pad)
        case MaskFeature() if target.ignore is not None and target.size is None:
            return Fill()
        case _:
            return None


def require_some_weight(name: str, found: ReadWeights, parts: Mapping[str, Samples]) -> None:
    """Check that the samples that are trained on, and those that are chosen by, count something.

    Raises:
        StepError: If all weigh 0 (DL613).
    """
    for part, word in (("train", "training"), ("validation", "validation")):
        samples = parts[part]
        if samples.places.size and not any(
            batch.any() for batch in element_batches(found.fitted, found.raw, samples)
        ):
            raise unpreparable_data(
                f"all {word} samples of `{name}` weigh 0 in column `{found.column}`",
                help="give some of them a weight above 0, or split the rows otherwise",
            )
