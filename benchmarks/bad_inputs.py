"""What is printed for data that are wrong on purpose: `python -m benchmarks.bad_inputs`.

Each input is made in a folder of its own and read by `dlspec data` in a process of its own. The
table says how that ended and what it printed; a data set that was half written is said, too.
`--large` adds ten million lines and a hundred thousand files.
"""

import io
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

_SPEC = """\
dlspec: 1
name: bad
data:
  source: {source}
  inputs: {{x: {input}}}
  targets: {{c: {target}}}
  split: {{validation: 0.2, test: 0.2, seed: 1{split}}}
model:
  graph:
    - {{Flatten: {{}}, from: x}}
    - {{Dense: {units}, name: c}}
training:
  epochs: 1
  loss: {loss}
"""
# Root may read every file, but for this.
_NO_OVERRIDE = "--bounding-set=-dac_override,-dac_read_search"
_AS_ANYBODY = ("setpriv", _NO_OVERRIDE) if os.geteuid() == 0 else ()
# Of ten that are printed for each check.
_SHOWN_ROWS = 2
# Longer than a hundred thousand files take on two cores.
_TIMEOUT_S = 1200


@dataclass(frozen=True, slots=True)
class BadInput:
    """One input: what it is, how its files are made, and the words of its spec that differ."""

    what: str
    make: Callable[[Path], None]
    source: str = "{csv: rows.csv}"
    input: str = "{number: n}"
    target: str = "{class: c, classes: 3}"
    split: str = ""
    units: str = "3"
    loss: str = "{SparseCategoricalCrossentropy: {from_logits: true}}"
    disk: str | None = None

    @property
    def spec(self) -> str:
        """Return the spec that reads it."""
        return _SPEC.format(
            source=self.source,
            input=self.input,
            target=self.target,
            split=self.split,
            units=self.units,
            loss=self.loss,
        )


def _rows(*bad: str, header: str = "n,c", more: int = 40) -> Callable[[Path], None]:
    good = [f"{i}.5,{i % 3}" for i in range(more)]
    text = "\n".join([header, *good, *bad]) + "\n"
    return lambda folder: _write(folder / "rows.csv", text)


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _mixed_encodings(folder: Path) -> None:
    _rows("1,1")(folder)
    with (folder / "rows.csv").open("ab") as file:
        file.write("2,1,café\n".encode("latin-1"))


def _denied(folder: Path) -> None:
    _rows()(folder)
    (folder / "rows.csv").chmod(0)


def _denied_picture(folder: Path) -> None:
    _pictures(folder)
    (folder / "pets/cat/3.jpg").chmod(0)


def _labels_from_1(folder: Path) -> None:
    _write(folder / "rows.csv", "n,c\n" + "".join(f"{i},{1 + i % 3}\n" for i in range(40)))


def _lone_class(folder: Path) -> None:
    rows = "".join(f"{i},{i % 2}\n" for i in range(40))
    _write(folder / "rows.csv", f"n,c\n{rows}7.5,2\n")


def _stray_blanks(folder: Path) -> None:
    rows = "".join(f"{i},{('red', 'blue')[i % 2]}\n" for i in range(40))
    _write(folder / "rows.csv", f"n,c\n{rows}7.5, red\n")


def _wide_rows(folder: Path) -> None:
    names = ",".join(f"x{i}" for i in range(64))
    values = np.random.default_rng(0).random((2000, 64)).round(3).tolist()
    rows = "".join(",".join(map(str, row)) + f",{i % 3}\n" for i, row in enumerate(values))
    _write(folder / "rows.csv", f"{names},c\n{rows}")


def _jpeg(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG")
    return written.getvalue()


def _pictures(folder: Path, *, corrupt: float = 0.0, count: int = 50) -> None:
    for number in range(2 * count):
        content = _jpeg(number)
        if number % 10 < 10 * corrupt:
            content = content[: len(content) // 2]
        name = f"{('cat', 'dog')[number % 2]}/{number // 2}.jpg"
        _write(folder / "pets" / name, content)


def _corrupt_pictures(folder: Path) -> None:
    _pictures(folder, corrupt=0.4)


def _empty_class(folder: Path) -> None:
    _pictures(folder)
    (folder / "pets/fox").mkdir()


def _ragged(folder: Path) -> None:
    rows = [f'{{"s": [[{i}, 1], [2, 3]], "c": {i % 3}}}' for i in range(40)]
    rows[25] = '{"s": [[1, 2], [3]], "c": 1}'
    rows[31] = '{"s": [[1, 2, 3]], "c": 1}'
    _write(folder / "rows.jsonl", "\n".join(rows) + "\n")


def _silent_sound(folder: Path) -> None:
    for number in range(40):
        path = folder / "tones" / ("high", "low")[number % 2] / f"{number:02}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = np.random.default_rng(number).uniform(-1, 1, 0 if number == 7 else 100)
        soundfile.write(path, samples, 100)


def _ten_million_lines(folder: Path) -> None:
    with (folder / "rows.csv").open("w") as file:
        file.write("n,c\n")
        block = "".join(f"{i}.5,{i % 3}\n" for i in range(10_000))
        for _ in range(1000):
            file.write(block)
        file.write("7,3\n")


def _many_files(folder: Path) -> None:
    for number in range(100_000):
        pixels = np.full((8, 8), number % 251, dtype=np.uint8)
        pixels.reshape(-1)[:4] = np.frombuffer(number.to_bytes(4, "little"), np.uint8)
        path = folder / "pets" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    (folder / "pets/cat/500.png").write_bytes(b"no picture")


_COLOURS = "{class: c, classes: [red, blue]}"


def _pets(
    what: str,
    make: Callable[[Path], None],
    *,
    source: str = "{image_folder: pets}",
    size: int = 16,
    channels: int = 3,
) -> BadInput:
    """Return an input of pictures in two folders."""
    read = f"{{image: file, size: [{size}, {size}], channels: {channels}, scale: $1/255}}"
    target = "{class: class, classes: [cat, dog]}"
    return BadInput(what, make, source=source, input=read, target=target, units="2")


INPUTS = (
    BadInput("a file that is not there", lambda _: None),
    BadInput("a file that may not be read", _denied),
    BadInput("an empty file", lambda folder: _write(folder / "rows.csv", "")),
    BadInput("a typo in the header", _rows(header="n,klass"), target="{class: class, classes: 3}"),
    BadInput("a label outside the classes", _rows("7,3", "8,9")),
    BadInput("labels from 1", _labels_from_1),
    BadInput("a class with one row under `stratify`", _lone_class, split=", stratify: c"),
    BadInput("mixed encodings", _mixed_encodings),
    BadInput("a target without a value", _rows("7,", "8,")),
    BadInput("a number that is NaN", _rows("nan,1"), source="{csv: rows.csv, missing: nan}"),
    BadInput("a text among numbers", _rows("many,1")),
    BadInput("a row with a field too many", _rows("7,1,9")),
    BadInput(
        "ragged sequences",
        _ragged,
        source="{json_lines: rows.jsonl}",
        input="{sequence: s, length: 3, features: 2}",
    ),
    BadInput("stray blanks in the header", _rows(header=" n , c ")),
    BadInput("stray blanks in values", _stray_blanks, target=_COLOURS, units="2"),
    _pets("an empty class folder", _empty_class),
    _pets("a picture that may not be read", _denied_picture),
    _pets("40 % corrupt JPEGs", _corrupt_pictures),
    _pets(
        "the same, with `unreadable: skip`",
        _corrupt_pictures,
        source="{image_folder: pets, unreadable: skip}",
    ),
    BadInput(
        "a sound of no length",
        _silent_sound,
        source="{audio_folder: tones}",
        input="{audio: file, sample_rate: 100, seconds: 1}",
        target="{class: class, classes: [high, low]}",
        units="2",
    ),
    BadInput("a full disk while preparing", _wide_rows, input="{vector: [x0..x63]}", disk="300k"),
)
LARGE = (
    BadInput("ten million lines, the last label wrong", _ten_million_lines),
    _pets("a hundred thousand small files, one no picture", _many_files, size=8, channels=1),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one input: exit status, what was printed, seconds, peak memory in MB."""

    status: int
    text: str
    seconds: float
    memory: int
    half_written: bool


def tell(bad: BadInput) -> Told:
    """Make an input, read it by `dlspec data`, and return what that printed."""
    folder = Path(tempfile.mkdtemp(prefix="bad-inputs-"))
    try:
        return _told_in(folder, bad)
    finally:
        shutil.rmtree(folder)


def _told_in(folder: Path, bad: BadInput) -> Told:
    (folder / "specs").mkdir()
    bad.make(folder / "specs")
    (folder / "specs/bad.yaml").write_text(bad.spec)
    home = folder / "home"
    home.mkdir()
    if bad.disk is None:
        return _read_bad_input(folder, home)
    size = f"size={bad.disk}"
    subprocess.run(
        [shutil.which("mount") or "", "-t", "tmpfs", "-o", size, "disk", home], check=True
    )
    try:
        return _read_bad_input(folder, home)
    finally:
        subprocess.run([shutil.which("umount") or "", home], check=True)


def _read_bad_input(folder: Path, home: Path) -> Told:
    before = time.monotonic()
    done = subprocess.run(
        [*_AS_ANYBODY, sys.executable, "-m", "dlspec_pipelines.cli", "data", "bad"],
        cwd=folder,
        env={**os.environ, "DLSPEC_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
    )
    seconds = time.monotonic() - before
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    arrays = list(home.glob("datasets/*/**/*.npy"))
    failed = done.returncode != 0
    text = _rows_of(done.stdout) + done.stderr if failed else _findings_of(done.stdout)
    return Told(
        done.returncode, _without_folder(text, folder), seconds, memory, failed and bool(arrays)
    )


def _rows_of(text: str) -> str:
    """Return the first rows of the table of failing rows, where there is one."""
    _, _, table = text.partition("\nrows that break a check")
    rows = [" ".join(row.split()) for row in table.partition("\n\n\n")[0].splitlines()[4:]]
    more = "...\n" if len(rows) > _SHOWN_ROWS else ""
    return "".join(f"{row}\n" for row in rows[:_SHOWN_ROWS]) + more


def _findings_of(text: str) -> str:
    return "\n".join(["the data set is made:", *text.partition("\nhygiene")[2].splitlines()])


def _without_folder(text: str, folder: Path) -> str:
    """Return what was printed without the remarks on progress, and without our own folder."""
    kept = [
        line
        for line in text.replace(f"{folder}/", "").splitlines()
        if not re.match(r"(reading the data|checking and preparing)", line)
    ]
    return re.sub(r"[0-9a-f]{64}", "...", "\n".join(kept)).strip()


def main() -> None:
    """Print the table as Markdown."""
    inputs = (*INPUTS, *(LARGE if "--large" in sys.argv[1:] else ()))
    print("| input | exit | printed |\n|---|---:|---|")
    for bad in inputs:
        told = tell(bad)
        shown = "<br>".join(line.strip() for line in told.text.splitlines()).replace("|", "\\|")
        half = " **a half-written data set is left**" if told.half_written else ""
        cost = f" ({told.seconds:.0f} s, {told.memory:,} MB)" if bad in LARGE else ""
        print(f"| {bad.what}{cost} | {told.status} | {shown}{half} |", flush=True)


if __name__ == "__main__":
    main()
