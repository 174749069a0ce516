"""A project that runs: a spec, the schema for editors, and the entries that say it is one."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dlspec.language.catalogue.own_layers import listed_layers
from dlspec.language.catalogue.project import project_of
from dlspec.tools.json_schema.schema import schema_text
from dlspec.tools.new.new_spec import new_text

FIRST_SPEC = "digits_lenet5"
_TABLE = "[tool.dlspec]\n"
_IGNORED = ".dlspec/"
# Each of them keeps what runs leave behind out of a repository.
_IGNORING = {".dlspec", ".dlspec/", "/.dlspec", "/.dlspec/"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A file of the project, and what was done to it: `made`, `added to` or `kept`."""

    path: Path
    done: str


def make_first_project(folder: Path) -> Iterator[Outcome]:
    """Make a project in a folder, file by file; what is there is kept.

    Raises:
        ValueError: If the folder's pyproject.toml cannot be read, or take the table.
        OSError: If the folder, or a file in it, cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # First: the table may name layers, which the schema then knows.
    yield _declare_project(folder / "pyproject.toml")
    yield _ignore_runs(folder / ".gitignore")
    spec = folder / "specs" / f"{FIRST_SPEC}.yaml"
    layers = listed_layers(project_of(str(spec)))
    yield _make_unless_there(folder / "schemas" / "dlspec-1.json", schema_text(layers))
    yield _make_unless_there(spec, new_text(FIRST_SPEC, "lenet5", "digits"))


def _declare_project(path: Path) -> Outcome:
    if not path.exists():
        return _make_unless_there(path, _TABLE)
    text = _text_as_it_stands(path)
    if "dlspec" in _tools_of(text, path):
        return Outcome(path, "kept")
    added = f"{_with_last_line_ended(text)}\n{_TABLE}"
    # `tool = {...}` on one line, for example, takes no table after it.
    _tools_of(added, path)
    path.write_bytes(added.encode())
    return Outcome(path, "added to")


def _tools_of(text: str, path: Path) -> dict[str, object]:
    try:
        tools = tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} cannot take the table `[tool.dlspec]`: {error}") from error
    if not isinstance(tools, dict):
        raise ValueError(f"{path} cannot take the table `[tool.dlspec]`: `tool` is no table")  # noqa: TRY004 - what is wrong is the file
    return tools


def _ignore_runs(path: Path) -> Outcome:
    if not path.exists():
        return _make_unless_there(path, f"{_IGNORED}\n")
    text = _text_as_it_stands(path)
    if _IGNORING & {line.strip() for line in text.splitlines()}:
        return Outcome(path, "kept")
    path.write_bytes(f"{_with_last_line_ended(text)}{_IGNORED}\n".encode())
    return Outcome(path, "added to")


def _text_as_it_stands(path: Path) -> str:
    """Return a file's text with the ends of its lines as they are."""
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text") from error


def _with_last_line_ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _make_unless_there(path: Path, text: str) -> Outcome:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return Outcome(path, "kept")
    return Outcome(path, "made")
