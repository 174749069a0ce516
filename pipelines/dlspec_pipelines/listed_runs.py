"""`dlspec runs`: what has been trained, as tables or JSON."""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

from dlspec.diagnostics.suggest import suggest
from dlspec.tools.aligned_table import aligned_table
from dlspec.tools.commands.exit_status import CLEAN
from dlspec.tools.commands.findings_output import terminal_columns
from dlspec_pipelines.steps.figure_texts import duration_text, figure_text
from dlspec_pipelines.steps.kept_runs.run_list import KeptRun, list_runs, models_with_runs
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage
from dlspec_pipelines.steps.stopped_work import UnfinishedTraining, unfinished_trainings

# As many figures of a digest or an id tell one from another among thousands.
_SHORT = 8
# Digests are compared with those beside them only.
_DIGEST = 6
# Beyond these the metrics of a run are in its report.
_MOST_METRICS = 3
# What stands between two columns of a table, before each but the first.
_GAP = 2
# The width of `--help`.
_PLAIN_COLUMNS = 100


def show_runs(name: str | None, *, as_json: bool, verify: bool = False) -> int:
    """Print the runs of one model or of all, the latest first, and return the exit status.

    Args:
        verify: Read every file of a run and compare it with what was written.
    """
    try:
        names = models_with_runs()
        unfinished = [one for one in unfinished_trainings() if name in (None, one.name)]
        if name is not None and name not in names and not unfinished:
            raise _no_such_model(name, names)
        models = [one for one in names if name in (None, one)]
        found = [list_runs(one, verify=verify) for one in models]
    except StepError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - this is the output
        return problem.status
    # The model that was trained last comes first.
    found.sort(
        key=lambda runs: max((_training_start(run) for run in runs), default=""), reverse=True
    )
    if as_json:
        text = json.dumps(_runs_json(found, unfinished), indent=2, ensure_ascii=False)
    else:
        columns = terminal_columns(sys.stdout) or _PLAIN_COLUMNS
        text = "\n\n".join(_runs_texts(found, unfinished, columns)) or _NOTHING
    print(text)  # noqa: T201 - this is the output
    return CLEAN


_NOTHING = "nothing has been trained here yet; `dlspec run SPEC` trains"


def _no_such_model(name: str, names: Sequence[str]) -> WrongUsage:
    near = suggest(name, names)
    if near is not None:
        return WrongUsage(f"there is no run of `{name}`", help=f"write `{near}`")
    known = ", ".join(f"`{one}`" for one in names)
    told = f"trained are {known}" if names else f"`dlspec run {name}` trains it"
    return WrongUsage(f"there is no run of `{name}`", help=told)


def _runs_json(
    found: Sequence[Sequence[KeptRun]], unfinished: Sequence[UnfinishedTraining]
) -> dict[str, object]:
    """Return runs as JSON data; null stands where nothing is known."""
    return {
        "runs": [_run_json(run) for runs in found for run in runs],
        "unfinished": [
            {
                "name": one.name,
                "state": one.state,
                "epoch": one.epoch,
                "epochs": one.epochs,
                "since": one.since,
                "process": one.process,
                "folder": str(one.folder),
            }
            for one in unfinished
        ],
    }


def _run_json(run: KeptRun) -> dict[str, object]:
    facts = run.facts
    return {
        "run": run.word,
        "name": run.name,
        "number": run.number,
        "id": run.folder.name,
        "state": run.state,
        "fault": run.fault or None,
        "champion": run.is_champion,
        "trained_by": run.trained_by,
        "started": facts.get("started"),
        "seconds": facts.get("seconds"),
        "epochs": facts.get("epochs"),
        "seed": facts.get("seed"),
        "backend": facts.get("backend"),
        "parameters": facts.get("parameters"),
        "set": facts.get("set", {}),
        "metrics": dict(run.metrics),
        "digests": dict(facts.get("digests", {})),
        "folder": str(run.folder),
    }


def _runs_texts(
    found: Sequence[Sequence[KeptRun]], unfinished: Sequence[UnfinishedTraining], columns: int
) -> Iterator[str]:
    for runs in found:
        # A folder that numbers alone are left in has no runs.
        if runs:
            yield "\n".join([runs[0].name, _runs_table(runs, columns), *_run_remarks(runs)])
    if unfinished:
        yield "\n".join(["not finished", _unfinished_table(unfinished)])


def _runs_table(runs: Sequence[KeptRun], columns: int) -> str:
    """Return a row for each run, with as many of the metrics as there is room for."""
    metrics = list(dict.fromkeys(name for run in runs for name in run.metrics))
    asked = [name for name in metrics if any(name in run.asked for run in runs)]
    shown = (asked or metrics)[:_MOST_METRICS]
    while True:
        rows = [_head_row(shown), *(_run_row(run, shown) for run in runs)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        if sum(widths) + _GAP * (len(widths) - 1) <= columns or len(shown) <= 1:
            break
        shown = shown[:-1]
    numbers = {1, *range(4, 4 + len(shown)), 4 + len(shown), 5 + len(shown)}
    return aligned_table(rows, right=numbers, columns=columns)


def _head_row(metrics: Sequence[str]) -> tuple[str, ...]:
    return ("", "run", "id", "trained", *metrics, "time", "seed", "spec", "data")


def _run_row(run: KeptRun, metrics: Sequence[str]) -> tuple[str, ...]:
    seconds = run.facts.get("seconds")
    return (
        "!" if run.fault else "*" if run.is_champion else "",
        f"#{run.number}",
        run.folder.name[:_SHORT],
        moment_text(_training_start(run)),
        *(figure_text(run.metrics[name]) if name in run.metrics else "" for name in metrics),
        "" if seconds is None else duration_text(seconds),
        str(run.facts.get("seed", "")),
        run.digest("spec")[:_DIGEST],
        run.digest("data")[:_DIGEST],
    )


def _run_remarks(runs: Sequence[KeptRun]) -> Iterator[str]:
    """Yield what the marks of a table mean, and what else is to be known of its runs."""
    for run in runs:
        if run.is_champion:
            yield f"* {run.word} is the champion"
    numbers = {run.folder.name: run.word for run in runs}
    for run in runs:
        if run.fault:
            yield f"! {run.word} is damaged: {run.fault}"
        elif not run.is_evaluated:
            yield f"  {run.word} is trained and not evaluated"
        if run.trained_by is not None:
            whose = numbers.get(run.trained_by, f"run {run.trained_by[:_SHORT]}")
            yield f"  {run.word} evaluates the model of {whose} once more"


def _unfinished_table(unfinished: Sequence[UnfinishedTraining]) -> str:
    return aligned_table([_unfinished_row(one) for one in unfinished])


def _unfinished_row(one: UnfinishedTraining) -> tuple[str, ...]:
    of = "" if one.epochs is None else f" of {one.epochs}"
    if one.epoch is None:
        reached = "its checkpoint is damaged"
    elif one.epoch == 0:
        reached = "before the end of the first epoch"
    else:
        reached = f"after epoch {one.epoch}{of}"
    by = f"by process {one.process}" if one.process else moment_text(one.since)
    return ("", one.name or one.folder.name[:_SHORT], one.state, reached, by)


def _training_start(run: KeptRun) -> str:
    return str(run.facts.get("started", ""))


def moment_text(moment: str) -> str:
    """Return a moment in the time of this place, to the minute; "" for none."""
    if not moment:
        return ""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
