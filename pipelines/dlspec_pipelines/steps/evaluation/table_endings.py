"""What a file of predictions may be called, known before anything is predicted."""

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
        raise WrongUsage(f"`{output}` is no table", help=f"end its name in one of {known}")
    if not output.absolute().parent.is_dir():
        raise WrongUsage(f"there is no folder `{output.parent}`", help="make it, or name another")
