"""What several test folders share: a home of its own for a test, comparison with a golden file."""

from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files; read the diff"
    )


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Let what is made lie in a folder of this test, and return the folder."""
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def no_data_folder(monkeypatch):
    """Let the paths of sources mean what stands beside the spec alone."""
    monkeypatch.delenv("DLSPEC_DATA", raising=False)


@pytest.fixture
def golden(request):
    """Compare a text with a golden file, or write it there under --update-golden."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(text, "utf-8")
        assert path.is_file(), f"{path.name} is missing: run pytest --update-golden and read it"
        assert text == path.read_text("utf-8")

    return compare
