"""Data that are refused: files, and what a spec says of them beside what is plain."""

import io
import json
import sqlite3
from dataclasses import dataclass

import numpy as np
import soundfile
from PIL import Image

from dlspec.decode.decode import decode
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source
from dlspec.language.catalogue.target import Target
from dlspec.syntax.parse import parse

# What a case does not say of its data.
PLAIN = {
    "source": "{csv: a.csv}",
    "inputs": "{x: {number: x}}",
    "targets": "{y: {number: y}}",
    "split": "{test: 0.5}",
}


@dataclass(frozen=True)
class Case:
    """Files, and what a spec says of them beside what is plain."""

    title: str
    files: dict[str, str | bytes]
    data: dict[str, str]
    locked: tuple[str, ...] = ()

    def lay_out(self, folder):
        """Write the files; those that are locked, and locked folders, cannot be read."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        for name in self.locked:
            (folder / name).chmod(0)

    def spec_data(self):
        """Return what the case says of the section, and the section decoded."""
        text = "\n".join(f"  {key}: {value}" for key, value in (PLAIN | self.data).items())
        spec = f"dlspec: 1\nname: a\ndata:\n{text}\nmodel: {{graph: [Flatten]}}\n"
        reporter = Reporter()
        tree = parse(Source("<text>", spec), reporter)
        decoded, _ = decode(tree, Target(), reporter, overrides={})
        assert not reporter.failed, reporter.diagnostics
        return "".join(f"{key}: {value}\n" for key, value in self.data.items()), decoded.data


def case(title, files=None, locked=(), **data):
    return Case(title, files or {}, data, locked)


def csv(*rows, header="x,y"):
    return {"a.csv": "\n".join([header, *rows]) + "\n"}


def lines(*rows):
    """Return a file of objects: rows of values of `x` and `y`."""
    return {
        "a.jsonl": "".join(json.dumps(dict(zip("xy", row, strict=True))) + "\n" for row in rows)
    }


def arrays(name="a.npz", **columns):
    written = io.BytesIO()
    np.savez(written, **columns)
    return {name: written.getvalue()}


def one_array(array):
    written = io.BytesIO()
    np.save(written, array, allow_pickle=True)
    return written.getvalue()


def picture(mode="L", size=(4, 4)):
    written = io.BytesIO()
    Image.new(mode, size).save(written, "PNG")
    return written.getvalue()


def sound(samples, subtype="PCM_16"):
    written = io.BytesIO()
    soundfile.write(written, np.asarray(samples), 8000, subtype, format="WAV")
    return written.getvalue()


def database(*statements):
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    return {"a.db": connection.serialize()}


GOOD = csv(*(f"{i},{i}" for i in range(8)))
CLASS = "{y: {class: y, classes: 2}}"
FOLDER = "{y: {class: class, classes: [a, b]}}"
TEXTS = {"inputs": "{x: {text: text, length: 3, vocabulary: 9}}", "targets": FOLDER}
PICTURES = {"inputs": "{x: {image: file, size: [4, 4], channels: 1}}", "targets": FOLDER}
SOUNDS = {
    "inputs": "{x: {audio: file, sample_rate: 8000, seconds: 0.001}}",
    "targets": FOLDER,
    "source": "{audio_folder: d}",
}
LINES = "{json_lines: a.jsonl}"
NPZ = "{npz: a.npz}"
