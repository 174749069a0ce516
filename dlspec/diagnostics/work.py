"""What one compilation may cost, counted in steps that are the same on every machine."""

from dataclasses import dataclass

from dlspec.diagnostics.source import Span

# A step is about half a microsecond: half a second in all. A graph of 10,000 layers, the most that
# may be, takes 450,000 of them, 710,000 with eight arguments each; the largest packaged one 20,000.
MOST_WORK = 1_000_000
# A search through 1,000 names takes 10,000 steps: thirty mistypings among a thousand names.
MOST_SEARCH = 300_000
# Making, sorting and rendering one finding takes 150 microseconds: 2,500 of them end a compilation.
FINDING_STEPS = 400
# Copying a long text costs little, but each finding does it several times.
CHARACTERS_IN_A_STEP = 50


class WorkSpentError(Exception):
    """One text asks for more work than any spec needs.

    Args:
        span: What was being read then; None where no place is known.
    """

    def __init__(self, span: Span | None) -> None:
        super().__init__("the work is spent")
        self.span = span


@dataclass(slots=True)
class Work:
    """The steps that one compilation has left; state, because every stage takes from it."""

    left: int = MOST_WORK
    # What searching near words may take: then mistakes are told without what was meant.
    search_left: int = MOST_SEARCH

    def search(self, steps: int) -> bool:
        """Take steps of a search away, and return whether some are left."""
        self.search_left -= steps
        return self.search_left >= 0

    def spend(self, steps: int, span: Span | None = None) -> None:
        """Take steps away.

        Raises:
            WorkSpentError: If fewer are left.
        """
        self.left -= steps
        if self.left < 0:
            raise WorkSpentError(span)
