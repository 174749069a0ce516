"""What a project's pyproject.toml says for its specs, each with its place."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from dlspec.diagnostics.source import Source, Span, span_at_offset
from dlspec.diagnostics.suggest import suggest
from dlspec.language.catalogue.project_keys import (
    LAYERS,
    NETWORK,
    PROJECT_KEY_OF,
    PROJECT_KEYS,
    ProjectKey,
)

NAME = "pyproject.toml"
# Cheap to look for: only a text with one of these is worth reading as TOML.
_KEYS = "|".join(PROJECT_KEY_OF)
_MENTIONS = re.compile(
    rf"tool[\"']?\s*\.\s*[\"']?dlspec|dlspec[\"']?\s*(\.\s*[\"']?({_KEYS})\b|=\s*\{{)"
)
_WHERE = re.compile(r"\s*\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class Listed:
    """A word that specs may use, what the project says it means, and where both stand."""

    word: str
    reference: object
    key: Span
    value: Span


@dataclass(frozen=True, slots=True)
class Fault:
    """What makes a part of pyproject.toml unreadable: a label for its place."""

    message: str
    label: str
    place: Span
    help: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """A pyproject.toml with a table `[tool.dlspec]`, as one compilation finds it.

    A key of the table that is missing, or that a fault is about, has its default here.
    """

    source: Source
    folder: Path
    layers: Mapping[str, Listed]
    faults: tuple[Fault, ...] = ()
    network: bool = False


def project_root(folder: Path) -> Path | None:
    """Return the folder of the project that `folder` belongs to; None when it belongs to none.

    That is the nearest folder upwards whose pyproject.toml has a table `[tool.dlspec]`, else the
    nearest that holds `specs/`, `.dlspec` or `workspace.yaml`. A repository's root is the last one
    looked at: what lies above it belongs to someone else.
    """
    project = project_of(str(folder / "spec"))
    if project is not None:
        return project.folder
    return next((above for above in _folders_upwards(folder) if _looks_like_project(above)), None)


def project_home() -> Path:
    """Return the folder of all that is kept: $DLSPEC_HOME, else `.dlspec` in the project's folder.

    The project is found from the current folder upwards; without one, it is the current folder.
    """
    named = os.environ.get("DLSPEC_HOME")
    if named:
        return Path(named).expanduser().absolute()
    here = Path.cwd()
    return (project_root(here) or here) / ".dlspec"


def _looks_like_project(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in ("specs", ".dlspec")) or (
        (folder / "workspace.yaml").is_file()
    )


def _folders_upwards(folder: Path) -> Iterator[Path]:
    """Yield a folder and those above it, up to the root of its repository."""
    for above in (folder, *folder.parents):
        yield above
        if (above / ".git").exists():
            return


def _is_trusted(file: os.stat_result, folder: Path) -> bool:
    """Return whether a pyproject.toml may name code: its owner is the user, root or the spec's.

    In a folder that everybody may write to, such as /tmp, anyone may put one above a spec.
    """
    if not hasattr(os, "getuid"):
        return True
    try:
        owner = folder.stat().st_uid
    except OSError:
        owner = os.getuid()
    return file.st_uid in (os.getuid(), 0, owner)


def project_of(path: str) -> Project | None:
    """Return the project that a spec belongs to; None when it belongs to none.

    That is the nearest pyproject.toml with a table `[tool.dlspec]`, from the spec's folder upwards
    to the root of its repository, and owned by the user, by root, or by the owner of that folder.
    What was read is kept until the file changes; each call returns a value of its own.

    Args:
        path: The spec's file; for text without one, any word: the current folder is taken.
    """
    here = os.getcwd()  # noqa: PTH109 - once for each spec
    folder = os.path.dirname(path)  # noqa: PTH120 - once for each spec
    for file in _candidate_project_files(folder, here):
        try:
            known = os.stat(file)  # noqa: PTH116 - once for each spec
        except (OSError, ValueError):
            # ValueError: a path with a null byte.
            continue
        if not _is_trusted(known, Path(here, folder)):
            continue
        found = _read_project_file(file, here, known.st_mtime_ns, known.st_size)
        if found is not None:
            return replace(found)
    return None


@lru_cache(maxsize=256)
def _candidate_project_files(folder: str, here: str) -> tuple[str, ...]:
    """Return where a pyproject.toml may stand for a spec in `folder`, nearest first."""
    start = Path(os.path.abspath(Path(here, folder)))  # noqa: PTH100 - `resolve` follows links
    return tuple(str(above / NAME) for above in _folders_upwards(start))


@lru_cache(maxsize=256)
def _read_project_file(
    path: str,
    here: str,
    modified_ns: int,  # noqa: ARG001 - when it changed
    size: int,  # noqa: ARG001 - when it changed
) -> Project | None:
    file = Path(path)
    try:
        text = file.read_text("utf-8", errors="replace")
    except OSError:
        return None
    if not _MENTIONS.search(text):
        return None
    # As someone in the current folder writes it.
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    source = Source(str(shown), text)
    try:
        # Most texts mention no table of dlspec: `dlspec check` starts without a reader of TOML.
        content = import_module("tomllib").loads(text)
    except ValueError as error:
        return Project(source, file.parent, {}, (_not_toml(source, str(error)),))
    tool = content.get("tool")
    if not isinstance(tool, dict) or "dlspec" not in tool:
        return None
    return _project_from_table(source, file.parent, tool["dlspec"])


def _not_toml(source: Source, message: str) -> Fault:
    found = _WHERE.search(message)
    line, column = (int(found[1]), int(found[2])) if found else (source.text.count("\n") + 1, 1)
    label = _WHERE.sub("", message).removesuffix(" (at end of document)")
    place = Span(source, line, column, line, column + 1)
    return Fault(f"`{NAME}` is not TOML", label[:1].lower() + label[1:], place)


def _project_from_table(source: Source, folder: Path, table: object) -> Project:
    places = _Places(source)
    if not isinstance(table, dict):
        fault = Fault("`tool.dlspec` is a table", "this is something else", places.start)
        return Project(source, folder, {}, (fault,))
    faults = [_unknown_key(key, places) for key in table if key not in PROJECT_KEY_OF]
    wrong = [
        key for key in PROJECT_KEYS if not isinstance(table.get(key.name, key.takes()), key.takes)
    ]
    faults += [_wrong_type(key, places) for key in wrong]
    said = {key: table[key.name] for key in PROJECT_KEYS if key.name in table and key not in wrong}
    listed = {
        word: Listed(word, value, places.key(word), places.value(word))
        for word, value in said.get(LAYERS, {}).items()
    }
    return Project(source, folder, listed, tuple(faults), said.get(NETWORK, False))


def _unknown_key(word: str, places: "_Places") -> Fault:
    names = " and ".join(f"`{name}`" for name in PROJECT_KEY_OF)
    near = suggest(word, PROJECT_KEY_OF)
    return Fault(
        f"unknown key `{word}`",
        f"`tool.dlspec` has the keys {names} only",
        places.key(word),
        f"write `{near}`" if near else "leave it out",
    )


def _wrong_type(key: ProjectKey, places: "_Places") -> Fault:
    message = f"`tool.dlspec.{key.name}` is {key.form}"
    return Fault(message, "this is something else", places.value(key.name))


@dataclass(frozen=True, slots=True)
class _Places:
    """Where keys stand: the reader of TOML tells no places, so that they are looked for."""

    source: Source

    @property
    def start(self) -> Span:
        found = next(self._matches_in_table(_MENTIONS))
        return span_at_offset(self.source, found.start(), length=len(found[0]))

    def key(self, word: str) -> Span:
        found = self._find_assignment(word) or self._find_table_header(word)
        return (
            span_at_offset(self.source, found.start("key"), length=len(word))
            if found
            else self.start
        )

    def value(self, word: str) -> Span:
        found = self._find_assignment(word)
        if found is None:
            return self.key(word)
        return span_at_offset(self.source, found.start("value"), length=len(found["value"]))

    def _find_assignment(self, word: str) -> re.Match[str] | None:
        text = r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s#,}][^\n#,}]*)"
        pattern = re.compile(rf"(?<![\w-])(?P<key>{re.escape(word)})[\"']?\s*=\s*{text}")
        return next(self._matches_in_table(pattern), None)

    def _find_table_header(self, word: str) -> re.Match[str] | None:
        pattern = re.compile(rf"\.\s*[\"']?(?P<key>{re.escape(word)})[\"']?\s*\]")
        return next(self._matches_in_table(pattern), None)

    def _matches_in_table(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Yield what matches from the first mention of dlspec's table on."""
        first = _MENTIONS.search(self.source.text)
        assert first is not None
        yield from pattern.finditer(self.source.text, first.start())
