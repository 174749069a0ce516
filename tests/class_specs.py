"""A small spec for every class of the catalogue, found by trying: what tests vary one argument of.

Arguments come from the catalogue's types alone, so a new class of Keras is covered by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product

import yaml

import dlspec
from dlspec.language import catalogue
from dlspec.language.catalogue import ClassEntry, Parameter

# From the plainest to what only a few layers take; the first that compiles is kept.
SHAPES = ([8], [8, 8], [8, 8, 3], [8, 8, 8, 3], [4, 8, 8, 8, 3], [])
DTYPES = ("float32", "int32", "string", "bool")
# What operands of several shapes or dtypes ask for.
_UNLIKE: tuple[tuple[object, ...], ...] = (
    ([8, 8, 3], {"shape": [8], "dtype": "int32"}),
    ([8, 8, 3], [3, 3, 3]),
    ({"shape": [8], "dtype": "int32"}, [8, 3]),
)
NUMERIC = frozenset(
    {
        *("integer", "number", "extents", "padding_extents", "shape", "axis", "axes", "integers"),
        *("numbers", "bounds", "values", "schedule", "seed", "any", "list"),
    }
)
# What the catalogue's types do not say.
_SAID: dict[tuple[str, str], object] = {
    ("EinsumDense", "equation"): "ab,bc->ac",
    ("EinsumDense", "output_shape"): [4],
    ("Reshape", "target_shape"): [-1],
    ("Permute", "dims"): [1],
    ("CategoryEncoding", "num_tokens"): 4,
    ("Discretization", "bin_boundaries"): [0.0, 1.0],
    ("IntegerLookup", "vocabulary"): [1, 2],
    ("StringLookup", "vocabulary"): ["a", "b"],
    ("TextVectorization", "vocabulary"): ["a", "b"],
    ("Normalization", "mean"): 0.0,
    ("Normalization", "variance"): 1.0,
    ("RNN", "cell"): {"LSTMCell": 4},
    ("StackedRNNCells", "cells"): [{"LSTMCell": 4}],
    ("Bidirectional", "layer"): {"LSTM": 4},
    ("TimeDistributed", "layer"): {"Dense": 4},
    ("SpectralNormalization", "layer"): {"Dense": 4},
    ("GroupNormalization", "groups"): 1,
    ("STFTSpectrogram", "frame_length"): 4,
    ("STFTSpectrogram", "frame_step"): 2,
    ("STFTSpectrogram", "fft_length"): 4,
    **{("ops.image.crop_images", f"{side}_cropping"): 1 for side in ("top", "left")},
    **{("ops.image.pad_images", f"{side}_padding"): 1 for side in ("top", "left")},
    **{("ops.image.crop_images", f"target_{side}"): 2 for side in ("height", "width")},
    **{("ops.image.pad_images", f"target_{side}"): 16 for side in ("height", "width")},
    ("ops.einsum", "subscripts"): "ab,ab->ab",
    ("ops.scatter", "shape"): [8, 8],
    ("ops.broadcast_to", "shape"): [2, 8],
    ("ops.moveaxis", "source"): 0,
    ("ops.moveaxis", "destination"): 1,
}
_OF_TYPE: dict[str, object] = {
    "integer": 2,
    "number": 0.5,
    "boolean": True,
    "text": "a",
    "axis": 1,
    "axes": 1,
    "bounds": 0.5,
    "values": 0.5,
    "activation": "relu",
    "layer": {"Dense": 4},
    "layers": [{"Dense": 4}],
    "dtype": "float32",
    "index": 0,
    "optimizer": "Adam",
    "schedule": 0.5,
    "shape": [8],
}


@dataclass(frozen=True)
class ClassSpec:
    """A spec with one entry of a class in it; `arguments` are the entry's, by name."""

    head: str
    entry: ClassEntry
    inputs: tuple[object, ...]
    arguments: dict[str, object] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def text(self, **changes: object) -> str:
        """Return the spec with some arguments changed."""
        written: dict[str, object] = {self.head: {**self.arguments, **changes} or None}
        if self.names:
            inputs = dict(zip(self.names, self.inputs, strict=True))
            written["from"] = {name: name for name in self.names}
        else:
            inputs = {f"in{i}": shape for i, shape in enumerate(self.inputs)}
            if len(inputs) > 1:
                written["from"] = list(inputs)
        model = {"inputs": inputs, "graph": [written]}
        return yaml.safe_dump({"dlspec": 1, "name": "one_class", "model": model}, sort_keys=False)

    def numeric_parameters(self) -> Iterator[Parameter]:
        """Yield the parameters that take numbers."""
        yield from (p for p in self.entry.parameters if p.type in NUMERIC)


def value_of(owner: str, parameter: Parameter) -> object:
    """Return a value that the type of a parameter takes."""
    if (owner, parameter.name) in _SAID:
        return _SAID[owner, parameter.name]
    match parameter.type:
        case "choice":
            return parameter.choices[0]
        case "extents" | "padding_extents":
            return [2] * parameter.rank if parameter.rank else 2
        case "integers" | "numbers":
            return [1] * (parameter.rank or 2)
        case other:
            least = parameter.minimum or 0
            return (
                max(_OF_TYPE[other], least) if other in ("integer", "number") else _OF_TYPE[other]
            )


def _arguments_of(owner: str, entry: ClassEntry) -> dict[str, object]:
    asked = (
        p
        for p in entry.parameters
        if p.type not in ("tensor", "tensors") and (p.required or (owner, p.name) in _SAID)
    )
    return {p.name: value_of(owner, p) for p in asked}


def compiles(text: str) -> bool:
    """Return whether a spec gives a plan."""
    try:
        dlspec.loads(text)
    except dlspec.SpecError:
        return False
    return True


def _input(shape: object, dtype: str) -> object:
    return shape if dtype == "float32" else {"shape": shape, "dtype": dtype}


def _layer_candidates(entry: ClassEntry) -> Iterator[ClassSpec]:
    arguments = _arguments_of(entry.name, entry)
    for dtype, shape in product(DTYPES, SHAPES):
        one = _input(shape, dtype)
        yield ClassSpec(entry.name, entry, (one,), arguments)
        yield ClassSpec(entry.name, entry, (one, one), arguments)
        if entry.required_tensors:
            names = entry.required_tensors
            yield ClassSpec(entry.name, entry, (one,) * len(names), arguments, names)


def _op_candidates(entry: ClassEntry) -> Iterator[ClassSpec]:
    head = f"ops.{entry.name}"
    arguments = _arguments_of(head, entry)
    tensors = [p for p in entry.parameters if p.type in ("tensor", "tensors") and p.required]
    count = 2 if any(p.type == "tensors" for p in tensors) else max(len(tensors), 1)
    for dtype, shape in product(DTYPES, SHAPES):
        yield ClassSpec(head, entry, (_input(shape, dtype),) * count, arguments)
    for shapes in _UNLIKE:
        if len(shapes) == count:
            yield ClassSpec(head, entry, shapes, arguments)


@cache
def layer_specs() -> dict[str, ClassSpec]:
    """Return a spec that compiles for each layer, by its class; those without one are absent."""
    return _first_that_compile("layer")


@cache
def op_specs() -> dict[str, ClassSpec]:
    """Return a spec that compiles for each function of keras.ops, by its name."""
    return _first_that_compile("op")


def _first_that_compile(kind: catalogue.Kind) -> dict[str, ClassSpec]:
    candidates = _layer_candidates if kind == "layer" else _op_candidates
    found: dict[str, ClassSpec] = {}
    for name in catalogue.names_of_kind(kind):
        entry = catalogue.find_entry(kind, name)
        assert entry is not None, name
        fitting = (one for one in candidates(entry) if compiles(one.text()))
        first = next(fitting, None)
        if first is not None:
            found[name] = first
    return found
