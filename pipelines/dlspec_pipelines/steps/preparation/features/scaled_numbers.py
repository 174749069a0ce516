"""Numbers that are scaled: what the kinds of numeric features share."""

from collections.abc import Iterator
from dataclasses import replace

from dlspec.language.features import NumberFeature, VectorFeature
from dlspec_pipelines.steps.datasets.table import Array, Rows
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.numbers import (
    Scaling,
    apply_scaling,
    fit_chunked_scaling,
    fit_fill,
    row_stretches,
)
from dlspec_pipelines.steps.preparation.raw_columns import Raw


def fit_number_scaling(raw: Raw, train: Rows, *, standardize: bool, scale: float | None) -> Scaling:
    """Return what scales a feature whose values are never missing."""
    return fit_filled_rows(raw, train, Scaling(scale=scale), standardize=standardize)


def fit_filled_scaling(
    raw: Raw, train: Rows, feature: NumberFeature | VectorFeature, names: tuple[str, ...]
) -> Scaling:
    """Fit on the training rows what fills a gap, then the mean and the deviation.

    Args:
        names: The columns, for an error.

    Raises:
        StepError: If a column of the training rows is empty, or `missing` is no word known (DL613).
    """
    assert feature.missing is not None, "a column without gaps is fitted by `fit_number_scaling`"
    filling = replace(
        fit_fill(feature.missing, names, raw.each_column_at(train)), scale=feature.scale
    )
    return fit_filled_rows(raw, train, filling, standardize=feature.standardize)


def fit_filled_rows(raw: Raw, train: Rows, filling: Scaling, *, standardize: bool) -> Scaling:
    """Fit the mean and the deviation on the training rows, once what fills a gap is known."""
    if not standardize:
        return filling

    def chunks() -> Iterator[Array]:
        for stretch in row_stretches(len(train), raw.row_shape):
            rows = train[stretch]
            values = raw.at(rows)
            yield values if raw.mask is None else values[raw.mask[rows]]

    return fit_chunked_scaling(chunks, filling)


def scaled_numbers(fitted: Fitted, raw: Raw, at: Rows) -> Array:
    """Return the scaled values of some samples; what fills a sequence up stays 0."""
    values = apply_scaling(fitted.scaling, raw.at(at))
    if raw.mask is not None:
        values[~raw.mask[at]] = 0
    return values
