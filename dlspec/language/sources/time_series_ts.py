"""The source `time_series_ts`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import ListOf, Text, spec_key


@dataclass(frozen=True, slots=True)
class TimeSeriesTsSource:
    """Files of the UCR and UEA archive, `.ts` or `.arff`; columns `series` and `class`.

    A series is an array `[steps, channels]`; classes are numbers where all of them are whole ones.
    """

    word: ClassVar[str] = "time_series_ts"
    tool: ClassVar[str] = "time_series_ts"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".arff", ".ts")
    has_test_rows: ClassVar[bool] = False

    time_series_ts: tuple[str, ...] = spec_key(
        ListOf(Text(), or_one=True), "Files, relative to the spec."
    )

    @property
    def files(self) -> tuple[str, ...]:
        """Return its files."""
        return self.time_series_ts
