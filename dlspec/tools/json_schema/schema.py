"""The JSON Schema of the language, for editors: made from the records and the catalogue."""

import json
from collections.abc import Mapping

from dlspec.decode.argument_values import CHOSEN_BY_KERAS
from dlspec.decode.decode import LANGUAGE_VERSION
from dlspec.language import catalogue, kinds
from dlspec.language.catalogue import FREE_WEIGHT, KINDS, WEIGHT_OPTIONS, ClassEntry, Kind
from dlspec.language.figures import keras_figures
from dlspec.language.kinds import keys_of
from dlspec.language.memory_sizes import SIZE_PATTERN
from dlspec.language.sections import Document
from dlspec.tools.json_schema.argument_schema import class_schemas, parameter_schema
from dlspec.tools.json_schema.forms import (
    ANY_TYPE,
    EXPRESSION,
    MADE,
    Schema,
    any_of,
    by_form,
    closed_mapping_schema,
    nullable_schema,
    scalar_definitions,
    scalar_schema,
    schema_ref,
    word_schema,
    word_snippets,
)
from dlspec.tools.json_schema.model_schema import (
    OUTPUTS,
    by_defaults,
    declared_model_of,
    described_schema,
    entry_name,
    graph_of,
    model_input_schema,
    model_keys,
    model_of,
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
    lines = [f"{_compact_json(name)}: {_compact_json(value)}" for name, value in head.items()]
    inner = ",\n".join(
        f"  {_compact_json(n)}: {_compact_json(d)}" for n, d in sorted(schema.definitions.items())
    )
    return "{\n" + ",\n".join([*lines, f'"$defs": {{\n{inner}\n}}']) + "\n}\n"


def _compact_json(value: object) -> str:
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
                self._define_classes(kind)
        self._define_augmentations()
        self._graph_definitions()
        properties = self._record_properties(Document)
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
            "then": {"properties": {"model": schema_ref("model_in_parts")}},
            "else": {"required": ["name", "model"], "properties": self._whole_sections()},
        }

    def _whole_sections(self) -> dict[str, Schema]:
        """Return what a section must hold unless another spec, under `extends`, holds it."""
        found: dict[str, Schema] = {"model": schema_ref("model")}
        for key in keys_of(Document):
            if isinstance(key.kind, kinds.Record):
                needed = [inner.name for inner in keys_of(key.kind.type) if inner.required]
                found |= {key.name: {"required": needed}} if needed else {}
        return found

    # -- sections ------------------------------------------------------------------------------

    def _define_record(self, record: type, *, tag: str | None = None) -> Schema:
        name = record.__name__
        if name not in self.definitions:
            self.definitions[name] = {}  # taken before its fields are looked at
            self.definitions[name] = {
                **closed_mapping_schema(self._record_properties(record)),
                "description": (record.__doc__ or "").partition("\n")[0],
                **({"required": [tag]} if tag else {}),
                **self._where_graphs_are_declared(record),
                **self._where_figures_are_named(record),
            }
        return schema_ref(name)

    def _record_properties(self, record: type) -> dict[str, Schema]:
        own = {*_declaring_keys(record), *_keys_of_figures(record)}
        return {
            k.name: {
                **({} if k.name in own else self._kind_schema(k.kind)),
                **_proposals(k.kind),
                "description": k.doc,
            }
            for k in keys_of(record)
        }

    def _where_graphs_are_declared(self, record: type) -> Schema:
        """Return what a key may name where the record declares such things, and where not."""
        own = _declaring_keys(record)
        if not own:
            return {}
        strict = {k.name: self._kind_schema(k.kind) for k in keys_of(record) if k.name in own}
        return {
            "if": {"required": sorted(set(own.values()))},
            "then": {},
            "else": {"properties": strict},
        }

    def _where_figures_are_named(self, record: type) -> Schema:
        """Return what keys that ask for figures may say where a metric has a `name` of its own."""
        asking = _keys_of_figures(record)
        if not asking:
            return {}
        named = {"additionalProperties": {"type": "object", "required": ["name"]}}
        metrics = {"type": "array", "contains": {"type": "object", **named}}
        strict = {name: self._kind_schema(kind) for name, kind in asking.items()}
        return {
            "if": {"properties": {"metrics": metrics}, "required": ["metrics"]},
            "then": {"properties": {name: _open_figures(kind) for name, kind in asking.items()}},
            "else": {"properties": strict},
        }

    def _kind_schema(self, kind: kinds.Kind) -> Schema:  # noqa: C901, PLR0912 - one case per kind
        match kind:
            case kinds.Boolean():
                return scalar_schema("boolean")
            case kinds.Integer():
                whole = scalar_schema("integer", minimum=kind.minimum, maximum=kind.maximum)
                return nullable_schema(whole) if kind.or_null else whole
            case kinds.Number():
                return _number_kind_schema(kind)
            case kinds.Text():
                most = {} if kind.characters is None else {"maxLength": kind.characters}
                least = kind.characters or int(not kind.blank)
                return {"type": "string", "minLength": least, **most}
            case kinds.Choice():
                words = any_of({"enum": list(kind.words)}, schema_ref("expression"))
                return any_of(words, scalar_schema("number")) if kind.or_number else words
            case kinds.MemorySize():
                size = {"type": "string", "pattern": SIZE_PATTERN}
                return any_of(size, schema_ref("expression"))
            case kinds.Literal_():
                return {}
            case kinds.ListOf():
                return self._list_kind_schema(kind)
            case kinds.MapOf():
                return {"type": "object", "additionalProperties": self._kind_schema(kind.value)}
            case kinds.Record():
                return self._define_record(kind.type)
            case kinds.Tagged():
                return self._tagged_kind_schema(kind)
            case kinds.Variants():
                return any_of(*(self._define_record(record) for record in kind.types))
            case kinds.PerOutput() | kinds.PerInput():
                return _per_output_schema(self._kind_schema(kind.value))
            case kinds.Gates():
                by_keras = keras_figures()
                words = dict.fromkeys((*kind.metrics, *by_keras), _REQUIREMENT)
                named = f"._({'|'.join((*kind.by_target, *kind.by_layer, *by_keras))})$"
                return closed_mapping_schema(words) | {"patternProperties": {named: _REQUIREMENT}}
            case kinds.MetricChoice():
                words = any_of({"enum": list(kind.words)}, schema_ref("metric"))
                return by_form(mapping=schema_ref("metric"), single=words)
            case kinds.FigureChoice():
                known = dict.fromkeys((*kind.words, *keras_figures()))
                return any_of({"enum": list(known)}, schema_ref("expression"))
            case kinds.Graphs():
                return {
                    "type": "object",
                    "propertyNames": {"pattern": "^[A-Z]"},
                    "additionalProperties": schema_ref(f"{kind.what}_graph"),
                }
            case kinds.CatalogueObject():
                return schema_ref(kind.kind)
            case kinds.Augmentation():
                return schema_ref("augmentation")
            case kinds.Either():
                forms = (kind.scalar, kind.sequence, kind.mapping)
                scalar_, listed, mapping_ = (
                    None if f is None else self._kind_schema(f) for f in forms
                )
                never: Schema = {"not": {}}
                return by_form(
                    mapping=mapping_ or never, listed=listed or never, single=scalar_ or never
                )

    def _list_kind_schema(self, kind: kinds.ListOf) -> Schema:
        item = self._kind_schema(kind.item)
        listed: Schema = {"type": "array", "items": item}
        if kind.length is not None:
            listed |= {"minItems": kind.length, "maxItems": kind.length}
        other = item if kind.or_one else schema_ref("expression")
        form = {"if": {"type": "array"}, "then": listed, "else": other}
        return {"type": ANY_TYPE, **form}

    def _tagged_kind_schema(self, kind: kinds.Tagged) -> Schema:
        found = []
        for tag, records in kind.types.items():
            several = records.values() if isinstance(records, Mapping) else (records,)
            found += [self._define_record(record, tag=tag) for record in several]
        return any_of(*found)

    # -- the catalogue -------------------------------------------------------------------------

    def _define_classes(self, kind: Kind) -> None:
        """Define each class of a kind, and `kind`: what stands where an object is asked for."""
        words, texts = names_of(kind), dict(texts_of(kind))
        if kind == "layer":
            words, texts = self.layers, self.layer_texts
        if kind == "metric":
            texts |= dict.fromkeys(sorted(CHOSEN_BY_KERAS), "Chosen by Keras to fit the target.")
        named = word_schema(texts, what=kind, offered=True)
        proposed = _proposed_words(texts)
        if kind == "activation":
            self.definitions[kind] = named | proposed
            return
        for name in catalogue.names_of_kind(kind):
            entry = catalogue.find_entry(kind, name)
            assert entry is not None
            self.definitions |= class_schemas(entry)
        for entry in self.listed if kind == "layer" else ():
            self.definitions |= class_schemas(entry)
        heads = {one: schema_ref(f"{kind}.{name}()") for one, name in words.items()}
        if kind == "layer":
            heads["model"] = _NAME
        made = {**closed_mapping_schema(heads), "minProperties": 1, "maxProperties": 1}
        self.definitions[kind] = by_form(mapping=made, single=named) | proposed

    def _define_augmentations(self) -> None:
        """Define what stands where a layer is asked for that varies samples of a training."""
        names = [name for name, class_ in self.layers.items() if _augments(class_)]
        texts = {name: self.layer_texts[name] for name in names if name in self.layer_texts}
        heads = {name: schema_ref(f"layer.{self.layers[name]}()") for name in names}
        made = {**closed_mapping_schema(heads), "minProperties": 1, "maxProperties": 1}
        named = word_schema(texts, what="augmentation", offered=True)
        self.definitions["augmentation"] = by_form(mapping=made, single=named) | _proposed_words(
            texts
        )

    # -- the graph -----------------------------------------------------------------------------

    def _graph_definitions(self) -> None:
        self.definitions["source"] = any_of(
            {"type": "string"},
            {"type": "array", "items": schema_ref("source")},
            {"type": "object", "additionalProperties": schema_ref("source")},
        )
        for op in catalogue.names_of_kind("op"):
            self.definitions[f"op.{op}"] = _operation_schema(op)
        ops = {f"ops.{op}": text for op, text in texts_of("op").items()}
        texts = {**self.layer_texts, **ops}
        # Not offered: a layer without arguments may be written as `Flatten:` too.
        self.definitions["entry_word"] = word_schema(
            texts, what="layer or operation", offered=False
        )
        for blocks in (False, True):
            for defaults in (False, True):
                self._define_graph_entry(blocks=blocks, defaults=defaults)
        self.definitions["input"] = model_input_schema()
        self.definitions["block"] = closed_mapping_schema(
            {
                "params": _ANY_OBJECT,
                "inputs": described_schema(
                    {"if": {"type": "array"}, "then": {"items": _NAME}, "else": _NAME},
                    "A name for each tensor that comes in, or one name for all of them.",
                ),
                "graph": graph_of(blocks=True, defaults=True),
                "outputs": described_schema(
                    OUTPUTS, "What leaves the block; without it the last layer."
                ),
            }
        )
        # What a loss is made of: no entry of it may be a block, but for another loss.
        self.definitions["loss_graph"] = closed_mapping_schema(
            {"params": _ANY_OBJECT, "graph": graph_of(blocks=True, defaults=False)}
        )
        self.definitions["model"] = model_of(model_keys(self.layers), told_apart())
        anything = {"properties": {"graph": graph_of(blocks=True, defaults=True)}}
        self.definitions["model_in_parts"] = model_of(model_keys(self.layers), anything)
        # It may name the blocks of the model around it, too.
        self.definitions["declared_model"] = declared_model_of(
            model_keys(self.layers), by_defaults(blocks=True)
        )

    def _define_graph_entry(self, *, blocks: bool, defaults: bool) -> None:
        """Define an entry of a graph.

        Args:
            blocks: Whether it may name a block; if not, every CapWord is a layer of Keras.
            defaults: Whether `defaults` may hold what the entry leaves out.
        """
        name = entry_name(blocks=blocks, defaults=defaults)
        rows = {"type": "array", "items": schema_ref(name)}
        heads = {
            head: schema_ref(f"layer.{class_}{self._definition_ending(class_, defaults=defaults)}")
            for head, class_ in self.layers.items()
        }
        properties: dict[str, Schema] = {
            "name": described_schema(_NAME, "The name of the layer."),
            "from": described_schema(
                schema_ref("source"), "What it reads; without it the entry above."
            ),
            "call": described_schema(
                _ANY_OBJECT, "Further arguments of the call: mask, initial_state, ..."
            ),
            "repeat": described_schema(scalar_schema("integer", minimum=0), "How many in a chain."),
            "if": described_schema(
                scalar_schema("boolean"), "Where false, the input passes through."
            ),
            "trainable": described_schema(
                scalar_schema("boolean"),
                "Whether training changes the weights, those inside included.",
            ),
            "weights": described_schema(
                {
                    "if": {"type": "object"},
                    "then": {
                        **closed_mapping_schema({"file": {"type": "string"}, "feature": _NAME}),
                        "required": ["file"],
                    },
                    "else": {"type": "string"},
                },
                "Of an Embedding: a file of word vectors that its rows begin with.",
            ),
            "branches": described_schema(
                {"type": "array", "items": nullable_schema(rows)},
                "Lists of layers that a layer joins.",
            ),
            "do": described_schema(rows, "The layers of a `for`."),
            "use": described_schema(
                {"type": "string"}, "A model under models, or an earlier layer again."
            ),
            "for": described_schema(
                {"type": "object", "minProperties": 1},
                "A chain for each item of one or more lists.",
            ),
            "weight": described_schema(
                parameter_schema(FREE_WEIGHT.parameters[0]),
                "A trained tensor of the graph's own, by its shape without the batch axis.",
            ),
            **{p.name: parameter_schema(p) for p in FREE_WEIGHT.parameters[1:]},
            **heads,
            **{f"ops.{op}": schema_ref(f"op.{op}") for op in catalogue.names_of_kind("op")},
        }
        capital: Schema = {"patternProperties": {"^[A-Z]": {}}} if blocks else {}
        elsewhere = dict.fromkeys(("from", "call", "repeat", "branches", "do"), False)
        made: Schema = {
            **closed_mapping_schema(properties),
            **capital,
            "minProperties": 1,
            "dependentRequired": {"weights": ["Embedding"]},
            "if": {"required": ["weight"]},
            "then": {"properties": elsewhere},
            "else": {"properties": dict.fromkeys(WEIGHT_OPTIONS, False)},
            "dependentSchemas": {
                "for": {"properties": dict.fromkeys(("call", "repeat", "branches"), False)}
            },
        }
        named: Schema = schema_ref("entry_word")
        if blocks:
            named = {"if": {"pattern": "^[A-Z]"}, "then": {}, "else": named}
        # Behind the dash nothing is written yet: an editor offers the keys of the mapping.
        self.definitions[name] = {
            "if": {"type": "object"},
            "then": made,
            "else": {"if": {"type": "string"}, "then": named, "else": made},
        }

    def _definition_ending(self, class_: str, *, defaults: bool) -> str:
        return "(...)" if defaults and f"layer.{class_}(...)" in self.definitions else "()"


def _declaring_keys(record: type) -> dict[str, str]:
    """Return the keys that may name what another key of the record declares, and that key."""
    declared = {k.kind.what: k.name for k in keys_of(record) if isinstance(k.kind, kinds.Graphs)}
    return {
        k.name: declared[k.kind.value.kind]
        for k in keys_of(record)
        if isinstance(k.kind, kinds.PerOutput)
        and isinstance(k.kind.value, kinds.CatalogueObject)
        and k.kind.value.kind in declared
    }


def _keys_of_figures(record: type) -> dict[str, kinds.Kind]:
    """Return the keys that may ask for what metrics of the same record are called."""
    keys = {k.name: k.kind for k in keys_of(record)}
    if not any(isinstance(k, kinds.ListOf) and _is_metric(k.item) for k in keys.values()):
        return {}
    return {name: kind for name, kind in keys.items() if _asks_for_figure(kind)}


def _is_metric(kind: kinds.Kind) -> bool:
    return isinstance(kind, kinds.MetricChoice)


def _asks_for_figure(kind: kinds.Kind) -> bool:
    inner = keys_of(kind.type) if isinstance(kind, kinds.Record) else ()
    of_record = any(isinstance(key.kind, kinds.FigureChoice) for key in inner)
    return isinstance(kind, kinds.Gates) or of_record


def _open_figures(kind: kinds.Kind) -> Schema:
    """Return the schema of a key that asks for figures, whatever those are called."""
    if isinstance(kind, kinds.Gates):
        return {"type": "object", "additionalProperties": _REQUIREMENT}
    return {"type": "object"}


def _proposals(kind: kinds.Kind) -> Schema:
    """Return what an editor proposes for a value beside what its form says."""
    named = isinstance(kind, kinds.PerOutput) and kind.value == kinds.CatalogueObject("loss")
    return _proposed_words(texts_of("loss")) if named else {}


def _proposed_words(texts: Mapping[str, str]) -> Schema:
    return {"defaultSnippets": word_snippets(list(texts))}


def _per_output_schema(value: Schema) -> Schema:
    """Return one value, or one for each output; a capital letter begins a class of Keras."""
    named = {"type": "object", "additionalProperties": value}
    one = {"type": "object", "maxProperties": 1, "propertyNames": {"pattern": "^[A-Z]"}}
    return {
        "type": ANY_TYPE,
        "if": one,
        "then": value,
        "else": by_form(mapping=any_of(value, named), single=value),
    }


def _augments(class_name: str) -> bool:
    entry = catalogue.find_entry("layer", class_name)
    return entry is not None and entry.traits.augments is not None


def _number_kind_schema(kind: kinds.Number) -> Schema:
    return scalar_schema(
        "number",
        minimum=kind.minimum,
        maximum=kind.maximum,
        exclusiveMinimum=kind.above,
        exclusiveMaximum=kind.below,
    )


def _operation_schema(name: str) -> Schema:
    entry = catalogue.find_entry("op", name)
    assert entry is not None
    keywords = {p.name: parameter_schema(p) for p in entry.parameters}
    named = closed_mapping_schema({**keywords, "args": {"type": "array"}})
    form = by_form(mapping=named, single={})
    return {**form, "title": f"ops.{name}", "description": class_text(entry)}
