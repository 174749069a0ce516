"""The watch over listed layers loses no edit, whenever it is written."""

import threading
from contextlib import closing, contextmanager

import pytest

from dlspec_pipelines.dev.layer_changes import layer_changes

LAYER = """import keras


class Twice(keras.layers.Layer):
    def call(self, x):
        return 2.0 * x
"""
LISTS = '[tool.dlspec.layers]\nTwice = "{}:Twice"\n'


class Stop(threading.Event):
    """Ends a watch, and tells when it is first asked for: what was written before is noted then."""

    def __init__(self):
        super().__init__()
        self.asked = threading.Event()

    def is_set(self):
        self.asked.set()
        return super().is_set()


@pytest.fixture
def stop():
    event = Stop()
    # A change that never comes ends the test and does not hang it.
    timer = threading.Timer(20, event.set)
    timer.start()
    yield event
    timer.cancel()
    event.set()


@contextmanager
def edited_once_watched(stop, *edits):
    """Write texts to files in order, in a thread, once the watch has begun."""

    def write():
        assert stop.asked.wait(20)
        for file, text in edits:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    writer = threading.Thread(target=write)
    writer.start()
    yield
    writer.join()


def test_an_edit_while_a_change_is_being_told_is_the_next_change(tmp_path, stop):
    (tmp_path / "layers.py").write_text(LAYER)
    listed = (tmp_path / "pyproject.toml", LISTS.format("layers"))
    with (
        edited_once_watched(stop, listed),
        closing(layer_changes(tmp_path, stop=stop)) as changes,
    ):
        assert next(changes) == ["pyproject.toml"]
        (tmp_path / "layers.py").write_text(LAYER.replace("2.0", "3.00"))
        assert next(changes) == ["layers.py"]
        (tmp_path / "pyproject.toml").write_text("[tool.dlspec]\n")
        assert next(changes) == ["pyproject.toml"]


@pytest.mark.parametrize("module", ["later", "own.later", "src/own.later"])
def test_code_that_is_written_after_it_is_listed_is_seen(tmp_path, stop, module):
    folder, _, name = module.rpartition("/")
    file = tmp_path.joinpath(folder, *name.split(".")).with_suffix(".py")
    (tmp_path / "pyproject.toml").write_text(LISTS.format(name))
    with (
        edited_once_watched(stop, (file, LAYER)),
        closing(layer_changes(tmp_path, stop=stop)) as changes,
    ):
        assert next(changes) == ["later.py"]


def test_code_that_cannot_be_read_is_watched_until_it_can(tmp_path, stop):
    (tmp_path / "pyproject.toml").write_text(LISTS.format("layers"))
    (tmp_path / "layers.py").write_text("class Twice(:\n")
    with (
        edited_once_watched(stop, (tmp_path / "layers.py", LAYER)),
        closing(layer_changes(tmp_path, stop=stop)) as changes,
    ):
        assert next(changes) == ["layers.py"]


def test_other_files_are_none_of_its_business(tmp_path, stop):
    (tmp_path / "pyproject.toml").write_text("[tool.dlspec]\n")
    (tmp_path / "other.py").write_text("")
    edits = [(tmp_path / "other.py", "x = 1\n"), (tmp_path / "pyproject.toml", "[tool.other]\n")]
    with (
        edited_once_watched(stop, *edits),
        closing(layer_changes(tmp_path, stop=stop)) as changes,
    ):
        assert next(changes) == ["pyproject.toml"]
