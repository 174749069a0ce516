"""The small forms that a JSON Schema of specs is made of: a value, or an expression for it."""

import re
from typing import Any

Schema = dict[str, Any]

# A mapping that holds a class of Keras, `{Adam: ...}`, rather than names of arguments.
MADE: Schema = {"type": "object", "propertyNames": {"pattern": "^([A-Z]|model$)"}}
EXPRESSION: Schema = {"type": "string", "pattern": "^\\$"}

# Refuses nothing: an editor that is told no type completes a key without its colon.
ANY_TYPE = ["string", "number", "boolean", "array", "object", "null"]

SCALARS = ("boolean", "integer", "number")


def schema_ref(name: str) -> Schema:
    """Return a reference to the definition `name`."""
    return {"$ref": "#/$defs/" + name.replace("~", "~0").replace("/", "~1")}


def any_of(*forms: Schema) -> Schema:
    """Return a schema that at least one of `forms` must hold for; equal forms count once."""
    flat: list[Schema] = []
    for form in forms:
        inner = form["anyOf"] if form.keys() == {"anyOf"} else [form]
        flat += [one for one in inner if one not in flat]
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def scalar_schema(type_: str, **bounds: float | None) -> Schema:
    """Return a JSON type within bounds, or an expression in its place."""
    limits = {name: bound for name, bound in bounds.items() if bound is not None}
    if not limits:
        return schema_ref(type_)
    return any_of({"type": type_, **limits}, schema_ref("expression"))


def scalar_definitions() -> dict[str, Schema]:
    """Return what `scalar` refers to where there are no bounds."""
    return {type_: any_of({"type": type_}, schema_ref("expression")) for type_ in SCALARS}


def nullable_schema(form: Schema) -> Schema:
    """Return a schema that null fits too."""
    return any_of(form, {"type": "null"})


def closed_mapping_schema(properties: dict[str, Schema]) -> Schema:
    """Return a mapping with these keys and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


def by_form(*, mapping: Schema, single: Schema, listed: Schema | None = None) -> Schema:
    """Return a schema that looks at one alternative only, the one for the form of the value."""
    others = single
    if listed is not None:
        others = {"if": {"type": "array"}, "then": listed, "else": single}
    return {"type": ANY_TYPE, "if": {"type": "object"}, "then": mapping, "else": others}


def word_schema(texts: dict[str, str], *, what: str, offered: bool) -> Schema:
    """Return a schema of words, each with what an editor shows beside it.

    Args:
        texts: What is shown, by word.
        what: What the words are, as a mistake says it: "layer".
        offered: Whether an editor proposes the words; an expression may then stand in their place.
    """
    names = list(texts)
    known: Schema = {"type": "string", "pattern": f"^({'|'.join(map(re.escape, names))})$"}
    each = [{"const": name, "title": name, "description": texts[name]} for name in names]
    mistake = refusing_schema(f"No {what} is called so.")
    if not offered:
        hidden = [{**one, "doNotSuggest": True} for one in each]
        return {"if": known, "then": {"anyOf": hidden}, "else": mistake}
    other = {"if": EXPRESSION, "then": {}, "else": mistake}
    return {"if": known, "then": {"anyOf": each}, "else": other}


def refusing_schema(mistake: str) -> Schema:
    """Return a schema that no value fits; an editor shows `mistake` under one."""
    return {"type": "string", "pattern": "(?!)", "patternErrorMessage": mistake}


def word_snippets(names: list[str]) -> list[Schema]:
    """Return words for an editor to propose where it looks at no branch of an `if`."""
    return [{"label": name, "body": name} for name in names]
