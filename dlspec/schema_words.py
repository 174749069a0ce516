"""The small forms that a JSON Schema of specs is made of: a value, or an expression for it."""

from typing import Any

Schema = dict[str, Any]

EXPRESSION: Schema = {"type": "string", "pattern": "^\\$", "description": "An expression."}

SCALARS = ("boolean", "integer", "number")


def ref(name: str) -> Schema:
    """Return a reference to the definition `name`."""
    return {"$ref": "#/$defs/" + name.replace("~", "~0").replace("/", "~1")}


def any_of(*forms: Schema) -> Schema:
    """Return a schema that at least one of `forms` must hold for; equal forms count once."""
    flat: list[Schema] = []
    for form in forms:
        inner = form["anyOf"] if form.keys() == {"anyOf"} else [form]
        flat += [one for one in inner if one not in flat]
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def scalar(type_: str, **bounds: float | None) -> Schema:
    """Return a JSON type within bounds, or an expression in its place."""
    limits = {name: bound for name, bound in bounds.items() if bound is not None}
    if not limits:
        return ref(type_)
    return any_of({"type": type_, **limits}, ref("expression"))


def scalar_definitions() -> dict[str, Schema]:
    """Return what `scalar` refers to where there are no bounds."""
    return {type_: any_of({"type": type_}, ref("expression")) for type_ in SCALARS}


def nullable(form: Schema) -> Schema:
    """Return a schema that null fits too."""
    return any_of(form, {"type": "null"})


def mapping(properties: dict[str, Schema]) -> Schema:
    """Return a mapping with these keys and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False}
