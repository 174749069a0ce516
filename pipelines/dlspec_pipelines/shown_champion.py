"""`dlspec champion`: which run is it, on what evidence; another by hand, or the one before."""

import getpass
import json
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from dlspec.diagnostics.suggest import suggest
from dlspec.tools.commands.exit_status import CLEAN
from dlspec.tools.commands.remarks import print_remark
from dlspec_pipelines.listed_runs import moment_text
from dlspec_pipelines.steps.figure_texts import figure_text
from dlspec_pipelines.steps.kept_runs.run_list import models_with_runs
from dlspec_pipelines.steps.kept_runs.run_records import name_of_run, record_of_run
from dlspec_pipelines.steps.promotion.by_hand import champion_before, promote_by_hand, roll_back
from dlspec_pipelines.steps.promotion.promote import comparison_text, recorded_champion
from dlspec_pipelines.steps.records import Champion, Comparison, Evaluation, PastChampion
from dlspec_pipelines.steps.run_numbers import numbers_of_runs
from dlspec_pipelines.steps.runs import find_run, run_word
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage


def show_champion(name: str, *, promote: str | None, rollback: bool, as_json: bool) -> int:
    """Print the champion of a model, after a change that is asked for; return the exit status.

    Args:
        promote: A run to make the champion.
        rollback: Whether to go back to the one before.
    """
    try:
        _require_model(name)
        if promote is not None:
            _promote_run(name, promote)
        elif rollback:
            back = roll_back(name, by=_person())
            print_remark(f"went back to {_word_of(name, back.run)}")
        champion = recorded_champion(name)
        if as_json:
            text = json.dumps(_champion_json(name, champion), indent=2, ensure_ascii=False)
        else:
            text = "\n".join(_champion_lines(name, champion))
    except StepError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - this is the output
        return problem.status
    print(text)  # noqa: T201 - this is the output
    return CLEAN


def _require_model(name: str) -> None:
    names = models_with_runs()
    if name in names or recorded_champion(name) is not None:
        return
    near = suggest(name, names)
    known = f"write `{near}`" if near else f"`dlspec run {name}` trains it"
    raise WrongUsage(f"`{name}` was not trained, so it has no champion", help=known)


def _promote_run(name: str, word: str) -> None:
    folder = find_run(word).folder
    whose = name_of_run(folder)
    if whose != name:
        raise WrongUsage(
            f"`{word}` is a run of `{whose}`, not of `{name}`",
            help=f"name a run of `{name}`; `dlspec runs {name}` lists them",
        )
    evaluation = record_of_run(folder, Evaluation)
    before = recorded_champion(name)
    if before is not None and before.run == evaluation.run:
        print_remark(f"{_word_of(name, before.run)} is the champion already")
        return
    promote_by_hand(evaluation, _comparison_with(evaluation), by=_person())
    print_remark(f"promoted {_word_of(name, evaluation.run)}")


def _comparison_with(evaluation: Evaluation) -> Callable[[Champion], str]:
    """Return what says how a run compares with a champion, on the test rows that both have."""
    # numpy and pandas: looking at a champion needs neither.
    from dlspec_pipelines.steps.kept_runs.paired_rows import compare_paired_rows, pair_test_rows

    def compare(holder: Champion) -> str:
        folders = (Path(holder.path), Path(evaluation.path))
        shared = [metric for metric in evaluation.metrics if metric in holder.metrics]
        try:
            paired = pair_test_rows(*folders)
            if isinstance(paired, str):
                return f"not compared with run {holder.run}: {paired}"
            found = compare_paired_rows(paired, folders, shared)
        except StepError as problem:
            # A champion whose files are damaged is one more reason for another.
            return f"not compared with run {holder.run}: {problem.message}"
        told = [one for one in found.values() if isinstance(one, Comparison)]
        if not told:
            return f"not compared with run {holder.run}: no metric of both can be"
        return comparison_text(told[0], f"run {holder.run}")

    return compare


def _person() -> str:
    """Return who is at the keyboard, as the machine knows it."""
    try:
        return f"{getpass.getuser()}@{platform.node()}"
    except (KeyError, OSError):
        # A container's user may have no name.
        return f"a user of {platform.node()}"


def _champion_json(name: str, champion: Champion | None) -> dict[str, object]:
    """Return a champion as JSON data; null stands where there is none."""
    if champion is None:
        return {"name": name, "champion": None, "before": []}
    return {
        "name": name,
        "champion": {**_reign_json(name, champion), "folder": champion.path},
        "before": [
            {**_reign_json(name, past), "until": past.until, "rolled_back": past.rolled_back}
            for past in reversed(champion.before)
        ],
    }


def _reign_json(name: str, one: Champion | PastChampion) -> dict[str, object]:
    return {
        "run": _word_of(name, one.run),
        "id": one.run,
        "since": one.since,
        "by_hand": one.by or None,
        "evidence": one.evidence,
        "metrics": dict(one.metrics),
    }


def _champion_lines(name: str, champion: Champion | None) -> Iterator[str]:
    if champion is None:
        yield f"{name} has no champion yet"
        return
    hand = f", by hand, by {champion.by}" if champion.by else ""
    since = moment_text(champion.since)
    yield f"{_word_of(name, champion.run)} is the champion since {since}{hand}"
    yield "  " + ", ".join(f"{n} {figure_text(value)}" for n, value in champion.metrics.items())
    yield f"  {champion.evidence}"
    yield f"  {champion.path}"
    if not Path(champion.path, "model.keras").is_file():
        yield "  its folder is gone: restore it, or choose another with --rollback or --promote"
    if champion.before:
        yield "before it"
    for past in reversed(champion.before):
        ended = "rolled back" if past.rolled_back else "replaced"
        times = f"{moment_text(past.since)} to {moment_text(past.until)}"
        yield f"  {_word_of(name, past.run)}  {times}  {ended}"
    back = champion_before(champion)
    if back is not None:
        yield f"--rollback goes to {_word_of(name, back.run)}"


def _word_of(name: str, run: str) -> str:
    """Return `digits#3` for a run's id; the id where the run has no number."""
    number = numbers_of_runs(name).get(run)
    return f"{name}/{run}" if number is None else run_word(name, number)
