"""A champion that a person chooses: another run, or the one before."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.promotion.promote import (
    champion_lock,
    crown_run,
    gates_text,
    now_in_utc,
    past_champion,
    recorded_champion,
    require_gates,
)
from dlspec_pipelines.steps.records import Champion, Evaluation, PastChampion, record_to_json
from dlspec_pipelines.steps.step_errors import StepError


def promote_by_hand(
    evaluation: Evaluation, compare: Callable[[Champion], str], *, by: str
) -> Champion:
    """Make a run the champion whose gates passed, whether or not it is shown to be better.

    Args:
        compare: What says how the run compares with the champion; it becomes evidence.
        by: Who decides so.

    Returns:
        The champion afterwards; it is unchanged where the run is it already.

    Raises:
        Refused: If a gate failed.
        StepError: If the record is damaged or may not be written.
    """
    name = evaluation.name
    require_gates(
        evaluation,
        help=f"promotion is on evidence: where a gate asks too much, change it in the spec and "
        f"`dlspec run {name}`; what was trained is taken as it is",
    )
    with champion_lock(name):
        holder = recorded_champion(name)
        if holder is not None and holder.run == evaluation.run:
            return holder
        compared = "there was no champion" if holder is None else compare(holder)
        gates = gates_text(evaluation.gates)
        return crown_run(evaluation, f"by hand, by {by}: {compared}; {gates}", before=holder, by=by)


def roll_back(name: str, *, by: str) -> Champion:
    """Make the champion before the champion again.

    Args:
        by: Who decides so.

    Returns:
        The champion afterwards.

    Raises:
        StepError: If there is none to go back to, its run is gone, or the record is damaged.
    """
    with champion_lock(name):
        holder = recorded_champion(name)
        if holder is None:
            raise StepError(f"`{name}` has no champion", help=f"`dlspec run {name}` may make one")
        past = champion_before(holder)
        if past is None:
            raise StepError(
                f"run `{holder.run}` is the first champion of `{name}`: there is none before it",
                help=f"`dlspec champion {name} --promote RUN` takes another run",
            )
        if not Path(past.path, "model.keras").is_file():
            raise StepError(
                f"the champion before is run `{past.run}`, and `{past.path}` is gone",
                help=f"restore it, or `dlspec champion {name} --promote RUN` takes another run",
            )
        back = replace(
            holder,
            run=past.run,
            path=past.path,
            since=now_in_utc(),
            evidence=f"rolled back by hand, by {by}, from run {holder.run}; "
            f"champion since {past.since}: {past.evidence}",
            metrics=past.metrics,
            by=by,
            before=(*holder.before, past_champion(holder, rolled_back=True)),
        )
        store.write_whole(store.champion_file(name), record_to_json(back))
        return back


def champion_before(holder: Champion) -> PastChampion | None:
    """Return the champion that `roll_back` goes to; None where there is none.

    It is the last one that is another run and that nobody went back from since.
    """
    passed = {holder.run}
    for past in reversed(holder.before):
        if past.run not in passed and not past.rolled_back:
            return past
        passed.add(past.run)
    return None
