"""The JSON Schema of the language, for editors: made from the records and the catalogue."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from dlspec import catalogue, kinds, zoo
from dlspec.argument_schema import class_schema, parameter_schema
from dlspec.arguments import CHOSEN_BY_KERAS
from dlspec.catalogue import KINDS, Kind
from dlspec.decode import LANGUAGE_VERSION
from dlspec.graph_ends import DTYPES
from dlspec.kinds import keys_of
from dlspec.schema_words import (
    EXPRESSION,
    Schema,
    any_of,
    mapping,
    nullable,
    ref,
    scalar,
    scalar_definitions,
)
from dlspec.spec import Document

_NAME = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"}
_REQUIREMENT = {"type": "string", "pattern": "^\\s*(>=|<=|>|<)\\s*[-+]?[0-9]"}
_ANY_OBJECT = {"type": "object"}


@cache
def schema_text() -> str:
    """Return the JSON Schema (draft 2020-12) of a spec, one definition on a line."""
    schema = _Schema()
    document = schema.document()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}
    lines = [f"{_text(name)}: {_text(value)}" for name, value in head.items()]
    inner = ",\n".join(f"  {_text(n)}: {_text(d)}" for n, d in sorted(schema.definitions.items()))
    return "{\n" + ",\n".join([*lines, f'"$defs": {{\n{inner}\n}}']) + "\n}\n"


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


class _Schema:
    """Gathers definitions while it turns records and catalogue entries into schemas."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {"expression": EXPRESSION, **scalar_definitions()}

    def document(self) -> Schema:
        for kind in KINDS:
            if kind != "op":
                self._classes(kind)
        self._graph_definitions()
        properties = self._properties(Document)
        properties["dlspec"] = {"const": LANGUAGE_VERSION}
        properties["model"] = ref("model")
        properties["params"] = {**_ANY_OBJECT, "description": properties["params"]["description"]}
        return {
            "title": "dlspec",
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            "required": ["dlspec"],
            # What is not written here may stand in the spec that this one extends.
            "if": {"not": {"required": ["extends"]}},
            "then": {"required": ["name", "model"]},
        }

    # -- sections ------------------------------------------------------------------------------

    def _record(self, record: type, *, tag: str | None = None) -> Schema:
        name = record.__name__
        if name not in self.definitions:
            self.definitions[name] = {}  # taken before its fields are looked at
            self.definitions[name] = {
                **mapping(self._properties(record)),
                "description": (record.__doc__ or "").partition("\n")[0],
                **({"required": [tag]} if tag else {}),
            }
        return ref(name)

    def _properties(self, record: type) -> dict[str, Schema]:
        return {k.name: {**self._kind(k.kind), "description": k.doc} for k in keys_of(record)}

    def _kind(self, kind: kinds.Kind) -> Schema:  # noqa: C901, PLR0912 - one case per kind
        match kind:
            case kinds.Boolean():
                return scalar("boolean")
            case kinds.Integer():
                return scalar("integer", minimum=kind.minimum, maximum=kind.maximum)
            case kinds.Number():
                return _number(kind)
            case kinds.Text():
                return {"type": "string", "minLength": 1}
            case kinds.Choice():
                words = any_of({"enum": list(kind.words)}, ref("expression"))
                return any_of(words, scalar("number")) if kind.or_number else words
            case kinds.Literal_():
                return {}
            case kinds.ListOf():
                return self._list(kind)
            case kinds.MapOf():
                return {"type": "object", "additionalProperties": self._kind(kind.value)}
            case kinds.Record():
                return self._record(kind.type)
            case kinds.Tagged():
                return self._tagged(kind)
            case kinds.Variants():
                return any_of(*(self._record(record) for record in kind.types))
            case kinds.PerOutput():
                value = self._kind(kind.value)
                return any_of(value, {"type": "object", "additionalProperties": value})
            case kinds.Gates():
                words = dict.fromkeys(kind.metrics, _REQUIREMENT)
                return mapping(words)
            case kinds.CatalogueObject():
                return ref(kind.kind)
            case kinds.Either():
                forms = (kind.scalar, kind.sequence, kind.mapping)
                return any_of(*(self._kind(form) for form in forms if form is not None))

    def _list(self, kind: kinds.ListOf) -> Schema:
        item = self._kind(kind.item)
        listed: Schema = {"type": "array", "items": item}
        if kind.length is not None:
            listed |= {"minItems": kind.length, "maxItems": kind.length}
        return any_of(listed, item) if kind.or_one else any_of(listed, ref("expression"))

    def _tagged(self, kind: kinds.Tagged) -> Schema:
        found = []
        for tag, records in kind.types.items():
            several = records.values() if isinstance(records, Mapping) else (records,)
            found += [self._record(record, tag=tag) for record in several]
        return any_of(*found)

    # -- the catalogue -------------------------------------------------------------------------

    def _classes(self, kind: Kind) -> None:
        """Define each class of a kind, and `kind`: what stands where an object is asked for."""
        words = _words(kind)
        extra = sorted(CHOSEN_BY_KERAS) if kind == "metric" else []
        forms = [{"enum": [*words, *extra]}, ref("expression")]
        if kind == "activation":
            self.definitions[kind] = any_of(*forms)
            return
        for name in catalogue.names(kind):
            entry = catalogue.find(kind, name)
            assert entry is not None
            keywords, arguments = class_schema(entry)
            self.definitions[f"{kind}.{name}"] = keywords
            self.definitions[f"{kind}.{name}()"] = arguments
        heads = {word: ref(f"{kind}.{name}()") for word, name in words.items()}
        if kind == "layer":
            heads["model"] = _NAME
        self.definitions[kind] = any_of(
            *forms, {**mapping(heads), "minProperties": 1, "maxProperties": 1}
        )

    # -- the graph -----------------------------------------------------------------------------

    def _graph_definitions(self) -> None:
        self.definitions["source"] = any_of(
            {"type": "string"},
            {"type": "array", "items": ref("source")},
            {"type": "object", "additionalProperties": ref("source")},
        )
        for op in catalogue.names("op"):
            self.definitions[f"op.{op}"] = _operation(op)
        # A graph beside `blocks` may name them; without blocks every CapWord is a layer of Keras.
        self._entry("entry", blocks=False)
        self._entry("entry_or_block", blocks=True)
        self.definitions["input"] = _input()
        self.definitions["block"] = mapping(
            {
                "params": _ANY_OBJECT,
                "inputs": {"type": "array", "items": _NAME},
                "graph": {"type": "array", "items": ref("entry_or_block")},
            }
        )
        self.definitions["model"] = {
            "type": "object",
            "if": {"required": ["zoo"]},
            "then": any_of(*(_packaged(name) for name in zoo.architectures())),
            "else": {
                **mapping(_model_keys()),
                "if": {"required": ["blocks"]},
                "then": {"properties": {"graph": {"items": ref("entry_or_block")}}},
                "else": {"properties": {"graph": {"items": ref("entry")}}},
            },
        }

    def _entry(self, name: str, *, blocks: bool) -> None:
        words = _words("layer")
        ops = {f"ops.{op}": ref(f"op.{op}") for op in catalogue.names("op")}
        rows = {"type": "array", "items": ref(name)}
        properties: dict[str, Schema] = {
            "name": _NAME,
            "from": ref("source"),
            "call": _ANY_OBJECT,
            "repeat": scalar("integer", minimum=0),
            "if": scalar("boolean"),
            "trainable": scalar("boolean"),
            "branches": {"type": "array", "items": nullable(rows)},
            "do": rows,
            "use": {"type": "string"},
            "for": {"type": "object", "minProperties": 1},
            **{word: ref(f"layer.{class_}()") for word, class_ in words.items()},
            **ops,
        }
        heads: Schema = {"enum": [*words, *ops]}
        if blocks:
            heads = any_of(heads, {"type": "string", "pattern": "^[A-Z]"})
        self.definitions[name] = any_of(
            heads,
            {
                **mapping(properties),
                **({"patternProperties": {"^[A-Z]": {}}} if blocks else {}),
                "minProperties": 1,
            },
        )


def _number(kind: kinds.Number) -> Schema:
    return scalar(
        "number",
        minimum=kind.minimum,
        maximum=kind.maximum,
        exclusiveMinimum=kind.above,
        exclusiveMaximum=kind.below,
    )


@cache
def _words(kind: Kind) -> dict[str, str]:
    """Return every name of a kind's classes that a spec may use, with the class it means."""
    allowed = catalogue.names(kind)
    others = {a: name for a, name in catalogue.aliases(kind).items() if name in allowed}
    return {**{name: name for name in allowed}, **dict(sorted(others.items()))}


def _operation(name: str) -> Schema:
    entry = catalogue.find("op", name)
    assert entry is not None
    keywords = {p.name: parameter_schema(p) for p in entry.parameters}
    named = mapping({**keywords, "args": {"type": "array"}})
    return any_of(named, {"type": ["null", "boolean", "number", "string", "array"]})


def _input() -> Schema:
    extents = {"type": "array", "items": nullable(scalar("integer", minimum=1))}
    shape = any_of(extents, ref("expression"))
    described = {
        "shape": shape,
        "dtype": any_of({"enum": [*DTYPES]}, ref("expression")),
        "sparse": scalar("boolean"),
        "batch": nullable(scalar("integer", minimum=1)),
    }
    return any_of(shape, {**mapping(described), "required": ["shape"]})


_OUTPUTS: Schema = {"type": ["string", "array", "object"]}


def _model_keys() -> dict[str, Schema]:
    defaults = {word: ref(f"layer.{name}") for word, name in _words("layer").items()}
    return {
        "inputs": {"type": "object", "additionalProperties": ref("input")},
        "graph": {"type": "array"},
        "outputs": _OUTPUTS,
        "inputs_as": {"enum": ["list", "mapping"]},
        "defaults": mapping(defaults),
        "blocks": {
            "type": "object",
            "propertyNames": {"pattern": "^[A-Z]"},
            "additionalProperties": ref("block"),
        },
        "models": {"type": "object", "additionalProperties": ref("model")},
    }


def _packaged(name: str) -> Schema:
    params: dict[str, Any] = {param: {} for param in zoo.params_of(name)}
    return mapping({"zoo": {"const": name}, "with": mapping(params), "outputs": _OUTPUTS})
