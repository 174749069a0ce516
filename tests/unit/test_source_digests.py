"""What a source holds is read once; after that an unchanged file costs a stat."""

import hashlib
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dlspec.language.features import ClassFeature, ImageFeature, NumberFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, ImageFolderSource
from dlspec_pipelines.location.data_files import content_version
from dlspec_pipelines.steps.datasets.given_test_rows import reread_data_files
from dlspec_pipelines.steps.datasets.source_digests import digests_of_source_files
from dlspec_pipelines.steps.preparation.dataset import fingerprint_of, prepare_dataset

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")

_SPLIT = FractionSplit(0.2, 0.2, None, 1)
_CSV = Data(CsvSource(("a.csv",)), {"n": NumberFeature("n")}, {"c": ClassFeature("c", 3)}, _SPLIT)


def _write_long_ago(path, content, *, hours=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    _date_back(path, hours=hours)
    return path


def _date_back(path, *, hours):
    moment = (time.time_ns() // 3_600_000_000_000 - hours) * 3_600_000_000_000
    os.utime(path, ns=(moment, moment))


def _rows(*last):
    return "\n".join(["n,c", *(f"{i}.5,{i % 3}" for i in range(40)), *last]) + "\n"


def _table_of(rows):
    return hashlib.sha256(rows.encode()).hexdigest()


def _manifests(home):
    return sorted((home / "sources").glob("*.json"))


def test_an_unchanged_file_is_not_read_again(tmp_path, home):
    path = _write_long_ago(tmp_path / "a.csv", _rows())
    first = fingerprint_of(_CSV, tmp_path)
    (manifest,) = _manifests(home)
    said = json.loads(manifest.read_text())
    assert said["root"] == str(path)
    assert (
        said["files"][str(path)] == f"{len(_rows())} {path.stat().st_mtime_ns} {_table_of(_rows())}"
    )
    # That another content goes unseen shows that nobody looks.
    _write_long_ago(path, "?" * len(_rows()))
    assert fingerprint_of(_CSV, tmp_path) == first


def test_verification_reads_again_and_names_what_changed_under_its_time(tmp_path):
    path = _write_long_ago(tmp_path / "a.csv", _rows())
    first = fingerprint_of(_CSV, tmp_path)
    assert reread_data_files(_CSV, tmp_path).changed == ()
    _write_long_ago(path, _rows().replace("39.5", "38.5"))
    assert fingerprint_of(_CSV, tmp_path) == first
    found = reread_data_files(_CSV, tmp_path)
    assert (found.files, found.changed) == (1, (path,))
    assert fingerprint_of(_CSV, tmp_path) != first


def test_a_touch_without_a_change_is_no_new_version(tmp_path):
    path = _write_long_ago(tmp_path / "a.csv", _rows())
    first = prepare_dataset(_CSV, base=tmp_path)
    _date_back(path, hours=0)
    assert prepare_dataset(_CSV, base=tmp_path) == first


@pytest.mark.parametrize(
    "change",
    [lambda text: text.replace("39.5", "38.5"), lambda text: text + "3,1\n"],
    ids=["a value", "a line"],
)
def test_a_changed_line_is_a_new_version(tmp_path, change):
    path = _write_long_ago(tmp_path / "a.csv", _rows())
    first = fingerprint_of(_CSV, tmp_path)
    _write_long_ago(path, change(_rows()), hours=0)
    assert fingerprint_of(_CSV, tmp_path) != first


def test_a_file_written_a_moment_ago_is_not_trusted(tmp_path, home):
    path = tmp_path / "a.csv"
    path.write_text(_rows())
    facts = path.stat()
    first = fingerprint_of(_CSV, tmp_path)
    assert _manifests(home) == []
    path.write_text(_rows().replace("39.5", "38.5"))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert fingerprint_of(_CSV, tmp_path) != first


def _pictures(tmp_path):
    rng = np.random.default_rng(3)
    for i in range(40):
        pixels = rng.integers(0, 256, (4, 4), dtype=np.uint8)
        target = tmp_path / "pictures" / "ab"[i % 2] / f"{i}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(target)
        _date_back(target, hours=1)
    return Data(
        ImageFolderSource("pictures"),
        {"picture": ImageFeature("file", (4, 4), 1, scale=1 / 255)},
        {"kind": ClassFeature("class", ("a", "b"))},
        _SPLIT,
    )


def test_one_changed_pixel_is_a_new_version_and_one_file_is_read(tmp_path, home):
    data = _pictures(tmp_path)
    first = prepare_dataset(data, base=tmp_path)
    (manifest,) = _manifests(home)
    before = json.loads(manifest.read_text())["files"]
    assert len(before) == 40
    path = tmp_path / "pictures" / "a" / "0.png"
    pixels = np.asarray(Image.open(path)).copy()
    pixels[0, 0] ^= 1
    Image.fromarray(pixels).save(path)
    _date_back(path, hours=0)
    second = prepare_dataset(data, base=tmp_path)
    assert second.fingerprint != first.fingerprint
    after = json.loads(manifest.read_text())["files"]
    assert [name for name in after if after[name] != before[name]] == ["a/0.png"]


def test_a_file_that_is_gone_leaves_the_manifest(tmp_path, home):
    data = _pictures(tmp_path)
    first = fingerprint_of(data, tmp_path)
    (tmp_path / "pictures/a/0.png").unlink()
    assert fingerprint_of(data, tmp_path) != first
    _write_long_ago(tmp_path / "pictures/a/new.png", b"another")
    fingerprint_of(data, tmp_path)
    (manifest,) = _manifests(home)
    names = json.loads(manifest.read_text())["files"]
    assert len(names) == 40
    assert "a/0.png" not in names


def test_a_table_and_a_folder_named_relative_to_the_current_folder_are_found(tmp_path, monkeypatch):
    _write_long_ago(tmp_path / "a.csv", _rows())
    pictures = _pictures(tmp_path)
    absolute = [fingerprint_of(data, tmp_path) for data in (_CSV, pictures)]
    monkeypatch.chdir(tmp_path)
    assert [fingerprint_of(data, Path()) for data in (_CSV, pictures)] == absolute


@pytest.mark.parametrize("damage", ["", "{}", '{"format": "dlspec-source-digests", "vers'])
def test_a_damaged_manifest_is_made_anew(tmp_path, home, damage):
    _write_long_ago(tmp_path / "a.csv", _rows())
    first = fingerprint_of(_CSV, tmp_path)
    (manifest,) = _manifests(home)
    manifest.write_text(damage)
    assert fingerprint_of(_CSV, tmp_path) == first
    assert "a.csv" in json.loads(manifest.read_text())["root"]


def test_the_sensor_and_the_data_set_share_a_manifest(tmp_path, home):
    path = _write_long_ago(tmp_path / "a.csv", _rows())
    assert content_version(path).value == _table_of(_rows())
    kept = [file.stat().st_mtime_ns for file in _manifests(home)]
    fingerprint_of(_CSV, tmp_path)
    assert [file.stat().st_mtime_ns for file in _manifests(home)] == kept


def test_a_file_that_is_named_twice_is_read_once(tmp_path):
    path = _write_long_ago(tmp_path / "a.png", b"content")
    digest = hashlib.sha256(b"content").digest()
    assert digests_of_source_files(tmp_path, [path, path]) == [digest, digest]
    assert digests_of_source_files(tmp_path, [path]) == [digest]
