"""Files that a spec names by a URL: downloaded once, asked after, used without a network."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import fsspec
import pytest

from dlspec.language.features import ClassFeature, NumberFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, ImageFolderSource
from dlspec_pipelines.location.data_files import (
    MISSING,
    _data_file_key,
    content_version,
    file_stamp,
)
from dlspec_pipelines.steps.datasets import downloads
from dlspec_pipelines.steps.datasets.downloads import local_copy_of_url
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.step_errors import StepError

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")

ROWS = "\n".join(["n,c", *(f"{i}.5,{i % 3}" for i in range(40))]) + "\n"


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder, counts what is fetched, and breaks off or fails where it is told to."""

    fetched: ClassVar[list[str]] = []
    broken = False

    def do_GET(self):
        self.fetched.append(self.path)
        if not self.broken:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(ROWS)))
        self.end_headers()
        self.wfile.write(ROWS.encode()[:50])

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(autouse=True)
def _no_clock(monkeypatch):
    # Each question is a new one.
    monkeypatch.setattr(downloads, "_FRESH_S", 0.0)


@pytest.fixture
def server(tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "a.csv").write_text(ROWS)
    _Handler.fetched, _Handler.broken = [], False
    handler = partial(_Handler, directory=str(tmp_path / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def _url(server, name="a.csv"):
    return f"http://127.0.0.1:{server.server_port}/{name}"


def _refusal(url):
    with pytest.raises(StepError) as caught:
        local_copy_of_url(url)
    assert caught.value.code == "DL610"
    return caught.value


def test_a_file_is_downloaded_once_and_again_when_it_changed(server, tmp_path):
    copy = local_copy_of_url(_url(server))
    assert (copy.name, copy.read_text()) == ("a.csv", ROWS)
    assert local_copy_of_url(_url(server)) == copy
    assert len(_Handler.fetched) == 1
    (tmp_path / "www" / "a.csv").write_text(ROWS + "1,1\n")
    assert local_copy_of_url(_url(server)).read_text() == ROWS + "1,1\n"
    local_copy_of_url(_url(server), anew=True)
    assert len(_Handler.fetched) == 3


def test_a_damaged_copy_is_downloaded_again(server):
    copy = local_copy_of_url(_url(server))
    copy.write_text("n,c\n")
    assert local_copy_of_url(_url(server)).read_text() == ROWS


def test_without_a_network_the_copy_is_used_and_said(server, capsys):
    url = _url(server)
    copy = local_copy_of_url(url)
    server.shutdown()
    server.server_close()
    assert local_copy_of_url(url) == copy
    said = capsys.readouterr().err
    assert "cannot be reached" in said
    assert "the copy of before is used" in said


def test_without_a_network_and_a_copy_it_is_said(home):
    error = _refusal("http://127.0.0.1:9/a.csv")
    assert "`http://127.0.0.1:9/a.csv` cannot be reached" in error.message
    assert not list(home.rglob("a.csv"))


def test_a_file_that_is_not_there_is_told(server):
    assert _refusal(_url(server, "b.csv")).message == f"there is no file `{_url(server, 'b.csv')}`"


def test_half_a_download_leaves_nothing(server, home):
    _Handler.broken = True
    _refusal(_url(server))
    assert not [path for path in (home / "downloads").rglob("*") if path.is_file()]


def test_half_a_download_leaves_the_copy_of_before(server, tmp_path):
    copy = local_copy_of_url(_url(server))
    (tmp_path / "www" / "a.csv").write_text(ROWS + "1,1\n")
    _Handler.broken = True
    assert local_copy_of_url(_url(server)).read_text() == ROWS
    assert copy.read_text() == ROWS


@pytest.mark.parametrize(
    ("url", "said", "help_"),
    [
        ("s3://bucket/a.csv", "needs a package that is not installed", "'fsspec[s3]'"),
        ("nonesuch://bucket/a.csv", "Protocol not known: nonesuch", "https://host/file.csv"),
        ("memory://none/a.csv", "there is no file `memory://none/a.csv`", "correct the URL"),
    ],
)
def test_what_cannot_be_read_says_why(url, said, help_):
    error = _refusal(url)
    assert said in error.message
    assert help_ in error.help


def test_a_data_set_is_prepared_from_a_url_and_again_when_it_changes(tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe("/data/a.csv", ROWS.encode())
    data = Data(
        CsvSource(("memory://data/a.csv",)),
        {"n": NumberFeature("n")},
        {"c": ClassFeature("c", 3)},
        FractionSplit(0.2, 0.2, None, 1),
    )
    first = prepare_dataset(data, base=tmp_path)
    assert prepare_dataset(data, base=tmp_path) == first
    memory.pipe("/data/a.csv", ROWS.encode() + b"3,1\n")
    assert sum(prepare_dataset(data, base=tmp_path).rows.values()) == 41
    memory.rm("/data", recursive=True)


def test_a_folder_is_no_url(tmp_path):
    with pytest.raises(StepError, match="is no folder of this machine"):
        read_source_table(ImageFolderSource("s3://bucket/pictures"), tmp_path)


def test_the_sensor_asks_and_does_not_fetch(server, tmp_path):
    url = _url(server)
    stamp = file_stamp(url)
    assert file_stamp(url) == stamp
    assert _Handler.fetched == []
    version = content_version(url)
    assert version.value != MISSING
    (tmp_path / "www" / "a.csv").write_text(ROWS + "1,1\n")
    assert file_stamp(url) != stamp
    assert content_version(url) != version
    assert file_stamp(_url(server, "b.csv")) == MISSING


def test_a_url_is_an_asset_that_no_other_url_shares(tmp_path):
    keys = [_data_file_key(f"https://a.org/x{end}", tmp_path) for end in (".csv", "_csv", ".csv?1")]
    assert len(set(keys)) == 3
    assert keys[0].path[:3] == ["url", "https", "a_org"]
