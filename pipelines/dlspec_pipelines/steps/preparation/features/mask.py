"""Prepares `mask`."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from dlspec.language.features import MaskFeature
from dlspec_pipelines.steps.data_memory import each_row
from dlspec_pipelines.steps.datasets.file_decoding import Undecodable
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
from dlspec_pipelines.steps.preparation.named_files import decode_named_files, names_files
from dlspec_pipelines.steps.preparation.raw_columns import Raw
from dlspec_pipelines.steps.preparation.scratch_arrays import fill_row, scratch_array

# What a picture of class ids is stored as: grey, palette, black and white.
_ID_MODES = ("L", "P", "1")


@dataclass(frozen=True, slots=True)
class MaskPreparer:
    """Prepares `MaskFeature`."""

    feature: MaskFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        feature, column = self.feature, table.columns[self.feature.mask]
        shape = (table.rows, *feature.extents)
        masks = _Masks(feature, scratch_array(shape, np.int32, table.memory))
        if names_files(column) and column.ndim == 1 and not holds_arrays(column):
            decode_named_files(feature.mask, table, masks.keep_file)
        else:
            for row, cell in enumerate(each_row(column)):
                masks.keep(row, cell)
        return Raw(masks.values, None, len(masks.cut))

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        return Fitted(self.feature)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return raw.at(at)


@dataclass(frozen=True, slots=True, eq=False)
class _Masks:
    """Class ids that are being read, and the rows that were longer than their feature.

    Shapes:
        values: (rows, *shape)
    """

    feature: MaskFeature
    values: Array
    cut: set[int] = field(default_factory=set)

    def keep(self, row: int, cell: object) -> None:
        """Read one mask; what it lacks of the length is of no class."""
        ids, length = _ids_of_sample(self.feature, cell, row=row), self.values.shape[1]
        if len(ids) > length:
            self.cut.add(row)
        elif len(ids) < length:
            assert self.feature.ignore is not None, "else its shape is another"
            behind = (length - len(ids), *self.values.shape[2:])
            ids = np.concatenate([ids, np.full(behind, self.feature.ignore, np.int32)])
        fill_row(self.values, row, ids[:length])

    def keep_file(self, row: int, path: Path) -> None:
        """Read the mask of one file."""
        self.keep(row, _stored_values_of_picture(path))


def _ids_of_sample(feature: MaskFeature, cell: object, *, row: int) -> Array:
    """Return the class of each place of a sample; `ignore` where it is of none."""
    if cell is None:
        raise refused_value(feature.mask, row, None, "is no target", help="leave these rows out")
    values = np.asarray(cell)
    if feature.size is not None:
        values = _nearest_pixels(feature, values, feature.size, row=row)
    wanted, found = feature.extents, values.shape
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


def _nearest_pixels(
    feature: MaskFeature, values: Array, size: tuple[int, int], *, row: int
) -> Array:
    """Return a mask of another size: each pixel is the one that its middle falls into."""
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim != 2 or not values.size:
        raise RefusedValue(
            feature.mask, row, f"a mask of shape {values.shape}, which is no picture", help=None
        )
    rows, columns = (
        ((np.arange(wanted) + 0.5) * (found / wanted)).astype(np.int64)
        for wanted, found in zip(size, values.shape, strict=True)
    )
    return values[np.ix_(rows, columns)]


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


def _stored_values_of_picture(path: Path) -> Array:
    """Return the values that a picture stores: of a palette its numbers, and not its colours."""
    try:
        with Image.open(path) as opened:
            mode, values = opened.mode, np.asarray(opened)
    except (OSError, SyntaxError, UnidentifiedImageError) as error:
        raise Undecodable(f"`{path}` cannot be read as a picture: {error}") from error
    if mode not in _ID_MODES:
        raise Undecodable(
            f"`{path}` holds colours (`{mode}`), no ids",
            help="store masks as grey or palette pictures, one number for each pixel",
        )
    return values.astype(np.int32)
