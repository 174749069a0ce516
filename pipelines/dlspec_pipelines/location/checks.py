"""Asset checks: the data's contract, its hygiene, the gates, and whether a spec compiles."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from dlspec.diagnostics.counts import counted
from dlspec_pipelines.specs import BrokenSpec, SpecFile
from dlspec_pipelines.steps.json_documents import CONTRACT, read_document
from dlspec_pipelines.steps.records import Dataset, Evaluation
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import path_from_home


def contract_specs(spec: SpecFile) -> list[dg.AssetCheckSpec]:
    """Return the checks of a data set: what is demanded blocks training, what is odd does not."""
    key = dg.AssetKey([spec.name, "dataset"])
    return [
        dg.AssetCheckSpec(
            "contract",
            asset=key,
            blocking=True,
            description="Every row is as `expect` says and as the features need it.",
        ),
        dg.AssetCheckSpec(
            "hygiene",
            asset=key,
            description="Nothing is odd that nobody forbade, such as rows "
            "that are in training and test alike.",
        ),
    ]


def contract_results(made: Dataset) -> Iterator[dg.AssetCheckResult]:
    """Give the results of a data set that could be prepared."""
    said: Mapping[str, Any] = read_document(Path(made.path, "contract.json"), CONTRACT)
    warned = [check for check in said["checks"] if check["failed"]]
    yield dg.AssetCheckResult(
        check_name="contract",
        passed=not warned,
        severity=dg.AssetCheckSeverity.WARN if warned else dg.AssetCheckSeverity.ERROR,
        description="; ".join(
            f"`{c['column']}` fails {c['check']} in {c['failed']:,} of {counted(c['rows'], 'row')}"
            for c in warned
        ),
        metadata={**_expectations_metadata(said), **_warned_rows_metadata(said)},
    )
    findings = [f for f in said["findings"] if f["severity"] == "warn"]
    yield dg.AssetCheckResult(
        check_name="hygiene",
        passed=not findings,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f["message"] for f in findings) or "nothing odd",
        metadata={"findings": len(findings), **_examples_metadata(findings)},
    )


def _examples_metadata(findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    lines = [
        line
        for finding in findings
        if finding["examples"]
        for line in (f"- {finding['message']}", *(f"  - {told}" for told in finding["examples"]))
    ]
    return {"examples": dg.MetadataValue.md("\n".join(lines))} if lines else {}


def _warned_rows_metadata(said: Mapping[str, Any]) -> dict[str, Any]:
    # Not at the top: loading a location imports no numpy.
    from dlspec_pipelines.steps.datasets.failing_rows import (
        failing_row_from_json,
        failing_rows_table,
    )

    if not said["failing"]:
        return {}
    table = failing_rows_table([failing_row_from_json(one) for one in said["failing"]])
    return failing_rows_metadata(table, Path(path_from_home(said["failing_rows"])))


def broken_contract(problem: StepError, spec: SpecFile) -> Iterator[dg.AssetCheckResult]:
    """Give a failed contract with the failing rows; nothing for a problem without any."""
    if problem.table is None:
        return
    yield dg.AssetCheckResult(
        asset_key=dg.AssetKey([spec.name, "dataset"]),
        check_name="contract",
        passed=False,
        description=problem.message,
        metadata=failing_rows_metadata(problem.table, problem.kept),
    )


def failing_rows_metadata(table: str | None, kept: Path | None) -> dict[str, Any]:
    """Return failing rows as the UI shows them, and the path of the file that holds all."""
    rows = {"rows": dg.MetadataValue.md(table)} if table else {}
    path = {"failing_rows": dg.MetadataValue.path(str(kept))} if kept else {}
    return {**rows, **path}


def gate_specs(spec: SpecFile) -> list[dg.AssetCheckSpec]:
    """Return one check for each gate, named by its metric."""
    key = dg.AssetKey([spec.name, "evaluation"])
    evaluation = spec.plan.evaluation
    gates = evaluation.gates if evaluation else ()
    return [dg.AssetCheckSpec(g.metric, asset=key, description=f"`{g}`") for g in gates]


def gate_results(measured: Evaluation) -> Iterator[dg.AssetCheckResult]:
    """Give each gate's result. A failed gate stops the promotion, not the report."""
    for gate in measured.gates:
        value = {"reason": gate.reason} if gate.value is None else {gate.metric: gate.value}
        yield dg.AssetCheckResult(
            check_name=gate.metric,
            passed=gate.passed,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata={"requirement": gate.requirement, **value},
        )


def spec_check(key: dg.AssetKey) -> dg.AssetCheckSpec:
    """Return the check that fails for a file that does not compile."""
    return dg.AssetCheckSpec("compiles", asset=key, description="`dlspec check` finds no mistake.")


def broken_spec(spec: BrokenSpec) -> dg.AssetCheckResult:
    """Give the failed check of a file that does not compile, with what is wrong in it."""
    return dg.AssetCheckResult(
        check_name="compiles",
        passed=False,
        description=_findings_markdown(spec),
        metadata=_spec_path_metadata(spec),
    )


def broken_spec_event(spec: BrokenSpec) -> dg.AssetCheckEvaluation:
    """Give the same result as an event, so that it shows without a run."""
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey([spec.name, "spec"]),
        check_name="compiles",
        passed=False,
        description=_findings_markdown(spec),
        metadata=_spec_path_metadata(spec),
    )


def _findings_markdown(spec: BrokenSpec) -> str:
    """Return the findings as Markdown that keeps their columns."""
    return f"```text\n{spec.findings}\n```"


def _spec_path_metadata(spec: BrokenSpec) -> dict[str, dg.MetadataValue[Any]]:
    return {"spec": dg.MetadataValue.path(str(spec.path))}


def _expectations_metadata(said: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        f"| {c['column']} | {c['check']} | {c['rows']:,} | {c['failed']:,} | {c['severity']} |"
        for c in said["checks"]
    ]
    head = ["| column | check | rows | failed | severity |", "|---|---|---:|---:|---|"]
    told = "`expect` and the features demand nothing"
    return {"checks": dg.MetadataValue.md("\n".join([*head, *rows]) if rows else told)}
