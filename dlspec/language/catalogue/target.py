"""What a spec is compiled for: a version of Keras, and a project with layers of its own."""

from dataclasses import dataclass

from dlspec.diagnostics.findings import Diagnostic
from dlspec.language.catalogue.own_layers import find_listed
from dlspec.language.catalogue.project import Project
from dlspec.language.catalogue.reader import ClassEntry, Kind, find_entry


@dataclass(frozen=True, slots=True)
class Target:
    """What a spec is compiled for.

    Args:
        keras: The version of Keras that must have all that the spec names; None is the newest.
        project: Lists layers of its own; None where the spec belongs to no project.
    """

    keras: str | None = None
    project: Project | None = None

    def find(self, kind: Kind, word: str) -> ClassEntry | Diagnostic | None:
        """Return the class of Keras or of the project that a word means; None when it means none.

        Returns:
            A finding where the project lists the word, and what it lists cannot be used.
        """
        found = find_entry(kind, word)
        if found is not None or kind != "layer":
            return found
        return find_listed(self.project, word)
