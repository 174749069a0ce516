"""What a file or a folder of predictions may be called, known before anything is predicted."""

from pathlib import Path

from dlspec_pipelines.steps.step_errors import WrongUsage

TABLE_ENDINGS = (".csv", ".tsv", ".jsonl", ".npz", ".parquet")


def require_table_name(output: Path) -> None:
    """Return when a table can be written to `output`.

    Raises:
        WrongUsage: If its name ends in no form of a table, or its folder is none.
    """
    if output.suffix.lower() not in TABLE_ENDINGS:
        known = ", ".join(f"`{ending}`" for ending in TABLE_ENDINGS)
        raise WrongUsage(
            f"`{output}` is no table",
            help=f"end its name in one of {known}, or in `/` for a folder of predicted pictures",
        )
    if not output.absolute().parent.is_dir():
        raise WrongUsage(f"there is no folder `{output.parent}`", help="make it, or name another")


def names_folder(output: str) -> bool:
    """Return whether predictions are to go into a folder: it ends so, or there is one."""
    return output.endswith("/") or Path(output).is_dir()


def require_free_folder(folder: Path) -> None:
    """Return when a folder may be made there, or is empty: nothing is written over.

    Raises:
        WrongUsage: If it may not.
    """
    if folder.is_file():
        raise WrongUsage(f"`{folder}` is a file", help="name a folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise WrongUsage(f"the folder `{folder}` is not empty", help="name a new one")
    if not folder.absolute().parent.is_dir():
        raise WrongUsage(f"there is no folder `{folder.parent}`", help="make it, or name another")
