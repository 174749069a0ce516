"""This repository's code location, which `workspace.yaml` names: the specs under `specs/`."""

from dlspec_pipelines.definitions import defs

__all__ = ["defs"]
