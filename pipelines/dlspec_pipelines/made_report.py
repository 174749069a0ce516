"""`dlspec report`: where the report of a run is, made again where it is missing."""

import sys
import webbrowser
from pathlib import Path

from dlspec.resolve.plan import Plan
from dlspec.tools.commands.exit_status import CLEAN
from dlspec.tools.commands.remarks import print_remark
from dlspec_pipelines.steps.json_documents import RUN, read_document
from dlspec_pipelines.steps.kept_runs.run_records import (
    dataset_of_run,
    plan_of_run,
    record_of_run,
)
from dlspec_pipelines.steps.records import Evaluation, TrainedModel
from dlspec_pipelines.steps.runs import find_run
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.trainer.backend_choice import on_backend


def show_report(word: str, *, is_opened: bool) -> int:
    """Print the path of a run's report, and return the exit status.

    Args:
        is_opened: Whether to open it in the browser of this machine.
    """
    try:
        choice = find_run(word)
        print_remark(f"run `{choice.folder.name}`: {choice.reason}")
        page = choice.folder / "report.html"
        if not page.is_file():
            print_remark("it has no report yet; making it")
            _make_report(choice.folder)
    except StepError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - this is the output
        return problem.status
    print(page)  # noqa: T201 - this is the output
    if is_opened and not webbrowser.open(page.as_uri()):
        print_remark("no browser could be opened")
    return CLEAN


def _make_report(folder: Path) -> None:
    from dlspec_pipelines.steps.reports import write_report

    evaluation = record_of_run(folder, Evaluation)
    trained = record_of_run(folder, TrainedModel)
    plan: Plan = on_backend(plan_of_run(folder), read_document(folder / "run.json", RUN)["backend"])
    write_report(plan, dataset_of_run(folder), trained, evaluation)
