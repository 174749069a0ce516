"""predictions.parquet: one row per test sample, truth beside prediction."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dlspec_pipelines.steps import store
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
    columns: dict[str, pa.Array] = {
        "row": pa.array(np.asarray(rows)),
        "part": pa.array(["test"] * len(rows)),
    }
    columns |= {f"{name}_row": pa.array(at) for name, at in (source_rows or {}).items()}
    for target, p in predicted.items():
        columns[f"{target}_true"] = _parquet_column(p.true)
        columns[f"{target}_pred"] = _parquet_column(p.guess)
        columns |= _score_columns(f"{target}_p", p.probability) | _score_columns(
            f"{target}_score", p.score
        )
        if champion is not None and target in champion:
            columns[f"{target}_champion"] = _parquet_column(champion[target].guess)
        if generated is not None and target in generated:
            columns[f"{target}_generated"] = _parquet_column(generated[target])
    with store.whole_file(path) as file:
        pq.write_table(pa.table(columns), file)


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
