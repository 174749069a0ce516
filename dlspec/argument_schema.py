"""What a Keras class takes, as JSON Schema: keywords, and the shorter forms of DESIGN §3.1."""

from dlspec.catalogue import ClassEntry, Parameter
from dlspec.schema_words import Schema, any_of, mapping, nullable, ref, scalar

# Further positions are not looked at: nobody writes them, and each costs a line per class.
_POSITIONS = 4
_OBJECTS = ("initializer", "regularizer", "constraint", "loss", "metric", "optimizer", "layer")


def class_schema(entry: ClassEntry) -> tuple[Schema, Schema]:
    """Return the keywords of a class, and all forms in which its arguments may be written."""
    keywords = mapping({p.name: parameter_schema(p) for p in entry.parameters})
    own = ref(f"{entry.kind}.{entry.name}")
    forms: list[Schema] = [own, {"type": "null"}]
    if entry.parameters:
        base = own["$ref"]
        names = [{"$ref": f"{base}/properties/{p.name}"} for p in entry.parameters[:_POSITIONS]]
        positions = [any_of(name, own) for name in names]
        forms += [names[0], {"type": "array", "prefixItems": positions}]
    return keywords, any_of(*forms)


def parameter_schema(parameter: Parameter) -> Schema:
    """Return what one argument may be, its default as a hint for editors."""
    form = _form(parameter)
    if parameter.choices and parameter.type != "choice":
        form = any_of(form, {"enum": list(parameter.choices)})
    if parameter.nullable or (parameter.default is None and not parameter.required):
        form = nullable(form)
    if isinstance(parameter.default, bool | int | float | str):
        return {**form, "default": parameter.default}
    return form


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
