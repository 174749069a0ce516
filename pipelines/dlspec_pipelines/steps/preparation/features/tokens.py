"""Prepares `tokens`."""

from dataclasses import dataclass

import numpy as np

from dlspec.language.features import TokensFeature
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Rows,
    Table,
    refused_value,
    types_in,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.ids import are_whole
from dlspec_pipelines.steps.preparation.numbers import finite_numbers
from dlspec_pipelines.steps.preparation.raw_columns import Fill, Raw, padded_rows


@dataclass(frozen=True, slots=True)
class TokensPreparer:
    """Prepares `TokensFeature`."""

    feature: TokensFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        return _padded_token_ids(self.feature, table.columns[self.feature.tokens])

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        return Fitted(self.feature)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return raw.values[at]


def _padded_token_ids(feature: TokensFeature, column: Array) -> Raw:
    name = feature.tokens
    if types_in(column) <= {str, type(None)} and str in types_in(column):
        raise unpreparable_data(
            f"column `{name}` holds texts, not ids",
            help=f"take it as `{{text: {name}, vocabulary: 10000, length: {feature.length}}}`",
        )
    padded = padded_rows(name, column, (feature.length,), Fill(feature.pad, feature.cut))
    finite_numbers(name, padded.values, gaps=False)
    _require_ids(feature, padded.values)
    above = padded.values >= feature.num_ids
    ids = np.where(above, feature.unknown_id or 0, padded.values).astype(np.int32)
    return Raw(ids, None, padded.cut, above.sum(axis=1) if feature.above else None)


def _require_ids(feature: TokensFeature, ids: Array) -> None:
    """Check that every token is an id of the vocabulary, or past it where that is allowed.

    Raises:
        StepError: If one is negative, not whole, or not below the vocabulary (DL613).
    """
    wrong = ~((ids >= 0) & are_whole(ids))
    if feature.above is None:
        wrong |= ids >= feature.num_ids
    rows = np.flatnonzero(wrong.any(axis=1))
    if rows.size:
        row = int(rows[0])
        raise refused_value(
            feature.tokens,
            row,
            ids[row][wrong[row]][0],
            f"is no id of a vocabulary of {feature.num_ids}",
            help=f"ids run from 0 to {feature.num_ids - 1}; write a larger `vocabulary`, or "
            "`above: unknown`, which reads those past it as one id and counts them",
        )
