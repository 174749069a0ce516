"""The way to a project's own layers: what reads their text is loaded only where one is named."""

from importlib import import_module

from dlspec.catalogue.reader import ClassEntry
from dlspec.diagnostics import Code, Diagnostic
from dlspec.project import Project


def find_listed(project: Project | None, word: str) -> ClassEntry | Diagnostic | None:
    """Return the project's layer that `word` means, or what is wrong with how it is listed.

    Returns:
        None when the project lists no such word.
    """
    if project is None or word not in project.layers:
        return None
    # Most specs name none: `dlspec check` starts without this module.
    late = import_module("dlspec.catalogue.listed")
    found: ClassEntry | Diagnostic = late.entry(project, word)
    return found


def faults(project: Project) -> tuple[Diagnostic, ...]:
    """Return what makes a project's table unreadable, in part or whole."""
    return tuple(
        Diagnostic(Code.LISTED_LAYER, fault.message, fault.place, fault.label)
        for fault in project.faults
    )
