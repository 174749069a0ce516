"""What a Keras class takes, as JSON Schema: keywords, and the shorter forms of an entry."""

from dlspec.decode.catalogue_objects import WHOLE_LISTS
from dlspec.language.catalogue import ClassEntry, Parameter
from dlspec.tools.json_schema.forms import (
    ANY_TYPE,
    Schema,
    any_of,
    by_form,
    closed_mapping_schema,
    nullable_schema,
    scalar_schema,
    schema_ref,
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
    keywords = closed_mapping_schema({p.name: parameter_schema(p) for p in entry.parameters})
    needed = [p.name for p in entry.parameters if p.required]
    said: Schema = {"title": entry.name, "description": class_text(entry)}
    found = {name: {**keywords, "title": entry.name}}
    forms = {**_class_argument_forms(entry, schema_ref(name)), **said}
    if not needed:
        return {**found, f"{name}()": forms}
    named: Schema = {"type": "object"}
    if entry.parameters[0].type == "layer":
        named["not"] = schema_ref("made")
    found[f"{name}()"] = {
        "type": ANY_TYPE,
        "allOf": [schema_ref(f"{name}(...)")],
        "if": named,
        "then": {"required": needed},
        "else": {"not": {"type": "null"}},
    }
    return {**found, f"{name}(...)": forms}


def _class_argument_forms(entry: ClassEntry, own: Schema) -> Schema:
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
        keywords = {"if": schema_ref("made"), "then": named[0], "else": own}
    items = [
        _position_schema(p, item, own) for p, item in zip(entry.parameters, named, strict=False)
    ]
    positions = {"type": "array", "prefixItems": items}
    return by_form(
        mapping=keywords,
        listed=_listed_arguments_schema(first, named[0], positions),
        single=nullable_schema(named[0]),
    )


def _listed_arguments_schema(first: Parameter, whole: Schema, positions: Schema) -> Schema:
    if first.type == "layers":
        return whole
    if first.type in WHOLE_LISTS:
        return {"if": {"contains": {"type": "object"}}, "then": positions, "else": whole}
    return positions


def _position_schema(parameter: Parameter, item: Schema, own: Schema) -> Schema:
    """Return what may stand in a position: a mapping with the names of arguments is the last."""
    value = {"if": {"type": "object"}, "then": own, "else": item}
    may_be_made = parameter.type in (*_OBJECTS, "activation", "schedule", "any")
    return {"if": schema_ref("made"), "then": item, "else": value} if may_be_made else value


def parameter_schema(parameter: Parameter) -> Schema:
    """Return what one argument may be; its type and default as text for editors."""
    form = _parameter_type_schema(parameter)
    if parameter.choices and parameter.type != "choice":
        form = any_of(form, {"enum": list(parameter.choices)})
    if parameter.nullable or (parameter.default is None and not parameter.required):
        form = nullable_schema(form)
    said = {**form, "description": parameter_text(parameter)}
    if isinstance(parameter.default, bool | int | float | str):
        return {**said, "default": parameter.default}
    return said


def _parameter_type_schema(parameter: Parameter) -> Schema:  # noqa: C901, PLR0912 - one case per type
    match parameter.type:
        case "integer" | "axis" | "seed":
            return _bounded_scalar_schema("integer", parameter)
        case "number":
            return _bounded_scalar_schema("number", parameter)
        case "boolean":
            return scalar_schema("boolean")
        case "text" | "dtype":
            return {"type": "string"}
        case "choice":
            return any_of({"enum": list(parameter.choices)}, schema_ref("expression"))
        case "extents" | "axes":
            return any_of(
                _bounded_scalar_schema("integer", parameter),
                _list_parameter_schema("integer", parameter),
            )
        case "padding_extents":
            return any_of(
                _bounded_scalar_schema("integer", parameter), _padding_pairs_schema(parameter)
            )
        case "shape":
            extent = nullable_schema(_bounded_scalar_schema("integer", parameter))
            return any_of({"type": "array", "items": extent}, scalar_schema("integer"))
        case "integers":
            return any_of(_list_parameter_schema("integer", parameter), schema_ref("expression"))
        case "numbers":
            return any_of(_list_parameter_schema("number", parameter), schema_ref("expression"))
        case "bounds" | "values":
            return any_of(
                _bounded_scalar_schema("number", parameter),
                _list_parameter_schema("number", parameter),
            )
        case "activation":
            return any_of(schema_ref("activation"), schema_ref("layer"))
        case "layers":
            return {"type": "array", "items": schema_ref("layer")}
        case "schedule":
            return any_of(_bounded_scalar_schema("number", parameter), schema_ref("schedule"))
        case "list":
            return any_of({"type": "array"}, schema_ref("expression"))
        case "index":
            item: Schema = {"type": ["integer", "string", "null"]}
            return any_of(item, {"type": "array", "items": item})
        case "mapping":
            return {"type": "object"}
        case "callable":
            return {"not": {}}
        case other:
            return schema_ref(other) if other in _OBJECTS else {}


def _bounded_scalar_schema(type_: str, parameter: Parameter) -> Schema:
    return scalar_schema(
        type_,
        minimum=_whole_bound(parameter.minimum),
        exclusiveMinimum=_whole_bound(parameter.exclusive_minimum),
        maximum=_whole_bound(parameter.maximum),
        exclusiveMaximum=_whole_bound(parameter.exclusive_maximum),
    )


def _whole_bound(bound: float | None) -> float | None:
    return int(bound) if bound is not None and bound == int(bound) else bound


def _list_parameter_schema(type_: str, parameter: Parameter) -> Schema:
    listed: Schema = {"type": "array", "items": _bounded_scalar_schema(type_, parameter)}
    rank = 2 if parameter.type == "bounds" else parameter.rank
    if rank is not None and parameter.type != "axes":
        listed |= {"minItems": rank, "maxItems": rank}
    return listed


def _padding_pairs_schema(parameter: Parameter) -> Schema:
    extent = _bounded_scalar_schema("integer", parameter)
    pair: Schema = {"type": "array", "items": extent, "minItems": 2, "maxItems": 2}
    return {"type": "array", "items": any_of(extent, pair)}
