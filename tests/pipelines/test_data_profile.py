"""`dlspec data` shows what a run would train on, and says whether it may."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from dlspec_pipelines.cli import main
from dlspec_pipelines.steps.datasets.contract import Checked
from dlspec_pipelines.steps.profiles.data_profile import DataProfile
from dlspec_pipelines.steps.profiles.profile_words import verdict_words

SPEC = """\
dlspec: 1
name: trees
data:
  source: {csv: trees.csv}
  inputs:
    numbers: {vector: [height, girth], standardize: true, missing: median}
    kind: {category: kind, vocabulary: 2, rare: unknown}
  targets: {old: {binary: old}}
  split: {validation: 0.2, test: 0.2, stratify: old, seed: 1}
  expect: {height: {in_range: [0, 50]}, kind: {isin: [oak, elm, fir]}}
model:
  inputs: {numbers: [2], kind: {shape: [], dtype: int32}}
  graph:
    - {Embedding: {input_dim: 2, output_dim: 2}, from: kind, name: letters}
    - {Concatenate: {}, from: [numbers, letters]}
    - {Dense: [1, {activation: sigmoid}], name: old}
training:
  epochs: 1
  batch_size: 16
  optimizer: SGD
  loss: BinaryCrossentropy
evaluation: {metrics: [accuracy]}
"""
KINDS = ("oak", "oak", "elm")
CHROMIUM = shutil.which("chromium")


@pytest.fixture
def trees(tmp_path, monkeypatch):
    rows = [
        f"{2 + i % 40},{'' if i == 3 else i / 10},{KINDS[i % 3]},{i % 2},{i}" for i in range(100)
    ]
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/trees.csv").write_text("\n".join(["height,girth,kind,old,id", *rows]))
    (tmp_path / "specs/trees.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DLSPEC_HOME", raising=False)
    return tmp_path


def _data(*arguments):
    return CliRunner().invoke(main, ["data", "trees", *arguments])


def _profile(*arguments):
    return json.loads(_data("--json", "-q", *arguments).stdout)


def test_the_counts_are_those_of_the_file(trees):
    found = _profile()
    assert found["rows"] == {"source": 100, "train": 53, "validation": 29, "test": 18}
    assert found["classes"] == [
        {
            "target": "old",
            "rows": {
                "0": {"train": 26, "validation": 15, "test": 9},
                "1": {"train": 27, "validation": 14, "test": 9},
            },
        }
    ]
    assert found["left_out"] == ["id"]
    numbers, kind, _ = found["features"]
    height, girth = numbers["columns"]
    assert (height["spread"]["low"], height["spread"]["high"], height["unique"]) == (2, 41, 40)
    assert (girth["missing"], girth["unique"]) == (1, 99)
    assert kind["columns"][0]["frequent"] == [["oak", 67], ["elm", 33]]
    assert abs(numbers["given"]["mean"]) < 1e-6
    assert any(f["kind"] == "unknown_categories" for f in found["findings"])


def test_tables_fit_eighty_columns_and_go_to_standard_output(trees):
    done = _data()
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "100 in the source: 53 train, 29 validation, 18 test" in done.stdout
    assert "contract  holds: 6 checks" in done.stdout
    assert "column `girth` misses 1 of 100 values" in done.stdout
    assert done.stderr == "reading the data\nchecking and preparing 100 rows\n"
    assert _data("-q").stderr == ""


def test_what_is_prepared_is_taken_by_the_next_command_that_needs_it(trees):
    (folder,) = (trees / ".dlspec/datasets").iterdir() if _data().exit_code == 0 else ()
    made = folder.stat()
    _data()
    again = folder.stat()
    assert (again.st_ino, again.st_mtime_ns) == (made.st_ino, made.st_mtime_ns)
    assert _profile()["dataset"] == f"datasets/{folder.name}"


def test_a_broken_contract_shows_ten_rows_of_each_check_and_ends_with_one(trees):
    changes = (
        "--set=data.expect.height.in_range=[0, 20]",
        "--set=data.expect.kind.isin=[oak]",
    )
    done = _data(*changes)
    assert done.exit_code == 1
    assert "contract  broken: 2 of 6 checks do not hold" in done.stdout
    assert "error[DL612]: the data breaks its contract" in done.stderr
    failures = _profile(*changes)["failures"]
    assert [f["row"] for f in failures if f["column"] == "height"] == list(range(19, 29))
    assert [f["row"] for f in failures if f["column"] == "kind"] == list(range(2, 30, 3))
    assert not (trees / ".dlspec/datasets").exists()


def test_data_that_cannot_be_prepared_is_shown_all_the_same(trees):
    done = _data("--set=data.inputs.numbers.missing=null", "-q")
    assert done.exit_code == 1
    assert "height" in done.stdout
    assert (
        "error[DL612]: the data breaks its contract: `girth` fails a value is there" in done.stderr
    )


def test_a_file_that_is_not_there_ends_with_one(trees):
    (trees / "specs/trees.csv").unlink()
    done = _data()
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error[DL610]" in done.stderr


def test_verify_names_a_file_that_changed_under_its_time(trees):
    table = trees / "specs/trees.csv"
    os.utime(table, ns=(10**18, 10**18))
    assert "another content" not in _data("--verify").stderr
    table.write_text(table.read_text().replace("oak", "elm", 1))
    os.utime(table, ns=(10**18, 10**18))
    done = _data("--verify")
    assert "read 1 file again that looks unchanged" in done.stderr
    assert "trees.csv` holds another content, though its size and time are the same" in done.stderr


def test_a_bare_model_has_no_data_to_show(trees):
    (trees / "specs/trees.yaml").write_text(
        "dlspec: 1\nname: trees\nmodel:\n  inputs: {x: [2]}\n  graph: [Flatten]\n"
    )
    done = _data()
    assert done.exit_code == 2
    assert "has no `data` section" in done.stderr


def test_the_page_holds_charts_and_loads_nothing(trees):
    done = _data("--html", "page.html")
    assert (done.exit_code, done.stdout) == (0, "")
    page = (trees / "page.html").read_text()
    assert page.count('<svg class="chart"') == 3
    assert re.findall(r'(?:src|href)="(?!#|data:)', page) == []


def test_a_page_that_cannot_be_written_is_wrong_usage(trees):
    done = _data("--html", "nowhere/page.html", "-q")
    assert done.exit_code == 2
    assert done.stderr == (
        "error: `nowhere/page.html` cannot be written\n  = help: make the folder `nowhere`\n"
    )
    assert not (trees / ".dlspec").exists()


def test_the_page_shows_pictures_of_every_class(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DLSPEC_HOME", raising=False)
    CliRunner().invoke(main, ["new", "digits", "--zoo", "lenet5", "--data", "digits"])
    done = CliRunner().invoke(main, ["data", "digits", "--html", "page.html"])
    assert done.exit_code == 0
    page = (tmp_path / "page.html").read_text()
    assert page.count('<img src="data:image/png;base64,') == 80
    assert re.findall(r'<h4 class="class-name">(\d)</h4>', page) == list("0123456789")
    assert page.count('<td class="share">') == 10


MASKS = """\
dlspec: 1
name: shapes
data:
  source: {npz: shapes.npz}
  inputs: {picture: {image: x, size: [6, 6], channels: 1, scale: $1/255}}
  targets: {mask: {mask: m, shape: [6, 6], classes: [0, 7]}}
  split: {validation: 0.2, test: 0.2, seed: 1}
model:
  graph:
    - {Conv2D: {filters: 2, kernel_size: 3, padding: same}, name: mask}
training:
  epochs: 1
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
"""


def test_the_page_shows_masks_beside_their_pictures_and_the_share_of_each_class(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    masks = np.zeros((40, 6, 6), dtype=np.uint8)
    masks[:, :3, :3] = 7
    pixels = np.random.default_rng(0).integers(0, 256, size=(40, 6, 6), dtype=np.uint8)
    (tmp_path / "specs").mkdir()
    np.savez("specs/shapes.npz", x=pixels, m=masks)
    Path("specs/shapes.yaml").write_text(MASKS)
    done = CliRunner().invoke(main, ["data", "shapes", "--html", "page.html"])
    assert done.exit_code == 0, done.output
    page = Path("page.html").read_text()
    section = page[page.index('<section id="masks"') : page.index('<section id="charts"')]
    assert re.findall(r"</span>(\d) <span class=.soft.>([\d.]+) %", section) == [
        ("0", "75.0"),
        ("7", "25.0"),
    ]
    first = re.search(r'src="data:image/png;base64,([^"]+)"', section)[1]
    with Image.open(io.BytesIO(base64.b64decode(first))) as opened:
        assert opened.size == (12, 6)


def test_the_page_marks_words_without_an_id_and_what_is_cut(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    rows = [f'"a good plot number{i}, a good end and more of it",{i % 2}' for i in range(40)]
    (tmp_path / "specs").mkdir()
    Path("specs/said.csv").write_text("\n".join(["text,c", *rows]))
    Path("specs/said.yaml").write_text(
        MASKS.partition("data:")[0].replace("shapes", "said")
        + """\
data:
  source: {csv: said.csv}
  inputs: {said: {text: text, vocabulary: 6, length: 6}}
  targets: {c: {class: c, classes: 2}}
  split: {validation: 0.2, test: 0.2, seed: 1}
model:
  graph:
    - {Embedding: {input_dim: 6, output_dim: 2}}
    - GlobalAveragePooling1D
    - {Dense: 2, name: c}
training:
  epochs: 1
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
"""
    )
    done = CliRunner().invoke(main, ["data", "said", "--html", "page.html"])
    assert done.exit_code == 0, done.output
    page = Path("page.html").read_text()
    assert re.search(r'<mark class="unknown">(plot )?number\d+</mark>, a good', page)
    assert page.count('<span class="cut">') >= 4
    assert "more of it</span>" in page


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (issue 2)")
def test_on_a_narrow_screen_the_profile_does_not_scroll_sideways(trees):
    _data("--html", "page.html", "--set=data.expect.height.in_range=[0, 20]")
    page = trees / "page.html"
    script = "<script>document.title = document.documentElement.scrollWidth</script></body>"
    page.write_text(page.read_text().replace("</body>", script))
    command = [
        *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
        *("--no-first-run", "--disable-background-networking", "--hide-scrollbars"),
        *(f"--user-data-dir={trees / 'browser'}", "--window-size=500,900", "--dump-dom"),
        page.as_uri(),
    ]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert re.search(r"<title>(\d+)</title>", found.stdout)[1] == "500"


@pytest.mark.parametrize(("count", "words"), [(1, "holds: 1 check"), (2, "holds: 2 checks")])
def test_a_single_check_is_called_one(count, words):
    checks = (Checked("text", "a text that is not empty", 5, 0),) * count
    profile = DataProfile(
        name="said",
        source={},
        files=(),
        rows={"source": 5},
        classes=(),
        features=(),
        left_out=(),
        examples=(),
        checks=checks,
        failures=(),
        failing_rows=None,
        findings=(),
        drawn=None,
        dataset=None,
        problem="",
    )
    assert verdict_words(profile) == (words, "nothing odd")
