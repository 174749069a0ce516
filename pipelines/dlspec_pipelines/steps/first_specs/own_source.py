"""What was found out about data of one's own: its rows, and how a spec says where they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dlspec.syntax.flow_text import flow_text
from dlspec_pipelines.steps.datasets.table import Table


@dataclass(frozen=True, slots=True)
class OwnSource:
    """Data that was read, and what a spec says to read it so.

    Attributes:
        name: Of the file or folder, for the description.
        lines: Those of `data` that name the source, and the test rows where they stand apart.
        reasons: Why it is read so.
        table: The rows; those of a test file apart are not among them.
        has_test_rows: Whether the data say which rows are the test.
        file_form: What the files are that the column `file` names; None where none does.
    """

    name: str
    lines: tuple[str, ...]
    reasons: tuple[str, ...]
    table: Table
    has_test_rows: bool
    file_form: Literal["picture", "sound"] | None = None


def source_line(said: Mapping[str, object], *, key: str = "source") -> str:
    """Return the line of a source with its keys, in their order."""
    start = f"  {key}: "
    return start + flow_text(dict(said), indent=len(start))
