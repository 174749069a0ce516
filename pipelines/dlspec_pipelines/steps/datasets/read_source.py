"""A source of the spec -> a table; `Source` lists the kinds."""

from pathlib import Path
from typing import assert_never

from dlspec.language.sources import (
    AudioFolderSource,
    CsvSource,
    DigitStripsSource,
    ImageFolderSource,
    JsonLinesSource,
    KerasSource,
    NpzSource,
    ParquetSource,
    SequenceReversalSource,
    SineSource,
    SklearnSource,
    Source,
    SqlSource,
    TextFolderSource,
    TextLinesSource,
    TimeSeriesTsSource,
    TonesSource,
    TwoMoonsSource,
)
from dlspec_pipelines.steps.datasets.sources.audio_folder import AudioFolderReader
from dlspec_pipelines.steps.datasets.sources.csv import CsvReader
from dlspec_pipelines.steps.datasets.sources.digit_strips import DigitStripsReader
from dlspec_pipelines.steps.datasets.sources.image_folder import ImageFolderReader
from dlspec_pipelines.steps.datasets.sources.json_lines import JsonLinesReader
from dlspec_pipelines.steps.datasets.sources.keras import KerasReader
from dlspec_pipelines.steps.datasets.sources.npz import NpzReader
from dlspec_pipelines.steps.datasets.sources.parquet import ParquetReader
from dlspec_pipelines.steps.datasets.sources.sequence_reversal import SequenceReversalReader
from dlspec_pipelines.steps.datasets.sources.sine import SineReader
from dlspec_pipelines.steps.datasets.sources.sklearn import SklearnReader
from dlspec_pipelines.steps.datasets.sources.source_reader import SourceReader
from dlspec_pipelines.steps.datasets.sources.sql import SqlReader
from dlspec_pipelines.steps.datasets.sources.text_folder import TextFolderReader
from dlspec_pipelines.steps.datasets.sources.text_lines import TextLinesReader
from dlspec_pipelines.steps.datasets.sources.time_series_ts import TimeSeriesTsReader
from dlspec_pipelines.steps.datasets.sources.tones import TonesReader
from dlspec_pipelines.steps.datasets.sources.two_moons import TwoMoonsReader
from dlspec_pipelines.steps.datasets.table import Table, unreadable_source


def reader_of(  # noqa: C901, PLR0912 - one case for each kind
    source: Source,
    base: Path,
    *,
    text_columns: tuple[str, ...] = (),
    memory: int | None = None,
) -> SourceReader:
    """Return what reads a source.

    Args:
        base: The folder of the spec, where relative paths start.
        text_columns: Whose values are text where the format does not tell text from numbers.
        memory: What its columns may take of the memory; None for any number of bytes.
    """
    match source:
        case SklearnSource():
            return SklearnReader(source)
        case KerasSource():
            return KerasReader(source)
        case CsvSource():
            return CsvReader(source, base, text_columns, memory)
        case ParquetSource():
            return ParquetReader(source, base, memory)
        case JsonLinesSource():
            return JsonLinesReader(source, base, memory)
        case NpzSource():
            return NpzReader(source, base, memory)
        case TextFolderSource():
            return TextFolderReader(source, base, text_columns)
        case TextLinesSource():
            return TextLinesReader(source, base)
        case ImageFolderSource():
            return ImageFolderReader(source, base, text_columns)
        case AudioFolderSource():
            return AudioFolderReader(source, base, text_columns)
        case TimeSeriesTsSource():
            return TimeSeriesTsReader(source, base)
        case SqlSource():
            return SqlReader(source, base, memory)
        case SineSource():
            return SineReader(source)
        case SequenceReversalSource():
            return SequenceReversalReader(source)
        case TonesSource():
            return TonesReader(source)
        case TwoMoonsSource():
            return TwoMoonsReader(source)
        case DigitStripsSource():
            return DigitStripsReader(source)
        case _:
            assert_never(source)


def read_source_table(
    source: Source,
    base: Path,
    *,
    text_columns: tuple[str, ...] = (),
    memory: int | None = None,
) -> Table:
    """Read all columns of a source.

    Args:
        base: The folder of the spec, where relative paths start.
        text_columns: Whose values are text where the format does not tell text from numbers.
        memory: What its columns may take of the memory; None for any number of bytes.

    Raises:
        StepError: If the source cannot be read (DL610), with the reason.
    """
    table = reader_of(source, base, text_columns=text_columns, memory=memory).read_table()
    if table.rows == 0:
        names = ", ".join(f"`{name}`" for name in source.files)
        raise unreadable_source(
            f"the source has no rows: {names} {'hold' if len(source.files) > 1 else 'holds'} none"
            if names
            else "the source has no rows",
            help="name data with at least one row for each part of the split",
        )
    return table


def content_hash(source: Source, base: Path) -> str:
    """Return what changes when the content of a source does: a hash, or a version.

    Raises:
        StepError: If a file of the source is not there (DL610).
    """
    return reader_of(source, base).content_identity()
