"""`dlspec predict`: new rows through a trained run, with the preparation fitted at its training."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlspec.decode.written_records import record_from_words
from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.kinds import Tagged
from dlspec.language.sample_draws import ContextsDraw, RowDraw
from dlspec.language.sources import (
    CsvSource,
    FileSource,
    JsonLinesSource,
    NpzSource,
    ParquetSource,
    TextLinesSource,
    TimeSeriesTsSource,
)
from dlspec.tools.commands.exit_status import CLEAN
from dlspec.tools.commands.remarks import print_remark
from dlspec_pipelines.steps.evaluation.new_files import (
    NewFiles,
    column_of_files,
    kind_of_files,
    skipped_as,
)
from dlspec_pipelines.steps.evaluation.table_endings import (
    names_folder,
    require_free_folder,
    require_table_name,
)
from dlspec_pipelines.steps.json_documents import PLAN, RUN, read_document
from dlspec_pipelines.steps.runs import find_run
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage
from dlspec_pipelines.trainer.backend_choice import require_backend
from dlspec_pipelines.trainer.keras_import import import_keras, quiet_start

if TYPE_CHECKING:
    from dlspec_pipelines.steps.datasets.table import Table
    from dlspec_pipelines.steps.preparation.fitting import Preparation

# What is a table also beside a spec whose own texts stand a line each.
_TABLE_ENDINGS = (
    ".csv",
    ".tsv",
    *JsonLinesSource.endings,
    *NpzSource.endings,
    *ParquetSource.endings,
)
_TABLES = tuple(
    ending
    for kind in (CsvSource, ParquetSource, JsonLinesSource, NpzSource, TimeSeriesTsSource)
    for ending in kind.endings
)


def predict(
    word: str,
    files: tuple[str, ...],
    *,
    output: str | None,
    keep: tuple[str, ...] | None = None,
    beam: int | None = None,
    length: int | None = None,
) -> int:
    """Write predictions for a table's rows, or for files themselves, and return the exit status.

    Args:
        word: A run's id or its beginning, a run's folder, or the name of a model.
        files: A table; of a model whose only input is a column of files, a folder or files too.
        output: A file whose name ends as a table's does, or, of a model that predicts pictures or
            masks, a folder; None writes CSV on standard output.
        keep: The file's columns to write beside the predictions; None takes those that are
            neither inputs nor targets.
        beam: Sequences kept at each step of a generation; None is what the spec says.
        length: Most ids to generate; None is what the spec says.
    """
    try:
        to = None if output is None else Path(output)
        pictures = output is not None and names_folder(output)
        if to is not None and pictures:
            _require_picture_folder(to, {"--keep": keep, "--beam": beam, "--length": length})
        elif to is not None:
            require_table_name(to)
        choice = find_run(word)
        plan = read_document(choice.folder / "plan.json", PLAN)
        run = read_document(choice.folder / "run.json", RUN)
        source = _new_rows_of([Path(file) for file in files], plan)
        _settle_backend(run["backend"])
        print_remark(f"using run `{choice.folder.name}` of `{plan['name']}`: {choice.reason}")
        if to is not None and pictures:
            _predict_pictures(choice.folder, source, plan, to)
        else:
            rows, kept = _read_new_rows(choice.folder, source, keep, to)
            rows = _as_trained(rows, source, plan)
            table = _predict_rows(choice.folder, rows, kept, beam=beam, length=length)
            _write_predicted_table(table, to)
    except StepError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - this is the output
        return problem.status
    return CLEAN


def _require_picture_folder(folder: Path, asked: Mapping[str, object]) -> None:
    """Check that pictures can be written to a folder, and that nothing is asked which none holds.

    Raises:
        WrongUsage: If they cannot, or something is.
    """
    require_free_folder(folder)
    for option, value in asked.items():
        if value is not None:
            raise WrongUsage(
                f"`{option}` says something of a table, and `{folder}` is a folder of pictures",
                help="leave it out, or name a table: `-o predictions.csv`",
            )


def _as_trained(rows: "Table", source: "FileSource | NewFiles", plan: Mapping[str, Any]) -> "Table":
    """Return new rows with the blanks around texts left out, where those of training had none."""
    if _strips_blanks(plan) and not isinstance(source, CsvSource | NewFiles):
        return _without_blanks(rows)
    return rows


def _strips_blanks(plan: Mapping[str, Any]) -> bool:
    """Return whether the run's own rows were read without the blanks around their values."""
    said = plan["data"]["source"]
    # Runs of before this was a key left them out.
    return "csv" in said and said.get("strip", True)


def _without_blanks(table: "Table") -> "Table":
    from dlspec_pipelines.steps.datasets.stray_blanks import stripped_texts

    return stripped_texts(table)


def _settle_backend(backend: str) -> None:
    """Let Keras load with the backend that the run was trained on.

    Raises:
        StepError: If that is not installed.
    """
    require_backend(backend)
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _read_new_rows(
    folder: Path,
    source: "FileSource | NewFiles",
    keep: tuple[str, ...] | None,
    output: Path | None,
) -> tuple["Table", "Table"]:
    """Return the rows of a file, and those of its columns that stand beside the predictions."""
    from dlspec_pipelines.steps.datasets.read_source import read_source_table
    from dlspec_pipelines.steps.evaluation.kept_columns import (
        identifying_columns,
        kept_columns,
        require_kept_columns,
    )
    from dlspec_pipelines.steps.evaluation.new_files_table import (
        left_out_remark,
        new_files_table,
    )
    from dlspec_pipelines.steps.evaluation.predictions_table import require_storable
    from dlspec_pipelines.steps.evaluation.sample_preparation import load_sample_preparation
    from dlspec_pipelines.steps.preparation.trained_types import text_columns_of

    preparation = load_sample_preparation(folder)
    text = text_columns_of(preparation)
    if isinstance(source, NewFiles):
        table = new_files_table(source)
        if table.left_out:
            print_remark(left_out_remark(table.left_out))
    else:
        table = read_source_table(source, Path.cwd(), text_columns=text)
    others = identifying_columns(preparation, table)
    names = others if keep is None else keep
    require_kept_columns(names, table, preparation)
    written = tuple(name for name in names if name in others)
    if isinstance(source, CsvSource) and written:
        # Once more, as it is written: `007` names something and is no number.
        texts = read_source_table(source, Path.cwd(), text_columns=written).columns
        kept = kept_columns(names, replace(table, columns={**table.columns, **texts}))
    else:
        kept = kept_columns(names, table)
    if output is not None:
        require_storable(kept, output)
    return table, kept


def _predict_rows(
    folder: Path, table: "Table", kept: "Table", *, beam: int | None, length: int | None
) -> "Table":
    with quiet_start():
        import_keras()
    from dlspec_pipelines.steps.evaluation.kept_columns import beside_kept
    from dlspec_pipelines.steps.evaluation.new_rows import predict_new_rows
    from dlspec_pipelines.steps.evaluation.sample_preparation import load_sample_preparation
    from dlspec_pipelines.steps.preparation.applying import windows_left_out

    preparation = load_sample_preparation(folder)
    _tell_what_is_odd(preparation, table)
    left_out, gaps = windows_left_out(preparation, table)
    if left_out:
        told = f"{counted(left_out, 'window')} left out that {agreed(left_out, 'reach')} over"
        print_remark(f"{told} {counted(gaps, 'gap')} in time")
    return beside_kept(kept, predict_new_rows(folder, table, beam=beam, length=length))


def _tell_what_is_odd(preparation: "Preparation", table: "Table") -> None:
    """Tell which values of new rows training did not know, or were missing."""
    from dlspec_pipelines.steps.preparation.missing_policies import missing_in_new_rows
    from dlspec_pipelines.steps.preparation.past_vocabularies import new_ids_past_vocabularies
    from dlspec_pipelines.steps.preparation.unknown_categories import unknown_in_new_rows

    for found in (
        *unknown_in_new_rows(preparation, table),
        *new_ids_past_vocabularies(preparation, table),
        *missing_in_new_rows(preparation, table),
    ):
        print_remark(found.message)


def _predict_pictures(
    folder: Path, source: "FileSource | NewFiles", plan: Mapping[str, Any], output: Path
) -> None:
    """Write a PNG file for each row; what the model predicts beside pictures is told to be missing.

    Raises:
        WrongUsage: If no target is a picture or a mask.
    """
    from dlspec_pipelines.steps.evaluation.predicted_pictures import (
        picture_names,
        pictured_targets,
        write_pictures,
    )
    from dlspec_pipelines.steps.evaluation.sample_preparation import load_sample_preparation

    preparation = load_sample_preparation(folder)
    targets = pictured_targets(preparation, plan["name"])
    others = [f"`{name}`" for name, _ in plan["graph"]["outputs"] if name not in targets]
    if others:
        print_remark(f"{', '.join(others)} not written: no pictures, and `{output}` is a folder")
    table, _ = _read_new_rows(folder, source, (), None)
    table = _as_trained(table, source, plan)
    with quiet_start():
        import_keras()
    from dlspec_pipelines.steps.evaluation.new_rows import predict_new_pictures

    _tell_what_is_odd(preparation, table)
    rows, predicted = predict_new_pictures(folder, table)
    names = picture_names(column_of_files(plan["data"]["inputs"]), table, rows)
    write_pictures(output, names, predicted, targets)
    each = "" if len(targets) == 1 else " of each target"
    print_remark(f"{counted(len(rows), 'picture')}{each} written to `{output}`")


def _new_rows_of(files: Sequence[Path], plan: Mapping[str, Any]) -> FileSource | NewFiles:
    """Return a table's file as a source, or the files that a model reads itself.

    Raises:
        WrongUsage: If they are no table, and nothing that the model reads a file of.
    """
    inputs, file = plan["data"]["inputs"], files[0]
    column = column_of_files(inputs)
    _require_table_of_samples(files, plan)
    if column is not None and (file.is_dir() or file.suffix.lower() not in _TABLES):
        return NewFiles(column, tuple(files), skipped_as(plan["data"]), kind_of_files(inputs))
    if len(files) > 1:
        raise WrongUsage(
            f"`{files[1]}` is one file too many: rows are predicted of one table",
            help="name one file",
        )
    return _new_rows_source(file, plan)


def _require_table_of_samples(files: Sequence[Path], plan: Mapping[str, Any]) -> None:
    """Check that samples of several rows come in a table, a row for each sample.

    Raises:
        WrongUsage: If they do not, or the samples are no rows at all.
    """
    from dlspec_pipelines.steps.evaluation.outputs import draw_of_plan_document

    drawn = draw_of_plan_document(plan)
    if isinstance(drawn, ContextsDraw):
        raise WrongUsage(
            f"`{plan['name']}` learned which words stand together, and predicts nothing of rows",
            help="read its word vectors from the weights of its embedding, in model.keras",
        )
    if isinstance(drawn, RowDraw) and (files[0].is_dir() or len(files) > 1):
        names = " and ".join(f"`{name}`" for name in drawn.input_names)
        raise WrongUsage(
            f"`{plan['name']}` reads {names} of each sample, and files alone do not say which go "
            "together",
            help=f"name a table that has them in columns called {names}",
        )


def _new_rows_source(file: Path, plan: Mapping[str, Any]) -> FileSource:
    """Return the file as a source; delimited text is read as the spec reads its own."""
    path, ending = str(file.absolute()), Path(file.name.removesuffix(".gz")).suffix.lower()
    texts = {"text_lines", "text_folder"} & set(plan["data"]["source"])
    if texts and ending not in _TABLE_ENDINGS:
        return _text_lines_source(path, plan)
    if ending in CsvSource.endings:
        return _delimited_source(path, ending, plan["data"]["source"])
    if ending in JsonLinesSource.endings:
        return JsonLinesSource((path,))
    if ending in NpzSource.endings:
        return NpzSource((path,))
    if ending in ParquetSource.endings:
        return ParquetSource((path,))
    if ending in TimeSeriesTsSource.endings:
        return TimeSeriesTsSource((path,))
    what = "it is a folder" if file.is_dir() else f"its name ends in `{file.suffix}`"
    raise WrongUsage(
        f"`{file}` is not a table: {what}",
        help=f"name a file that ends in {', '.join(f'`{kind}`' for kind in _TABLES)}",
    )


def _text_lines_source(path: str, plan: Mapping[str, Any]) -> TextLinesSource:
    """Return a file with one text a line, which are the column that the model reads."""
    data, generate = plan["data"], (plan.get("prediction") or {}).get("generate") or {}
    columns = {
        one["text"]
        for name, one in data["inputs"].items()
        if "text" in one and name != generate.get("input")
    }
    if len(columns) != 1:
        told = ", ".join(f"`{name}`" for name in sorted(columns))
        raise WrongUsage(
            f"`{path}` has one text a line, and the model reads {told or 'none'}",
            help="give a table with these columns, such as a `.csv`",
        )
    encoding = data["source"]["encoding"]
    return TextLinesSource({columns.pop(): path}, aligned=True, encoding=encoding)


def _delimited_source(path: str, ending: str, said: Mapping[str, Any]) -> CsvSource:
    if "csv" not in said:
        return CsvSource((path,))
    # Runs of before these were keys say nothing of them; blanks were then left out of values.
    words = {"strip": True, **said, "csv": path}
    if ending == ".tsv":
        words["separator"] = "\t"
    source = record_from_words(Tagged("source", {"csv": CsvSource}), words)
    assert isinstance(source, CsvSource)
    return source


def _write_predicted_table(table: "Table", output: Path | None) -> None:
    from dlspec_pipelines.steps.evaluation.predictions_table import (
        csv_frame,
        write_predictions_table,
    )

    if output is None:
        csv_frame(table).to_csv(sys.stdout, index=False)
        return
    write_predictions_table(table, output)
    print_remark(f"{counted(table.rows, 'row')} written to `{output}`")
