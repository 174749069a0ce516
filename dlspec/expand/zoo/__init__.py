"""Packaged architectures: parametrised specs beside this file, by name."""

from dlspec.expand.zoo.architecture_specs import (
    Architecture,
    architecture,
    architectures,
    choices,
    params_of,
    text_of,
)

__all__ = ["Architecture", "architecture", "architectures", "choices", "params_of", "text_of"]
