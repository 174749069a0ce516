"""What every kind of source is read by."""

from typing import Protocol

from dlspec_pipelines.steps.datasets.table import Table


class SourceReader(Protocol):
    """How one source becomes a table."""

    def read_table(self) -> Table:
        """Read all columns.

        Raises:
            StepError: If the source cannot be read (DL610), with the reason.
        """

    def content_identity(self) -> str:
        """Return what changes when the content does: a hash, or a version.

        Raises:
            StepError: If a file of the source is not there (DL610).
        """
