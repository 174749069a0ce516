"""The rules of a contract: what decides in each row, and the check that decides."""

from dataclasses import dataclass

import numpy as np
import pandera.pandas as pa

from dlspec_pipelines.steps.datasets.table import Array


@dataclass(frozen=True, slots=True, eq=False)
class ContractRule:
    """One check of one column.

    Attributes:
        text: What must hold, as the author of a spec says it.
        decides: A value for each row, which the check is made of.
        checked: The column of the schema: pandera's checks of `decides`; None where it is known
            already that the rule holds in every row.
        shows: What a failing row is shown with.
        help: What to do about it; None of what `expect` says: mend the rows, or `expect`.
        severity: `error` blocks training, `warning` is counted and shown.
        compares_rows: Whether the check of a row looks at the others too.
    """

    column: str
    text: str
    decides: Array
    checked: pa.Column | None
    shows: Array
    help: str | None = None
    severity: str = "error"
    compares_rows: bool = False


def rule_that_holds(
    column: str, text: str, fits: Array, shows: Array, *, help: str
) -> ContractRule:
    """Return the rule of a feature that `fits` is true in every row."""
    if fits.all():
        # Nobody needs to keep a value for each row, or to look at it again.
        return ContractRule(column, text, np.broadcast_to(np.True_, fits.shape), None, shows, help)
    return ContractRule(column, text, fits, pa.Column(checks=pa.Check.isin([True])), shows, help)
