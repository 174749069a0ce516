"""The specs of a folder, each with the text it was compiled from."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dlspec.compiler import Compilation, compile_file, compile_source
from dlspec.diagnostics.findings import SpecError
from dlspec.diagnostics.source import Source
from dlspec.language.catalogue.project import project_root
from dlspec.resolve.plan import Plan
from dlspec.tools.commands.spec_paths import specs_in_folder

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class SpecFile:
    """A spec that compiles: where it was, what it said, what was set in it, and its plan.

    `sets` are values by the name of a param or by their path, as `--set` gives them; `compiled`
    says by itself what was compiled: with what it extends, and with what was set. `warnings` is
    what `dlspec check` prints of it; `backend` is what a run asks Keras to run on, None where it
    leaves that to the spec.
    """

    path: Path
    text: str
    plan: Plan
    compiled: str
    sets: Mapping[str, object] = field(default_factory=dict)
    warnings: str = ""
    backend: str | None = None

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self.plan.name

    @property
    def missing_chain_sections(self) -> tuple[str, ...]:
        """Return the sections that a chain needs and the spec does not have."""
        needed = {"data": self.plan.data, "training": self.plan.training}
        return tuple(name for name, section in needed.items() if section is None)

    @property
    def can_be_trained(self) -> bool:
        """Return whether it says enough for a chain; a bare model does not."""
        return not self.missing_chain_sections


@dataclass(frozen=True, slots=True)
class BrokenSpec:
    """A file that does not compile; `findings` is what `dlspec check` prints."""

    path: Path
    name: str
    findings: str


def project_folder() -> Path:
    """Return the folder of the project around the current folder, which without one is itself."""
    here = Path.cwd()
    return project_root(here) or here


def read_spec(path: Path, sets: Mapping[str, object] | None = None) -> SpecFile:
    """Compile one file.

    Raises:
        SpecError: If it does not compile, or there is nothing where a value is to be set.
    """
    return compiled_spec_file(path, compile_file(_path_from_here(path), sets=sets), sets)


def compile_spec_text(path: Path, text: str, sets: Mapping[str, object] | None = None) -> SpecFile:
    """Compile text that was read from `path`, whatever the file holds now.

    Raises:
        SpecError: If it does not compile, or there is nothing where a value is to be set.
    """
    return compiled_spec_file(path, compile_source(Source(str(path), text), sets=sets), sets)


def compiled_spec_file(
    path: Path, compilation: Compilation, sets: Mapping[str, object] | None
) -> SpecFile:
    """Return what a compilation gave as a file's spec.

    Raises:
        SpecError: If it gave no plan.
    """
    if compilation.plan is None or compilation.source is None or compilation.text is None:
        raise SpecError(compilation.diagnostics)
    warnings = "\n\n".join(str(found) for found in compilation.diagnostics)
    return SpecFile(
        path, compilation.source.text, compilation.plan, compilation.text, sets or {}, warnings
    )


def read_specs(folder: Path) -> tuple[list[SpecFile], list[BrokenSpec]]:
    """Compile every spec under `folder`; one that does not compile hides no other."""
    good: dict[str, SpecFile] = {}
    broken: list[BrokenSpec] = []
    for path in specs_in_folder(folder):
        try:
            spec = read_spec(path)
        except SpecError as error:
            broken.append(BrokenSpec(path, key_part(path.stem), str(error)))
            continue
        if spec.name in good:
            other = good[spec.name].path
            text = f"error: the name `{spec.name}` is taken by `{other}`\n --> {path}"
            broken.append(BrokenSpec(path, key_part(path.stem), text))
        else:
            good[spec.name] = spec
    bare = {spec.name for spec in good.values() if not spec.can_be_trained}
    return list(good.values()), _told_apart(broken, folder, taken=bare)


def _told_apart(broken: Sequence[BrokenSpec], folder: Path, *, taken: set[str]) -> list[BrokenSpec]:
    """Name files of one name by their path: two equal asset keys would hide the whole location."""
    stems = Counter(spec.name for spec in broken) + Counter(taken)
    taken = set(taken)
    told = []
    for spec in broken:
        path = key_part(spec.path.relative_to(folder).with_suffix("").as_posix())
        name = first = spec.name if stems[spec.name] == 1 else path
        number = 1
        while name in taken:
            number += 1
            name = f"{first}_{number}"
        taken.add(name)
        told.append(replace(spec, name=name))
    return told


def _path_from_here(path: Path) -> Path:
    """Return a path as someone in the current folder writes it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def key_part(text: str) -> str:
    """Return text as a part of an asset key: letters, digits and underscores."""
    return re.sub(r"\W", "_", text, flags=re.ASCII)
