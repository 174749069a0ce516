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
    "names",
]
