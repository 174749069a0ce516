"""Which layer takes which: by name, else by position when all shapes agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dlspec.backends.weights.stored import Part, Stored, StoredLayer
from dlspec.diagnostics.counts import counted

By = Literal["name", "position"]
Gates = Literal["lstm", "gru"]
# Why a layer is initialised anew when the file has none of its name.
NOT_THERE = "not in the file"


@dataclass(frozen=True, slots=True)
class Pair:
    """One array that is taken over.

    Attributes:
        gates: The CuDNN layer whose arrangement of gates is changed on the way.
    """

    here: Part
    there: Part
    gates: Gates | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a model takes from a file.

    Attributes:
        by: How layers found each other.
        taken: The layers that take their weights, in the model's order.
        initialised: The layers that keep what they were initialised with, and why.
        left: The layers of the file that nothing here takes, and why.
        parameters: How many numbers are taken.
        pairs: The arrays that are taken.
    """

    by: By
    taken: tuple[str, ...]
    initialised: Mapping[str, str]
    left: Mapping[str, str]
    parameters: int
    pairs: tuple[Pair, ...]


def match_layers(here: Stored, there: Stored, *, by: By | None = None) -> Transfer:
    """Return what `here` takes from `there`, both of one layout.

    Args:
        by: How to look; None asks for names, and for positions where no layer is called alike.
    """
    names = {layer.name for layer in there.layers} if there.named else set()
    alike = any(layer.name in names for layer in here.layers)
    if by == "name" or (by is None and alike):
        return _match_layers_by_name(here, there)
    positions = _match_layers_by_position(here, there)
    return _match_layers_by_name(here, there) if positions is None else positions


def _match_layers_by_name(here: Stored, there: Stored) -> Transfer:
    named: dict[str, StoredLayer] = {}
    for layer in there.layers:
        named.setdefault(layer.name, layer)
    taken, initialised, pairs = [], {}, []
    for layer in here.layers:
        if layer.name not in named:
            initialised[layer.name] = NOT_THERE
            continue
        found = pair_arrays(layer, named[layer.name])
        if isinstance(found, str):
            initialised[layer.name] = found
        else:
            taken.append(layer)
            pairs += found
    known = {layer.name for layer in here.layers}
    left = {
        layer.name: initialised.get(layer.name, "not in the model")
        for layer in there.layers
        if layer.name not in known or layer.name in initialised
    }
    return _transfer_result("name", taken, initialised, left, pairs=pairs)


def _match_layers_by_position(here: Stored, there: Stored) -> Transfer | None:
    """Pair layers in order, or at equal places; None unless every shape agrees."""
    if len(here.layers) != len(there.layers):
        return None
    if there.ordered:
        couples = list(zip(here.layers, there.layers, strict=True))
    else:
        placed = {layer.place: layer for layer in there.layers}
        if any(layer.place not in placed for layer in here.layers):
            return None
        couples = [(layer, placed[layer.place]) for layer in here.layers]
    pairs: list[Pair] = []
    for mine, other in couples:
        found = pair_arrays(mine, other)
        if isinstance(found, str):
            return None
        pairs += found
    return _transfer_result("position", list(here.layers), {}, {}, pairs=pairs)


def _transfer_result(
    by: By,
    taken: Sequence[StoredLayer],
    initialised: Mapping[str, str],
    left: Mapping[str, str],
    *,
    pairs: Sequence[Pair],
) -> Transfer:
    names = tuple(layer.name for layer in taken)
    parameters = sum(layer.size for layer in taken)
    return Transfer(by, names, initialised, left, parameters, tuple(pairs))


def pair_arrays(here: StoredLayer, there: StoredLayer) -> list[Pair] | str:
    """Return the arrays of two layers side by side, or why they do not fit."""
    if len(here.parts) != len(there.parts):
        return f"{_array_count_text(here)} here, {_array_count_text(there)} in the file"
    keyed = {part.key: part for part in there.parts}
    by_key = all(part.key in keyed for part in here.parts)
    others = [keyed[part.key] for part in here.parts] if by_key else there.parts
    pairs = [Pair(mine, other) for mine, other in zip(here.parts, others, strict=True)]
    for pair in pairs:
        if pair.here.shape != pair.there.shape:
            turned = pair_cudnn_arrays(pairs)
            shapes = f"shape {pair.here.shape} here, {pair.there.shape} in the file"
            return shapes if turned is None else turned
        if _dtype_family(pair.here) != _dtype_family(pair.there):
            return f"{pair.here.dtype} here, {pair.there.dtype} in the file"
    return pairs


def _array_count_text(layer: StoredLayer) -> str:
    return counted(len(layer.parts), "array")


def _dtype_family(part: Part) -> str:
    """Return what may be written into one another: any floating point, else the same dtype."""
    # bfloat16 is opaque to HDF5: copied as it is, never converted.
    return "float" if part.dtype in ("float16", "float32", "float64") else part.dtype


def pair_cudnn_arrays(pairs: Sequence[Pair]) -> list[Pair] | None:
    """Return the pairs of a CuDNN layer's arrays, or None when the file's layer is none.

    Such a layer has a second bias for the recurrent part, and its kernels lie transposed.
    """
    found: list[Pair] = []
    for start in range(0, len(pairs), 3):
        cell = pairs[start : start + 3]
        gates = _gates_of_cudnn_cell(cell)
        if gates is None:
            return None
        found += [Pair(pair.here, pair.there, gates) for pair in cell]
    return found


def _gates_of_cudnn_cell(cell: Sequence[Pair]) -> Gates | None:
    if len(cell) != 3 or any(a.here.shape != a.there.shape for a in cell[:2]):
        return None
    units = cell[1].here.shape[0] if cell[1].here.shape else 0
    match (cell[2].here.shape, cell[2].there.shape):
        case ((here,), (there,)) if here == 4 * units and there == 8 * units:
            return "lstm"
        case ((2, here), (there,)) if here == 3 * units and there == 6 * units:
            return "gru"
    return None
