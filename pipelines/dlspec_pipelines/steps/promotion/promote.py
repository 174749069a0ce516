"""The champion of a name: found, and replaced on evidence only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dlspec.language.metrics import COST_FIGURES, METRIC_OF
from dlspec.language.penalty_figures import is_penalty_figure
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.records import (
    Champion,
    Comparison,
    Evaluation,
    GateResult,
    PastChampion,
    TrainedModel,
    read_record,
    record_to_json,
)
from dlspec_pipelines.steps.step_errors import Refused, StepError


def recorded_champion(name: str) -> Champion | None:
    """Return the champion of a name, whether or not its run is there; None when there is none yet.

    Raises:
        StepError: If the record is damaged.
    """
    path = store.champion_file(name)
    if not path.is_file():
        return None
    found = read_record(path)
    assert isinstance(found, Champion)
    return found


def current_champion(name: str) -> Champion | None:
    """Return the champion of a name; None when there is none yet.

    Raises:
        StepError: If the record is damaged or its run is gone.
    """
    found = recorded_champion(name)
    if found is None:
        return None
    path = store.champion_file(name)
    if not Path(found.path, "model.keras").is_file():
        raise StepError(
            f"the champion of `{name}` is run `{found.run}`, and `{found.path}` is gone",
            help=f"restore the folder, go back to the one before with `dlspec champion {name} "
            f"--rollback`, or remove `{path}` to begin without a champion",
        )
    return found


def promote(plan: Plan, evaluation: Evaluation, trained: TrainedModel) -> Champion:
    """Make a run the champion if its gates passed and it beats the champion beyond chance.

    The record is written whole. A challenger that is not better changes nothing.

    Returns:
        The champion after the decision. `promoted` says whether this run is it; `evidence` why.

    Raises:
        Refused: If a gate failed, or no gate judges a first champion and it is not shown to be
            better than a baseline.
        StepError: If the record is damaged or may not be written.
    """
    require_gates(
        evaluation, help="the report shows where it falls short; the champion is unchanged"
    )
    with champion_lock(plan.name):
        holder = current_champion(plan.name)
        if holder is None:
            evidence = f"first champion: {_first_evidence(evaluation)}"
            return crown_run(evaluation, evidence, before=None)
        # Evaluated again, a champion has a run of its own for that.
        if holder.run in (evaluation.run, trained.run):
            return holder
        return _decide_challenge(plan, evaluation, trained, holder=holder)


def _decide_challenge(
    plan: Plan, evaluation: Evaluation, trained: TrainedModel, *, holder: Champion
) -> Champion:
    found = evaluation.comparison
    if found is not None and found.champion_run == holder.run and found.better:
        if (gone := _rolled_back_at(evaluation, trained, holder)) is None:
            return crown_run(
                evaluation,
                f"{comparison_text(found, f'run {holder.run}')}; {gates_text(evaluation.gates)}",
                before=holder,
            )
        take_back = f"`dlspec champion {plan.name} --promote RUN` takes it back"
        reason = f"was rolled back by hand at {gone}; {take_back}"
    else:
        reason = _reason_against_promotion(plan, evaluation, holder)
    text = f"run {holder.run} stays champion: run {trained.run} {reason}"
    # Its past is kept in one place, the champion's own file.
    return replace(holder, evidence=text, promoted=False, before=())


def _rolled_back_at(evaluation: Evaluation, trained: TrainedModel, holder: Champion) -> str | None:
    """Return when a person went back from this run to the one before; None where nobody did."""
    own = (evaluation.run, trained.run)
    last = next((past for past in reversed(holder.before) if past.run in own), None)
    return last.until if last is not None and last.rolled_back else None


def _reason_against_promotion(plan: Plan, evaluation: Evaluation, holder: Champion) -> str:
    found = evaluation.comparison
    if plan.evaluation is None or plan.evaluation.champion is None:
        return "was not compared with it, for the spec has no `evaluation.champion`"
    if found is None and evaluation.not_compared:
        return f"could not be compared with it: {evaluation.not_compared}"
    if found is None:
        return "could not be compared with it: there was no champion when it was evaluated"
    if found.champion_run != holder.run:
        return f"was compared with run {found.champion_run}, the champion before; evaluate again"
    return f"is not shown to be better: {comparison_text(found, f'run {holder.run}')}"


@contextmanager
def champion_lock(name: str) -> Iterator[None]:
    """Hold the champion of a name: one process at a time decides on it.

    Raises:
        Busy: If another process does.
    """
    with store.lock_folder(store.champion_file(name).parent / f".{name}"):
        yield


def require_gates(evaluation: Evaluation, *, help: str) -> None:
    """Check that no gate of an evaluation failed.

    Raises:
        Refused: If one did.
    """
    reasons = tuple(_gate_text(gate) for gate in evaluation.gates if not gate.passed)
    if reasons:
        raise Refused(
            f"run `{evaluation.run}` does not become the champion: {'; '.join(reasons)}",
            reasons=reasons,
            help=help,
        )


def judge_quality(gates: tuple[GateResult, ...]) -> bool:
    """Return whether a gate asks for what a model is worth, and not only for what it costs."""
    told = (gate.metric for gate in gates)
    # Small weights, too, say nothing of what a model is worth.
    return any(name not in COST_FIGURES and not is_penalty_figure(name) for name in told)


def _first_evidence(evaluation: Evaluation) -> str:
    """Return why a run may be the first champion: its gates, or it beats a baseline.

    Raises:
        Refused: If no gate judges it and it is not shown to be better than a baseline.
    """
    gates = gates_text(evaluation.gates)
    if judge_quality(evaluation.gates):
        return gates
    baseline = evaluation.baseline
    if baseline is None or baseline.comparison is None:
        reason = (baseline and baseline.not_compared) or "it was compared with no baseline"
        raise Refused(
            f"run `{evaluation.run}` does not become the first champion: no gate judges it, and "
            f"{reason}",
            reasons=(reason,),
            help=f"evaluate again: `dlspec run {evaluation.name} --again`; or write a gate",
        )
    found = baseline.comparison
    rules = ", ".join(f"`{target}`: {rule}" for target, rule in baseline.rules.items())
    text = f"{comparison_text(found, f'a baseline ({rules})')}"
    if found.better:
        return f"{text}; {gates}"
    wanted = ">=" if METRIC_OF[found.metric].better == "higher" else "<="
    raise Refused(
        f"run `{evaluation.run}` does not become the first champion: it is not shown to be better "
        f"than a baseline: {text}",
        reasons=(text,),
        help="the report shows both; where another figure shall decide, list it under "
        f'`evaluation.metrics` and write a gate: `gates: {{{found.metric}: "{wanted} '
        f'{found.champion:.3g}"}}`',
    )


def crown_run(
    evaluation: Evaluation, evidence: str, *, before: Champion | None, by: str = ""
) -> Champion:
    """Write that a run is the champion, and keep who was it before.

    Args:
        by: The person that decided so; "" for the evaluation.

    Raises:
        StepError: If the record may not be written.
    """
    crowned = Champion(
        name=evaluation.name,
        run=evaluation.run,
        path=evaluation.path,
        since=now_in_utc(),
        evidence=evidence,
        metrics=evaluation.metrics,
        promoted=True,
        by=by,
        before=() if before is None else (*before.before, past_champion(before)),
    )
    store.write_whole(store.champion_file(evaluation.name), record_to_json(crowned))
    return crowned


def past_champion(holder: Champion, *, rolled_back: bool = False) -> PastChampion:
    """Return a champion whose time ends now."""
    return PastChampion(
        run=holder.run,
        path=holder.path,
        since=holder.since,
        until=now_in_utc(),
        evidence=holder.evidence,
        metrics=holder.metrics,
        by=holder.by,
        rolled_back=rolled_back,
    )


def now_in_utc() -> str:
    """Return the moment as records keep it, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def gates_text(gates: tuple[GateResult, ...]) -> str:
    """Return the gates that were passed, each with its value."""
    if not gates:
        return "the spec has no gates"
    return "gates passed: " + ", ".join(_gate_text(gate) for gate in gates)


def _gate_text(gate: GateResult) -> str:
    value = gate.value_text or "was not measured"
    reason = f" ({gate.reason})" if gate.reason else ""
    return f"{gate.metric} {value}{reason}, required {gate.requirement}"


def comparison_text(found: Comparison, rival: str) -> str:
    """Return how two models compare, on how many rows, and of too few how many would do."""
    needed = f"; {found.needed_note}" if found.needed_note else ""
    return (
        f"{found.metric} {found.challenger:.6g} against {found.champion:.6g} of {rival} "
        f"{found.size_note}, {found.test} p = {found.p_value:.3g}{needed}"
    )
