"""Layers and models that stand in several graphs of a model: which graph declares them for all."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from dlspec.backends.lift.layers import CannotSayError
from dlspec.backends.lift.structures import functional_of

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class SharedWeights:
    """What the graphs of one model share.

    `homes` says of each shared layer or model, by identity, which graph declares it: the innermost
    around all graphs that use it. `names` counts the operations of each name in all graphs.
    """

    homes: Mapping[int, int]
    names: Mapping[str, int]

    def name_for(self, operation: Any) -> str:  # noqa: ANN401 - a layer or a model
        """Return a name for what is shared, which nothing else has in any of the graphs."""
        base = _NOT_IN_NAMES.sub("_", operation.name)
        if self.names.get(base, 0) <= 1:
            return base
        number = 1
        while f"{base}_shared_{number}" in self.names:
            number += 1
        return f"{base}_shared_{number}"


def shared_weights(model: keras.Model) -> SharedWeights:
    """Return what the graphs inside a model share; layers without variables are not shared."""
    users: dict[int, list[int]] = {}
    found = {id(one): one for one in _operations_within(model, users)}
    paths: dict[int, tuple[int, ...]] = {id(model): (id(model),)}

    def path_of(graph: int) -> tuple[int, ...]:
        if graph not in paths:
            paths[graph] = (*_common_start([path_of(user) for user in users[graph]]), graph)
        return paths[graph]

    homes = {
        key: _common_start([path_of(user) for user in users[key]])[-1]
        for key, operation in found.items()
        if len(users[key]) > 1 and isinstance(operation, keras.Layer) and operation.variables
    }
    names = Counter(_NOT_IN_NAMES.sub("_", one.name) for one in found.values())
    return SharedWeights(homes, names)


def _operations_within(model: keras.Model, users: dict[int, list[int]]) -> Iterator[Any]:
    """Yield each operation of the graphs within a model once, and note in which graphs it is."""
    waiting, entered = [model], {id(model)}
    while waiting:
        graph = waiting.pop()
        functional = functional_of(graph)
        for operation in functional.operations if functional is not None else ():
            held = getattr(operation, "layer", None)
            for one in (operation, held) if isinstance(held, keras.Model) else (operation,):
                if id(one) not in users:
                    yield one
                known = users.setdefault(id(one), [])
                if id(graph) not in known:
                    known.append(id(graph))
                if isinstance(one, keras.Model) and id(one) not in entered:
                    entered.add(id(one))
                    waiting.append(one)


def _common_start(paths: list[tuple[int, ...]]) -> tuple[int, ...]:
    shortest = min(map(len, paths))
    for at in range(shortest):
        if len({path[at] for path in paths}) > 1:
            return paths[0][:at]
    return paths[0][:shortest]


def input_of_shared_layer(layer: Any) -> tuple[list[int | None], str]:  # noqa: ANN401 - a Keras layer
    """Return shape and dtype of what a shared layer takes, an extent None where its calls differ.

    Raises:
        CannotSayError: If it takes or gives anything but one tensor.
    """
    shapes, dtypes = [], set()
    for node in layer._inbound_nodes:
        taken = node.arguments.args[0] if node.arguments.args else None
        if not isinstance(taken, keras.KerasTensor) or len(node.output_tensors) != 1:
            raise CannotSayError("graphs share it, and it takes or gives several tensors")
        shapes.append(tuple(taken.shape))
        dtypes.add(str(taken.dtype))
    if len({len(shape) for shape in shapes}) != 1 or len(dtypes) != 1:
        raise CannotSayError("graphs share it, and call it on tensors of several ranks or dtypes")
    merged = [found[0] if len(set(found)) == 1 else None for found in zip(*shapes, strict=True)]
    return merged[1:], dtypes.pop()
