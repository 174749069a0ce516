"""A source of the spec -> a table."""

from pathlib import Path

from dlspec.language.data_sources import (
    CsvSource,
    JsonLinesSource,
    KerasSource,
    NpzSource,
    ParquetSource,
    SequenceReversalSource,
    SineSource,
    SklearnSource,
    Source,
    TwoMoonsSource,
)
from dlspec_pipelines.steps.datasets import packaged, synthetic
from dlspec_pipelines.steps.datasets import table_files as files
from dlspec_pipelines.steps.datasets.table import Table, unreadable_source


def read_source_table(source: Source, base: Path) -> Table:
    """Read all columns of a source.

    Args:
        base: The folder of the spec, where relative paths start.

    Raises:
        StepError: If the source cannot be read (DL610), with the reason.
    """
    table = _table_of_source(source, base)
    if table.rows == 0:
        raise unreadable_source("the source has no rows")
    return table


def _table_of_source(source: Source, base: Path) -> Table:  # noqa: C901 - one case per kind
    match source:
        case SklearnSource():
            return packaged.sklearn_table(source.sklearn)
        case KerasSource():
            return packaged.keras_table(source.keras)
        case CsvSource():
            return files.read_csv(source, base)
        case ParquetSource():
            return files.read_parquet(source, base)
        case JsonLinesSource():
            return files.read_json_lines(source, base)
        case NpzSource():
            return files.read_npz(source, base)
        case SineSource():
            return synthetic.noisy_sine(source)
        case SequenceReversalSource():
            return synthetic.sequence_reversal(source)
        case TwoMoonsSource():
            return synthetic.two_moons(source)


def content_hash(source: Source, base: Path) -> str:
    """Return what changes when the content of a source does: a hash, or a version.

    Raises:
        StepError: If a file of the source is not there (DL610).
    """
    match source:
        case SklearnSource():
            return f"scikit-learn {packaged.sklearn_version()}"
        case KerasSource():
            return packaged.keras_identity(source.keras)
        case CsvSource() | ParquetSource() | JsonLinesSource() | NpzSource():
            return files.hash_of_files(source, base)
        case SineSource() | SequenceReversalSource() | TwoMoonsSource():
            return f"generator {synthetic.VERSION}"
