"""What is found in data that are taken: each finding whole, beside the data that call for it."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from data_cases import FOLDER, case, csv, lines, picture, sound
from PIL import Image
from refused_parts import SERIES, days

from dlspec_pipelines.steps.preparation.dataset import prepare_dataset

GOLDEN = Path(__file__).parent.parent / "golden/findings"
pytestmark = pytest.mark.usefixtures("home", "no_data_folder")

NUMBERED = {"split": "{column: part, validation: [v], test: [t]}"}


def parts(*values, header="x,y"):
    """Return rows, the last two for validation and test, all others for training."""
    named = [*["f"] * (len(values) - 2), "v", "t"]
    return csv(
        *(f"{row},{part}" for row, part in zip(values, named, strict=True)), header=f"{header},part"
    )


def stereo(samples, rate=8000):
    written = io.BytesIO()
    soundfile.write(written, np.full((samples, 2), 0.5), rate, format="WAV")
    return written.getvalue()


def noise(seed, size=(24, 24), *, bright=0):
    pixels = np.random.default_rng(seed).integers(0, 200, (*size, 3)) + bright
    written = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(written, "PNG")
    return written.getvalue()


CASES = [
    case(
        "gaps, a constant column, repeated rows",
        csv("1,0,7", ",1,7", "3,0,7", "1,0,7", "5,2,7", ",4,7", header="x,y,z"),
        inputs="{x: {number: x, missing: median}, z: {number: z}}",
        split="{column: y, test: [4]}",
    ),
    case(
        "rows of training among the others",
        parts("1,0", "2,1", "3,0", "2,1", "1,0"),
        **NUMBERED,
    ),
    case(
        "classes that are rare or absent",
        parts(*[f"{i},0" for i in range(30)], "50,1", "51,0", "52,1"),
        targets="{y: {class: y, classes: 3}}",
        **NUMBERED,
    ),
    case(
        "categories that training lacks",
        parts("a,0", "b,1", "c,0", "d,1", "e,0"),
        inputs="{x: {category: x, vocabulary: 9}}",
        **NUMBERED,
    ),
    case(
        "texts that are cut, empty, or of other words",
        parts("a b c d,0", "a b,1", "!,1", "zebra a,1", "yak yak ox,0"),
        inputs="{x: {text: x, length: 3, vocabulary: 9}}",
        **NUMBERED,
    ),
    case(
        "ids past the vocabulary",
        lines([[1, 2, 9, 12], 0], [[3, 9], 1], [[4], 2], [[5, 11], 3]),
        source="{json_lines: a.jsonl}",
        inputs="{x: {tokens: x, length: 3, vocabulary: 9, above: unknown}}",
    ),
    case(
        "sequences that are cut",
        lines([[[1], [2], [3]], 0], [[[4]], 1], [[[5], [6]], 2]),
        source="{json_lines: a.jsonl}",
        inputs="{x: {sequence: x, length: 2, features: 1}}",
    ),
    case(
        "pictures that cannot be read, or are near each other",
        {
            "d/a/1.png": noise(1),
            "d/a/2.png": noise(1, bright=3),
            "d/b/3.png": noise(2),
            "d/b/4.png": noise(3),
            "d/b/5.png": "w",
            "d/a/6.png": picture()[:30],
        },
        source="{image_folder: d, unreadable: skip}",
        inputs="{x: {image: file, size: [24, 24], channels: 3}}",
        targets=FOLDER,
    ),
    case(
        "sounds of several kinds",
        {
            "d/a/1.wav": stereo(16),
            "d/a/2.wav": sound([0.5] * 3),
            "d/b/3.wav": stereo(800, 16000),
            "d/b/4.wav": sound([0.25] * 8),
        },
        source="{audio_folder: d}",
        inputs="{x: {audio: file, sample_rate: 8000, seconds: 0.001}}",
        targets=FOLDER,
    ),
    case(
        "gaps in time",
        days(
            *(f"2024-01-{day:02},{day},1" for day in [*range(1, 9), *range(11, 22), *range(24, 31)])
        ),
        **SERIES,
    ),
    case(
        "windows that miss a value",
        days(*(f"2024-01-{day:02},{'' if day in (4, 25) else day},1" for day in range(1, 31))),
        **SERIES
        | {"inputs": "{x: {series: x, length: 3, missing: drop}}"}
        | {"targets": "{y: {series: g, horizon: 1}}"},
    ),
    case(
        "rows that warn",
        csv("1,0", "9,1", "3,0", "8,1"),
        expect="{x: {in_range: [0, 5], severity: warning}}",
    ),
]


def test_what_is_found_in_data_reads_as_it_did(golden, tmp_path):
    texts = []
    for number, one in enumerate(CASES):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        one.lay_out(folder)
        text, data = one.spec_data()
        dataset = prepare_dataset(data, base=folder)
        account = json.loads(Path(dataset.path, "contract.json").read_text())
        told = [json.dumps(account[key]) for key in ("rows", "balance")]
        told += map(json.dumps, (*account["checks"], *account["failing"], *account["findings"]))
        texts.append("\n".join([f"# {one.title}", text + told[0], *told[1:], ""]))
    golden(GOLDEN / "data.txt", "\n".join(texts))
