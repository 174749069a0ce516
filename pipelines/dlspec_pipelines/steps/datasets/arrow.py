"""Columns of Arrow tables as arrays: Parquet and JSON lines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dlspec_pipelines.steps.datasets.column_spool import ColumnSpool, RowKind
from dlspec_pipelines.steps.datasets.table import Array


def columns_of_arrow(table: pa.Table) -> dict[str, Array]:
    """Return the columns of an Arrow table; lists of one length become an axis."""
    return {
        name: _array_of_arrow_column(table.column(name).combine_chunks())
        for name in table.column_names
    }


def _array_of_arrow_column(column: pa.Array) -> Array:
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    elif pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif _is_arrow_list(kind):
        return _array_of_arrow_lists(column)
    values: Array = column.to_numpy(zero_copy_only=False)
    return values


def _is_arrow_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _array_of_arrow_lists(column: pa.Array) -> Array:
    lengths = pc.list_value_length(column)
    bounds = pc.min_max(lengths)
    least, most = bounds["min"].as_py(), bounds["max"].as_py()
    if column.null_count == 0 and least is not None and least == most:
        inner = _array_of_arrow_column(column.flatten())
        return inner.reshape(len(column), least, *inner.shape[1:])
    ragged: Array = column.to_numpy(zero_copy_only=False)
    return ragged if ragged.dtype == np.object_ else np.asarray(list(ragged), dtype=np.object_)


# What a column is in its pieces so far; None of one that is held as Arrow has it.
_Kinds = Mapping[str, RowKind | None]


def spooled_columns_of_batches(
    batches: Callable[[], Iterator[pa.RecordBatch]], *, most_rows: int
) -> dict[str, Array]:
    """Return what `columns_of_arrow` gives of batches that have some rows, in little memory.

    Columns of numbers, of moments, and of lists of these that have one length are mapped from a
    file; of texts each different one is held once.

    Args:
        batches: Gives all batches; asked again where a later one shows that whole numbers have a
            gap, or lists several lengths.
    """
    asked = batches()
    first = next(asked)
    pieces = zip(first.schema.names, first.columns, strict=True)
    kinds: _Kinds = {name: _row_kind(_array_of_arrow_column(column)) for name, column in pieces}
    asked = chain([first], asked)
    del first, pieces
    while True:
        wider = dict(kinds)
        found = _spool_batches(asked, kinds, wider, most_rows=most_rows)
        if wider == kinds:
            return found
        asked, kinds = batches(), wider


def _row_kind(piece: Array) -> RowKind | None:
    kind = RowKind(piece.dtype, piece.shape[1:])
    return None if piece.dtype == np.object_ or not kind.row_bytes else kind


def _joint_row_kind(one: RowKind | None, other: RowKind | None) -> RowKind | None:
    """Return what the pieces of a column are together: floats where whole numbers have gaps."""
    if one == other or one is None or other is None:
        return one if one == other else None
    kinds = {one.dtype.kind, other.dtype.kind}
    joined = np.result_type(one.dtype, other.dtype)
    whole_and_floats = "f" in kinds and kinds <= {"f", "i", "u"} and joined == np.float64
    return RowKind(joined, one.shape) if whole_and_floats and one.shape == other.shape else None


def _spool_batches(
    batches: Iterator[pa.RecordBatch],
    kinds: _Kinds,
    wider: dict[str, RowKind | None],
    *,
    most_rows: int,
) -> dict[str, Array]:
    """Return the columns if all pieces are of `kinds`; else `wider` has then what they are."""
    spool = ColumnSpool({n: k for n, k in kinds.items() if k is not None}, most_rows=most_rows)
    held: dict[str, list[pa.Array]] = {name: [] for name, kind in kinds.items() if kind is None}
    try:
        for name, column in chain.from_iterable(map(_columns_of_batch, batches)):
            if name in held:
                held[name].append(column)
            elif wider[name] is not None:
                piece = _array_of_arrow_column(column)
                wider[name] = _joint_row_kind(wider[name], _row_kind(piece))
                if wider[name] == kinds[name]:
                    spool.add_piece(name, piece)
        if wider != kinds:
            return {}
        found = spool.columns()
    finally:
        spool.close()
    found |= {name: _array_of_held_chunks(chunks) for name, chunks in held.items()}
    return {name: found[name] for name in kinds}


def _columns_of_batch(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Array]]:
    if len(batch):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
            yield name, column.dictionary_encode() if is_text else column


def _array_of_held_chunks(chunks: Sequence[pa.Array]) -> Array:
    kind = chunks[0].type
    if pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type):
        return texts_of_dictionaries(chunks)
    return _array_of_arrow_column(pa.chunked_array(chunks).combine_chunks())


def texts_of_dictionaries(chunks: Sequence[pa.DictionaryArray]) -> Array:
    """Return texts of which each is one object, however many rows hold it."""
    if not chunks:
        return np.zeros(0, dtype=np.object_)
    whole = pa.chunked_array(chunks).unify_dictionaries()
    words = np.array([*whole.chunk(whole.num_chunks - 1).dictionary.to_pylist(), None], object)
    codes = [chunk.indices.fill_null(len(words) - 1).to_numpy() for chunk in whole.chunks]
    texts: Array = words[np.concatenate(codes)]
    return texts
