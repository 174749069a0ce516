"""predictions.parquet: one row per test sample, truth beside prediction."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.data_memory import BLOCK_BYTES
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.outputs import Predicted, Signature
from dlspec_pipelines.steps.step_errors import StepError


def write_predictions(
    path: Path,
    rows: Array,
    predicted: Mapping[str, Predicted],
    *,
    champion: Mapping[str, Predicted] | None,
    generated: Mapping[str, Array] | None = None,
    source_rows: Mapping[str, Array] | None = None,
) -> None:
    """Write the predictions of the test samples.

    Columns: `row` (of the source, or the sample's own number), `part`, `<input>_row` of samples of
    several rows, and for each target `<target>_true`, `<target>_pred`,
    `<target>_p<class>` or `<target>_score<class>`, `<target>_champion`, and `<target>_generated`.

    Raises:
        StepError: If the disk is full or the folder may not be written.
    """
    given = {"row": np.asarray(rows)}
    given |= {f"{name}_row": np.asarray(at) for name, at in (source_rows or {}).items()}
    generated = generated or {}
    champion = champion or {}
    held = [array for p in predicted.values() for array in (p.true, p.guess, p.probability)]
    row_bytes = sum(array[:1].nbytes for array in held if array is not None)
    step = max(1, BLOCK_BYTES // max(1, row_bytes))
    with store.whole_file(path) as file, ExitStack() as stack:
        writer = None
        for start in range(0, max(1, len(rows)), step):
            part = slice(start, start + step)
            table = pa.table(
                _columns_of_samples(
                    {name: values[part] for name, values in given.items()},
                    {name: p.take(part) for name, p in predicted.items()},
                    {name: p.guess[part] for name, p in champion.items()},
                    {name: values[part] for name, values in generated.items()},
                )
            )
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(file, table.schema))
            writer.write_table(table)


def _columns_of_samples(
    given: Mapping[str, Array],
    predicted: Mapping[str, Predicted],
    champion: Mapping[str, Array],
    generated: Mapping[str, Array],
) -> dict[str, pa.Array]:
    rows, *others = given
    columns = {rows: pa.array(given[rows]), "part": pa.array(["test"] * len(given[rows]))}
    columns |= {name: pa.array(given[name]) for name in others}
    for target, p in predicted.items():
        columns[f"{target}_true"] = _parquet_column(p.true)
        columns[f"{target}_pred"] = _parquet_column(p.guess)
        columns |= _score_columns(f"{target}_p", p.probability)
        columns |= _score_columns(f"{target}_score", p.score)
        if target in champion:
            columns[f"{target}_champion"] = _parquet_column(champion[target])
        if target in generated:
            columns[f"{target}_generated"] = _parquet_column(generated[target])
    return columns


def read_predictions(path: Path, signature: Signature) -> tuple[Array, dict[str, Predicted]]:
    """Return the source rows and the predictions that `write_predictions` wrote.

    Raises:
        StepError: If the file is not there or damaged.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise StepError(
            f"`{path}` cannot be read: {str(error).splitlines()[0]}", help="evaluate that run again"
        ) from error
    found = {}
    for head in signature.heads:
        found[head.name] = Predicted(
            head.kind,
            _array_of_parquet_column(table[f"{head.name}_true"]),
            _array_of_parquet_column(table[f"{head.name}_pred"]),
            _read_scores(table, f"{head.name}_p", head.kind),
            _read_scores(table, f"{head.name}_score", head.kind),
        )
    return _array_of_parquet_column(table["row"]), found


def _parquet_column(values: Array) -> pa.Array:
    narrow = values.astype(np.float32) if values.dtype.kind == "f" else values
    flat = narrow.reshape(len(narrow), -1)
    if flat.shape[1] == 1:
        return pa.array(flat[:, 0])
    return pa.FixedSizeListArray.from_arrays(pa.array(flat.reshape(-1)), flat.shape[1])


def _score_columns(prefix: str, scores: Array | None) -> dict[str, pa.Array]:
    if scores is None:
        return {}
    if scores.ndim == 1:
        return {f"{prefix}1": pa.array(scores.astype(np.float32))}
    return {
        f"{prefix}{k}": pa.array(np.ascontiguousarray(scores[:, k], dtype=np.float32))
        for k in range(scores.shape[1])
    }


def _read_scores(table: pa.Table, prefix: str, kind: str) -> Array | None:
    # `p` begins `pred`, too: what follows must be a class.
    names = [n for n in table.column_names if n.removeprefix(prefix).isdecimal()]
    names = [n for n in names if n.startswith(prefix)]
    if not names:
        return None
    columns = [_array_of_parquet_column(table[name]) for name in names]
    return columns[0] if kind == "binary" else np.stack(columns, axis=1)


def _array_of_parquet_column(column: pa.ChunkedArray) -> Array:
    joined = column.combine_chunks()
    if pa.types.is_fixed_size_list(joined.type):
        flat: Array = joined.flatten().to_numpy()
        return flat.reshape(len(joined), joined.type.list_size)
    values: Array = joined.to_numpy(zero_copy_only=False)
    return values
