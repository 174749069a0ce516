"""The project's own layers as `make dev` watches them: pyproject.toml and the code it names."""

from collections.abc import Collection, Iterator
from pathlib import Path
from threading import Event

from watchfiles import watch

from dlspec.language.catalogue.own_layers import listed_layers
from dlspec.language.catalogue.project import NAME, project_of


def layer_changes(root: Path, *, stop: Event) -> Iterator[list[str]]:
    """Yield the names of changed files until `stop` is set.

    The folders are watched, not the files: editors put a new file in the place of the old one.
    """
    while not stop.is_set():
        yield from _until_listed_anew(root, stop)


def _until_listed_anew(root: Path, stop: Event) -> Iterator[list[str]]:
    """Yield changes until pyproject.toml is one of them: it may name code in other folders."""
    code = _layer_code_folders(root)
    for changes in watch(
        *sorted({root, *code}),
        watch_filter=lambda _, path: _affects_layers(Path(path), root, code),
        stop_event=stop,
        raise_interrupt=False,
        recursive=False,
    ):
        paths = {Path(path) for _, path in changes}
        yield sorted(path.name for path in paths)
        if root / NAME in paths:
            return


def _layer_code_folders(root: Path) -> frozenset[Path]:
    """Return the folders that hold the code of the project's layers."""
    entries = listed_layers(project_of(str(root / "specs" / "any.yaml")))
    return frozenset(Path(e.origin.file).parent for e in entries if e.origin is not None)


def _affects_layers(path: Path, root: Path, code: Collection[Path]) -> bool:
    return path == root / NAME or (path.suffix == ".py" and path.parent in code)
