"""The JSON Schema of the language, for editors: made from the records and the catalogue."""

import json
from collections.abc import Mapping

from dlspec.decode.argument_values import CHOSEN_BY_KERAS
from dlspec.decode.decode import LANGUAGE_VERSION
from dlspec.language import catalogue, kinds
from dlspec.language.catalogue import KINDS, ClassEntry, Kind
from dlspec.language.kinds import keys_of
from dlspec.language.sections import Document
from dlspec.tools.json_schema.argument_schema import class_schemas, parameter_schema
from dlspec.tools.json_schema.forms import (
    ANY_TYPE,
    EXPRESSION,
    MADE,
    Schema,
    any_of,
    by_form,
    mapping,
    nullable,
    ref,
    scalar,
    scalar_definitions,
    snippets,
    word,
)
from dlspec.tools.json_schema.model_schema import (
    entry_name,
    graph_of,
    input_of,
    model_keys,
    model_of,
    said,
    told_apart,
)
from dlspec.tools.json_schema.texts import class_text, names_of, texts_of, word_text

_NAME = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"}
_REQUIREMENT = {"type": "string", "pattern": "^\\s*(>=|<=|>|<)\\s*[-+]?[0-9]"}
_ANY_OBJECT = {"type": "object"}


def schema_text(listed: tuple[ClassEntry, ...] = ()) -> str:
    """Return the JSON Schema (draft 2020-12) of a spec, one definition on a line.

    Args:
        listed: The layers of a project's own that its specs may use.
    """
    schema = _Schema(listed)
    document = schema.document()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}
    lines = [f"{_text(name)}: {_text(value)}" for name, value in head.items()]
    inner = ",\n".join(f"  {_text(n)}: {_text(d)}" for n, d in sorted(schema.definitions.items()))
    return "{\n" + ",\n".join([*lines, f'"$defs": {{\n{inner}\n}}']) + "\n}\n"


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


class _Schema:
    """Gathers definitions while it turns records and catalogue entries into schemas."""

    def __init__(self, listed: tuple[ClassEntry, ...]) -> None:
        self.listed = listed
        self.layers = {**names_of("layer"), **{entry.name: entry.name for entry in listed}}
        self.layer_texts = {
            **texts_of("layer"),
            **{entry.name: word_text(entry) for entry in listed},
        }
        self.definitions: dict[str, Schema] = {
            "expression": EXPRESSION,
            "made": MADE,
            **scalar_definitions(),
        }

    def document(self) -> Schema:
        for kind in KINDS:
            if kind != "op":
                self._classes(kind)
        self._graph_definitions()
        properties = self._properties(Document)
        properties["dlspec"] = {"const": LANGUAGE_VERSION}
        properties["model"] = {"description": properties["model"]["description"]}
        properties["params"] = {**_ANY_OBJECT, "description": properties["params"]["description"]}
        return {
            "title": "dlspec",
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            "required": ["dlspec"],
            # What is not written here may stand in the spec that this one extends.
            "if": {"required": ["extends"]},
            "then": {"properties": {"model": ref("model_in_parts")}},
            "else": {"required": ["name", "model"], "properties": self._whole_sections()},
        }

    def _whole_sections(self) -> dict[str, Schema]:
        """Return what a section must hold unless another spec, under `extends`, holds it."""
        found: dict[str, Schema] = {"model": ref("model")}
        for key in keys_of(Document):
            if isinstance(key.kind, kinds.Record):
                needed = [inner.name for inner in keys_of(key.kind.type) if inner.required]
                found |= {key.name: {"required": needed}} if needed else {}
        return found

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
                form = _per_output(self._kind(kind.value))
                proposed = kind.value == kinds.CatalogueObject("loss")
                return form | (_proposed(texts_of("loss")) if proposed else {})
            case kinds.Gates():
                words = dict.fromkeys(kind.metrics, _REQUIREMENT)
                return mapping(words)
            case kinds.CatalogueObject():
                return ref(kind.kind)
            case kinds.Either():
                forms = (kind.scalar, kind.sequence, kind.mapping)
                scalar_, listed, mapping_ = (None if f is None else self._kind(f) for f in forms)
                never: Schema = {"not": {}}
                return by_form(
                    mapping=mapping_ or never, listed=listed or never, single=scalar_ or never
                )

    def _list(self, kind: kinds.ListOf) -> Schema:
        item = self._kind(kind.item)
        listed: Schema = {"type": "array", "items": item}
        if kind.length is not None:
            listed |= {"minItems": kind.length, "maxItems": kind.length}
        other = item if kind.or_one else ref("expression")
        form = {"if": {"type": "array"}, "then": listed, "else": other}
        return {"type": ANY_TYPE, **form}

    def _tagged(self, kind: kinds.Tagged) -> Schema:
        found = []
        for tag, records in kind.types.items():
            several = records.values() if isinstance(records, Mapping) else (records,)
            found += [self._record(record, tag=tag) for record in several]
        return any_of(*found)

    # -- the catalogue -------------------------------------------------------------------------

    def _classes(self, kind: Kind) -> None:
        """Define each class of a kind, and `kind`: what stands where an object is asked for."""
        words, texts = names_of(kind), dict(texts_of(kind))
        if kind == "layer":
            words, texts = self.layers, self.layer_texts
        if kind == "metric":
            texts |= dict.fromkeys(sorted(CHOSEN_BY_KERAS), "Chosen by Keras to fit the target.")
        named = word(texts, what=kind, offered=True)
        proposed = _proposed(texts)
        if kind == "activation":
            self.definitions[kind] = named | proposed
            return
        for name in catalogue.names(kind):
            entry = catalogue.find(kind, name)
            assert entry is not None
            self.definitions |= class_schemas(entry)
        for entry in self.listed if kind == "layer" else ():
            self.definitions |= class_schemas(entry)
        heads = {one: ref(f"{kind}.{name}()") for one, name in words.items()}
        if kind == "layer":
            heads["model"] = _NAME
        made = {**mapping(heads), "minProperties": 1, "maxProperties": 1}
        self.definitions[kind] = by_form(mapping=made, single=named) | proposed

    # -- the graph -----------------------------------------------------------------------------

    def _graph_definitions(self) -> None:
        self.definitions["source"] = any_of(
            {"type": "string"},
            {"type": "array", "items": ref("source")},
            {"type": "object", "additionalProperties": ref("source")},
        )
        for op in catalogue.names("op"):
            self.definitions[f"op.{op}"] = _operation(op)
        ops = {f"ops.{op}": text for op, text in texts_of("op").items()}
        texts = {**self.layer_texts, **ops}
        # Not offered: a layer without arguments may be written as `Flatten:` too.
        self.definitions["entry_word"] = word(texts, what="layer or operation", offered=False)
        for blocks in (False, True):
            for defaults in (False, True):
                self._entry(blocks=blocks, defaults=defaults)
        self.definitions["input"] = input_of()
        self.definitions["block"] = mapping(
            {
                "params": _ANY_OBJECT,
                "inputs": {"type": "array", "items": _NAME},
                "graph": graph_of(blocks=True, defaults=True),
            }
        )
        self.definitions["model"] = model_of(model_keys(self.layers), told_apart())
        anything = {"properties": {"graph": graph_of(blocks=True, defaults=True)}}
        self.definitions["model_in_parts"] = model_of(model_keys(self.layers), anything)

    def _entry(self, *, blocks: bool, defaults: bool) -> None:
        """Define an entry of a graph.

        Args:
            blocks: Whether it may name a block; if not, every CapWord is a layer of Keras.
            defaults: Whether `defaults` may hold what the entry leaves out.
        """
        name = entry_name(blocks=blocks, defaults=defaults)
        rows = {"type": "array", "items": ref(name)}
        heads = {
            head: ref(f"layer.{class_}{self._ending(class_, defaults=defaults)}")
            for head, class_ in self.layers.items()
        }
        properties: dict[str, Schema] = {
            "name": said(_NAME, "The name of the layer."),
            "from": said(ref("source"), "What it reads; without it the entry above."),
            "call": said(_ANY_OBJECT, "Further arguments of the call: mask, initial_state, ..."),
            "repeat": said(scalar("integer", minimum=0), "How many in a chain."),
            "if": said(scalar("boolean"), "Where false, the input passes through."),
            "trainable": said(
                scalar("boolean"), "Whether training changes the weights, those inside included."
            ),
            "branches": said(
                {"type": "array", "items": nullable(rows)}, "Lists of layers that a layer joins."
            ),
            "do": said(rows, "The layers of a `for`."),
            "use": said({"type": "string"}, "A model under models, or an earlier layer again."),
            "for": said(
                {"type": "object", "minProperties": 1},
                "A chain for each item of one or more lists.",
            ),
            **heads,
            **{f"ops.{op}": ref(f"op.{op}") for op in catalogue.names("op")},
        }
        capital: Schema = {"patternProperties": {"^[A-Z]": {}}} if blocks else {}
        made: Schema = {**mapping(properties), **capital, "minProperties": 1}
        named: Schema = ref("entry_word")
        if blocks:
            named = {"if": {"pattern": "^[A-Z]"}, "then": {}, "else": named}
        # Behind the dash nothing is written yet: an editor offers the keys of the mapping.
        self.definitions[name] = {
            "if": {"type": "object"},
            "then": made,
            "else": {"if": {"type": "string"}, "then": named, "else": made},
        }

    def _ending(self, class_: str, *, defaults: bool) -> str:
        return "(...)" if defaults and f"layer.{class_}(...)" in self.definitions else "()"


def _proposed(texts: Mapping[str, str]) -> Schema:
    return {"defaultSnippets": snippets(list(texts))}


def _per_output(value: Schema) -> Schema:
    """Return one value, or one for each output; a capital letter begins a class of Keras."""
    named = {"type": "object", "additionalProperties": value}
    one = {"type": "object", "maxProperties": 1, "propertyNames": {"pattern": "^[A-Z]"}}
    return {
        "type": ANY_TYPE,
        "if": one,
        "then": value,
        "else": by_form(mapping=any_of(value, named), single=value),
    }


def _number(kind: kinds.Number) -> Schema:
    return scalar(
        "number",
        minimum=kind.minimum,
        maximum=kind.maximum,
        exclusiveMinimum=kind.above,
        exclusiveMaximum=kind.below,
    )


def _operation(name: str) -> Schema:
    entry = catalogue.find("op", name)
    assert entry is not None
    keywords = {p.name: parameter_schema(p) for p in entry.parameters}
    named = mapping({**keywords, "args": {"type": "array"}})
    form = by_form(mapping=named, single={})
    return {**form, "title": f"ops.{name}", "description": class_text(entry)}
