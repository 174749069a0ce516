"""A model whose inner models share layers -> a `.keras` file from which Keras gives it back.

Keras marks a layer that comes twice in a config, but for its first place, and counts its calls in
each graph from zero though they are one row: its own file of such a model does not load.
"""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

_CONFIG = "config.json"


def save_with_shared_layers(model: keras.Model, path: Path) -> None:
    """Save a functional model as Keras does, so that Keras loads it with what its models share."""
    model.save(path)
    shared = layers_in_several_graphs(model)
    if shared:
        _rewrite_config(path, model, shared)


def layers_in_several_graphs(model: keras.Model) -> frozenset[int]:
    """Return the identities of the layers and models that stand in several graphs of a model."""
    first: dict[int, int] = {}
    graphs = {id(model): model} | {id(one): one for one in _inner_graphs(model)}
    return frozenset(
        id(operation)
        for key, graph in graphs.items()
        for operation in _operations_of(graph)
        if first.setdefault(id(operation), key) != key
    )


def _inner_graphs(model: keras.Model) -> Iterator[keras.Model]:
    for operation in _operations_of(model):
        held = getattr(operation, "layer", operation)
        if isinstance(held, keras.Model):
            yield held
            yield from _inner_graphs(held)


def _operations_of(model: Any) -> list[Any]:  # noqa: ANN401 - keras.Functional is not public
    return list(model.operations)


def _rewrite_config(path: Path, model: keras.Model, shared: frozenset[int]) -> None:
    part = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(part, "w") as written:
        for member in archive.infolist():
            content = archive.read(member)
            if member.filename == _CONFIG:
                config = json.loads(content)
                _Marking(shared).mark_graph(model, config["config"])
                _number_shared_objects(config, {})
                content = json.dumps(config).encode()
            written.writestr(member, content)
    part.replace(path)


@dataclass(slots=True)
class _Marking:
    """Walks a model beside its config, in the order in which Keras makes it again."""

    shared: frozenset[int]
    # How often each shared layer has been called by then.
    calls: dict[int, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    def mark_graph(self, model: keras.Model, config: dict[str, Any]) -> None:
        """Mark shared layers of a graph, and count on their calls in graphs made before it."""
        operations = {operation.name: operation for operation in _operations_of(model)}
        for layer in config["layers"]:
            operation = operations[layer["config"]["name"]]
            if id(operation) in self.shared:
                layer["shared_object_id"] = id(operation)
            held, inner = getattr(operation, "layer", None), layer["config"]
            if isinstance(held, keras.Model):
                operation, inner = held, inner["layer"]["config"]
            if isinstance(operation, keras.Model) and id(operation) not in self.seen:
                self.seen.add(id(operation))
                self.mark_graph(operation, inner)
        before = {
            name: self.calls.get(id(operation), 0)
            for name, operation in operations.items()
            if id(operation) in self.shared
        }
        _count_on([config["input_layers"], config["output_layers"]], before)
        for layer in config["layers"]:
            _count_on_calls(layer["inbound_nodes"], before)
            operation = operations[layer["config"]["name"]]
            if id(operation) in self.shared:
                made = self.calls.get(id(operation), 0) + len(layer["inbound_nodes"])
                self.calls[id(operation)] = made


def _count_on_calls(value: Any, before: dict[str, int]) -> None:  # noqa: ANN401 - JSON of calls
    if isinstance(value, dict):
        if "keras_history" in value:
            _count_on(value["keras_history"], before)
        for item in value.values():
            _count_on_calls(item, before)
    elif isinstance(value, list):
        for item in value:
            _count_on_calls(item, before)


def _count_on(value: Any, before: dict[str, int]) -> None:  # noqa: ANN401 - JSON of tensors
    """Add to the number of each call that is read those that were there before."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return
    if len(value) == len(("layer", "call", "tensor")) and isinstance(value[0], str):
        value[1] += before.get(value[0], 0)
        return
    for item in value:
        _count_on(item, before)


def _number_shared_objects(value: Any, numbers: dict[int, int]) -> None:  # noqa: ANN401 - JSON
    """Count shared objects from 1 in their order: Keras writes where in memory they lay."""
    if isinstance(value, dict):
        mark = value.get("shared_object_id")
        if mark is not None:
            value["shared_object_id"] = numbers.setdefault(mark, len(numbers) + 1)
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        _number_shared_objects(item, numbers)
