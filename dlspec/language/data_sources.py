"""Where a spec's data comes from: the kinds of `data.source`."""

from collections.abc import Mapping
from dataclasses import dataclass

from dlspec.language.kinds import Boolean, Choice, Integer, ListOf, Literal_, Number, Text, spec_key

SKLEARN = ("breast_cancer", "diabetes", "digits", "iris", "wine")
KERAS = (
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
)


@dataclass(frozen=True, slots=True)
class SklearnSource:
    """A data set that ships with scikit-learn; its columns are the Bunch's own names."""

    sklearn: str = spec_key(Choice(SKLEARN), "Name of the data set.")


@dataclass(frozen=True, slots=True)
class KerasSource:
    """A data set of keras.datasets; columns `x` and `y`, with its own test rows."""

    keras: str = spec_key(Choice(KERAS), "Name of the data set.")


@dataclass(frozen=True, slots=True)
class CsvSource:
    """One or more delimited text files with the same columns."""

    csv: tuple[str, ...] = spec_key(ListOf(Text(), or_one=True), "Files, relative to the spec.")
    separator: str = spec_key(Text(), "What stands between two fields.", default=",")
    columns: tuple[str, ...] | None = spec_key(
        ListOf(Text()), "The names, for files without a header.", default=None
    )
    missing: tuple[str, ...] = spec_key(
        ListOf(Text(), or_one=True), "Texts that stand for a missing value.", default=()
    )
    encoding: str = spec_key(Text(), "Text encoding of the files.", default="utf-8")


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """One or more Parquet files."""

    parquet: tuple[str, ...] = spec_key(ListOf(Text(), or_one=True), "Files, relative to the spec.")


@dataclass(frozen=True, slots=True)
class JsonLinesSource:
    """One or more files with a JSON object on each line."""

    json_lines: tuple[str, ...] = spec_key(
        ListOf(Text(), or_one=True), "Files, relative to the spec."
    )


@dataclass(frozen=True, slots=True)
class NpzSource:
    """One .npz archive; its columns are the arrays, all of the same first extent."""

    npz: str = spec_key(Text(), "The file, relative to the spec.")


_SAMPLES = Integer(minimum=10, maximum=10_000_000)
_SEED = Integer(minimum=0)


@dataclass(frozen=True, slots=True)
class SineSource:
    """A noisy sum of two sines over time; columns `time` and `value`."""

    synthetic: str = spec_key(Choice(("sine",)), "The generator.")
    samples: int = spec_key(_SAMPLES, "How many rows.", default=2000)
    noise: float = spec_key(Number(minimum=0), "Deviation of the added noise.", default=0.05)
    seed: int = spec_key(_SEED, "Seed of the noise.", default=0)


@dataclass(frozen=True, slots=True)
class SequenceReversalSource:
    """Random ids and the same ids reversed.

    Columns `source`, `decoder_input` (the reversed ids after a start id) and `decoder_target`.
    Id 0 is padding and id 1 the start; the others are drawn.
    """

    synthetic: str = spec_key(Choice(("sequence_reversal",)), "The generator.")
    samples: int = spec_key(_SAMPLES, "How many rows.", default=2000)
    length: int = spec_key(Integer(minimum=2), "Ids per sequence.", default=6)
    vocabulary: int = spec_key(
        Integer(minimum=4), "How many ids, padding and start included.", default=10
    )
    seed: int = spec_key(_SEED, "Seed of the draw.", default=0)


@dataclass(frozen=True, slots=True)
class TwoMoonsSource:
    """Two half circles that interlock; columns `x`, `y` and `moon`."""

    synthetic: str = spec_key(Choice(("two_moons",)), "The generator.")
    samples: int = spec_key(_SAMPLES, "How many rows.", default=1000)
    noise: float = spec_key(Number(minimum=0), "Deviation of the added noise.", default=0.1)
    seed: int = spec_key(_SEED, "Seed of the draw.", default=0)


Source = (
    SklearnSource
    | KerasSource
    | CsvSource
    | ParquetSource
    | JsonLinesSource
    | NpzSource
    | SineSource
    | SequenceReversalSource
    | TwoMoonsSource
)

SOURCES: dict[str, type | dict[str, type]] = {
    "sklearn": SklearnSource,
    "keras": KerasSource,
    "csv": CsvSource,
    "parquet": ParquetSource,
    "json_lines": JsonLinesSource,
    "npz": NpzSource,
    "synthetic": {
        "sine": SineSource,
        "sequence_reversal": SequenceReversalSource,
        "two_moons": TwoMoonsSource,
    },
}

FILE_SOURCES = (CsvSource, ParquetSource, JsonLinesSource, NpzSource)


@dataclass(frozen=True, slots=True)
class FractionSplit:
    """Rows are dealt out at random, by seed."""

    validation: float = spec_key(Number(minimum=0, below=1), "Share of all rows.", default=0.0)
    test: float = spec_key(Number(above=0, below=1), "Share of all rows.", default=0.2)
    stratify: str | None = spec_key(
        Text(), "A class target whose shares are kept in every part.", default=None
    )
    seed: int = spec_key(Integer(minimum=0), "Seed of the deal.", default=0)


@dataclass(frozen=True, slots=True)
class GivenSplit:
    """The source's own test rows; validation is a share of the others."""

    test: str = spec_key(Choice(("given",)), "The source's own test rows.")
    validation: float = spec_key(
        Number(minimum=0, below=1), "Share of the other rows.", default=0.0
    )
    stratify: str | None = spec_key(
        Text(), "A class target whose shares are kept in every part.", default=None
    )
    seed: int = spec_key(Integer(minimum=0), "Seed of the deal.", default=0)


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


Split = FractionSplit | GivenSplit | ColumnSplit | TimeSplit
SPLITS = (FractionSplit, GivenSplit, ColumnSplit, TimeSplit)


def split_type(keys: Mapping[str, object]) -> type:
    """Return the record for a split with these keys and their scalar values."""
    if "column" in keys:
        return ColumnSplit
    if "time" in keys:
        return TimeSplit
    return GivenSplit if isinstance(keys.get("test"), str) else FractionSplit


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
