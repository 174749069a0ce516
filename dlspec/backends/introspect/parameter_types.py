"""From evidence to a parameter of the catalogue: its type, range and choices."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from dlspec.backends.introspect.evidence import Evidence, accepted_words

_BY_NAME = (
    (r"(^|_)initializer$", "initializer"),
    (r"(^|_)regularizer$", "regularizer"),
    (r"(^|_)constraint$", "constraint"),
    (r"(^|_)activation$", "activation"),
    (r"(^|_)(backward_)?layer$|^cell$", "layer"),
    (r"^(layers|cells)$", "layers"),
    (r"^(inner_)?optimizer$", "optimizer"),
    (r"^learning_rate$", "schedule"),
    (r"(^|_)dtype$", "dtype"),
    (r"^seed$", "seed"),
    (r"(^|_)(fn|fun|func|function|callback)$", "callable"),
    (r"^(target|output|noise|batch|new)?_?shape$", "shape"),
    (r"(^|_)(monitor|name|path|filepath|filename|directory|dir|root|equation|encoding)$", "text"),
    (r"^value_range$", "numbers"),
    (r"^num_|_(dim|multiplier|steps|length|rank)$|^(height|width)$", "integer"),
)
_BY_TEXT = (
    (r"^(number|total number|maximum number|maximum size|size|dimension) of\b", "integer"),
    (r"^bool|^true\b|^whether|^if `?(true|false)|^(a )?bool", "boolean"),
    (r"^(float|number|scalar).{0,40}\b(tuple|list) of (size )?(2|two)", "bounds"),
    (r"^tuple of two floats", "bounds"),
    (r"^float value, or list|^list of floats or", "values"),
    (r"^(number|scalar|float|floating|small float|momentum|multiplicative factor|decay)", "number"),
    (r"^int\w*,? or `?none|^int or none", "integer"),
    (r"^(int|integer)s?\b.{0,12}\b(or|,).{0,12}\b(tuple|list)", "extents"),
    (r"^(int|integer)\b", "integer"),
    (r"^(tuple|list)( or list| or tuple|/list|/tuple)? of (ints?|integers?|.*\bids)\b", "integers"),
    (r"^(tuple|list)( or list| or tuple)? of (python )?(floats?|numbers?)", "numbers"),
    (r"^list of", "list"),
    (r"^dict", "mapping"),
    (r"^(string|str|text|path)\b", "text"),
    (r"^function|^callable", "callable"),
)  # fmt: skip
_RANKED = frozenset({"extents", "padding_extents", "bounds", "numbers"})
_KERAS_OBJECTS = frozenset({"initializer", "regularizer", "constraint", "activation"})


def describe_parameter(evidence: Evidence, correction: Mapping[str, Any]) -> dict[str, Any]:
    """Return the catalogue's fields of one parameter, without those that say nothing.

    Args:
        evidence: What introspection gathered.
        correction: Fields of the overlay that replace what introspection found.
    """
    kind = correction.get("type") or decide_parameter_type(evidence)
    found: dict[str, Any] = {"name": evidence.name, "type": kind}
    if not evidence.required:
        found["default"] = evidence.default
    if takes_null(evidence, kind):
        found["nullable"] = True
    if kind in _RANKED and evidence.rank:
        found["rank"] = evidence.rank
    if kind == "choice" or isinstance(evidence.default, str):
        found["choices"] = (
            accepted_words(evidence) if kind in {"choice", "boolean", "integer"} else ()
        )
    found |= probed_range(evidence, kind)
    found |= correction
    return {name: value for name, value in found.items() if is_telling_field(name, value)}


def is_telling_field(name: str, value: object) -> bool:
    """Return whether a field says something: a default always does, even None."""
    return name == "default" or (value is not None and value is not False and value != ())


def decide_parameter_type(evidence: Evidence) -> str:
    """Return the parameter's type; "any" when nothing shows it."""
    for rule in _RULES:
        if found := rule(evidence):
            return found
    return "any"


def _type_by_flag(evidence: Evidence) -> str | None:
    return "boolean" if isinstance(evidence.default, bool) else None


def _type_by_parameter_name(evidence: Evidence) -> str | None:
    return next((t for pattern, t in _BY_NAME if re.search(pattern, evidence.name)), None)


def _axis_type(evidence: Evidence) -> str | None:
    if not re.search(r"(^|_)(axis|axes)$", evidence.name):
        return None
    many = evidence.name.endswith("axes") or evidence.says(r"\b(tuples?|lists?|axes)\b")
    return "axes" if many else "axis"


def _choice_type(evidence: Evidence) -> str | None:
    textual = isinstance(evidence.default, str) or evidence.default is None
    return "choice" if textual and accepted_words(evidence) else None


def _extents_type(evidence: Evidence) -> str | None:
    nested = isinstance(evidence.default, tuple) and isinstance(evidence.default[0], tuple)
    if nested or evidence.says(r"tuple of \d tuples of \d ints|tuple of int \(length 2\)"):
        return "padding_extents"
    return "extents" if evidence.is_standardized_tuple else None


def _type_by_docstring(evidence: Evidence) -> str | None:
    return next((t for pattern, t in _BY_TEXT if re.search(pattern, evidence.lower)), None)


def _type_by_default(evidence: Evidence) -> str | None:
    match evidence.default:
        case float():
            return "number"
        case int():
            return "integer"
        case str():
            return "text"
        case (tuple(), *_):
            return "padding_extents"
        case (int(), *_):
            return "extents" if evidence.accepts(1) else "integers"
        case (float(), *_):
            return "bounds" if evidence.accepts(0.5) else "numbers"
    return None


_RULES: tuple[Callable[[Evidence], str | None], ...] = (
    _type_by_flag,
    _axis_type,
    _type_by_parameter_name,
    _choice_type,
    _extents_type,
    _type_by_docstring,
    _type_by_default,
)


def takes_null(evidence: Evidence, kind: str) -> bool:
    """Return whether null may be written: it is the default, or documented and accepted."""
    if evidence.default is None and not evidence.required:
        return True
    meant = kind in _KERAS_OBJECTS or evidence.says(r"\bnone\b")
    return meant and evidence.accepts(None)


def probed_range(evidence: Evidence, kind: str) -> dict[str, Any]:
    """Return the range that construction shows for a number, or for each item of a list."""
    if kind in {"integer", "extents", "padding_extents"}:
        return asdict(evidence.probe.integer_limits(evidence.name))
    if kind in {"number", "bounds", "values", "schedule"}:
        # Of a pair, Keras compares the wrong ends; its own message means the range for both.
        return asdict(evidence.probe.number_limits(evidence.name))
    return {}
