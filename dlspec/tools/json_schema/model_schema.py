"""The JSON Schema of `model`: its keys, its inputs, and which entries its graph may hold."""

from collections.abc import Mapping
from typing import Any

from dlspec.expand import zoo
from dlspec.language.dtypes import DTYPES
from dlspec.tools.json_schema.forms import Schema, any_of, mapping, nullable, ref, scalar


def said(form: Schema, text: str) -> Schema:
    """Return a schema with what an editor shows beside the key it stands under."""
    return {**form, "description": text}


def entry_name(*, blocks: bool, defaults: bool) -> str:
    """Return the name of the definition of an entry that may name blocks, or lean on `defaults`."""
    return "entry" + ("_or_block" if blocks else "") + ("_in_parts" if defaults else "")


def graph_of(*, blocks: bool, defaults: bool) -> Schema:
    """Return a list of such entries."""
    return {"type": "array", "items": ref(entry_name(blocks=blocks, defaults=defaults))}


def told_apart() -> Schema:
    """Return what the graph of a model may say, by which of `blocks` and `defaults` it has."""

    def by_defaults(*, blocks: bool) -> Schema:
        loose, strict = (graph_of(blocks=blocks, defaults=defaults) for defaults in (True, False))
        return {
            "if": {"required": ["defaults"]},
            "then": {"properties": {"graph": loose}},
            "else": {"properties": {"graph": strict}},
        }

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
        "then": _packaged(),
        "else": {**mapping(keys), **graph},
    }


def input_of() -> Schema:
    """Return what one input may be: its shape, or a mapping with more."""
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


def model_keys(layers: Mapping[str, str]) -> dict[str, Schema]:
    """Return the keys of a model that is written out.

    Args:
        layers: What each word for a layer means.
    """
    defaults = {word: ref(f"layer.{name}") for word, name in layers.items()}
    blocks = {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Z]"},
        "additionalProperties": ref("block"),
    }
    inputs = {"type": "object", "additionalProperties": ref("input")}
    models = {"type": "object", "additionalProperties": ref("model")}
    return {
        "inputs": said(inputs, "Name and shape of each input, without the batch axis."),
        "graph": said({"type": "array"}, "The layers, each reading the one above."),
        "outputs": said(_OUTPUTS, "What leaves the model; without it the last layer."),
        "inputs_as": said({"enum": ["list", "mapping"]}, "How the model takes its inputs."),
        "defaults": said(mapping(defaults), "Arguments that layers of a class share."),
        "blocks": said(blocks, "Groups of layers that the graph names like a layer."),
        "models": said(models, "Models that the graph calls by `use`."),
    }


def _packaged() -> Schema:
    """Return a packaged architecture; what stands under `with` follows from which one it is."""
    names = zoo.architectures()
    keys = {
        "zoo": said({"enum": list(names)}, "A packaged architecture: see `dlspec zoo`."),
        "with": said({"type": "object"}, "Values for its params."),
        "outputs": said(_OUTPUTS, "New names for its outputs."),
    }
    each = [
        {
            "if": {"properties": {"zoo": {"const": name}}},
            "then": {"properties": {"with": mapping(_params(name))}},
        }
        for name in names
    ]
    return {**mapping(keys), "allOf": each}


def _params(name: str) -> dict[str, Schema]:
    params: dict[str, Any] = {param: {} for param in zoo.params_of(name)}
    return params
