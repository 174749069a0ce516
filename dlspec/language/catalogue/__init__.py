"""What every Keras class accepts: data generated from Keras, and its reader."""

from dlspec.language.catalogue.free_weight import (
    FREE_WEIGHT,
    MOST_AXES,
    WEIGHT_OPTIONS,
    FreeWeight,
    free_weight,
)
from dlspec.language.catalogue.own_layers import find_listed, project_faults
from dlspec.language.catalogue.reader import (
    KINDS,
    OWN_LOSSES,
    ClassEntry,
    Kind,
    ListedObject,
    ModelRef,
    Object,
    Origin,
    OwnLoss,
    Parameter,
    Type,
    Value,
    aliases_of_kind,
    find_entry,
    generated_from,
    help_for_foreign_word,
    made_object,
    names_of_kind,
)
from dlspec.language.catalogue.traits import SightTrait, Traits
from dlspec.language.catalogue.versions import installed_keras, is_older

__all__ = [
    "FREE_WEIGHT",
    "KINDS",
    "MOST_AXES",
    "OWN_LOSSES",
    "WEIGHT_OPTIONS",
    "ClassEntry",
    "FreeWeight",
    "Kind",
    "ListedObject",
    "ModelRef",
    "Object",
    "Origin",
    "OwnLoss",
    "Parameter",
    "SightTrait",
    "Traits",
    "Type",
    "Value",
    "aliases_of_kind",
    "find_entry",
    "find_listed",
    "free_weight",
    "generated_from",
    "help_for_foreign_word",
    "installed_keras",
    "is_older",
    "made_object",
    "names_of_kind",
    "project_faults",
]
