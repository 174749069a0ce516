"""The code location that `workspace.yaml` names: the specs of the project."""

from pipelines.location import definitions_for
from pipelines.specs import project_folder

__all__ = ["definitions_for", "defs"]

defs = definitions_for(project_folder() / "specs")
