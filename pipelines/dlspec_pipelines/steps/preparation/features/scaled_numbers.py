"""Numbers that are scaled: what the kinds of numeric features share."""

from dlspec_pipelines.steps.datasets.table import Array, Rows
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.numbers import Scaling, apply_scaling, fit_scaling
from dlspec_pipelines.steps.preparation.raw_columns import Raw


def fit_number_scaling(raw: Raw, train: Rows, *, standardize: bool, scale: float | None) -> Scaling:
    """Return what scales a feature whose values are never missing."""
    if not standardize:
        return Scaling(scale=scale)
    filling = Scaling(scale=scale)
    return fit_scaling(raw.values, raw.mask, filling=filling, standardize=True, rows=train)


def scaled_numbers(fitted: Fitted, raw: Raw, at: Rows) -> Array:
    """Return the scaled values of some samples; what fills a sequence up stays 0."""
    values = apply_scaling(fitted.scaling, raw.values[at])
    if raw.mask is not None:
        values[~raw.mask[at]] = 0
    return values
