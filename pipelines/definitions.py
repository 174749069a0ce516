"""This repository's code location, which `workspace.yaml` names: the specs under `specs/`."""

from pathlib import Path

from dlspec_pipelines.location.chain_definitions import definitions_for

__all__ = ["defs"]

defs = definitions_for(Path(__file__).resolve().parents[1] / "specs")
