"""`dlspec predict`: new rows through a trained run, with the preparation fitted at its training."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlspec.language.sources import CsvSource, JsonLinesSource, NpzSource, ParquetSource
from dlspec.tools.commands.exit_status import CLEAN
from dlspec.tools.commands.remarks import print_remark
from dlspec_pipelines.steps.evaluation.table_endings import require_table_name
from dlspec_pipelines.steps.json_documents import PLAN, RUN, read_document
from dlspec_pipelines.steps.runs import find_run
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage
from dlspec_pipelines.trainer.backend_choice import require_backend
from dlspec_pipelines.trainer.keras_import import import_keras, quiet_start

if TYPE_CHECKING:
    from dlspec_pipelines.steps.datasets.table import Table


_KINDS = (".csv", ".json", ".jsonl", ".npz", ".parquet")


FileSource = CsvSource | JsonLinesSource | NpzSource | ParquetSource


def predict(
    word: str,
    file: str,
    *,
    output: str | None,
    beam: int | None = None,
    length: int | None = None,
) -> int:
    """Write predictions for the rows of a file, and return the exit status.

    Args:
        word: A run's id or its beginning, a run's folder, or the name of a model.
        output: A .csv, .npz or .parquet file; None writes CSV on standard output.
        beam: Sequences kept at each step of a generation; None is what the spec says.
        length: Most ids to generate; None is what the spec says.
    """
    try:
        if output is not None:
            require_table_name(Path(output))
        choice = find_run(word)
        plan = read_document(choice.folder / "plan.json", PLAN)
        run = read_document(choice.folder / "run.json", RUN)
        source = _new_rows_source(Path(file), plan)
        _settle_backend(run["backend"])
        print_remark(f"using run `{choice.folder.name}` of `{plan['name']}`: {choice.reason}")
        table = _predict_file(choice.folder, source, beam=beam, length=length)
        _write_predicted_table(table, None if output is None else Path(output))
    except StepError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - this is the output
        return problem.status
    return CLEAN


def _settle_backend(backend: str) -> None:
    """Let Keras load with the backend that the run was trained on.

    Raises:
        StepError: If that is not installed.
    """
    require_backend(backend)
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _predict_file(
    folder: Path, source: FileSource, *, beam: int | None, length: int | None
) -> "Table":
    with quiet_start():
        import_keras()
    from dlspec_pipelines.steps.datasets.read_source import read_source_table
    from dlspec_pipelines.steps.evaluation.new_rows import predict_new_rows as predict_rows
    from dlspec_pipelines.steps.preparation.applying import windows_left_out
    from dlspec_pipelines.steps.preparation.fitting import load_preparation
    from dlspec_pipelines.steps.preparation.trained_types import text_columns_of

    preparation = load_preparation(folder)
    text = text_columns_of(preparation)
    table = read_source_table(source, Path.cwd(), text_columns=text)
    left_out, gaps = windows_left_out(preparation, table)
    if left_out:
        print_remark(f"{left_out:,} windows left out: they reach over {gaps:,} gaps in time")
    return predict_rows(folder, table, beam=beam, length=length)


def _new_rows_source(file: Path, plan: Mapping[str, Any]) -> FileSource:
    """Return the file as a source; delimited text is read as the spec reads its own."""
    path = str(file.absolute())
    match file.suffix:
        case ".csv" | ".data" | ".tsv" | ".txt":
            said = plan["data"]["source"]
            if "csv" not in said:
                return CsvSource((path,), "\t" if file.suffix == ".tsv" else ",")
            names = None if said["columns"] is None else tuple(said["columns"])
            missing = tuple(said["missing"])
            # Runs of before `decimal` was a key say nothing of it.
            decimal = said.get("decimal", ".")
            separator = "\t" if file.suffix == ".tsv" else said["separator"]
            return CsvSource((path,), separator, names, missing, said["encoding"], decimal)
        case ".json" | ".jsonl":
            return JsonLinesSource((path,))
        case ".npz":
            return NpzSource(path)
        case ".parquet":
            return ParquetSource((path,))
    raise WrongUsage(
        f"`{file}` is not a table: its name ends in `{file.suffix}`",
        help=f"name a file that ends in {', '.join(f'`{kind}`' for kind in _KINDS)}",
    )


def _write_predicted_table(table: "Table", output: Path | None) -> None:
    from dlspec_pipelines.steps.evaluation.predictions_table import (
        csv_frame,
        write_predictions_table,
    )

    if output is None:
        csv_frame(table).to_csv(sys.stdout, index=False)
        return
    write_predictions_table(table, output)
    print_remark(f"{table.rows:,} rows written to `{output}`")
