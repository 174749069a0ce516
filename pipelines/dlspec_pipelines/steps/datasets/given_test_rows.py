"""The rows of a data section: those of `source`, and behind them those of `test`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.suggest import suggest
from dlspec.language.features import CategoryFeature, ClassFeature, Feature
from dlspec.language.sections import Data
from dlspec.language.sources import SqlSource, TestSource
from dlspec_pipelines.steps.datasets.downloads import is_url, local_copy_of_url
from dlspec_pipelines.steps.datasets.file_places import places_of_name
from dlspec_pipelines.steps.datasets.read_source import content_hash, read_source_table
from dlspec_pipelines.steps.datasets.source_digests import Reread, reread_source_files
from dlspec_pipelines.steps.datasets.stray_blanks import require_no_stray_blanks
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Table,
    shown_value,
    unpreparable_data,
    unreadable_source,
)
from dlspec_pipelines.steps.datasets.table_files import (
    file_not_opened_error,
    joined_column_pieces,
)
from dlspec_pipelines.steps.step_errors import StepError


def read_data_table(
    data: Data, base: Path, *, text_columns: tuple[str, ...] = (), memory: int | None = None
) -> Table:
    """Read the source, and below its rows those that `test` names, marked as test rows.

    Args:
        base: The folder of the spec, where relative paths start.
        text_columns: Whose values are text where the format does not tell text from numbers.
        memory: What the columns may take of the memory; None for any number of bytes.

    Raises:
        StepError: If a file cannot be read (DL610), the test rows lack a column that the spec
            reads (DL611), or hold another kind of values there (DL613).
    """
    features = (*data.inputs.values(), *data.targets.values())
    listed = (*text_columns, *_columns_of_listed_texts(features))
    table = read_source_table(data.source, base, text_columns=listed, memory=memory)
    require_no_stray_blanks(data.source, features, table)
    if data.test is None:
        return replace(table, memory=memory)
    if table.given_test is not None:
        raise unreadable_source(
            f"`{data.source.word}` has test rows of its own, and `test` names others",
            help="leave `test` out",
        )
    texts = tuple(name for name, column in table.columns.items() if column.dtype == np.object_)
    test = read_source_table(data.test, base, text_columns=(*listed, *texts), memory=memory)
    require_no_stray_blanks(data.test, features, test)
    read = _columns_that_are_read(data)
    joined = _with_rows_below(table, test, read=read, named=data.test, memory=memory)
    return replace(joined, memory=memory)


def reads_database(data: Data) -> bool:
    """Return whether rows come from a query: reading them twice may give two answers."""
    return isinstance(data.source, SqlSource) or isinstance(data.test, SqlSource)


def content_hashes(data: Data, base: Path) -> tuple[str, ...]:
    """Return what changes when the content of the source does, and of the test rows' file.

    Raises:
        StepError: If a file is not there (DL610).
    """
    own = content_hash(data.source, base)
    return (own,) if data.test is None else (own, content_hash(data.test, base))


def reread_data_files(data: Data, base: Path) -> Reread:
    """Read again the files of the source and of the test rows, whatever their times say.

    Raises:
        StepError: If a file cannot be opened (DL610).
    """
    named = [*data.source.files, *(() if data.test is None else data.test.files)]
    away = [local_copy_of_url(name, anew=True) for name in named if is_url(name)]
    here = [name for name in named if not is_url(name)]
    places = [path for name in here for path in places_of_name(name, base) if path.exists()]
    try:
        return reread_source_files(dict.fromkeys([*places, *away]))
    except OSError as error:
        raise file_not_opened_error(Path(error.filename), error) from error


def _columns_of_listed_texts(features: Iterable[Feature]) -> Iterator[str]:
    """Return the columns whose values the spec lists as texts, whatever they look like."""
    for feature in features:
        listed: object = None
        if isinstance(feature, CategoryFeature):
            listed = feature.vocabulary
        elif isinstance(feature, ClassFeature):
            listed = feature.classes
        if isinstance(listed, tuple) and all(isinstance(value, str) for value in listed):
            yield from feature.columns


def _columns_that_are_read(data: Data) -> set[str]:
    return {*data.columns, *(data.expect or {})}


def _with_rows_below(
    table: Table, test: Table, *, read: set[str], named: TestSource, memory: int | None
) -> Table:
    """Return both tables as one, without the columns that only one has and nobody reads."""
    where = ", ".join(f"`{name}`" for name in named.files)
    if isinstance(named, SqlSource):
        where = "the query of `test`"
    lacking = [name for name in table.columns if name in read and name not in test.columns]
    if lacking:
        raise _lacking_columns_error(lacking, table, test, where)
    columns = {}
    for name, column in table.columns.items():
        if name in test.columns:
            _require_same_values(name, column, test, where)
            columns[name] = joined_column_pieces(name, [column, test.columns[name]], memory)
    marks = np.repeat([False, True], [table.rows, test.rows])
    left_out = (*table.left_out, *test.left_out)
    files, lines = (*table.files, *test.files), {**table.lines, **test.lines}
    return Table(columns, marks, files, left_out, lines)


def _lacking_columns_error(
    lacking: Sequence[str], table: Table, test: Table, where: str
) -> StepError:
    own: Mapping[str, Array] = {n: c for n, c in test.columns.items() if n not in table.columns}
    told = ", ".join(f"`{name}`" for name in lacking)
    word = "column" if len(lacking) == 1 else "columns"
    near = [(name, suggest(name, own)) for name in lacking]
    written = [f"`{name}` in the place of `{other}`" for name, other in near if other is not None]
    has = ", ".join(f"`{name}`" for name in list(test.columns)[:12])
    return StepError(
        f"the test rows in {where} have no {word} {told}, which the source has",
        code=Code.COLUMN_NOT_FOUND.value,
        help=f"write {' and '.join(written)} into the header of {where}"
        if written
        else f"name a file with the columns of the source; this one has {has}",
    )


def _require_same_values(name: str, column: Array, test: Table, where: str) -> None:
    """Check that numbers stand where the source has numbers, and rows of the same shape."""
    found = test.columns[name]
    if column.shape[1:] != found.shape[1:] and np.object_ not in (column.dtype, found.dtype):
        raise unpreparable_data(
            f"column `{name}` holds values of shape {found.shape[1:]} in {where}, "
            f"and of shape {column.shape[1:]} in the source"
        )
    if column.dtype.kind in "iufb" and found.dtype == np.object_ and found.ndim == 1:
        present = np.flatnonzero(~np.asarray(pd.isna(pd.Series(found))))
        if not present.size:
            return
        numbers = pd.to_numeric(pd.Series(found[present]), errors="coerce")
        odd = present[np.flatnonzero(np.isnan(numbers))]
        row = int(odd[0] if odd.size else present[0])
        raise unpreparable_data(
            f"column `{name}`, {test.place_of(row)}: {shown_value(found[row])} is no number, "
            "and the source holds numbers there",
            help="correct the value, or list it under `missing` where it stands for none",
        )
