"""A file of labelled series of one's own, with the test file of its archive beside it."""

from pathlib import Path

from dlspec.language.sources import TimeSeriesTsSource
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.first_specs.own_source import OwnSource, source_line

# How the UCR and UEA archive calls its halves.
_TRAIN, _TEST = "_TRAIN", "_TEST"


def read_series_file(path: Path, written: str) -> OwnSource:
    """Read a `.ts` or `.arff` file; one that is called `..._TRAIN` has its test file beside it.

    Args:
        written: The path as the spec writes it.

    Raises:
        StepError: If it cannot be read (DL610).
    """
    table = read_source_table(TimeSeriesTsSource((path.name,)), path.parent)
    lines = [source_line({TimeSeriesTsSource.word: written})]
    beside = path.with_stem(path.stem.removesuffix(_TRAIN) + _TEST)
    has_test = path.stem.endswith(_TRAIN) and beside.is_file()
    reasons = ["a series and its class on each line"]
    if has_test:
        there = written.removesuffix(path.name) + beside.name
        lines.append(source_line({TimeSeriesTsSource.word: there}, key="test"))
        reasons.append("the archive has test rows in a file of their own")
    return OwnSource(path.name, tuple(lines), tuple(reasons), table, has_test)
