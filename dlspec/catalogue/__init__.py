"""What every Keras class accepts: data generated from Keras, and its reader."""

from dlspec.catalogue.reader import (
    KINDS,
    ClassEntry,
    Kind,
    ModelRef,
    Object,
    Parameter,
    Type,
    Value,
    aliases,
    find,
    foreign,
    generated_from,
    names,
)
from dlspec.catalogue.versions import installed, is_older

__all__ = [
    "KINDS",
    "ClassEntry",
    "Kind",
    "ModelRef",
    "Object",
    "Parameter",
    "Type",
    "Value",
    "aliases",
    "find",
    "foreign",
    "generated_from",
    "installed",
    "is_older",
    "names",
]
