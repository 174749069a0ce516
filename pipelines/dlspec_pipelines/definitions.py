"""The code location of the project around the current folder; `dlspec dev` loads it."""

from dlspec_pipelines.location.chain_definitions import definitions_for
from dlspec_pipelines.specs import project_folder

__all__ = ["definitions_for", "defs"]

defs = definitions_for(project_folder() / "specs")
