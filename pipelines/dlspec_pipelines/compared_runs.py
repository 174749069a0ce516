"""`dlspec compare`: what differs between two runs, as text, JSON or a page."""

import json
import os
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from dlspec.diagnostics.counts import counted
from dlspec.tools.aligned_table import aligned_table
from dlspec.tools.commands.exit_status import CLEAN
from dlspec.tools.commands.findings_output import terminal_columns
from dlspec.tools.commands.remarks import print_remark
from dlspec.tools.diff.difference_text import difference_json, difference_text
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.figure_texts import figure_text
from dlspec_pipelines.steps.kept_runs.paired_rows import PairedRows
from dlspec_pipelines.steps.kept_runs.run_comparison import (
    MetricPair,
    RunComparison,
    compare_runs,
    verdict_sentences,
)
from dlspec_pipelines.steps.kept_runs.run_list import KeptRun, kept_run_in
from dlspec_pipelines.steps.records import Comparison
from dlspec_pipelines.steps.runs import find_run
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage

# As many rows fit into a line; the page shows more.
_MOST_ROWS = 8
# As many as a page or a program may want; more say nothing else.
_MOST_ROWS_JSON = 1000


def show_comparison(first: str, second: str, *, page: Path | None, as_json: bool) -> int:
    """Print what differs between two runs, and return the exit status.

    Args:
        page: Where it is written as a page; None prints text.
    """
    try:
        if page is not None:
            _require_page_place(page)
        runs = [kept_run_in(find_run(word).folder) for word in (first, second)]
        found = compare_runs(*runs)
        if page is not None:
            # Jinja and what draws pictures: text needs neither.
            from dlspec_pipelines.steps.kept_runs.comparison_page import write_comparison_page

            write_comparison_page(page, found)
            print_remark(f"wrote {page}")
        if as_json:
            print(json.dumps(_comparison_json(found), indent=2, ensure_ascii=False))  # noqa: T201 - this is the output
        elif page is None:
            print("\n\n".join(_comparison_texts(found)))  # noqa: T201 - this is the output
    except StepError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - this is the output
        return problem.status
    return CLEAN


def _require_page_place(page: Path) -> None:
    """Check where a page is to stand, before anything is read.

    Raises:
        WrongUsage: If it cannot be written there.
    """
    if not page.parent.is_dir() or page.is_dir():
        raise WrongUsage(
            f"`{page}` cannot be written", help="name a file in a folder that is there"
        )
    if not os.access(page if page.exists() else page.parent, os.W_OK):
        raise WrongUsage(f"`{page}` cannot be written", help="name a file in a folder of yours")


def _comparison_texts(found: RunComparison) -> Iterator[str]:
    columns = terminal_columns(sys.stdout)
    first, second = found.runs
    yield f"{first.word} -> {second.word}"
    if found.metrics:
        yield "\n".join([_metrics_table(found, columns), *_row_lines_of_comparison(found)])
    yield _facts_table(found, columns)
    if isinstance(found.spec, str):
        yield f"spec\n  not compared: {found.spec}"
    else:
        yield "spec\n" + difference_text(found.spec, columns=columns).rstrip()


def _metrics_table(found: RunComparison, columns: int | None) -> str:
    head = ("metric", found.runs[0].word, found.runs[1].word, "change", "", "test")
    rows = [head, *(_metric_row(pair) for pair in found.metrics)]
    return aligned_table(rows, right={1, 2, 3}, columns=columns)


def _metric_row(pair: MetricPair) -> tuple[str, ...]:
    values = [figure_text(value) for value in (pair.first, pair.second)]
    change = ""
    if pair.first is not None and pair.second is not None:
        gain = pair.second - pair.first
        change = f"{'+' if gain > 0 else ''}{figure_text(gain)}"
    if isinstance(pair.tested, str):
        return (pair.name, *values, change, "", f"not tested: {pair.tested}")
    tested = f"{pair.tested.test} p = {pair.tested.p_value:.3g}"
    return (pair.name, *values, change, pair.verdict, tested)


def _row_lines_of_comparison(found: RunComparison) -> Iterator[str]:
    yield from verdict_sentences(found)
    if isinstance(found.paired, str):
        return
    first, second = found.runs
    for target in found.paired.sides[0]:
        told = found.paired.disagreement(target)
        is_right = found.paired.sides[0][target].kind not in ("number", "mask")
        for run, rows in zip((first, second), told, strict=True):
            yield f"{target}: {_alone_text(run, found.paired, rows, is_right=is_right)}"


def _alone_text(run: KeptRun, paired: PairedRows, positions: Array, *, is_right: bool) -> str:
    numbers = [int(row) for row in paired.rows[positions]]
    what = "alone is right" if is_right else "is nearer"
    shown = ", ".join(map(str, numbers[:_MOST_ROWS]))
    more = ", ..." if len(numbers) > _MOST_ROWS else ""
    return f"{run.word} {what} in {counted(len(numbers), 'row')}" + (
        f": {shown}{more}" if numbers else ""
    )


def _facts_table(found: RunComparison, columns: int | None) -> str:
    rows: list[tuple[str, ...]] = []
    for section, pairs in groupby(found.facts, key=lambda pair: pair.section):
        rows.append((section, "", found.runs[0].word, found.runs[1].word))
        rows += [("~" if p.differs else "", f"  {p.what}", p.first, p.second) for p in pairs]
    told = [(f"{mark:1} {what}" if what else mark, *sides) for mark, what, *sides in rows]
    return aligned_table(told, columns=columns)


def _comparison_json(found: RunComparison) -> dict[str, object]:
    """Return a comparison as JSON data; null stands where nothing is."""
    return {
        "runs": [{"run": run.word, "id": run.folder.name, "name": run.name} for run in found.runs],
        "metrics": [_metric_json(pair) for pair in found.metrics],
        "rows": _rows_json(found.paired),
        "facts": [
            {"section": p.section, "what": p.what, "first": p.first, "second": p.second}
            for p in found.facts
        ],
        "spec": None if isinstance(found.spec, str) else difference_json(found.spec),
        "spec_not_compared": found.spec if isinstance(found.spec, str) else None,
    }


def _metric_json(pair: MetricPair) -> dict[str, object]:
    test = None
    if isinstance(pair.tested, Comparison):
        test = {
            "test": pair.tested.test,
            "rows": pair.tested.rows,
            "first": pair.tested.champion,
            "second": pair.tested.challenger,
            "p_value": pair.tested.p_value,
            "least": pair.tested.least,
            "needed": pair.tested.needed,
            "verdict": pair.verdict,
        }
    return {
        "metric": pair.name,
        "first": pair.first,
        "second": pair.second,
        "test": test,
        "not_tested": pair.tested if isinstance(pair.tested, str) else None,
    }


def _rows_json(paired: PairedRows | str) -> dict[str, object]:
    if isinstance(paired, str):
        return {"compared": 0, "not_compared": paired, "left_out": [0, 0], "alone": {}}
    alone = {}
    for target in paired.sides[0]:
        first, second = (
            [int(row) for row in paired.rows[positions][:_MOST_ROWS_JSON]]
            for positions in paired.disagreement(target)
        )
        alone[target] = {"first": first, "second": second}
    return {
        "compared": len(paired.rows),
        "not_compared": None,
        "left_out": list(paired.alone),
        "alone": alone,
    }
