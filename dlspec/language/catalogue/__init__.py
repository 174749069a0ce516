"""What every Keras class accepts: data generated from Keras, and its reader."""

from dlspec.language.catalogue.own_layers import faults, find_listed
from dlspec.language.catalogue.reader import (
    KINDS,
    ClassEntry,
    Kind,
    ListedObject,
    ModelRef,
    Object,
    Origin,
    Parameter,
    Type,
    Value,
    aliases,
    find,
    foreign,
    generated_from,
    made,
    names,
)
from dlspec.language.catalogue.versions import installed, is_older

__all__ = [
    "KINDS",
    "ClassEntry",
    "Kind",
    "ListedObject",
    "ModelRef",
    "Object",
    "Origin",
    "Parameter",
    "Type",
    "Value",
    "aliases",
    "faults",
    "find",
    "find_listed",
    "foreign",
    "generated_from",
    "installed",
    "is_older",
    "made",
    "names",
]
