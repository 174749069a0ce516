"""How rows are dealt to training, validation and test: the forms of `data.split`."""

from collections.abc import Mapping
from dataclasses import dataclass

from dlspec.language.kinds import Choice, Integer, ListOf, Literal_, Number, Text, spec_key


@dataclass(frozen=True, slots=True)
class FractionSplit:
    """Each row is dealt by the seed and what its inputs hold, whatever other rows there are."""

    validation: float = spec_key(Number(minimum=0, below=1), "Share of all rows.", default=0.0)
    test: float = spec_key(Number(above=0, below=1), "Share of all rows.", default=0.2)
    stratify: str | None = spec_key(
        Text(),
        "A target of classes, or a category, each of whose values every part gets that is to hold "
        "at least one row of it.",
        default=None,
    )
    seed: int = spec_key(Integer(minimum=0), "Seed of the deal.", default=0)
    group: str | None = spec_key(
        Text(),
        "A column by which rows are dealt in place of their inputs, so that equal values stay in "
        "one part: a patient, a document, or an id of the row.",
        default=None,
    )


@dataclass(frozen=True, slots=True)
class GivenSplit:
    """The source's own test rows; validation is a share of the others."""

    test: str = spec_key(Choice(("given",)), "The source's own test rows.")
    validation: float = spec_key(
        Number(minimum=0, below=1), "Share of the other rows.", default=0.0
    )
    stratify: str | None = spec_key(
        Text(),
        "A target of classes, or a category, each of whose values every part gets that is to hold "
        "at least one row of it.",
        default=None,
    )
    seed: int = spec_key(Integer(minimum=0), "Seed of the deal.", default=0)
    group: str | None = spec_key(
        Text(),
        "A column by which rows are dealt in place of their inputs, so that equal values stay in "
        "one part: a patient, a document, or an id of the row.",
        default=None,
    )


@dataclass(frozen=True, slots=True)
class ColumnSplit:
    """A column says where a row belongs; values named nowhere are training rows."""

    column: str = spec_key(Text(), "The column.")
    test: tuple[object, ...] = spec_key(ListOf(Literal_(), or_one=True), "Values of test rows.")
    validation: tuple[object, ...] = spec_key(
        ListOf(Literal_(), or_one=True), "Values of validation rows.", default=()
    )


@dataclass(frozen=True, slots=True)
class TimeSplit:
    """Rows are ordered by a column and cut: training, then validation, then test."""

    time: str = spec_key(Text(), "The column that orders the rows.")
    validation: float = spec_key(Number(minimum=0, below=1), "Share of all rows.", default=0.0)
    test: float = spec_key(Number(above=0, below=1), "Share of all rows.", default=0.2)
    gaps: str = spec_key(
        Choice(("drop", "cross")),
        "Windows of a `series` over a step that is not the usual one: left out and counted, or "
        "kept, where a window counts rows whatever the time between them.",
        default="drop",
    )


Split = FractionSplit | GivenSplit | ColumnSplit | TimeSplit
SPLITS = (FractionSplit, GivenSplit, ColumnSplit, TimeSplit)


def split_type(keys: Mapping[str, object]) -> type:
    """Return the record for a split with these keys and their scalar values."""
    if "column" in keys:
        return ColumnSplit
    if "time" in keys:
        return TimeSplit
    test = keys.get("test")
    # `20%` is a text, too, and means a share.
    is_word = isinstance(test, str) and not test[:1].isdecimal()
    return GivenSplit if is_word else FractionSplit
