"""What files of pictures and sounds become as inputs: sizes that most of them have."""

from collections import Counter
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.first_specs.column_roles import ColumnRole
from dlspec_pipelines.steps.first_specs.first_model import InputPart

# Files that show how large the others are.
_SAMPLE = 200
# Larger pictures take minutes an epoch on one core; a first model need not see more.
_MOST_PIXELS = 64
# Multiples of it can be halved three times.
_STEP = 8
# Of the sounds, so many are whole.
_WHOLE_SHARE = 0.95
# A second is told to a tenth.
_TENTH = 10


def picture_part(role: ColumnRole, name: str, table: Table) -> InputPart:
    """Return the input that files of pictures become."""
    sizes, modes = Counter[tuple[int, int]](), Counter[str]()
    for path in _sampled_files(role, table):
        with Image.open(path) as picture:
            sizes[picture.height, picture.width] += 1
            modes[picture.mode] += 1
    channels = 1 if set(modes) <= {"1", "L", "I;16"} else 3
    height, width = _side_of_pictures(sizes, 0), _side_of_pictures(sizes, 1)
    shown = ", ".join(f"{h} x {w}" for (h, w), _ in sizes.most_common(3))
    others = "" if len(sizes) == 1 else f" and {len(sizes) - 1} other sizes"
    resize = "" if set(sizes) == {(height, width)} else ", resize: " + _way_of_resizing(sizes)
    line = (
        f"    {name}: {{image: {role.name}, size: [{height}, {width}], channels: {channels}, "
        f"scale: $1/255{resize}}}"
    )
    reason = f"    # pictures of {shown if len(sizes) == 1 else shown.split(', ')[0]}{others}"
    shape = f"[{height}, {width}, {channels}]"
    return InputPart(name, (role.name,), (reason, line), shape=shape, form="image")


def _side_of_pictures(sizes: Counter[tuple[int, int]], axis: int) -> int:
    usual = int(np.median([size[axis] for size in sizes.elements()]))
    if usual <= _MOST_PIXELS:
        return usual
    shorter = float(np.median([min(size) for size in sizes.elements()]))
    return max(_STEP, round(usual / shorter * _MOST_PIXELS / _STEP) * _STEP)


def _way_of_resizing(sizes: Counter[tuple[int, int]]) -> str:
    """Return `stretch` where all pictures have one form, else what keeps that of each."""
    forms = {round(height / width, 1) for height, width in sizes}
    return "stretch" if len(forms) == 1 else "crop"


def sound_part(role: ColumnRole, name: str, table: Table) -> InputPart:
    """Return the input that files of sounds become: waves of one rate and length."""
    found = [soundfile.info(path) for path in _sampled_files(role, table)]
    rate = Counter(one.samplerate for one in found).most_common(1)[0][0]
    lengths = [one.frames / one.samplerate for one in found]
    seconds = np.ceil(float(np.quantile(lengths, _WHOLE_SHARE)) * _TENTH) / _TENTH
    reason = f"    # sounds of {min(lengths):.1f} to {max(lengths):.1f} seconds"
    line = f"    {name}: {{audio: {role.name}, sample_rate: {rate}, seconds: {seconds:g}}}"
    return InputPart(
        name,
        (role.name,),
        (reason, line),
        shape=f"[{round(seconds * rate)}]",
        form="sound",
        rate=rate,
    )


def _sampled_files(role: ColumnRole, table: Table) -> list[Path]:
    names: Array = table.columns[role.name]
    roots = list(table.roots())
    chosen = np.linspace(0, len(names) - 1, min(_SAMPLE, len(names))).astype(int)
    return [roots[row] / names[row] for row in chosen]
