"""The project's own layers that a stored model holds: as they were when it was trained."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlspec.backends.project_classes import custom_objects
from dlspec.diagnostics.findings import SpecError
from dlspec.language.catalogue import ClassEntry, find_listed
from dlspec.language.catalogue.project import Project, project_of
from dlspec_pipelines.steps.json_documents import PLAN, read_document
from dlspec_pipelines.steps.step_errors import StepError


def listed_objects(folder: Path, base: Path | None) -> dict[str, Any]:
    """Return the classes that a run's model needs beside Keras's, by the names its file has.

    Only what the project of `base` lists is imported, whatever the folder says.

    Args:
        folder: The folder of a run; without a plan.json it needs none.
        base: The folder of the spec; None is the current one.

    Raises:
        StepError: If the project does not list such a layer, or its code is another now.
    """
    if not (folder / "plan.json").is_file():
        # What else is missing with it is said by those who read it.
        return {}
    needed = dict(_needed_custom_layers(read_document(folder / "plan.json", PLAN)))
    if not needed:
        return {}
    project = project_of(str((base or Path.cwd()) / "spec"))
    entries = [_unchanged_layer_entry(project, word, code) for word, code in needed.items()]
    try:
        return custom_objects(entries)
    except SpecError as error:
        found = error.diagnostics[0]
        raise StepError(f"{found.message}: {found.label}", code=found.code.value) from error


def _needed_custom_layers(part: object) -> Iterator[tuple[str, str]]:
    """Yield the word and the digest of the code of each layer that is the project's own."""
    if isinstance(part, dict):
        # Only a layer of the project's own has the digest of its code beside its class.
        if {"class_name", "code"} <= part.keys():
            yield part["class_name"], part["code"]
        for inner in part.values():
            yield from _needed_custom_layers(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _needed_custom_layers(inner)


def _unchanged_layer_entry(project: Project | None, word: str, code: str) -> ClassEntry:
    entry = find_listed(project, word)
    if not isinstance(entry, ClassEntry) or entry.origin is None:
        raise StepError(
            f"the model holds the layer `{word}`, which no project lists here",
            help="work in the folder of its project, or list it under `[tool.dlspec.layers]`",
        )
    if entry.origin.code != code:
        raise StepError(
            f"the code of the layer `{word}` has changed since the model was trained",
            help=f"restore `{entry.origin.file.name}` as it was, or train again",
        )
    return entry
