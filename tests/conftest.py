"""What several test folders share: comparison with a golden file."""

from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files; read the diff"
    )


@pytest.fixture
def golden(request):
    """Compare a text with a golden file, or write it there under --update-golden."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(text, "utf-8")
        assert path.is_file(), f"{path.name} is missing: run pytest --update-golden and read it"
        assert text == path.read_text("utf-8")

    return compare
