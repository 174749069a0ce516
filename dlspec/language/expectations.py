"""What `data.expect` says of a column."""

from dataclasses import dataclass

from dlspec.language.kinds import Boolean, Choice, ListOf, Literal_, Number, Text, spec_key


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one column must hold, row by row; checked by pandera before training."""

    nullable: bool = spec_key(Boolean(), "Whether a value may be missing.", default=True)
    unique: bool = spec_key(Boolean(), "Whether every value is there once.", default=False)
    in_range: tuple[float, ...] | None = spec_key(
        ListOf(Number(), length=2), "Smallest and largest value, both allowed.", default=None
    )
    isin: tuple[object, ...] | None = spec_key(
        ListOf(Literal_()), "The values allowed.", default=None
    )
    str_matches: str | None = spec_key(
        Text(), "A regular expression that every text begins with.", default=None
    )
    dtype: str | None = spec_key(
        Choice(("integer", "number", "text", "boolean")), "The type of the values.", default=None
    )
    severity: str = spec_key(
        Choice(("error", "warning")),
        "Whether rows that break these checks block training, or are counted and shown.",
        default="error",
    )
