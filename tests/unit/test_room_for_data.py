"""A disk without room while data is prepared: DL614, nothing half-written, a repair that works."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dlspec.language.features import ClassFeature, ImageFeature, VectorFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, ImageFolderSource, NpzSource, ParquetSource
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.step_errors import StepError

ROWS = 400
VECTOR = {"x": VectorFeature(tuple(f"x{n}" for n in range(40)))}
PICTURE = {"x": ImageFeature("file", (40, 40), 3)}


def _frame():
    values = np.random.default_rng(0).normal(size=(ROWS, 40))
    frame = pd.DataFrame(values, columns=[f"x{n}" for n in range(40)])
    return frame.assign(y=np.arange(ROWS) % 2)


def csv(folder):
    _frame().to_csv(folder / "a.csv", index=False)
    return CsvSource(("a.csv",)), VECTOR


def parquet(folder):
    _frame().to_parquet(folder / "a.parquet")
    return ParquetSource(("a.parquet",)), VECTOR


def npz(folder):
    # Only of rows that lie together some can be read.
    values = np.ascontiguousarray(_frame().to_numpy()[:, :40])
    np.savez_compressed(folder / "a.npz", x=values, y=np.arange(ROWS) % 2)
    return NpzSource(("a.npz",)), {"x": VectorFeature("x", length=40)}


def pictures(folder):
    for row in range(60):
        file = folder / "pictures" / str(row % 2) / f"{row}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 40), (row, 0, 0)).save(file)
    return ImageFolderSource("pictures"), PICTURE


def data_of(write, folder):
    source, inputs = write(folder)
    target = ClassFeature("class" if write is pictures else "y", 2)
    return Data(source, inputs, {"y": target}, FractionSplit(0.2, 0.2, seed=1))


@pytest.fixture
def disk(tmp_path):
    """Give a disk of its own, of 90 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=90k", "none", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield disk
    # An error that is kept holds what was mapped of its files.
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


# Without a bound the prepared arrays find no room; with one, what is read or decoded before them.
@pytest.mark.parametrize("memory", [None, 4_000])
@pytest.mark.parametrize("write", [csv, parquet, npz, pictures])
def test_a_full_disk_has_a_code_leaves_nothing_and_another_disk_mends_it(
    tmp_path, disk, monkeypatch, write, memory
):
    monkeypatch.setenv("DLSPEC_HOME", str(disk / "home"))
    data = data_of(write, tmp_path)
    with pytest.raises(StepError) as caught:
        prepare_dataset(data, base=tmp_path, memory=memory)
    assert str(caught.value).startswith(f"error[DL614]: no space left in `{disk / 'home'}")
    assert ("/datasets" in caught.value.message) == (memory is None)
    assert caught.value.help == "free some space, or let DLSPEC_HOME name a folder on a larger disk"
    for name in ("datasets", "work"):
        folder = disk / "home" / name
        assert not folder.exists() or [*folder.iterdir()] == []
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    assert sum(prepare_dataset(data, base=tmp_path, memory=memory).rows.values()) > 0


_LIMITED = """
    import resource, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from test_room_for_data import csv, data_of
    from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
    from dlspec_pipelines.steps.step_errors import StepError

    data = data_of(csv, Path.cwd())
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    try:
        prepare_dataset(data, base=Path.cwd(), memory=int(sys.argv[2]))
    except StepError as error:
        print(error)
    """


@pytest.mark.parametrize("memory", [10**9, 4_000])
def test_a_limit_on_the_size_of_files_has_the_code_too(tmp_path, memory):
    here = Path(__file__).parent
    paths = os.pathsep.join(map(str, (here.parents[1], here.parents[1] / "pipelines")))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_LIMITED), str(here), str(memory)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths, "DLSPEC_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"error[DL614]: a file in `{tmp_path / 'home'}")
    assert [*(tmp_path / "home" / "datasets").glob("*")] == []
