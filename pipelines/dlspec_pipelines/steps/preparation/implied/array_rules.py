"""Rules of columns with an array in each row: there, of the shape, of finite numbers or of ids."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dlspec.diagnostics.counts import counted
from dlspec.language.features import (
    AudioFeature,
    ImageFeature,
    MaskFeature,
    SequenceFeature,
    TensorFeature,
    TokensFeature,
    VectorFeature,
)
from dlspec_pipelines.steps.data_memory import row_blocks
from dlspec_pipelines.steps.datasets.contract_rules import ContractRule, rule_that_holds
from dlspec_pipelines.steps.datasets.ragged import joined_row_stretches, rows_share_a_dtype
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table, holds_arrays
from dlspec_pipelines.steps.preparation.ids import are_whole, vocabulary_positions
from dlspec_pipelines.steps.preparation.implied.value_rules import (
    FILL_HELP,
    WEIGHT,
    WEIGHT_HELP,
    weighs,
)

Shape = tuple[int, ...]
# Kinds of arrays that hold numbers, as numpy names them.
_NUMBERS = "iufb"


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """A column of arrays, or of lists that are such; a row is None where it is none of either.

    Of a dense array of numbers, which may be mapped from a file, `cells` is that array.
    """

    name: str
    values: Array
    cells: Array | list[Array | None]

    @property
    def is_dense(self) -> bool:
        """Return whether all rows stand in one array of numbers."""
        return isinstance(self.cells, np.ndarray)


def vector_rules(feature: VectorFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of vectors in one column."""
    (name,) = feature.columns
    if (rows := _array_rows(name, table)) is not None:
        yield _presence_of_arrays(rows)
        if feature.length is not None:
            length = feature.length
            yield _shape_rule(
                rows, counted(length, "number"), lambda shape: int(np.prod(shape)) == length
            )
        yield _finite_rule(rows, gaps=feature.missing is not None, fill=FILL_HELP)


def tensor_rules(feature: TensorFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of arrays of one shape, or of one but for their first axis."""
    if (rows := _array_rows(feature.tensor, table)) is None:
        return
    wanted = feature.shape
    yield _presence_of_arrays(rows)
    if feature.pad is None:
        flat = (int(np.prod(wanted)),)
        yield _shape_rule(
            rows,
            f"an array of shape {_tuple_text(wanted)}",
            lambda shape: shape in (wanted, flat, (*wanted, 1)) or (*shape, 1) == wanted,
        )
    else:
        yield _steps_rule(rows, wanted[1:])
    yield _finite_rule(rows)


def sequence_rules(feature: SequenceFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of sequences of any length."""
    if (rows := _array_rows(feature.sequence, table)) is not None:
        yield _presence_of_arrays(rows)
        yield _steps_rule(rows, (feature.features,))
        yield _finite_rule(rows)


def image_rules(feature: ImageFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of pixels in a column; files are looked at when they are decoded."""
    if (rows := _array_rows(feature.image, table)) is None:
        return
    wanted, channels = (*feature.size, feature.channels), feature.channels
    yield _presence_of_arrays(rows)
    if feature.resize is None:
        grey = feature.size if channels == 1 else wanted
        flat = (int(np.prod(wanted)),)
        yield _shape_rule(
            rows,
            f"an image of shape {_tuple_text(wanted)}",
            lambda shape: shape in (wanted, grey, flat),
            help="say the `size` and the `channels` that the images have, or how they come to it: "
            "`resize: stretch`, `crop` or `pad`",
        )
    elif rows.values.dtype == np.object_:
        yield _shape_rule(
            rows,
            f"an image of {counted(channels, 'channel')}",
            lambda shape: (
                len(shape) in (2, 3)
                and 0 not in shape
                and (shape[2] if len(shape) == 3 else 1) == channels
            ),
            help="say the `channels` that the images have",
        )
    yield _finite_rule(rows)


def audio_rules(feature: AudioFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of waves in a column; files are looked at when they are decoded."""
    if (rows := _array_rows(feature.audio, table)) is not None:
        yield _presence_of_arrays(rows)
        help = "give each row a list of samples, or the name of a file"
        yield _shape_rule(rows, "a wave", lambda shape: len(shape) == 1 and shape[0] > 0, help=help)
        yield _finite_rule(rows)


def token_rules(feature: TokensFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of ids that are already made."""
    if (rows := _array_rows(feature.tokens, table)) is None:
        return
    most = feature.num_ids if feature.above is None else np.inf
    yield _presence_of_arrays(rows)
    yield _elements_rule(
        rows,
        f"ids from 0 to {most - 1}" if feature.above is None else "ids from 0 on",
        lambda ids: (ids >= 0) & (ids < most) & are_whole(ids),
        help="of ids past it write a larger `vocabulary`, or `above: unknown`, which reads them as "
        "one id and counts them; mend rows that hold anything else"
        if feature.above is None
        else "mend these rows, or leave them out",
    )


def mask_rules(feature: MaskFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of a class for each place; files are looked at when they are decoded."""
    if (rows := _array_rows(feature.mask, table)) is None:
        return
    yield _presence_of_arrays(rows, text="a target is there")
    yield _shape_rule(
        rows,
        "a mask of height and width"
        if feature.size is not None
        else f"a mask of shape {_tuple_text(feature.extents)}",
        lambda shape: _fits_mask(feature, shape),
        help="mend these rows, or leave them out"
        if feature.size is not None
        else "say the `shape` that all masks have"
        + (", or `ignore`, which fills up shorter ones" if feature.ignore is None else ""),
    )
    ids = f"class ids from 0 to {feature.num_ids - 1}"
    text = ids if isinstance(feature.classes, int) else "values of `classes`"
    yield _elements_rule(
        rows,
        text if feature.ignore is None else f"{text}, or {feature.ignore}",
        lambda values: _are_classes(feature, values),
        help="list the values under `classes` in the order of their ids, or write `ignore` with "
        "the value of places of no class",
        kinds=_NUMBERS if isinstance(feature.classes, int) else _NUMBERS + "UO",
    )


def step_weight_rules(
    name: str, wanted: tuple[int | None, ...], table: Table, *, fills: bool
) -> Iterator[ContractRule]:
    """Give the rules of a weight for each place of a sample.

    Args:
        fills: Whether a sample may have fewer or more places than its target, along the first axis.
    """
    if (rows := _array_rows(name, table)) is None:
        return
    yield _presence_of_arrays(rows)
    yield _shape_rule(
        rows,
        f"weights of shape {_tuple_text(wanted)}" if wanted else "one weight",
        lambda shape: (
            shape == wanted or (fills and len(shape) == len(wanted) and shape[1:] == wanted[1:])
        ),
        help="give each row as many weights as its target has places, or one number"
        if wanted
        else "give each row one number: its target has a single loss",
    )
    yield _elements_rule(rows, WEIGHT, weighs, help=WEIGHT_HELP)


def _are_classes(feature: MaskFeature, values: Array) -> Array:
    if isinstance(feature.classes, int):
        known = (values >= 0) & (values < feature.classes) & are_whole(values)
    else:
        known = vocabulary_positions(feature.classes, values) >= 0
    if feature.ignore is not None:
        known = known | (values.astype(np.object_) == feature.ignore)
    return np.asarray(known)


def _fits_mask(feature: MaskFeature, shape: Shape) -> bool:
    wanted = feature.extents
    if feature.size is not None:
        return 0 not in shape and (len(shape) == 2 or (len(shape) == 3 and shape[2] == 1))
    if shape in (wanted, (*wanted, 1)):
        return True
    if feature.ignore is None:
        return shape == (int(np.prod(wanted)),)
    return len(shape) == len(wanted) and shape[1:] == wanted[1:]


def _array_rows(name: str, table: Table) -> _Rows | None:
    """Return the rows of a column of arrays; None of plain values, texts and names of files."""
    column = table.columns[name]
    if column.ndim > 1:
        cells = list(column) if column.dtype == np.object_ else column
        return _Rows(name, column, cells) if column.dtype.kind in "iufbO" else None
    if not holds_arrays(column):
        return None
    return _Rows(name, column, [_row_as_array(row) for row in column])


def _row_as_array(row: object) -> Array | None:
    """Return a row as one array, from lists or arrays in each other; None of what is none.

    Lists of several lengths are left as they are: the first axis alone is then their shape.
    """
    if not isinstance(row, np.ndarray | list):
        return None
    if isinstance(row, np.ndarray) and row.dtype != np.object_:
        return row
    steps = [one if (inner := _row_as_array(one)) is None else inner for one in row]
    try:
        return np.stack(steps) if steps else np.zeros(0)
    except ValueError:
        ragged = np.empty(len(steps), dtype=np.object_)
        ragged[:] = steps
        return ragged


def _presence_of_arrays(rows: _Rows, *, text: str = "an array is there") -> ContractRule:
    there = (
        np.ones(len(rows.cells), dtype=bool)
        if rows.is_dense
        else np.array([cell is not None for cell in rows.cells], dtype=bool)
    )
    return rule_that_holds(rows.name, text, there, rows.values, help="leave these rows out")


def _steps_rule(rows: _Rows, step: Shape) -> ContractRule:
    text = (
        f"steps of {counted(step[0], 'number')}"
        if len(step) == 1
        else f"steps of {_tuple_text(step)}"
    )
    return _shape_rule(
        rows,
        text if step else "steps of one number",
        lambda shape: 0 in shape or shape[1:] == step or (step == (1,) and len(shape) == 1),
        help="give every step of these rows as many numbers, or say how many all steps have",
    )


def _shape_rule(
    rows: _Rows, text: str, fits: Callable[[Shape], bool], *, help: str | None = None
) -> ContractRule:
    """Return the rule of the shapes; a row that is missing breaks another one."""
    if rows.values.ndim > 1:
        held = np.full(len(rows.cells), fits(rows.values.shape[1:]))
    else:
        held = np.array([cell is None or fits(cell.shape) for cell in rows.cells], dtype=bool)
    failing, shown = np.flatnonzero(~held), np.empty(len(held), dtype=np.object_)
    for row in failing:
        cell = rows.cells[row]
        assert cell is not None, "a missing row holds"
        shown[row] = f"shape {_tuple_text(cell.shape)}"
    if help is None:
        first = f"the first of these has the {shown[failing[0]]}: " if failing.size else ""
        help = f"{first}say that, or mend them"
    return rule_that_holds(rows.name, text, held, shown, help=help)


def _finite_rule(rows: _Rows, *, gaps: bool = False, fill: str | None = None) -> ContractRule:
    def fits(values: Array) -> Array:
        if values.dtype.kind != "f":
            return np.ones(len(values), dtype=bool)
        return ~np.isinf(values) if gaps else np.isfinite(values)

    help = "mend these rows, or leave them out" if fill is None else fill
    return _elements_rule(rows, "finite numbers", fits, help=help)


def _elements_rule(
    rows: _Rows,
    text: str,
    fits: Callable[[Array], Array],
    *,
    help: str,
    kinds: str = _NUMBERS,
) -> ContractRule:
    """Return the rule that every number of a row fits; a failing row shows the first of others.

    Args:
        fits: Which numbers of a plain array do.
        kinds: The kinds of arrays that `fits` can tell.
    """
    if isinstance(rows.cells, np.ndarray):
        held = _dense_rows_fit(rows.cells, fits)
    else:
        held = _ragged_rows_fit(rows.cells, fits, kinds)
    shown = np.empty(len(held), dtype=np.object_)
    for row in np.flatnonzero(~held):
        cell = rows.cells[row]
        assert cell is not None, "a missing row holds"
        flat = cell.reshape(-1)
        shown[row] = flat[~fits(flat)][0] if flat.dtype.kind in kinds else flat[0]
    return rule_that_holds(rows.name, text, held, shown, help=help)


def _dense_rows_fit(values: Array, fits: Callable[[Array], Array]) -> Array:
    held = [
        fits(block.reshape(-1)).reshape(len(block), -1).all(axis=1) for block in row_blocks(values)
    ]
    return np.concatenate([np.zeros(0, dtype=bool), *held])


def _ragged_rows_fit(
    cells: list[Array | None], fits: Callable[[Array], Array], kinds: str
) -> Array:
    if rows_share_a_dtype(cells):
        return np.concatenate(
            [_joined_rows_fit(*some, fits) for some in joined_row_stretches(cells)]
        )
    found = (
        cell is None
        or not cell.size
        or (cell.dtype.kind in kinds and bool(fits(cell.reshape(-1)).all()))
        for cell in cells
    )
    return np.fromiter(found, dtype=bool, count=len(cells))


def _joined_rows_fit(values: Array, ends: Rows, fits: Callable[[Array], Array]) -> Array:
    held = np.ones(len(ends), dtype=bool)
    held[np.searchsorted(ends, np.flatnonzero(~fits(values)), side="right")] = False
    return held


def _tuple_text(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
