"""A first model: as wide as the rows allow, of what fits each input."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dlspec.syntax.flow_text import scalar_text
from dlspec_pipelines.steps.datasets.table import Array
from dlspec_pipelines.steps.first_specs.column_roles import ColumnRole, TargetChoice

InputForm = Literal["plain", "image", "sound", "tokens", "series", "steps"]

# Below the one a wide model learns rows by heart; above the other it has much to learn from.
_FEW_ROWS, _MANY_ROWS = 500, 5000
# Longer ones are cut there: nine of ten are whole.
_WHOLE_SHARE = 0.9
# Beyond it an epoch takes minutes on one core.
_MOST_TOKENS = 400
# Words beyond these are rare, and their vectors learn little.
_MOST_WORDS, _FEWEST_IDS = 10_000, 3
# A recurrent layer takes its steps one by one: beyond these a convolution is many times as fast.
_MOST_RECURRENT_STEPS = 64
# A window holds some periods of a voice, and little of a syllable.
_WINDOW_SECONDS = 0.03
# The usual number for speech.
_MEL_BINS = 64
# A picture below it has no room for another pooling.
_SMALLEST_IMAGE = 8


@dataclass(frozen=True, slots=True)
class InputPart:
    """One input: its lines under `inputs`, its columns, its shape, and what the model needs.

    Attributes:
        ids: How many ids it has; None where values are no ids.
        rate: Of a sound, in samples a second.
    """

    name: str
    columns: tuple[str, ...]
    lines: tuple[str, ...]
    shape: str
    ids: int | None = None
    form: InputForm = "plain"
    rate: int = 0


def window_length(rows: int) -> int:
    """Return how many rows a forecast looks back: a tenth of the smallest part, at most a day."""
    return max(2, min(24, rows // 20))


def array_parts(role: ColumnRole, name: str, column: Array) -> Iterator[InputPart]:
    """Yield the input that a column of arrays becomes; nothing where no feature takes it."""
    text = scalar_text(role.name)
    if column.dtype == np.object_:
        rows = [np.asarray(row) for row in column if row is not None]
        if rows and all(row.ndim == 2 and row.dtype.kind == "f" for row in rows):
            yield _ragged_part(role, name, rows)
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


def _ragged_part(role: ColumnRole, name: str, rows: Sequence[Array]) -> InputPart:
    steps = [len(row) for row in rows]
    features = rows[0].shape[1]
    line = (
        f"    {name}: {{sequence: {scalar_text(role.name)}, length: {max(steps)}, "
        f"features: {features}, standardize: true}}   # {_range_words(steps)} steps"
    )
    shape = f"[{max(steps)}, {features}]"
    return InputPart(name, (role.name,), (line,), shape=shape, form="steps")


def text_part(role: ColumnRole, name: str, column: Array) -> InputPart:
    """Return the input that a column of texts becomes: the ids of their words."""
    texts = [text.lower().split() for text in column]
    lengths = [len(words) for words in texts]
    length = max(1, min(_MOST_TOKENS, int(np.quantile(lengths, _WHOLE_SHARE))))
    counts = Counter(word for words in texts for word in words)
    often = sum(count > 1 for count in counts.values())
    # Two ids are reserved, for padding and for words without an id.
    ids = max(_FEWEST_IDS, min(_MOST_WORDS, often + 2))
    line = (
        f"    {name}: {{text: {scalar_text(role.name)}, length: {length}, vocabulary: {ids}}}"
        f"   # {_range_words(lengths)} words"
    )
    return InputPart(name, (role.name,), (line,), shape=f"[{length}]", ids=ids, form="tokens")


def _tokens_part(role: ColumnRole, name: str, rows: Sequence[Array]) -> InputPart:
    lengths = [len(row) for row in rows]
    length = max(1, min(_MOST_TOKENS, int(np.quantile(lengths, _WHOLE_SHARE))))
    ids = 1 + max(int(row.max()) for row in rows if row.size)
    line = (
        f"    {name}: {{tokens: {scalar_text(role.name)}, length: {length}, vocabulary: {ids}}}"
        f"   # rows have {_range_words(lengths)} ids"
    )
    return InputPart(name, (role.name,), (line,), shape=f"[{length}]", ids=ids, form="tokens")


def _range_words(lengths: Sequence[int]) -> str:
    least, most = min(lengths), max(lengths)
    return f"{least}" if least == most else f"{least} to {most}"


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
    yield "  graph:   # its inputs are those above, by their names"
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
        case "series" | "steps" if _extents(part)[0] <= _MOST_RECURRENT_STEPS:
            return [f"{{GRU: {width}, from: {name}, name: {end}}}"], end
        case "series" | "steps":
            return _convolution_entries(f", from: {part.name}", width, end), end
        case "sound":
            return _sound_entries(part, width, end), end
        case "image":
            return _image_entries(part, width, end), end
        case _ if part.ids is not None:
            units = min(16, max(2, round(part.ids**0.5)))
            return [f"{{Embedding: [{part.ids}, {units}], from: {name}, name: {end}}}"], end
        case _:
            return [], name


def _extents(part: InputPart) -> list[int]:
    return [int(word) for word in part.shape.strip("[]").split(",")]


def _convolution_entries(place: str, width: int, end: str) -> list[str]:
    """Return convolutions over many steps, each seeing twice as far as the one before."""
    said = "{kernel_size: 7, strides: 2, padding: same, activation: relu}"
    return [
        f"{{Conv1D: [{width}, {said}]{place}}}",
        f"Conv1D: [{width}, {said}]",
        f"Conv1D: [{width * 2}, {said}]",
        f"{{GlobalAveragePooling1D: {{}}, name: {end}}}",
    ]


def _sound_entries(part: InputPart, width: int, end: str) -> list[str]:
    """Return a mel spectrogram, in decibels, and convolutions over its frames."""
    window = 2 ** round(np.log2(part.rate * _WINDOW_SECONDS))
    said = {
        "sampling_rate": part.rate,
        "fft_length": window,
        "sequence_stride": window // 2,
        "num_mel_bins": _MEL_BINS,
    }
    keys = ", ".join(f"{key}: {value}" for key, value in said.items())
    return [
        f"{{MelSpectrogram: {{{keys}}}, from: {part.name}}}",
        "Permute: [2, 1]   # frames first",
        "BatchNormalization",
        *_convolution_entries("", width, end),
    ]


def _image_entries(part: InputPart, width: int, end: str) -> list[str]:
    filters = max(16, width // 2)
    sides = _extents(part)[:2]
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
