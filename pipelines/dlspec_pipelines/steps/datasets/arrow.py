"""Columns of Arrow tables as arrays: Parquet and JSON lines."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
