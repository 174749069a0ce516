"""Which files a command reads: paths, folders, names under specs/, standard input."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source
from dlspec.diagnostics.suggest import suggest
from dlspec.language.catalogue.project import project_root
from dlspec.syntax.spec_files import MAX_BYTES, decode_source, read_source
from dlspec.syntax.spec_recognition import means_to_be_spec


def spec_files_under(paths: tuple[str, ...]) -> Iterator[str]:
    """Yield the files that `paths` name: a folder stands for every spec in it, a name for its spec.

    Raises:
        click.UsageError: If there is no such file or folder, or a folder holds none.
    """
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            named = None if path == "-" or Path(path).exists() else named_spec(path)
            if named is None:
                _require_file(path)
            yield path if named is None else str(named)
            continue
        inside = specs_in_folder(Path(path))
        if not inside:
            raise click.UsageError(f"there is no spec under {path}")
        yield from map(str, inside)


def specs_folder() -> Path:
    """Return the folder `specs` of the project around the current folder, as written from here."""
    here = Path.cwd()
    return Path(os.path.relpath((project_root(here) or here) / "specs", here))


def specs_in_folder(folder: Path) -> list[Path]:
    """Return the specs below a folder; hidden folders and other YAML files are passed over."""
    found = []
    # A walk that turns back at hidden folders: `.dlspec` and `.venv` hold thousands of files.
    for place, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if not name.startswith(".")]
        files = (Path(place, name) for name in names if not name.startswith("."))
        found += [f for f in files if f.suffix in (".yaml", ".yml") and _may_be_spec(f)]
    return sorted(found)


def _may_be_spec(file: Path) -> bool:
    """Return whether a file means to be a spec; one that cannot be read is reported as one."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError:
        return True
    # Without the null bytes a spec saved as UTF-16 is seen, and then reported.
    return means_to_be_spec(content.replace(b"\0", b"").decode("utf-8", "ignore").lstrip("\ufeff"))


def _require_file(path: str) -> None:
    if path != "-" and not Path(path).exists():
        near = suggest(Path(path).stem, spec_names())
        named = [p for p in specs_in_folder(specs_folder()) if p.stem == near]
        advice = f"; write `{named[0]}`" if named else ""
        raise click.UsageError(f"there is no file or folder `{path}`{advice}")


def spec_path(spec: str) -> Path:
    """Return the file of a spec given by path, or by its name under specs/.

    Raises:
        click.UsageError: If there is neither, when the nearest name is offered, or more than one.
    """
    found = named_spec(spec)
    if found is not None:
        return found
    names = spec_names()
    near = suggest(spec, names)
    known = f"the specs are {', '.join(names)}" if names else "there is no folder specs/ here"
    raise click.UsageError(f"there is no spec `{spec}`; " + (f"write `{near}`" if near else known))


def spec_names() -> list[str]:
    """Return the names of the specs under specs/."""
    return sorted({path.stem for path in specs_in_folder(specs_folder())})


def named_spec(spec: str) -> Path | None:
    """Return the file of a spec given by path or name; None where it may be something else.

    Raises:
        click.UsageError: If a file is named that is not there, or a name that several have.
    """
    path = Path(spec)
    if path.is_file():
        return path
    if path.suffix in (".yaml", ".yml"):
        _require_file(spec)
    named = [p for p in specs_in_folder(specs_folder()) if p.stem == spec]
    if len(named) > 1:
        paths = ", ".join(f"`{path}`" for path in named)
        raise click.UsageError(
            f"`{spec}` is the name of {counted(len(named), 'spec')}; write one of {paths}"
        )
    return named[0] if named else None


def read_file_or_stdin(file: str, reporter: Reporter) -> Source | None:
    """Return the text of a file, or of standard input for `-`; None when it is reported."""
    if file == "-":
        return decode_source(sys.stdin.buffer.read(MAX_BYTES + 1), "-", reporter)
    return read_source(Path(file), reporter)
