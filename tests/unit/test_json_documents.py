"""The files that runs leave: what they begin with, what is refused, files of each version."""

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from dlspec_pipelines.steps import json_documents, records
from dlspec_pipelines.steps.file_digests import require_intact, write_file_digests
from dlspec_pipelines.steps.json_documents import (
    RUN,
    Format,
    document_content,
    document_text,
    read_document,
)
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.records import (
    RECORDS,
    Champion,
    Comparison,
    Dataset,
    Evaluation,
    GateResult,
    Start,
    Started,
    TrainedModel,
    read_record,
    record_from_json,
    record_to_json,
)
from dlspec_pipelines.steps.step_errors import StepError

ARTIFACTS = Path(__file__).parents[1] / "golden" / "artifacts"
FORMATS = [value for value in vars(json_documents).values() if isinstance(value, Format)]
STARTED = Started("w.h5", None, "d", "name", 3, ("a",), {"b": "no such layer"}, {})
MODEL = TrainedModel("r", "/h/runs/m/r", "m", "w", "f", 2, 0.1, 9, None, 0, {"loss": 0.1}, STARTED)
EVALUATION = Evaluation(
    "r",
    "/h/runs/m/r",
    "m",
    {"accuracy": 0.1 + 0.2},
    (GateResult("accuracy", ">= 0.9", None, passed=False),),
    Comparison("q", "accuracy", "mcnemar", 0.9, 0.8, 0.01, better=True),
)


def _refusal(text, form=RUN):
    with pytest.raises(StepError) as caught:
        document_content(text, form, Path("run.json"))
    return caught.value


def _content_or_way_back(path):
    try:
        return read_document(path, RUN)
    except StepError as problem:
        return problem.help.rpartition("here: ")[2]


def test_a_file_begins_with_its_format_and_version():
    said = json.loads(document_text(RUN, {"seed": 7}))
    assert list(said)[:2] == ["format", "version"]
    assert (said["format"], said["version"], said["seed"]) == ("dlspec-run", 1, 7)


def test_a_version_that_is_not_known_is_refused_with_both_versions():
    newer = document_text(Format("dlspec-run", 7), {"seed": 7})
    assert _refusal(newer).message == (
        "`run.json` has version 7 of `dlspec-run`, and this dlspec reads version 1"
    )


@pytest.mark.parametrize("early", ['{"record": "Champion", "name": "x"}', '{"version": 1}'])
def test_a_file_from_before_formats_is_refused_with_a_way_back(early):
    refused = _refusal(early)
    assert "names no `format`: an earlier dlspec wrote it" in refused.message
    assert refused.help == "restore it from a copy, or train again"


def test_a_file_of_another_format_is_refused():
    other = document_text(Format("dlspec-plan"), {})
    assert "format `dlspec-plan`, not `dlspec-run`" in _refusal(other).message


def test_every_flipped_bit_of_a_file_is_found(tmp_path):
    content = {"seed": 7, "name": "ümläut", "list": [1.5, None, True]}
    whole, path = document_text(RUN, content).encode(), tmp_path / "run.json"
    for place in range(len(whole)):
        for bit in range(8):
            damaged = bytes([*whole[:place], whole[place] ^ 1 << bit, *whole[place + 1 :]])
            path.write_bytes(damaged)
            # Between the words, one white space may have become another.
            assert _content_or_way_back(path) in (content, "restore it from a copy, or train again")


@pytest.mark.parametrize(
    "record",
    [
        Dataset("/h/datasets/f", "f", "d", {"train": 1}),
        Start("r", "r", "/h/runs/m/r/model.keras"),
        MODEL,
        EVALUATION,
        records.Report("r", "/h/runs/m/r/report.html", "/h/runs/m/r/report.md"),
        Champion("m", "r", "/h/runs/m/r", "2026", "first", {"a": 1.0}, promoted=True),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_record_survives_json_and_a_move_of_its_home(record, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", "/h")
    text = record_to_json(record)
    assert "/h" not in text
    assert record_from_json(text) == record
    monkeypatch.setenv("DLSPEC_HOME", "/moved")
    moved = record_from_json(text)
    assert type(moved) is type(record)
    assert repr(moved) == repr(record).replace("'/h/", "'/moved/")


def test_a_file_outside_the_home_keeps_its_whole_path(monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", "/h")
    start = Start("w.h5", None, "/elsewhere/w.h5")
    text = record_to_json(start)
    monkeypatch.setenv("DLSPEC_HOME", "/moved")
    assert record_from_json(text) == start


def test_every_path_of_a_record_is_kept_relative_to_the_home():
    paths = {"path", "html", "markdown", "file"}
    for kind in RECORDS:
        assert is_dataclass(kind)
        hints = get_type_hints(kind, include_extras=True)
        plain = {f.name for f in fields(kind) if f.name in paths and not get_args(hints[f.name])}
        assert plain == set(), kind


def test_formats_have_words_of_their_own():
    words = [form.word for form in (*FORMATS, *RECORDS.values())]
    assert len(words) == len(set(words))
    assert all(word.startswith("dlspec-") for word in words)


def test_no_file_names_a_class_of_ours():
    for path in ARTIFACTS.glob("*.json"):
        for name in ("Feature", "Source", "Split", "ListedObject", '"is":', '"record":'):
            assert name not in path.read_text("utf-8"), path


@pytest.mark.parametrize("form", [*FORMATS, *RECORDS.values()], ids=lambda form: form.word)
def test_a_file_of_each_kept_version_is_read_or_refused(form):
    """A data set whose account is of an earlier version is prepared anew."""
    path = ARTIFACTS / f"{form.word}-{form.version}.json"
    if form in RECORDS.values():
        assert RECORDS[type(read_record(path))] == form
    else:
        assert read_document(path, form)
    for version in range(1, form.version):
        with pytest.raises(StepError, match=f"has version {version} of `{form.word}`"):
            read_document(ARTIFACTS / f"{form.word}-{version}.json", form)


def test_a_kept_preparation_is_read():
    fitted = load_preparation(ARTIFACTS / "dlspec-preparation-1.json").inputs
    assert fitted["point"].feature.vector == ("x", "y")
    assert fitted["point"].scaling.mean is not None


def test_a_file_that_changed_is_damaged_and_one_that_went_is_missing(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"abc")
    write_file_digests(tmp_path, ["a.npy"])
    assert require_intact(tmp_path, "a.npy") == tmp_path / "a.npy"
    (tmp_path / "a.npy").write_bytes(b"abd")
    with pytest.raises(StepError, match=r"a\.npy` is damaged: its content is not what was written"):
        require_intact(tmp_path, "a.npy")
    (tmp_path / "a.npy").unlink()
    with pytest.raises(StepError, match=r"a\.npy` is missing"):
        require_intact(tmp_path, "a.npy")
