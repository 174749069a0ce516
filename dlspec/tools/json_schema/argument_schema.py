"""What a Keras class takes, as JSON Schema: keywords, and the shorter forms of DESIGN §3.1."""

from dlspec.decode.catalogue_objects import WHOLE_LISTS
from dlspec.language.catalogue import ClassEntry, Parameter
from dlspec.tools.json_schema.forms import (
    ANY_TYPE,
    Schema,
    any_of,
    by_form,
    mapping,
    nullable,
    ref,
    scalar,
)
from dlspec.tools.json_schema.texts import class_text, parameter_text

# Further positions are not looked at: nobody writes them, and each costs a line per class.
_POSITIONS = 4
_OBJECTS = ("initializer", "regularizer", "constraint", "loss", "metric", "optimizer", "layer")


def class_schemas(entry: ClassEntry) -> dict[str, Schema]:
    """Return the definitions of a class by name.

    `layer.Dense` holds its keywords, `layer.Dense()` all forms in which arguments may be written,
    and `layer.Dense(...)` those that leave out what `defaults` may hold.
    """
    name = f"{entry.kind}.{entry.name}"
    keywords = mapping({p.name: parameter_schema(p) for p in entry.parameters})
    needed = [p.name for p in entry.parameters if p.required]
    said: Schema = {"title": entry.name, "description": class_text(entry)}
    found = {name: {**keywords, "title": entry.name}}
    forms = {**_forms(entry, ref(name)), **said}
    if not needed:
        return {**found, f"{name}()": forms}
    named: Schema = {"type": "object"}
    if entry.parameters[0].type == "layer":
        named["not"] = ref("made")
    found[f"{name}()"] = {
        "type": ANY_TYPE,
        "allOf": [ref(f"{name}(...)")],
        "if": named,
        "then": {"required": needed},
        "else": {"not": {"type": "null"}},
    }
    return {**found, f"{name}(...)": forms}


def _forms(entry: ClassEntry, own: Schema) -> Schema:
    """Return what may stand behind a class: its form tells what is meant, so a slip has one cause.

    Editors show every alternative that a value fails; `if` leaves them the one that was meant.
    """
    if not entry.parameters:
        return any_of(own, {"type": "null"})
    first, *_ = entry.parameters
    base = own["$ref"]
    named = [{"$ref": f"{base}/properties/{p.name}"} for p in entry.parameters[:_POSITIONS]]
    keywords: Schema = own
    if first.type == "layer":
        # `Bidirectional: {LSTM: 64}` is the layer itself.
        keywords = {"if": ref("made"), "then": named[0], "else": own}
    items = [_position(p, item, own) for p, item in zip(entry.parameters, named, strict=False)]
    positions = {"type": "array", "prefixItems": items}
    return by_form(
        mapping=keywords,
        listed=_listed(first, named[0], positions),
        single=nullable(named[0]),
    )


def _listed(first: Parameter, whole: Schema, positions: Schema) -> Schema:
    if first.type == "layers":
        return whole
    if first.type in WHOLE_LISTS:
        return {"if": {"contains": {"type": "object"}}, "then": positions, "else": whole}
    return positions


def _position(parameter: Parameter, item: Schema, own: Schema) -> Schema:
    """Return what may stand in a position: a mapping with the names of arguments is the last."""
    value = {"if": {"type": "object"}, "then": own, "else": item}
    may_be_made = parameter.type in (*_OBJECTS, "activation", "schedule", "any")
    return {"if": ref("made"), "then": item, "else": value} if may_be_made else value


def parameter_schema(parameter: Parameter) -> Schema:
    """Return what one argument may be; its type and default as text for editors."""
    form = _form(parameter)
    if parameter.choices and parameter.type != "choice":
        form = any_of(form, {"enum": list(parameter.choices)})
    if parameter.nullable or (parameter.default is None and not parameter.required):
        form = nullable(form)
    said = {**form, "description": parameter_text(parameter)}
    if isinstance(parameter.default, bool | int | float | str):
        return {**said, "default": parameter.default}
    return said


def _form(parameter: Parameter) -> Schema:  # noqa: C901, PLR0912 - one case per type
    match parameter.type:
        case "integer" | "axis" | "seed":
            return _bounded("integer", parameter)
        case "number":
            return _bounded("number", parameter)
        case "boolean":
            return scalar("boolean")
        case "text" | "dtype":
            return {"type": "string"}
        case "choice":
            return any_of({"enum": list(parameter.choices)}, ref("expression"))
        case "extents" | "axes":
            return any_of(_bounded("integer", parameter), _list("integer", parameter))
        case "padding_extents":
            return any_of(_bounded("integer", parameter), _pairs(parameter))
        case "shape":
            extent = nullable(_bounded("integer", parameter))
            return any_of({"type": "array", "items": extent}, scalar("integer"))
        case "integers":
            return any_of(_list("integer", parameter), ref("expression"))
        case "numbers":
            return any_of(_list("number", parameter), ref("expression"))
        case "bounds" | "values":
            return any_of(_bounded("number", parameter), _list("number", parameter))
        case "activation":
            return any_of(ref("activation"), ref("layer"))
        case "layers":
            return {"type": "array", "items": ref("layer")}
        case "schedule":
            return any_of(_bounded("number", parameter), ref("schedule"))
        case "list":
            return any_of({"type": "array"}, ref("expression"))
        case "index":
            item: Schema = {"type": ["integer", "string", "null"]}
            return any_of(item, {"type": "array", "items": item})
        case "mapping":
            return {"type": "object"}
        case "callable":
            return {"not": {}}
        case other:
            return ref(other) if other in _OBJECTS else {}


def _bounded(type_: str, parameter: Parameter) -> Schema:
    return scalar(
        type_,
        minimum=_plain(parameter.minimum),
        exclusiveMinimum=_plain(parameter.exclusive_minimum),
        maximum=_plain(parameter.maximum),
        exclusiveMaximum=_plain(parameter.exclusive_maximum),
    )


def _plain(bound: float | None) -> float | None:
    return int(bound) if bound is not None and bound == int(bound) else bound


def _list(type_: str, parameter: Parameter) -> Schema:
    listed: Schema = {"type": "array", "items": _bounded(type_, parameter)}
    rank = 2 if parameter.type == "bounds" else parameter.rank
    if rank is not None and parameter.type != "axes":
        listed |= {"minItems": rank, "maxItems": rank}
    return listed


def _pairs(parameter: Parameter) -> Schema:
    extent = _bounded("integer", parameter)
    pair: Schema = {"type": "array", "items": extent, "minItems": 2, "maxItems": 2}
    return {"type": "array", "items": any_of(extent, pair)}
