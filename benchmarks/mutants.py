"""`python -m benchmarks.mutants`: how many small changes of the code the tests let live.

A seeded sample of mutants of `rules/`, `resolve/` and the steps that are plain arithmetic, made and
run by mutmut (`pip install 'mutmut>=3.8,<4'`) in a copy of the working tree. Each mutant is run
against the tests that reach its function, and what they let live against the room's judges.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
_COPIED = ("benchmarks", "dlspec", "docs", "schemas", "specs", "tests")
# What trains is left out: mutmut forks, which TensorFlow does not survive.
_STEPS = (
    "datasets/*",
    "evaluation/beam_search*",
    "evaluation/computable_metrics*",
    "evaluation/generated_metrics*",
    "evaluation/kept_columns*",
    "evaluation/measures*",
    "evaluation/outputs*",
    "evaluation/paired_*",
    "preparation/*",
    "promotion/*",
)

# What mutmut keeps and writes of each call is counted with what the code takes.
_MEASURE_ROOM = ("tests/unit/test_bounded_preparation.py", "tests/unit/test_room_for_data.py")


@dataclass(frozen=True, slots=True)
class Room:
    """Code that is mutated, and the tests that must notice.

    `judges` take long, or load TensorFlow, which does not survive that mutmut forks: they get a
    process of their own for each mutant that the other tests let live. All unit tests that hold the
    words `reads` are among the tests, so that a new one is by itself.
    """

    name: str
    packages: tuple[str, ...]
    tests: tuple[str, ...]
    judges: tuple[str, ...] = ()
    reads: str | None = None

    def test_files(self) -> list[str]:
        """Return the files of its tests, and of all unit tests that hold what it `reads`."""
        found = {file for pattern in self.tests for file in ROOT.glob(pattern)}
        if self.reads is not None:
            units = ROOT.glob("tests/unit/test_*.py")
            found |= {file for file in units if self.reads in file.read_text("utf-8")}
            found -= {ROOT / name for name in _MEASURE_ROOM}
        return sorted(str(file.relative_to(ROOT)) for file in found)


ROOMS = (
    Room(
        "rules",
        ("dlspec/rules/*",),
        (
            "tests/golden",
            "tests/unit/test_rules*.py",
        ),
        (
            "tests/unit/test_nothing_is_ignored.py",
            "tests/backends/test_causality.py",
            "tests/backends/test_masks.py",
        ),
    ),
    Room(
        "resolve",
        ("dlspec/resolve/*",),
        (
            "tests/golden",
            "tests/unit/test_shapes*.py",
            "tests/unit/test_op*.py",
            "tests/unit/test_render.py",
            "tests/unit/test_graph_costs.py",
        ),
        ("tests/backends/test_shapes_against_keras.py", "tests/backends/test_op_images.py"),
    ),
    Room(
        "steps",
        tuple(f"dlspec_pipelines/steps/{step}" for step in _STEPS),
        (
            "tests/pipelines/test_promotion.py",
            "tests/pipelines/test_evaluation_metrics.py",
            "tests/pipelines/test_paired_bootstrap.py",
        ),
        reads="from dlspec_pipelines.steps.",
        judges=(
            "tests/backends/test_mel_spectra.py",
            "tests/pipelines/test_contexts.py",
            "tests/pipelines/test_generation.py",
            "tests/pipelines/test_image_files.py",
            "tests/pipelines/test_image_folder.py",
            "tests/pipelines/test_sounds.py",
        ),
    ),
)


@click.command()
@click.option("--count", default=60, show_default=True, help="Mutants in each room.")
@click.option("--seed", default=1, show_default=True, help="Which ones are drawn.")
@click.option("--room", "rooms", multiple=True, type=click.Choice([room.name for room in ROOMS]))
def main(count: int, seed: int, rooms: tuple[str, ...]) -> None:
    """Print the share of surviving mutants of each room, and each survivor as a diff."""
    print("| room | mutants | survived | share |\n|---|---|---|---|", flush=True)
    for room in ROOMS:
        if not rooms or room.name in rooms:
            with tempfile.TemporaryDirectory() as folder:
                _measure(room, Path(folder), count, seed)


def _measure(room: Room, folder: Path, count: int, seed: int) -> None:
    _lay_out(room, folder)
    # One name that matches nothing: the mutants are made, and none is run.
    _mutmut(folder, "run", "none.of.these")
    known = sorted(_listed_mutants(folder))
    drawn = sorted(random.Random(seed).sample(known, min(count, len(known))))  # noqa: S311 - a sample
    said = _mutmut(folder, "run", "--max-children", "1", *drawn)
    states = _listed_mutants(folder)
    if any(states[name] == "not checked" for name in drawn):
        raise click.ClickException(f"the tests fail without a mutant too:\n{said[-2000:]}")
    lived = [name for name in drawn if states[name] in ("survived", "no tests")]
    lived = [name for name in lived if not room.judges or _passes(room.judges, name, folder)]
    print(f"| {room.name} | {len(drawn)} | {len(lived)} | {len(lived) / len(drawn):.0%} |\n")
    for name in lived:
        print(_mutmut(folder, "show", name), flush=True)


def _passes(judges: tuple[str, ...], mutant: str, folder: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *judges]
    at = folder / "mutants"
    environment = {**os.environ, "MUTANT_UNDER_TEST": mutant, "PYTHONPATH": f"{at}:{at}/pipelines"}
    run = subprocess.run(command, cwd=at, env=environment, capture_output=True, check=False)
    return run.returncode == 0


def _lay_out(room: Room, folder: Path) -> None:
    """Copy what the tests read, both packages at the top, where mutmut finds them by name."""
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "pipelines", folder / "pipelines")
    shutil.copytree(ROOT / "pipelines/dlspec_pipelines", folder / "dlspec_pipelines")
    for file in (*ROOT.glob("*.md"), *ROOT.glob("*.yaml"), ROOT / "Makefile"):
        shutil.copy(file, folder)
    package = room.packages[0].partition("/")[0]
    also = ["pipelines", *sorted({*_COPIED, "dlspec_pipelines"} - {package, "tests"})]
    also += [*(file.name for file in ROOT.glob("*.md")), "Makefile", "workspace.yaml"]
    lines = [
        "[tool.mutmut]",
        f"source_paths = {[package]}",
        f"only_mutate = {list(room.packages)}",
        f"also_copy = {also}",
        f"pytest_add_cli_args_test_selection = {room.test_files()}",
        "pytest_add_cli_args = ['-p', 'no:cacheprovider', '-m', 'not slow']",
    ]
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (folder / "pyproject.toml").write_text(text + "\n" + "\n".join(lines) + "\n", "utf-8")


def _listed_mutants(folder: Path) -> dict[str, str]:
    lines = _mutmut(folder, "results", "--all", "true").splitlines()
    pairs = (line.strip().rpartition(": ") for line in lines if ": " in line)
    return {name: state for name, _, state in pairs}


def _mutmut(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    main()
