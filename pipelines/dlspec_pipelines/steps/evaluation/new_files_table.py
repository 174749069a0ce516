"""Files to predict on their own -> a table of their names."""

from pathlib import Path

import numpy as np

from dlspec_pipelines.steps.datasets.folder_files import files_below
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.datasets.table_files import file_not_opened_error
from dlspec_pipelines.steps.evaluation.new_files import NewFiles
from dlspec_pipelines.steps.step_errors import WrongUsage


def new_files_table(new: NewFiles) -> Table:
    """Return the names of files as the column that a model reads.

    Those of a folder, and of the folders in it, are relative to it.

    Raises:
        WrongUsage: If a folder is empty, or stands beside others.
    """
    folders = [path for path in new.paths if path.is_dir()]
    if folders and len(new.paths) > 1:
        raise WrongUsage(
            f"`{folders[0]}` is a folder, and other files are named beside it",
            help="name one folder, or files",
        )
    if not folders:
        return _table_of_names(new.column, [str(path) for path in new.paths], Path.cwd())
    folder = folders[0].absolute()
    try:
        found = files_below(folder)
    except OSError as error:
        raise file_not_opened_error(Path(error.filename), error) from error
    if not found:
        raise WrongUsage(f"the folder `{folders[0]}` holds no files", help="name another")
    return _table_of_names(new.column, [p.relative_to(folder).as_posix() for p in found], folder)


def _table_of_names(column: str, names: list[str], root: Path) -> Table:
    values = np.empty(len(names), dtype=np.object_)
    values[:] = names
    return Table({column: values}, files=((root, len(names)),))
