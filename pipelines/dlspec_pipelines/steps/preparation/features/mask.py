"""Prepares `mask`."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from dlspec.language.features import MaskFeature
from dlspec_pipelines.steps.datasets.table import (
    Array,
    RefusedValue,
    Rows,
    Table,
    holds_arrays,
    refused_value,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.ids import vocabulary_positions
from dlspec_pipelines.steps.preparation.named_files import named_file_paths, names_files
from dlspec_pipelines.steps.preparation.raw_columns import Fill, Raw, padded_rows

# What a picture of class ids is stored as: grey, palette, black and white.
_ID_MODES = ("L", "P", "1")


@dataclass(frozen=True, slots=True)
class MaskPreparer:
    """Prepares `MaskFeature`."""

    feature: MaskFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        feature, column = self.feature, table.columns[self.feature.mask]
        if names_files(column) and column.ndim == 1 and not holds_arrays(column):
            column = _masks_of_files(feature, table)
        ids = np.empty(len(column), dtype=np.object_)
        for row, cell in enumerate(column):
            ids[row] = _ids_of_sample(feature, cell, row=row)
        if feature.ignore is None:
            return Raw(np.stack(list(ids)))
        padded = padded_rows(feature.mask, ids, feature.shape, Fill())
        values = padded.values.astype(np.int32)
        if padded.mask is not None:
            values[~padded.mask] = feature.ignore
        return Raw(values, None, padded.cut)

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        return Fitted(self.feature)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return raw.values[at]


def _ids_of_sample(feature: MaskFeature, cell: object, *, row: int) -> Array:
    """Return the class of each place of a sample; `ignore` where it is of none."""
    if cell is None:
        raise refused_value(feature.mask, row, None, "is no target", help="leave these rows out")
    values = np.asarray(cell)
    wanted, found = feature.shape, values.shape
    if found == (*wanted, 1):
        values = values[..., 0]
    elif feature.ignore is None and found == (int(np.prod(wanted)),):
        values = values.reshape(wanted)
    ragged = feature.ignore is not None and values.ndim == len(wanted)
    if values.shape[1:] != wanted[1:] or (values.shape != wanted and not ragged):
        fill = ", or `ignore`, which fills up shorter ones" if len(found) == len(wanted) else ""
        raise RefusedValue(
            feature.mask,
            row,
            f"a mask of shape {found}, not {wanted}",
            help="say the `shape` that all masks have" + fill,
        )
    listed = range(feature.classes) if isinstance(feature.classes, int) else feature.classes
    flat = values.reshape(-1)
    ids = vocabulary_positions(tuple(listed), flat)
    if feature.ignore is not None:
        ids = np.where(flat.astype(np.object_) == feature.ignore, feature.ignore, ids)
    wrong = np.flatnonzero(ids < 0)
    if wrong.size:
        raise _strange_class(feature, flat[int(wrong[0])], row)
    return ids.astype(np.int32).reshape(values.shape)


def _strange_class(feature: MaskFeature, value: object, row: int) -> Exception:
    counted = isinstance(feature.classes, int)
    return refused_value(
        feature.mask,
        row,
        value,
        f"is no class id: ids run from 0 to {feature.num_ids - 1}"
        if counted
        else "is not one of `classes`",
        help="list the values under `classes` in the order of their ids, or write `ignore` with "
        "the value of places of no class",
    )


def _masks_of_files(feature: MaskFeature, table: Table) -> Array:
    """Return the values that pictures store: of a palette its numbers, and not its colours."""
    paths = named_file_paths(feature.mask, table)
    found = np.empty(len(paths), dtype=np.object_)
    for row, path in enumerate(paths):
        try:
            with Image.open(path) as opened:
                mode, values = opened.mode, np.asarray(opened)
        except (OSError, SyntaxError, UnidentifiedImageError) as error:
            what = f"`{path}` cannot be read as a picture: {error}"
            raise RefusedValue(feature.mask, row, what, help=None) from error
        if mode not in _ID_MODES:
            raise RefusedValue(
                feature.mask,
                row,
                f"`{path}` holds colours (`{mode}`), no ids",
                help="store masks as grey or palette pictures, one number for each pixel",
            )
        found[row] = values.astype(np.int32)
    return found
