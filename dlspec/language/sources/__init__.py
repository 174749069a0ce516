"""Where a spec's rows come from: the kinds of `data.source`, one file for each."""

from typing import get_args

from dlspec.language.sources.audio_folder import AudioFolderSource
from dlspec.language.sources.csv import CsvSource
from dlspec.language.sources.digit_strips import DigitStripsSource
from dlspec.language.sources.image_folder import ImageFolderSource
from dlspec.language.sources.json_lines import JsonLinesSource
from dlspec.language.sources.keras import KerasSource
from dlspec.language.sources.npz import NpzSource
from dlspec.language.sources.parquet import ParquetSource
from dlspec.language.sources.sequence_reversal import SequenceReversalSource
from dlspec.language.sources.sine import SineSource
from dlspec.language.sources.sklearn import SklearnSource
from dlspec.language.sources.source_kind import SourceKind
from dlspec.language.sources.sql import SqlSource
from dlspec.language.sources.text_folder import TextFolderSource
from dlspec.language.sources.text_lines import TextLinesSource
from dlspec.language.sources.time_series_ts import TimeSeriesTsSource
from dlspec.language.sources.tones import TonesSource
from dlspec.language.sources.two_moons import TwoMoonsSource

__all__ = [
    "SOURCES",
    "SOURCES_BY_WORD",
    "TEST_SOURCES_BY_WORD",
    "AudioFolderSource",
    "CsvSource",
    "DigitStripsSource",
    "FileSource",
    "FolderSource",
    "ImageFolderSource",
    "JsonLinesSource",
    "KerasSource",
    "NpzSource",
    "ParquetSource",
    "SequenceReversalSource",
    "SineSource",
    "SklearnSource",
    "Source",
    "SourceKind",
    "SqlSource",
    "TestSource",
    "TextFolderSource",
    "TextLinesSource",
    "TimeSeriesTsSource",
    "TonesSource",
    "TwoMoonsSource",
]

FolderSource = ImageFolderSource | AudioFolderSource | TextFolderSource
FileSource = (
    CsvSource
    | ParquetSource
    | JsonLinesSource
    | NpzSource
    | TextLinesSource
    | FolderSource
    | TimeSeriesTsSource
)
TestSource = FileSource | SqlSource
GeneratedSource = (
    SineSource | SequenceReversalSource | TonesSource | TwoMoonsSource | DigitStripsSource
)
Source = SklearnSource | KerasSource | TestSource | GeneratedSource
SOURCES: tuple[type[SourceKind], ...] = (
    SklearnSource,
    KerasSource,
    CsvSource,
    ParquetSource,
    JsonLinesSource,
    NpzSource,
    TextLinesSource,
    ImageFolderSource,
    AudioFolderSource,
    TimeSeriesTsSource,
    TextFolderSource,
    SqlSource,
    SineSource,
    SequenceReversalSource,
    TonesSource,
    TwoMoonsSource,
    DigitStripsSource,
)
assert set(SOURCES) == set(get_args(Source)), "a source is missing in `Source` or `SOURCES`"
assert {kind for kind in SOURCES if kind.endings} == set(get_args(FileSource)), (
    "`FileSource` lists the sources whose files have `endings`, and no other"
)

TEST_SOURCES_BY_WORD = {kind.word: kind for kind in SOURCES if kind in get_args(TestSource)}
SOURCES_BY_WORD = {
    kind.word: kind
    if kind.generator is None
    else {one.generator: one for one in SOURCES if one.word == kind.word and one.generator}
    for kind in SOURCES
}
