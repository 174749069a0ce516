"""Files to predict on their own -> a table of their names."""

from pathlib import Path

import numpy as np

from dlspec.diagnostics.counts import counted
from dlspec_pipelines.steps.datasets.class_folders import without_unreadable
from dlspec_pipelines.steps.datasets.folder_files import files_below
from dlspec_pipelines.steps.datasets.picture_pixels import open_picture
from dlspec_pipelines.steps.datasets.sound_files import read_sound
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.datasets.table_files import file_not_opened_error
from dlspec_pipelines.steps.evaluation.new_files import FILE_ENDINGS, NewFiles
from dlspec_pipelines.steps.step_errors import WrongUsage

# Names to look at; the rest is counted, and the sentence stays readable.
_SHOWN_FILES = 5


def new_files_table(new: NewFiles) -> Table:
    """Return the names of files as the column that a model reads.

    Those of a folder, and of the folders in it, are relative to it; files that cannot be read are
    left out where `new.skipped` says so.

    Raises:
        StepError: If no file can be read (DL610).
        WrongUsage: If a folder is empty, or stands beside others.
    """
    folders = [path for path in new.paths if path.is_dir()]
    if folders and len(new.paths) > 1:
        raise WrongUsage(
            f"`{folders[0]}` is a folder, and other files are named beside it",
            help="name one folder, or files",
        )
    if not folders:
        names = [str(path) for path in new.paths]
        _require_files_of_kind(names, new)
        return _readable_files(_table_of_names(new.column, names, Path.cwd()), new)
    folder = folders[0].absolute()
    try:
        found = files_below(folder)
    except OSError as error:
        raise file_not_opened_error(Path(error.filename), error) from error
    if not found:
        raise WrongUsage(f"the folder `{folders[0]}` holds no files", help="name another")
    names = [path.relative_to(folder).as_posix() for path in found]
    _require_files_of_kind(names, new)
    return _readable_files(_table_of_names(new.column, names, folder), new)


def _require_files_of_kind(names: list[str], new: NewFiles) -> None:
    """Check that files are not all of another kind than the model reads.

    Raises:
        WrongUsage: If they are.
    """
    if new.reads is None:
        return
    wanted, _ = FILE_ENDINGS[new.reads]
    for word, (what, endings) in FILE_ENDINGS.items():
        if word != new.reads and all(name.lower().endswith(endings) for name in names):
            more = counted(len(names) - 1, "more file")
            are = (
                f"`{names[0]}` and {more} are {what}s" if names[1:] else f"`{names[0]}` is a {what}"
            )
            raise WrongUsage(
                f"the model reads {wanted}s, and {are}", help=f"name {wanted}s, or a folder of them"
            )


def _readable_files(table: Table, new: NewFiles) -> Table:
    """Return the rows whose files can be read, where others are left out."""
    match new.skipped:
        case None:
            return table
        case "image":
            return without_unreadable(table, lambda path: open_picture(path, 3), column=new.column)
        case "audio":
            return without_unreadable(table, read_sound, column=new.column)
        case _:
            raise AssertionError(f"no folder of files is read as `{new.skipped}`")


def left_out_remark(names: tuple[str, ...]) -> str:
    """Return the sentence that tells which files were left out."""
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN_FILES])
    more = f" and {len(names) - _SHOWN_FILES:,} more" if len(names) > _SHOWN_FILES else ""
    return f"{counted(len(names), 'file')} left out that cannot be read: {shown}{more}"


def _table_of_names(column: str, names: list[str], root: Path) -> Table:
    values = np.empty(len(names), dtype=np.object_)
    values[:] = names
    return Table({column: values}, files=((root, len(names)),))
