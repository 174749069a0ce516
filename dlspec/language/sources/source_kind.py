"""What the record of every kind of source says, so that nobody else keeps a list of kinds."""

from typing import ClassVar, Protocol


class SourceKind(Protocol):
    """A kind of source: its keys are its fields, and these are its facts.

    Attributes:
        word: The key that a spec tells it by.
        tool: What its rows come out of, as Dagster spells it, which draws a logo for it.
        generator: The value of that key where several records share it, such as `sine`; else None.
        endings: The endings of the files that it reads; none of a source without files.
        has_test_rows: Whether some of its rows are, or may be, test rows of its own.
    """

    word: ClassVar[str]
    tool: ClassVar[str]
    generator: ClassVar[str | None]
    endings: ClassVar[tuple[str, ...]]
    has_test_rows: ClassVar[bool]

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files or folders that it reads, by the names in the spec."""
