"""What an editor shows beside a Keras class or one of its arguments: type, range and default."""

import json
from functools import cache

from dlspec.language import catalogue
from dlspec.language.catalogue import ClassEntry, Kind, Parameter, Value

_KINDS: dict[Kind, str] = {
    "layer": "Layer",
    "loss": "Loss",
    "metric": "Metric",
    "optimizer": "Optimizer",
    "schedule": "Learning-rate schedule",
    "callback": "Callback",
    "initializer": "Initializer",
    "regularizer": "Regularizer",
    "constraint": "Constraint",
    "activation": "Activation",
    "op": "Operation",
}
_TYPES = {
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "text": "text",
    "shape": "a list of extents",
    "axis": "an axis",
    "axes": "an axis, or a list of them",
    "integers": "a list of integers",
    "numbers": "a list of numbers",
    "bounds": "a number, or a list of two",
    "values": "a number, or a list of numbers",
    "activation": "an activation",
    "initializer": "an initializer",
    "regularizer": "a regularizer",
    "constraint": "a constraint",
    "layer": "a layer",
    "layers": "a list of layers",
    "loss": "a loss",
    "metric": "a metric",
    "optimizer": "an optimizer",
    "schedule": "a number, or a learning-rate schedule",
    "dtype": "a dtype",
    "list": "a list",
    "index": "an integer, a slice as text (`1:5`), `...`, null for a new axis, or a list of these",
    "mapping": "a mapping",
    "seed": "a seed",
    "callable": "a Python function, which no spec can give",
    "tensor": "a tensor",
    "tensors": "a list of tensors",
    "any": "any value",
}


def word_text(entry: ClassEntry) -> str:
    """Return what a class is and what it cannot do without."""
    since = f", since {entry.since}" if entry.since else ""
    needed = [p.name for p in entry.parameters if p.required]
    needs = f" Needs {', '.join(needed)}." if needed else ""
    owner = "Keras" if entry.origin is None else "this project"
    return f"{_KINDS[entry.kind]} of {owner}{since}.{needs}"


def class_text(entry: ClassEntry) -> str:
    """Return what a class is, what it needs and what else it takes."""
    others = [p.name for p in entry.parameters if not p.required]
    takes = f" Takes {', '.join(others)}." if others else ""
    return word_text(entry) + (takes if entry.parameters else " Takes no arguments.")


def parameter_text(parameter: Parameter) -> str:
    """Return the type, the range and the default of an argument, as one sentence."""
    said = _parameter_type_text(parameter) + _parameter_range_text(parameter)
    if parameter.nullable and parameter.default is not None:
        said += ", or null"
    if parameter.choices and parameter.type != "choice":
        said += f", or {_choices_text(parameter.choices)}"
    ends = "required" if parameter.required else f"default {_json_literal_text(parameter.default)}"
    since = f"; since Keras {parameter.since}" if parameter.since else ""
    return f"{said[0].upper()}{said[1:]}; {ends}{since}."


def _parameter_type_text(parameter: Parameter) -> str:
    match parameter.type:
        case "choice":
            return _choices_text(parameter.choices)
        case "extents":
            rank = f"a list of {parameter.rank}" if parameter.rank else "a list"
            return f"an integer, or {rank}"
        case "padding_extents":
            return f"an integer, a list of {parameter.rank}, or {parameter.rank} pairs"
        case other:
            return _TYPES[other]


def _parameter_range_text(parameter: Parameter) -> str:
    bounds = {
        "at least": parameter.minimum,
        "above": parameter.exclusive_minimum,
        "at most": parameter.maximum,
        "below": parameter.exclusive_maximum,
    }
    return "".join(f", {word} {bound:g}" for word, bound in bounds.items() if bound is not None)


def _choices_text(choices: tuple[Value, ...]) -> str:
    *others, last = [_json_literal_text(choice) for choice in choices]
    return f"{', '.join(others)} or {last}" if others else last


def _json_literal_text(value: Value) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)


@cache
def names_of(kind: Kind) -> dict[str, str]:
    """Return every name of a kind's classes that a spec may use, with the class it means."""
    allowed = catalogue.names_of_kind(kind)
    others = {a: name for a, name in catalogue.aliases_of_kind(kind).items() if name in allowed}
    return {**{name: name for name in allowed}, **dict(sorted(others.items()))}


@cache
def texts_of(kind: Kind) -> dict[str, str]:
    """Return what an editor shows beside each name of a kind's classes."""
    entries = {one: catalogue.find_entry(kind, name) for one, name in names_of(kind).items()}
    return {one: word_text(entry) for one, entry in entries.items() if entry is not None}
