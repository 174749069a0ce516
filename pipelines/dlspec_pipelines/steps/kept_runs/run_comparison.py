"""What differs between two runs: spec, data, training, cost, and the result on the same rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlspec.diagnostics.counts import counted
from dlspec.tools.diff.compare import Difference, diff
from dlspec.tools.show.words import bytes_text
from dlspec_pipelines.steps.figure_texts import duration_text, figure_text
from dlspec_pipelines.steps.json_documents import CONTRACT, read_document
from dlspec_pipelines.steps.kept_runs.paired_rows import (
    PairedRows,
    compare_paired_rows,
    is_higher_better,
    pair_test_rows,
)
from dlspec_pipelines.steps.kept_runs.run_list import KeptRun
from dlspec_pipelines.steps.kept_runs.run_records import plan_of_run
from dlspec_pipelines.steps.records import Comparison
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import dataset_folder

Pair = tuple[KeptRun, KeptRun]
# Digests are compared with the one beside them only.
_SHORT = 12


@dataclass(frozen=True, slots=True)
class MetricPair:
    """A metric of both runs, each as it was measured on its own test rows.

    `tested` is the second run against the first on the rows that both have, or why there is none.
    """

    name: str
    first: float | None
    second: float | None
    tested: Comparison | str

    @property
    def verdict(self) -> str:
        """Return which of the two is better, or that it is not decided; "" where nobody tested."""
        if isinstance(self.tested, str):
            return ""
        if not self.is_decided:
            return "not decided"
        return "better" if self.tested.better else "worse"

    @property
    def is_decided(self) -> bool:
        """Return whether a test says that the difference is more than chance."""
        found = self.tested
        if isinstance(found, str):
            return False
        return found.better or (found.needed is None and found.challenger != found.champion)


@dataclass(frozen=True, slots=True)
class FactPair:
    """A fact of both runs, in words: of their data, their training or their cost."""

    section: str
    what: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        """Return whether it is not the same of both."""
        return self.first != self.second


@dataclass(frozen=True, slots=True)
class RunComparison:
    """All that differs between two runs.

    `spec` and `paired` are sentences where there is nothing to compare.
    """

    runs: Pair
    spec: Difference | str
    metrics: tuple[MetricPair, ...]
    paired: PairedRows | str
    facts: tuple[FactPair, ...]


def compare_runs(first: KeptRun, second: KeptRun) -> RunComparison:
    """Return what differs between two runs.

    Raises:
        StepError: If a file of one is damaged.
    """
    for run in (first, second):
        if run.fault:
            raise StepError(
                f"{run.word} is damaged: {run.fault}",
                help=f"restore it, or train anew: `dlspec run {run.name} --again`",
            )
    paired = pair_test_rows(first.folder, second.folder)
    return RunComparison(
        (first, second),
        _spec_difference(first, second),
        tuple(_metric_pairs(first, second, paired)),
        paired,
        tuple(_fact_pairs(first, second)),
    )


def _spec_difference(first: KeptRun, second: KeptRun) -> Difference | str:
    try:
        return diff(plan_of_run(first.folder), plan_of_run(second.folder))
    except StepError as problem:
        return problem.message


def _metric_pairs(
    first: KeptRun, second: KeptRun, paired: PairedRows | str
) -> Iterator[MetricPair]:
    asked = dict.fromkeys([*second.asked, *first.asked])
    ordered = dict.fromkeys([*asked, *second.metrics, *first.metrics])
    names = [name for name in ordered if name in first.metrics or name in second.metrics]
    shared = [name for name in names if name in first.metrics and name in second.metrics]
    folders = (first.folder, second.folder)
    found: Mapping[str, Comparison | str] = (
        dict.fromkeys(shared, paired)
        if isinstance(paired, str)
        else compare_paired_rows(paired, folders, shared)
    )
    for name in names:
        alone = "only one of them was measured in it"
        values = first.metrics.get(name), second.metrics.get(name)
        yield MetricPair(name, *values, found.get(name, alone))


def verdict_sentences(found: RunComparison) -> Iterator[str]:
    """Yield on how many rows two runs were compared, and of each test that decides nothing, why."""
    if isinstance(found.paired, str):
        yield f"No test on the same rows: {found.paired}."
        return
    count = len(found.paired.rows)
    alone = [
        f"{counted(extra, 'other test row')} of {run.word}"
        for run, extra in zip(found.runs, found.paired.alone, strict=True)
        if extra
    ]
    only = f", not on {' and '.join(alone)}" if alone else ""
    yield f"Compared on the {counted(count, 'test row')} that both were measured on{only}."
    for pair in found.metrics:
        if isinstance(pair.tested, Comparison) and not pair.is_decided:
            yield _undecided_sentence(pair.name, pair.tested)


def _undecided_sentence(metric: str, found: Comparison) -> str:
    if found.challenger == found.champion:
        return f"In {metric} the two are equal."
    size = "less is chance"
    if found.least is None:
        size = "so few rows decide nothing"
    elif found.least:
        size = f"a difference below {found.least:.3g} is chance on so few rows"
    needed = f"; {found.needed_note}" if found.needed_note else ""
    return f"In {metric} nothing is decided: {size}{needed}."


def direction_of(metric: str) -> str:
    """Return which values of a metric are better, in a word; "" where nobody knows."""
    higher = is_higher_better(metric)
    return "" if higher is None else "higher is better" if higher else "lower is better"


def _fact_pairs(first: KeptRun, second: KeptRun) -> Iterator[FactPair]:
    told = [list(_facts_of_run(run)) for run in (first, second)]
    for (section, what, ours), (_, _, theirs) in zip(*told, strict=True):
        if ours or theirs:
            yield FactPair(section, what, ours, theirs)


def _facts_of_run(run: KeptRun) -> Iterator[tuple[str, str, str]]:
    """Yield section, name and words of each fact; "" where it is not known."""
    facts = run.facts
    rows, host = facts.get("rows", {}), facts.get("host", {})
    contract = _contract_of(run)
    yield "data", "data set", run.digest("dataset")[:_SHORT]
    yield "data", "arrays", run.digest("data")[:_SHORT]
    for part in ("train", "validation", "test"):
        yield "data", f"rows of {part}", f"{rows[part]:,}" if part in rows else ""
    yield "data", "contract", _contract_text(contract)
    yield "data", "findings", _findings_text(contract)
    yield "training", "seed", str(facts.get("seed", ""))
    yield "training", "epochs", str(facts.get("epochs", ""))
    yield "training", "weights of epoch", _kept_text(facts.get("kept_weights"))
    yield "training", "began with", str((facts.get("weights_from") or {}).get("source", ""))
    yield "training", "backend", str(facts.get("backend", ""))
    yield "training", "devices", ", ".join(host.get("devices", ()))
    yield "cost", "training time", _figure_or_blank(facts.get("seconds"), duration_text)
    yield "cost", "samples a second", _figure_or_blank(facts.get("samples_per_second"), figure_text)
    yield "cost", "parameters", _figure_or_blank(facts.get("parameters"), figure_text)
    yield "cost", "FLOPs a sample", _figure_or_blank(facts.get("flops"), figure_text)
    yield "cost", "size of model.keras", bytes_text((run.folder / "model.keras").stat().st_size)


def _figure_or_blank(value: Any, say: Any) -> str:  # noqa: ANN401 - a number and what tells it
    return "" if value is None else str(say(value))


def _kept_text(kept: Mapping[str, Any] | None) -> str:
    if kept is None:
        return ""
    best = "" if kept["best"] == kept["epoch"] else f"; epoch {kept['best']} is the best"
    return f"{kept['epoch']}{best}, by {kept['monitor']}"


def _contract_of(run: KeptRun) -> Mapping[str, Any] | None:
    path = Path(dataset_folder(run.digest("dataset")), "contract.json")
    try:
        return read_document(path, CONTRACT)
    except StepError:
        # Removed, damaged or of an earlier version: that it cannot be read is said in its place.
        return None


def _contract_text(contract: Mapping[str, Any] | None) -> str:
    if contract is None:
        return "not known: the data set is gone or cannot be read"
    checks, failing = len(contract["checks"]), len(contract["failing"])
    if not checks:
        return "no checks"
    return f"{counted(checks, 'check')}, " + (f"{failing} warned of" if failing else "all hold")


def _findings_text(contract: Mapping[str, Any] | None) -> str:
    if contract is None:
        return ""
    return counted(len(contract["findings"]), "finding") if contract["findings"] else "none"
