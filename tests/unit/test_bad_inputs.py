"""Data that are wrong on purpose: each ends in a diagnostic that names the file and the row."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dlspec.language.features import (
    BinaryFeature,
    CategoryFeature,
    ClassFeature,
    NumberFeature,
    SequenceFeature,
)
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, JsonLinesSource
from dlspec_pipelines.steps.json_documents import CONTRACT, read_document
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.step_errors import StepError

pytestmark = pytest.mark.usefixtures("home")

SETPRIV = shutil.which("setpriv")
_SPLIT = FractionSplit(0.2, 0.2, None, 1)
_STRATIFIED = FractionSplit(0.2, 0.2, "c", 1)
_CLASS = {"c": ClassFeature("c", 3)}
_NUMBER = {"n": NumberFeature("n")}


def _csv(*rows, header="n,c", more=40):
    good = [f"{i}.5,{i % 3}" for i in range(more)]
    return "\n".join([header, *good, *rows]) + "\n"


def _refusal(folder, content, *, inputs=_NUMBER, targets=_CLASS, split=_SPLIT, source=None):
    name = "rows.csv" if source is None else source.files[0]
    data = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(data)
    spec = Data(source or CsvSource((name,)), inputs, targets, split)
    with pytest.raises(StepError) as caught:
        prepare_dataset(spec, base=folder)
    assert not list((folder / "home").rglob("*.npy")), "a half-written data set"
    return caught.value


BAD = {
    "a label outside the classes": (
        _csv("7,3", "8,9"),
        {},
        "DL612",
        ("`c` fails a class id from 0 to 2 in 2 of 42 rows", "| rows.csv | 42 | c | `3` |"),
    ),
    "labels from 1": (
        "n,c\n" + "".join(f"{i},{1 + i % 3}\n" for i in range(30)),
        {},
        "DL612",
        ("`c` fails a class id from 0 to 2 in 10 of 30 rows", "`classes: [1, 2, 3]`"),
    ),
    "a text among ids": (
        _csv("7,many"),
        {},
        "DL612",
        ("`c` fails a class id from 0 to 2 in 41 of 41 rows", "list the values under `classes`"),
    ),
    "a value that is not listed": (
        "n,c\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(30)) + "3,B\n",
        {"targets": {"c": ClassFeature("c", ("a", "b"))}},
        "DL612",
        ("`c` fails one of `classes` in 1 of 31 rows", "| rows.csv | 32 | c | `B` |"),
    ),
    "neither 0 nor 1": (
        _csv("7,2", more=0) + "8,1\n9,0\n",
        {"targets": {"c": BinaryFeature("c")}},
        "DL612",
        ("`c` fails 0 or 1 in 1 of 3 rows", "write `positive`"),
    ),
    "a class with one row under stratify": (
        _csv("7,2", more=0) + "".join(f"{i},{i % 2}\n" for i in range(30)),
        {"split": _STRATIFIED},
        "DL613",
        ("`2` stands in 1 row (line 2 of `rows.csv` first)", "leave `stratify` out"),
    ),
    "a missing target of classes": (
        _csv("7,"),
        {},
        "DL612",
        ("`c` fails a target is there in 1 of 41 rows", "| rows.csv | 42 | c |"),
    ),
    "a missing target that is a number": (
        _csv("7,", "8,"),
        {"inputs": {"x": NumberFeature("n")}, "targets": {"c": NumberFeature("c")}},
        "DL612",
        ("`c` fails a target is there in 2 of 42 rows", "| rows.csv | 43 | c |"),
    ),
    "a typo in the header": (
        _csv(header="m,klass"),
        {"targets": {"c": ClassFeature("class", 3)}},
        "DL611",
        ("`n`, `class`", "`klass` for `class`"),
    ),
    "mixed encodings": (
        _csv().encode() + "5,1,caf\u00e9\n".encode("latin-1"),
        {},
        "DL610",
        ("rows.csv`, line 42, is not text in the encoding `utf-8`", "encoding: latin-1"),
    ),
    "a row with too many fields": (_csv("7,1,9"), {}, "DL610", ("rows.csv` is not a table",)),
    "an empty file": ("", {}, "DL610", ("rows.csv` is empty",)),
    "steps of several widths": (
        '{"s": [[1, 2, 3]], "c": 1}\n'
        + "".join(f'{{"s": [[{i}, 2], [3, 4]], "c": 0}}\n' for i in range(20)),
        {
            "inputs": {"s": SequenceFeature("s", 3, 2)},
            "source": JsonLinesSource(("rows.jsonl",)),
        },
        "DL612",
        ("`s` fails steps of 2 numbers in 1 of 21 rows", "| rows.jsonl | 1 | s | `shape (1, 3)` |"),
    ),
    "a text where a number belongs": (
        _csv("many,1"),
        {},
        "DL612",
        ("`n` fails a finite number in 1 of 41 rows", "| rows.csv | 42 | n | `many` |"),
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_told_with_its_place_and_leaves_nothing(tmp_path, what):
    content, options, code, told = BAD[what]
    error = _refusal(tmp_path, content, **options)
    assert error.code == code
    text = f"{error}\n{error.table or ''}"
    for said in told:
        assert said in text


def test_one_run_shows_every_failing_check(tmp_path):
    rows = _csv("7,", "8,5", more=30)
    targets = {"c": ClassFeature("c", 3), "b": BinaryFeature("n")}
    error = _refusal(tmp_path, rows, inputs={"x": NumberFeature("n")}, targets=targets)
    assert error.message == (
        "the data breaks its contract: `c` fails a target is there in 1 of 32 rows, "
        "`c` fails a class id from 0 to 2 in 1 of 32 rows, `n` fails 0 or 1 in 32 of 32 rows"
    )
    shown = error.table.splitlines()[2:]
    assert len([line for line in shown if line.endswith("| 0 or 1 |")]) == 10
    assert len(shown) == 12


def test_all_failing_rows_are_kept_where_the_message_says(tmp_path, home):
    error = _refusal(tmp_path, _csv(*["7,9"] * 25))
    (kept,) = home.glob("contracts/*/failing_rows.csv")
    assert f"all failing rows stand in `{kept}`" in error.help
    frame = pd.read_csv(kept)
    assert frame["row"].tolist() == list(range(40, 65))
    assert set(frame["file"]) == {"rows.csv"}
    assert set(frame["value"]) == {9}
    checks = read_document(kept.parent / "contract.json", CONTRACT)["checks"]
    assert [c["failed"] for c in checks if c["check"].startswith("a class id")] == [25]


def test_the_line_counts_the_header_blank_lines_and_lines_within_quotes(tmp_path):
    rows = 'n,c,note\n1,0,"two\nlines"\n\n2,1,x\n3,9,"a, b"\n' + "4,1,y\n" * 20
    error = _refusal(tmp_path, rows)
    assert "| rows.csv | 6 | c | `9` |" in error.table
    assert rows.splitlines()[5].startswith("3,9")


def test_which_of_several_files_and_which_line_of_it_is_told(tmp_path):
    (tmp_path / "more.csv").write_text(_csv("7,8", more=3))
    error = _refusal(tmp_path, _csv(), source=CsvSource(("rows.csv", "more.csv")))
    assert "| more.csv | 5 | c | `8` |" in error.table


def test_files_without_a_header_count_from_their_first_line(tmp_path):
    source = CsvSource(("rows.csv",), columns=("n", "c"))
    error = _refusal(tmp_path, "5,7\n" + "1,2\n" * 30, source=source)
    assert "| rows.csv | 1 | c | `7` |" in error.table


def test_labels_from_1_train_when_the_help_is_followed(tmp_path):
    (tmp_path / "a.csv").write_text("n,c\n" + "".join(f"{i},{1 + i % 3}\n" for i in range(30)))
    targets = {"c": ClassFeature("c", (1, 2, 3))}
    data = Data(CsvSource(("a.csv",)), _NUMBER, targets, _SPLIT)
    assert sum(prepare_dataset(data, base=tmp_path).rows.values()) == 30


def test_stray_spaces_in_headers_and_values_are_told_and_left_out_when_asked(tmp_path):
    rows = "".join(f" {i} , {'red' if i % 2 else 'blue'} , {i % 3} \n" for i in range(30))
    (tmp_path / "a.csv").write_text(" n , word , c \n" + rows)
    inputs = {**_NUMBER, "w": CategoryFeature("word", 3)}
    with pytest.raises(StepError) as caught:
        prepare_dataset(Data(CsvSource(("a.csv",)), inputs, _CLASS, _SPLIT), base=tmp_path)
    assert caught.value.code == "DL610"
    assert "write `strip: true` beside `csv`" in caught.value.help
    data = Data(CsvSource(("a.csv",), strip=True), inputs, _CLASS, _SPLIT)
    dataset = prepare_dataset(data, base=tmp_path)
    findings = read_document(Path(dataset.path, "contract.json"), CONTRACT)["findings"]
    assert "unknown_categories" not in {finding["kind"] for finding in findings}


# -- processes -----------------------------------------------------------------------------------

_PREPARE = """
import sys, time
from pathlib import Path
from dlspec.language.features import ClassFeature, NumberFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.preparation import dataset
from dlspec_pipelines.steps.step_errors import StepError

mode = sys.argv[2]
if mode in ("slow", "counted"):
    write = dataset._write_arrays
    def slow(*args):
        found = write(*args)
        print("writing", flush=True)
        time.sleep(60 if mode == "slow" else 3)
        return found
    dataset._write_arrays = slow
data = Data(
    CsvSource(("a.csv",)), {"n": NumberFeature("n")}, {"c": ClassFeature("c", 3)},
    FractionSplit(0.2, 0.2, None, 1),
)
print(dataset.prepare_dataset(data, base=Path(sys.argv[1])).digest)
"""


def _process(folder, mode):
    return subprocess.Popen(
        [sys.executable, "-c", _PREPARE, str(folder), mode], stdout=subprocess.PIPE, text=True
    )


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    (tmp_path / "a.csv").write_text(_csv())
    (tmp_path / "a.csv").chmod(0)
    # Root may read every file, but for this.
    drop = [SETPRIV, "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if None in drop:
        pytest.skip("root may read every file, and `setpriv` is not here")
    command = [*drop, sys.executable, "-c", _PREPARE, str(tmp_path), "plain"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "a.csv` cannot be opened: Permission denied" in done.stderr
    assert (
        "let its owner give you the right to read it, and to enter its folders: `chmod a+rX`"
        in done.stderr
    )


def test_a_killed_preparation_leaves_nothing_and_the_next_one_goes_well(tmp_path, home):
    (tmp_path / "a.csv").write_text(_csv())
    with _process(tmp_path, "slow") as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    (left,) = (home / "datasets").iterdir()
    assert left.name.startswith(".part-"), "nothing stands under a data set's name"
    old = time.time() - 3600
    os.utime(left, (old, old))
    data = Data(CsvSource(("a.csv",)), _NUMBER, _CLASS, _SPLIT)
    dataset = prepare_dataset(data, base=tmp_path)
    assert [path.name for path in (home / "datasets").iterdir()] == [Path(dataset.path).name]


def test_two_processes_that_prepare_the_same_data_do_it_once(tmp_path, home):
    (tmp_path / "a.csv").write_text(_csv())
    both = [_process(tmp_path, "counted") for _ in range(3)]
    lines = [process.communicate()[0].splitlines() for process in both]
    assert sorted(map(len, lines)) == [1, 1, 2], "one wrote, two took what it wrote"
    assert len({found[-1] for found in lines}) == 1
    assert len(list((home / "datasets").iterdir())) == 1
    assert not list((home / "work").iterdir())


def test_identities_of_equal_rows_do_not_depend_on_the_process(tmp_path, home):
    """Hashes of texts in Python differ from process to process; those of rows must not."""
    (tmp_path / "a.csv").write_text(_csv())
    with _process(tmp_path, "plain") as process:
        digest = process.communicate()[0].strip()
    (folder,) = (home / "datasets").iterdir()
    other = [np.load(path).tolist() for path in sorted(folder.glob("*/rows.npy"))]
    data = Data(CsvSource(("a.csv",)), _NUMBER, _CLASS, _SPLIT)
    dataset = prepare_dataset(data, base=tmp_path)
    assert dataset.digest == digest
    assert sorted(row for rows in other for row in rows) == list(range(40))
