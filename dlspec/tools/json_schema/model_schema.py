"""The JSON Schema of `model`: its keys, its inputs, and which entries its graph may hold."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dlspec.expand import zoo
from dlspec.language.dtypes import DTYPES
from dlspec.tools.json_schema.forms import (
    Schema,
    any_of,
    closed_mapping_schema,
    nullable_schema,
    scalar_schema,
    schema_ref,
)


def described_schema(form: Schema, text: str) -> Schema:
    """Return a schema with what an editor shows beside the key it stands under."""
    return {**form, "description": text}


def entry_name(*, blocks: bool, defaults: bool) -> str:
    """Return the name of the definition of an entry that may name blocks, or lean on `defaults`."""
    return "entry" + ("_or_block" if blocks else "") + ("_in_parts" if defaults else "")


def graph_of(*, blocks: bool, defaults: bool) -> Schema:
    """Return a list of such entries."""
    return {"type": "array", "items": schema_ref(entry_name(blocks=blocks, defaults=defaults))}


def by_defaults(*, blocks: bool) -> Schema:
    """Return what the graph of a model may say, by whether it has `defaults`."""
    loose, strict = (graph_of(blocks=blocks, defaults=defaults) for defaults in (True, False))
    return {
        "if": {"required": ["defaults"]},
        "then": {"properties": {"graph": loose}},
        "else": {"properties": {"graph": strict}},
    }


def told_apart() -> Schema:
    """Return what the graph of a model may say, by which of `blocks` and `defaults` it has."""
    return {
        "if": {"required": ["blocks"]},
        "then": by_defaults(blocks=True),
        "else": by_defaults(blocks=False),
    }


def model_of(keys: dict[str, Schema], graph: Schema) -> Schema:
    """Return a model: a packaged architecture, or `keys` with what `graph` says of its entries."""
    return {
        "type": "object",
        "if": {"required": ["zoo"]},
        "then": _packaged_model_schema(),
        "else": {**closed_mapping_schema(keys), **graph},
    }


_WEIGHTS: Mapping[str, Schema] = {
    "weights": described_schema(
        {"type": "string", "minLength": 1},
        "The run or the file whose weights it begins with; `imagenet`: those that Keras publishes; "
        "`fresh` beside `file`: none.",
    )
}


def declared_model_of(keys: dict[str, Schema], graph: Schema) -> Schema:
    """Return an entry of `models`: taken from the zoo or another file, or written with `keys`."""
    path = {"type": "string", "minLength": 1}
    taken = {
        "spec": described_schema(path, "Another spec, by its path, whose model is taken."),
        **_TAKEN,
        **_WEIGHTS,
    }
    saved = {
        "file": described_schema(path, "A saved Keras model, by its path: graph and weights."),
        **{key: form for key, form in _TAKEN.items() if key != "with"},
        **_WEIGHTS,
    }
    of_a_file = {"if": {"required": ["file"]}, "then": closed_mapping_schema(saved)}
    written = {**closed_mapping_schema({**keys, **_WEIGHTS}), **graph}
    packaged = {
        "if": {"required": ["zoo"]},
        "then": _packaged_model_schema(_WEIGHTS),
        "else": written,
    }
    return {
        "type": "object",
        "if": {"required": ["spec"]},
        "then": closed_mapping_schema(taken),
        "else": {**of_a_file, "else": packaged},
    }


def model_input_schema() -> Schema:
    """Return what one input may be: its shape, or a mapping with more."""
    extents = {"type": "array", "items": nullable_schema(scalar_schema("integer", minimum=1))}
    shape = any_of(extents, schema_ref("expression"))
    described = {
        "shape": shape,
        "dtype": any_of({"enum": [*DTYPES]}, schema_ref("expression")),
        "sparse": scalar_schema("boolean"),
        "batch": nullable_schema(scalar_schema("integer", minimum=1)),
    }
    return any_of(shape, {**closed_mapping_schema(described), "required": ["shape"]})


OUTPUTS: Schema = {"type": ["string", "array", "object"]}


def model_keys(layers: Mapping[str, str]) -> dict[str, Schema]:
    """Return the keys of a model that is written out.

    Args:
        layers: What each word for a layer means.
    """
    defaults = {word: schema_ref(f"layer.{name}") for word, name in layers.items()}
    blocks = {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Z]"},
        "additionalProperties": schema_ref("block"),
    }
    inputs = {"type": "object", "additionalProperties": schema_ref("input")}
    models = {"type": "object", "additionalProperties": schema_ref("declared_model")}
    return {
        "inputs": described_schema(inputs, "Name and shape of each input, without the batch axis."),
        "graph": described_schema({"type": "array"}, "The layers, each reading the one above."),
        "outputs": described_schema(OUTPUTS, "What leaves the model; without it the last layer."),
        "inputs_as": described_schema(
            {"enum": ["list", "mapping"]}, "How the model takes its inputs."
        ),
        "defaults": described_schema(
            closed_mapping_schema(defaults), "Arguments that layers of a class share."
        ),
        "blocks": described_schema(blocks, "Groups of layers that the graph names like a layer."),
        "models": described_schema(models, "Models that the graph calls by `use`."),
    }


_TAKEN: Mapping[str, Schema] = {
    "with": described_schema({"type": "object"}, "Values for its params."),
    "until": described_schema(
        {"type": "string"}, "Its last layer: what stands behind it is left out."
    ),
    "outputs": described_schema(OUTPUTS, "New names for its outputs."),
    "trainable": described_schema(
        scalar_schema("boolean"), "Whether training changes its weights."
    ),
}


def _packaged_model_schema(beside: Mapping[str, Schema] = MappingProxyType({})) -> Schema:
    """Return a packaged architecture; what stands under `with` follows from which one it is."""
    names = zoo.architecture_names()
    keys = {
        "zoo": described_schema(
            {"enum": list(names)}, "A packaged architecture: see `dlspec zoo`."
        ),
        **_TAKEN,
        **beside,
    }
    each = [
        {
            "if": {"properties": {"zoo": {"const": name}}},
            "then": {
                "properties": {"with": closed_mapping_schema(_architecture_param_schemas(name))}
            },
        }
        for name in names
    ]
    return {**closed_mapping_schema(keys), "allOf": each}


def _architecture_param_schemas(name: str) -> dict[str, Schema]:
    params: dict[str, Any] = {param: {} for param in zoo.architecture_params(name)}
    return params
