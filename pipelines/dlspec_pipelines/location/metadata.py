"""What the UI shows of a record, beside its value."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_never

import dagster as dg

from dlspec_pipelines.steps.datasets.source_digests import Reread
from dlspec_pipelines.steps.records import (
    Champion,
    Dataset,
    Evaluation,
    Report,
    Started,
    StepRecord,
    TrainedModel,
)


def metadata_of(record: StepRecord) -> dict[str, Any]:
    """Return a record's numbers, paths and tables as Dagster metadata."""
    match record:
        case Dataset():
            return _dataset_metadata(record)
        case TrainedModel():
            return _trained_model_metadata(record)
        case Evaluation():
            return _evaluation_metadata(record)
        case Report():
            return _report_metadata(record)
        case Champion():
            return _champion_metadata(record)
        case _:
            assert_never(record)


def _dataset_metadata(made: Dataset) -> dict[str, Any]:
    rows = {f"rows/{part}": count for part, count in made.rows.items()}
    return {
        **rows,
        "dagster/row_count": sum(made.rows.values()),
        "fingerprint": made.fingerprint,
        "path": dg.MetadataValue.path(made.path),
    }


def metadata_of_reread(reread: Reread | None) -> dict[str, Any]:
    """Return what reading files again found; nothing where none was."""
    if reread is None:
        return {}
    told = "".join(f"- `{path}`\n" for path in reread.changed)
    changed = {"verified/changed": dg.MetadataValue.md(told)} if told else {}
    return {"verified/files": reread.files, "verified/differing": len(reread.changed), **changed}


def _trained_model_metadata(made: TrainedModel) -> dict[str, Any]:
    flops = {} if made.flops is None else {"flops": made.flops}
    start = {} if made.start is None else _start_weights_metadata("weights_from", made.start)
    for name, begun in made.models_from.items():
        start |= _start_weights_metadata(f"models_from/{name}", begun)
    for name, vectors in made.vectors_from.items():
        start |= {
            f"vectors_from/{name}": vectors.source,
            f"vectors_from/{name}/found": vectors.found,
            f"vectors_from/{name}/missing": vectors.missing,
        }
    kept = made.kept
    told = {} if kept is None else {"weights_of_epoch": kept.epoch, "weights_kept": kept.reason}
    return {
        "epochs": made.epochs,
        **told,
        "seconds": round(made.seconds, 2),
        "parameters": made.parameters,
        **flops,
        "continued_from_epoch": made.continued_from_epoch,
        # Not the key of the epochs' observations: a final value among them draws a sawtooth.
        **{f"last/{name}": value for name, value in made.history.items()},
        **start,
        "path": dg.MetadataValue.path(made.path),
    }


def _start_weights_metadata(key: str, start: Started) -> dict[str, Any]:
    rows = [
        *(("taken", name, "") for name in start.taken),
        *(("initialised", name, reason) for name, reason in start.initialised.items()),
        *(("left", name, reason) for name, reason in start.left.items()),
    ]
    lines = [f"| {what} | `{name}` | {reason} |" for what, name, reason in rows]
    return {
        key: start.source,
        f"{key}/parameters": start.parameters,
        f"{key}/layers": dg.MetadataValue.md("\n".join(["| | layer | |", "|---|---|---|", *lines])),
    }


def _evaluation_metadata(made: Evaluation) -> dict[str, Any]:
    compared = made.comparison
    evidence = (
        {}
        if compared is None
        else {
            "p_value": compared.p_value,
            "champion": compared.champion,
            "rows": compared.size_note,
        }
    )
    baseline = {} if made.baseline is None else made.baseline.metrics
    return {
        **made.metrics,
        **{name: f"not defined: {reason}" for name, reason in made.undefined.items()},
        **{f"comparison/{name}": value for name, value in evidence.items()},
        **{f"baseline/{name}": value for name, value in baseline.items()},
        "gates": dg.MetadataValue.md(gates_table(made)),
        "path": dg.MetadataValue.path(made.path),
    }


def gates_table(made: Evaluation) -> str:
    """Return the gates as a Markdown table."""
    if not made.gates:
        return "no gates"
    rows = [
        f"| {g.metric} {g.requirement} | {'-' if g.value is None else f'{g.value:.6g}'} | "
        f"{'passed' if g.passed else '**failed**'}{f': {g.reason}' if g.reason else ''} |"
        for g in made.gates
    ]
    return "\n".join(["| gate | value | |", "|---|---|---|", *rows])


def _report_metadata(made: Report) -> dict[str, Any]:
    text = Path(made.markdown).read_text(encoding="utf-8")
    return {"report": dg.MetadataValue.md(text), "html": dg.MetadataValue.path(made.html)}


def _champion_metadata(made: Champion) -> dict[str, Any]:
    metrics: Mapping[str, float] = made.metrics
    return {
        "promoted": made.promoted,
        "evidence": made.evidence,
        "run": dg.MetadataValue.dagster_run(made.run),
        "since": made.since,
        **metrics,
    }
