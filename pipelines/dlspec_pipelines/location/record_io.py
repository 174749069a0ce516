"""Where records lie between the steps of a chain."""

from pathlib import Path

import dagster as dg

from dlspec_pipelines.steps.records import read_record, record_to_json
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import records_folder, write_whole


class RecordIOManager(dg.IOManager):
    """Keeps what an asset hands on as JSON: one file for each run, and one for the latest.

    A step reads what its own run made, else the latest materialization: never the newest file.
    """

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Write a record, whole.

        Raises:
            Failure: If the disk is full or the folder may not be written.
        """
        name, step = context.asset_key.path
        text = record_to_json(obj)
        try:
            write_whole(record_file(name, step, run=context.run_id), text)
            write_whole(record_file(name, step), text)
        except StepError as problem:
            raise dg.Failure(str(problem), allow_retries=False) from problem

    def load_input(self, context: dg.InputContext) -> object:
        """Read a record.

        Raises:
            Failure: If the asset was never materialized, or its record is damaged.
        """
        name, step = context.asset_key.path
        context_run = context.step_context.run_id
        for path in (record_file(name, step, run=context_run), record_file(name, step)):
            if path.is_file():
                return _read_record_or_fail(path)
        raise dg.Failure(
            f"`{name}/{step}` has not been materialized yet: materialize it first",
            allow_retries=False,
        )


def _read_record_or_fail(path: Path) -> object:
    try:
        record: object = read_record(path)
    except StepError as problem:
        raise dg.Failure(str(problem), allow_retries=False) from problem
    return record


def record_file(name: str, step: str, *, run: str | None = None) -> Path:
    """Return where the record of a step lies: that of one run, or the latest."""
    folder = records_folder(name, step)
    return folder / f"{run}.json" if run else folder / "latest.json"
