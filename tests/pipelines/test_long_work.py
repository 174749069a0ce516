"""Work on data that takes long moves a bar, in a terminal and there alone."""

import io

import pytest
from PIL import Image

from dlspec.language.features import ClassFeature, ImageFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import ImageFolderSource
from dlspec_pipelines.run import terminal
from dlspec_pipelines.run.terminal import Progress
from dlspec_pipelines.steps.long_work import long_work_told_to, tell_long_work
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self):
        return True


def test_long_work_moves_a_bar_that_names_it(monkeypatch):
    monkeypatch.setattr(terminal, "_LONG_S", 0)
    screen = Screen()
    progress = Progress(screen)
    for done in (10, 20, 40):
        progress.move_long_work("reading files", done, 40)
    progress.move_long_work("preparing rows", 1, 2)
    progress.close()
    shown = screen.getvalue()
    assert "reading files" in shown
    assert "50%" in shown
    assert shown.index("reading files") < shown.rindex("preparing rows")


@pytest.mark.parametrize("quiet", [True, False])
def test_without_a_terminal_or_when_quiet_nothing_is_shown(monkeypatch, quiet):
    monkeypatch.setattr(terminal, "_LONG_S", 0)
    out = Screen() if quiet else io.StringIO()
    progress = Progress(out, quiet=quiet)
    progress.move_long_work("reading files", 10, 40)
    progress.close()
    assert out.getvalue() == ""


def test_what_takes_no_second_shows_no_bar():
    screen = Screen()
    progress = Progress(screen)
    progress.move_long_work("reading files", 10, 40)
    progress.move_long_work("reading files", 40, 40)
    progress.close()
    assert screen.getvalue() == ""


def test_a_preparation_tells_how_many_files_and_rows_are_done(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    for row in range(70):
        file = tmp_path / "pictures" / str(row % 2) / f"{row}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), row).save(file)
    data = Data(
        ImageFolderSource("pictures"),
        {"x": ImageFeature("file", (4, 4), 1)},
        {"y": ClassFeature("class", 2)},
        FractionSplit(0.2, 0.2, seed=1),
    )
    heard = []
    with long_work_told_to(lambda *told: heard.append(told)):
        prepare_dataset(data, base=tmp_path)
    assert [told for told in heard if told[0] == "reading files"][-3:] == [
        ("reading files", done, 70) for done in (32, 64, 70)
    ]
    rows = [told for told in heard if told[0] == "preparing rows"]
    assert sum(done for _, done, total in rows if done == total) == 2 * 70
    told_before = len(heard)
    tell_long_work("reading files", 1, 2)
    assert len(heard) == told_before
