"""The project's own layers as `make dev` watches them: pyproject.toml and the code it names."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event

from watchfiles import watch

from dlspec.language.catalogue.own_layers import listed_layers
from dlspec.language.catalogue.project import NAME, Project, project_of

# How long an edit may wait that was written while nothing watched.
_LOOK_MS = 1000


def layer_changes(root: Path, *, stop: Event) -> Iterator[list[str]]:
    """Yield the names of changed files until `stop` is set.

    What changed is told by the files' own stamps, taken before the change is told: an edit that is
    written while its receiver is still at work is the next change.
    """
    folders = _layer_code_folders(root)
    stamps = _stamps_of_layer_code(root, folders)
    while not stop.is_set():
        # The folders are watched, not the files: editors put a new file in the old one's place.
        for _ in watch(
            *sorted({root, *(folder for folder in folders if folder.is_dir())}),
            stop_event=stop,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
        ):
            before, stamps = stamps, _stamps_of_layer_code(root, folders)
            changed = [f for f in before.keys() | stamps.keys() if before.get(f) != stamps.get(f)]
            named_anew = root / NAME in changed
            if named_anew:
                folders = _layer_code_folders(root)
                stamps = {**_stamps_of_layer_code(root, folders), **stamps}
            if changed:
                yield sorted(file.name for file in changed)
            if named_anew:
                break


def _stamps_of_layer_code(root: Path, folders: Collection[Path]) -> Mapping[Path, tuple[int, int]]:
    """Return when each file that the layers may hang on was written, and its size in bytes."""
    stamps = {}
    for file in (root / NAME, *(code for folder in folders for code in folder.glob("*.py"))):
        # What is deleted at this moment has no stamp.
        with suppress(FileNotFoundError):
            found = file.stat()
            stamps[file] = (found.st_mtime_ns, found.st_size)
    return stamps


def _layer_code_folders(root: Path) -> frozenset[Path]:
    """Return the folders that hold the code of the project's layers, or will once it is written."""
    project = project_of(str(root / "specs" / "any.yaml"))
    if project is None:
        return frozenset()
    found = (Path(e.origin.file).parent for e in listed_layers(project) if e.origin is not None)
    return frozenset(found) | _named_folders(project)


def _named_folders(project: Project) -> frozenset[Path]:
    modules = (str(listed.reference).partition(":")[0] for listed in project.layers.values())
    packages = [module.split(".")[:-1] for module in modules]
    return frozenset(
        base.joinpath(*package)
        for base in (project.folder, project.folder / "src")
        for package in packages
        if all(part.isidentifier() for part in package)
    )
