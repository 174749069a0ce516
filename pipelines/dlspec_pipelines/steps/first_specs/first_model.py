"""A first model: as wide as the rows allow, of what fits each input."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dlspec.syntax.flow_text import scalar_text
from dlspec_pipelines.steps.datasets.table import Array
from dlspec_pipelines.steps.first_specs.column_roles import ColumnRole, TargetChoice

InputForm = Literal["plain", "image", "tokens", "series", "steps"]

# Below the one a wide model learns rows by heart; above the other it has much to learn from.
_FEW_ROWS, _MANY_ROWS = 500, 5000
# Longer ones are cut there: nine of ten are whole.
_WHOLE_SHARE = 0.9
# Beyond it an epoch takes minutes on one core.
_MOST_TOKENS = 400
# A picture below it has no room for another pooling.
_SMALLEST_IMAGE = 8


@dataclass(frozen=True, slots=True)
class InputPart:
    """One input: its lines under `inputs`, its columns, its shape, and how many ids it has."""

    name: str
    columns: tuple[str, ...]
    lines: tuple[str, ...]
    shape: str
    ids: int | None = None
    form: InputForm = "plain"


def window_length(rows: int) -> int:
    """Return how many rows a forecast looks back: a tenth of the smallest part, at most a day."""
    return max(2, min(24, rows // 20))


def array_parts(role: ColumnRole, name: str, column: Array) -> Iterator[InputPart]:
    """Yield the input that a column of arrays becomes; nothing where no feature takes it."""
    text = scalar_text(role.name)
    if column.dtype == np.object_:
        rows = [np.asarray(row) for row in column if row is not None]
        if rows and all(row.ndim == 1 and row.dtype.kind in "iu" for row in rows[:1000]):
            yield _tokens_part(role, name, rows)
        return
    extents = column.shape[1:]
    if len(extents) == 1:
        line = (
            f"    {name}: {{vector: {text}, length: {extents[0]}, standardize: true}}"
            f"   # {role.reason}"
        )
        yield InputPart(name, (role.name,), (line,), shape=f"[{extents[0]}]")
    elif len(extents) == 2 and column.dtype.kind == "f":
        line = (
            f"    {name}: {{sequence: {text}, length: {extents[0]}, features: {extents[1]}, "
            "standardize: true}"
        )
        shape = f"[{extents[0]}, {extents[1]}]"
        yield InputPart(name, (role.name,), (line,), shape=shape, form="steps")
    elif len(extents) in (2, 3) and (extents[2:] or (1,))[0] in (1, 3, 4):
        channels = (extents[2:] or (1,))[0]
        scale = "scale: $1/255" if column.max() > 1 else "standardize: true"
        line = (
            f"    {name}: {{image: {text}, size: [{extents[0]}, {extents[1]}], "
            f"channels: {channels}, {scale}}}"
        )
        shape = f"[{extents[0]}, {extents[1]}, {channels}]"
        yield InputPart(name, (role.name,), (line,), shape=shape, form="image")


def _tokens_part(role: ColumnRole, name: str, rows: Sequence[Array]) -> InputPart:
    lengths = [len(row) for row in rows]
    length = max(1, min(_MOST_TOKENS, int(np.quantile(lengths, _WHOLE_SHARE))))
    ids = 1 + max(int(row.max()) for row in rows if row.size)
    line = (
        f"    {name}: {{tokens: {scalar_text(role.name)}, length: {length}, vocabulary: {ids}}}"
        f"   # rows have {min(lengths)} to {max(lengths)} ids"
    )
    return InputPart(name, (role.name,), (line,), shape=f"[{length}]", ids=ids, form="tokens")


def model_lines(
    parts: Sequence[InputPart], output: str, target: TargetChoice, *, rows: int
) -> Iterator[str]:
    """Yield the `model` section.

    Args:
        output: The name of the target, which the head takes.
        rows: Of the source: more of them can teach a wider model.
    """
    width = 16 if rows < _FEW_ROWS else 32 if rows < _MANY_ROWS else 64
    yield "model:"
    yield "  inputs:"
    for part in parts:
        whole = part.ids is not None
        shape = f"{{shape: {part.shape}, dtype: int32}}" if whole else part.shape
        yield f"    {part.name}: {shape}"
    yield "  graph:"
    ends = []
    for part in parts:
        lines, end = _part_entries(part, width)
        yield from (f"    - {line}" for line in lines)
        ends.append(end)
    if len(ends) > 1:
        yield f"    - {{Concatenate: {{}}, from: [{', '.join(ends)}], name: joined}}"
        yield f"    - Dense: [{width}, {{activation: relu}}]"
    else:
        yield f"    - {{Dense: [{width}, {{activation: relu}}], from: {ends[0]}}}"
    yield "    - Dropout: 0.1"
    yield f"    - Dense: [{width}, {{activation: relu}}]"
    head = {
        "binary": "[1, {activation: sigmoid}]",
        "class": f"[{len(target.values)}, {{activation: softmax}}]",
        "number": "1",
    }[target.form]
    yield f"    - {{Dense: {head}, name: {output}}}"


def _part_entries(part: InputPart, width: int) -> tuple[list[str], str]:
    """Return the entries that make one vector of an input, and the name of the last."""
    name, end = part.name, f"{part.name}_vector"
    match part.form:
        case "tokens":
            return [
                f"{{Embedding: [{part.ids}, {width}], from: {name}}}",
                f"Conv1D: [{width}, {{kernel_size: 3, padding: same, activation: relu}}]",
                f"{{GlobalMaxPooling1D: {{}}, name: {end}}}",
            ], end
        case "series" | "steps":
            return [f"{{GRU: {width}, from: {name}, name: {end}}}"], end
        case "image":
            return _image_entries(part, width, end), end
        case _ if part.ids is not None:
            units = min(16, max(2, round(part.ids**0.5)))
            return [f"{{Embedding: [{part.ids}, {units}], from: {name}, name: {end}}}"], end
        case _:
            return [], name


def _image_entries(part: InputPart, width: int, end: str) -> list[str]:
    filters = max(16, width // 2)
    sides = [int(word) for word in part.shape.strip("[]").split(",")[:2]]
    entries = []
    place = f", from: {part.name}"
    for times in (1, 2, 4):
        entries.append(
            f"{{Conv2D: [{filters * times}, {{kernel_size: 3, padding: same, activation: relu}}]"
            f"{place}}}"
        )
        place = ""
        if min(sides) < _SMALLEST_IMAGE:
            break
        entries.append("{MaxPooling2D: 2}")
        sides = [side // 2 for side in sides]
    return [*entries, f"{{GlobalAveragePooling2D: {{}}, name: {end}}}"]
