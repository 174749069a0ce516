"""What a spec is compiled for: a version of Keras, and a project with layers of its own."""

from dataclasses import dataclass

from dlspec.diagnostics.findings import Diagnostic
from dlspec.language.catalogue.own_layers import find_listed
from dlspec.language.catalogue.project import Project
from dlspec.language.catalogue.reader import ClassEntry, Kind, find_entry
from dlspec.language.lifted_models import ModelLifter


@dataclass(frozen=True, slots=True)
class Target:
    """What a spec is compiled for.

    Args:
        keras: The version of Keras that must have all that the spec names; None is the newest.
        project: Lists layers of its own; None where the spec belongs to no project.
        losses: What the losses that the spec declares take.
        lift: Reads the saved models that the spec takes; None where it may take none.
    """

    keras: str | None = None
    project: Project | None = None
    losses: tuple[ClassEntry, ...] = ()
    lift: ModelLifter | None = None

    def find(self, kind: Kind, word: str) -> ClassEntry | Diagnostic | None:
        """Return what a word means to Keras, the project or the spec; None when it means nothing.

        Returns:
            A finding where the project lists the word, and what it lists cannot be used.
        """
        found = find_entry(kind, word)
        if found is None and kind == "loss":
            return next((own for own in self.losses if own.name == word), None)
        if found is not None or kind != "layer":
            return found
        return find_listed(self.project, word)
