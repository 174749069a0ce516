"""`make bench`: prints the table of costs. Absolute times drift with load; ratios hold."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import dlspec
from benchmarks.paired import Pair, time_pair
from dlspec.compiler import compile_file

ROOT = Path(__file__).parent.parent
PYTHON = sys.executable
DLSPEC = str(Path(PYTHON).parent / "dlspec")
MANY = 1_000
LAYERS = (500, 1_000, 2_000, 4_000)


def main() -> None:
    """Run every benchmark and print what it found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("A against B, medians; the ratio is paired")
        for title, pair, most in _pairs(folder):
            _print_pair(title, pair, most)
        print("\nthe compiler")
        _print_compiler(folder)


def _pairs(folder: Path) -> Iterator[tuple[str, Pair, str]]:
    for part in ("specs", "workspace.yaml"):
        source = ROOT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / part)
    yield (
        "`dlspec check specs` / `python -c 'import yaml'`",
        time_pair(
            [DLSPEC, "check", "specs"], [PYTHON, "-c", "import yaml"], runs=15, folder=folder
        ),
        "8",
    )
    script = [PYTHON, str(ROOT / "benchmarks/plain_digits.py"), str(folder)]
    yield (
        "`dlspec run digits_lenet5` / plain Keras script",
        time_pair([DLSPEC, "run", "digits_lenet5"], script, runs=5, folder=folder),
        "1.3",
    )


def _print_pair(title: str, pair: Pair, most: str) -> None:
    print(
        f"{title:52}  {pair.a.wall_s:6.2f} s wall ({pair.a.cpu_s:5.2f} s CPU) / "
        f"{pair.b.wall_s:6.2f} s ({pair.b.cpu_s:5.2f} s) = {pair.ratio:.2f}  (at most {most})",
        flush=True,
    )


def _print_compiler(folder: Path) -> None:
    text = (ROOT / "specs/digits_lenet5.yaml").read_text()
    many = folder / "many"
    many.mkdir()
    for number in range(MANY):
        name = f"digits_{number}"
        (many / f"{name}.yaml").write_text(text.replace("digits_lenet5", name))
    started = time.perf_counter()
    for path in sorted(many.glob("*.yaml")):
        assert compile_file(path).plan is not None
    each_ms = (time.perf_counter() - started) / MANY * 1e3
    print(f"{MANY} specs in one process: {each_ms:.2f} ms each (at most 5)")
    for layers in LAYERS:
        started = time.perf_counter()
        dlspec.loads(_long(layers))
        seconds = time.perf_counter() - started
        print(f"{layers} layers: {seconds:.3f} s, {seconds / layers * 1e6:.0f} us each")


def _long(layers: int) -> str:
    entries = "\n".join("    - Dense: {units: 64, activation: relu}" for _ in range(layers))
    return f"dlspec: 1\nname: long\nmodel:\n  inputs: {{x: [64]}}\n  graph:\n{entries}\n"


if __name__ == "__main__":
    main()
