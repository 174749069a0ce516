"""Each kind of feature and source has one record and one worker, both listed."""

from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from dlspec.language import features, sources
from dlspec_pipelines.steps.datasets.read_source import reader_of
from dlspec_pipelines.steps.preparation.preparers import preparer_of

ROOT = Path(__file__).parents[2]
STEPS = ROOT / "pipelines/dlspec_pipelines/steps"
# Said once for all kinds of a folder.
SHARED = {
    "__init__",
    "feature_kind",
    "feature_keys",
    "source_kind",
    "generator_keys",
    "folder_keys",
}
SHARED_WORKERS = {"__init__", "preparer", "scaled_numbers", "source_reader"}


def _stems(folder, shared):
    return {path.stem for path in folder.glob("*.py")} - shared


@pytest.mark.parametrize(
    ("listed", "package", "workers"),
    [
        (features.FEATURES, "features", STEPS / "preparation/features"),
        (sources.SOURCES, "sources", STEPS / "datasets/sources"),
    ],
    ids=["features", "sources"],
)
def test_every_file_of_a_kind_is_listed_and_has_a_worker_of_its_name(listed, package, workers):
    records = _stems(ROOT / "dlspec/language" / package, SHARED)
    assert {kind.__module__.rpartition(".")[2] for kind in listed} == records
    assert _stems(workers, SHARED_WORKERS) == records


@pytest.mark.parametrize("kind", features.FEATURES, ids=lambda kind: kind.__name__)
def test_a_feature_is_prepared_by_the_worker_of_its_file(kind):
    stem = kind.__module__.rpartition(".")[2]
    worker = type(preparer_of(object.__new__(kind))).__module__
    assert worker == f"dlspec_pipelines.steps.preparation.features.{stem}"


@pytest.mark.parametrize("kind", sources.SOURCES, ids=lambda kind: kind.__name__)
def test_a_source_is_read_by_the_worker_of_its_file(kind):
    stem = kind.__module__.rpartition(".")[2]
    worker = type(reader_of(object.__new__(kind), ROOT)).__module__
    assert worker == f"dlspec_pipelines.steps.datasets.sources.{stem}"


@pytest.mark.parametrize("kind", features.FEATURES, ids=lambda kind: kind.__name__)
def test_a_feature_is_told_by_the_key_of_its_columns(kind):
    assert fields(kind)[0].name.rstrip("_") == kind.word
    assert kind.is_input or kind.learned_as is not None


def test_no_two_kinds_of_one_side_share_a_word():
    inputs = [kind.word for kind in features.FEATURES if kind.is_input]
    targets = [kind.word for kind in features.FEATURES if kind.learned_as is not None]
    told = [(kind.word, kind.generator) for kind in sources.SOURCES]
    for words in (inputs, targets, told):
        assert len(words) == len(set(words))


def test_the_unions_of_the_types_are_what_is_listed():
    assert set(get_args(features.Feature)) == set(features.FEATURES)
    assert set(get_args(sources.Source)) == set(sources.SOURCES)
