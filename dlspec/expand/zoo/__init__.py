"""Packaged architectures: parametrised specs beside this file, by name."""

from dlspec.expand.zoo.architecture_specs import (
    architecture_choices,
    architecture_names,
    architecture_params,
    read_architecture,
    text_of,
)

__all__ = [
    "architecture_choices",
    "architecture_names",
    "architecture_params",
    "read_architecture",
    "text_of",
]
