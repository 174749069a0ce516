"""The contract of a spec, `data.expect` and what its features imply, held against a table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.expectations import Expectation
from dlspec_pipelines.steps.datasets.contract_rules import ContractRule
from dlspec_pipelines.steps.datasets.expectation_rules import expectation_rules
from dlspec_pipelines.steps.datasets.failing_rows import (
    KEPT_ROWS,
    SHOWN_ROWS,
    FailingRow,
    failing_rows_table,
    keep_failing_rows,
    value_text,
)
from dlspec_pipelines.steps.datasets.table import Rows, Table, require_columns
from dlspec_pipelines.steps.json_documents import CONTRACT, document_text
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import path_in_home, write_whole

# What is copied of each rule, a byte or eight a row, and small beside the cost of a call.
_ROWS_AT_A_TIME = 2**18


@dataclass(frozen=True, slots=True)
class Checked:
    """One check of one column that was made, and in how many of how many rows it does not hold."""

    column: str
    check: str
    rows: int
    failed: int
    severity: str = "error"

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a contract came to.

    Attributes:
        checked: Every check that was made.
        failing: The first ten rows of each check that does not hold.
        kept: The file with all of them; None where all checks hold, or nothing was to be kept.
    """

    checked: tuple[Checked, ...]
    failing: tuple[FailingRow, ...] = ()
    kept: Path | None = None


class ContractBroken(StepError):  # noqa: N818 - the sentence a person reads says it
    """Data that is not as `data.expect` says, or as the features need it.

    Attributes:
        verdict: What was checked, and rows that break it.
    """

    def __init__(self, verdict: Verdict, *, help: str) -> None:
        broken = [one for one in verdict.checked if one.failed and one.severity == "error"]
        told = ", ".join(
            f"`{one.column}` fails {one.check} in {one.failed:,} of {counted(one.rows, 'row')}"
            for one in broken
        )
        super().__init__(
            f"the data breaks its contract: {told}",
            code=Code.CONTRACT_BROKEN.value,
            help=help,
            table=failing_rows_table(verdict.failing),
            kept=verdict.kept,
        )
        self.verdict = verdict


_Broken = list[tuple[ContractRule, Rows]]


def validate_contract(
    table: Table,
    expect: Mapping[str, Sequence[Expectation]],
    implied: Iterable[ContractRule] = (),
    *,
    kept: Path | None = None,
) -> Verdict:
    """Hold a table against one schema of all rules; every check is made before one fails.

    Args:
        expect: What the spec says of columns.
        implied: What its features need.
        kept: A folder for what is found where a check fails: contract.json, and failing_rows.csv
            with every such row; None to keep nothing.

    Returns:
        What was checked; a check that fails in some rows is one of severity `warning`.

    Raises:
        StepError: If a column is missing (DL611).
        ContractBroken: If a check of severity `error` does not hold (DL612).
    """
    require_columns(table, expect)
    said = (
        rule
        for column, several in expect.items()
        for one in several
        for rule in expectation_rules(column, table.columns[column], one)
    )
    rules = [*said, *implied]
    failing = _failing_rows_of_rules(rules)
    checked = tuple(
        Checked(rule.column, rule.text, table.rows, len(rows), rule.severity)
        for rule, rows in zip(rules, failing, strict=True)
    )
    broken = [(rule, rows) for rule, rows in zip(rules, failing, strict=True) if rows.size]
    if not broken:
        return Verdict(checked)
    shown = sorted(_rows_to_show(table, broken, most=SHOWN_ROWS), key=lambda pair: pair[0])
    verdict = Verdict(checked, tuple(row for _, row in shown), _keep_all(kept, table, broken))
    if any(one.failed and one.severity == "error" for one in checked):
        if kept is not None:
            _keep_account(kept, table, verdict)
        raise ContractBroken(verdict, help=_contract_help(broken, verdict.kept))
    return verdict


def _failing_rows_of_rules(rules: Sequence[ContractRule]) -> list[Rows]:
    """Return for each rule the rows in which it does not hold, by lazy validation.

    Pandera copies what it validates, so it gets the rows some at a time; of rules that compare rows
    it gets all of them, and none of rules that are known to hold.
    """
    found: dict[int, list[Rows]] = {number: [] for number in range(len(rules))}
    open_ones = {n: rule for n, rule in enumerate(rules) if rule.checked is not None}
    comparing = {n: rule for n, rule in open_ones.items() if rule.compares_rows}
    others = {n: rule for n, rule in open_ones.items() if not rule.compares_rows}
    count = max((len(rule.decides) for rule in rules), default=0)
    for some, step in ((comparing, max(count, 1)), (others, _ROWS_AT_A_TIME)):
        for start in range(0, count if some else 0, step):
            part = slice(start, start + step)
            for number, rows in _failing_rows_in(some, part).items():
                found[number].append(rows + start)
    return [np.concatenate([np.zeros(0, dtype=np.int64), *rows]) for rows in found.values()]


def _failing_rows_in(rules: Mapping[int, ContractRule], part: slice) -> dict[int, Rows]:
    """Return the rows of a part in which rules do not hold, counted within it."""
    schema = pa.DataFrameSchema({str(number): rule.checked for number, rule in rules.items()})
    values = {str(number): rule.decides[part] for number, rule in rules.items()}
    found: dict[int, Rows] = {}
    try:
        schema.validate(pd.DataFrame(values, copy=False), lazy=True)
    except SchemaErrors as error:
        # Which rows, not which values: pandera may have converted the values it lists. It names
        # no row where the values cannot be compared at all.
        for name, cases in error.failure_cases.groupby("column"):
            index, rows = cases["index"], len(values[str(name)])
            found[int(str(name))] = (
                np.arange(rows) if index.isna().any() else np.unique(index.to_numpy(np.int64))
            )
    return found


def _rows_to_show(table: Table, broken: _Broken, *, most: int) -> Iterator[tuple[int, FailingRow]]:
    """Give the first rows in which each check does not hold, with their numbers in the table."""
    for rule, rows in broken:
        for row in rows[:most].tolist():
            value = value_text(rule.shows[row])
            place = table.place_of(row)
            yield row, FailingRow(place, rule.column, value, rule.text, rule.severity)


def _contract_help(broken: _Broken, kept: Path | None) -> str:
    blocking = [rule for rule, _ in broken if rule.severity == "error"]
    helps = list(dict.fromkeys(f"`{r.column}`: {r.help}" for r in blocking if r.help is not None))
    if any(rule.help is None for rule in blocking):
        helps.append("mend the rows of the table, or change `data.expect`")
    if kept is not None:
        helps.append(f"all failing rows stand in `{kept}`")
    return "; ".join(helps)


def _keep_all(kept: Path | None, table: Table, broken: _Broken) -> Path | None:
    if kept is None:
        return None
    rows = (row for _, row in _rows_to_show(table, broken, most=KEPT_ROWS))
    return keep_failing_rows(kept, rows)


def _keep_account(kept: Path, table: Table, verdict: Verdict) -> None:
    """Write what a contract found into a folder of its own: there is no data set to lie beside."""
    account = {
        "rows": {"source": table.rows},
        "checks": [one.to_json() for one in verdict.checked],
        "failing": [one.to_json() for one in verdict.failing],
        "failing_rows": None if verdict.kept is None else path_in_home(str(verdict.kept)),
        "balance": {},
        "findings": [],
    }
    write_whole(kept / "contract.json", document_text(CONTRACT, account))
