"""`dlspec new`, `check` and `run` over the files of a folder: which specs work as they are.

    DLSPEC_DATA=folder python benchmarks/new_specs.py [--epochs 2] [--no-run] [WORD...]

Each file gets a project of its own in a temporary folder. WORD keeps only paths that hold it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What describes data and is none.
_NOT_DATA = (".md", ".names", "SHA256SUMS", "README.aclImdb", "readme.txt", "classes.txt")
# A folder of many small files is one data set.
_MANY_FILES = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file: the step that it came to, seconds, and what the last step said."""

    path: Path
    reached: str
    seconds: float
    said: str


def data_files(folder: Path) -> Iterator[Path]:
    """Yield every data file below a folder, and each folder that is one data set."""
    for path in sorted(folder.iterdir()):
        if _is_notice(path) or path.name == "keras-cache":
            continue
        if path.is_file() or _holds_one_dataset(path):
            yield path
        else:
            yield from data_files(path)


def _holds_one_dataset(folder: Path) -> bool:
    """Tell a folder of many files, of lines for each class, or of series with their test rows."""
    inner = [one for one in folder.rglob("*") if one.is_file() and not _is_notice(one)]
    depths = {len(one.relative_to(folder).parts) for one in inner}
    several = depths == {1} or sum(one.is_dir() for one in folder.iterdir()) > 1
    many = len(inner) > _MANY_FILES and len(depths) == 1 and several
    lines = {one.suffix for one in inner} == {".neg", ".pos"}
    return many or lines or any(one.name.endswith("_TRAIN.ts") for one in folder.iterdir())


def _is_notice(path: Path) -> bool:
    return path.name.endswith(_NOT_DATA)


def try_file(path: Path, *, epochs: int, trains: bool) -> Outcome:
    """Write a spec for one file, check it and train it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        commands = [["new", "mine", "--data", str(path)], ["check", "specs/mine.yaml"]]
        if trains:
            commands.append(["run", "mine", "-q", "--set", f"training.epochs={epochs}"])
        reached, said = "nothing", ""
        for arguments in commands:
            command = [sys.executable, "-m", "dlspec_pipelines.cli", *arguments]
            done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
            said = (done.stderr + done.stdout).strip()
            # A model of a few epochs may be worse than a baseline: it was trained all the same.
            if done.returncode and not done.stdout.rstrip().endswith("report.html"):
                break
            reached = arguments[0]
    return Outcome(path, reached, time.monotonic() - began, said)


def main() -> None:
    """Print a line for each file, and how many work as they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--no-run", action="store_true")
    options = parser.parse_args()
    folder = Path(os.environ["DLSPEC_DATA"])
    last = "check" if options.no_run else "run"
    works = total = 0
    for path in data_files(folder):
        name = str(path.relative_to(folder))
        if options.words and not any(word in name for word in options.words):
            continue
        found = try_file(path, epochs=options.epochs, trains=not options.no_run)
        total, works = total + 1, works + (found.reached == last)
        told = (
            "works" if found.reached == last else f"{found.reached:<7} {_first_words(found.said)}"
        )
        print(f"{name:<48} {found.seconds:5.1f} s  {told}", flush=True)
    print(f"\n{works} of {total} specs work as they are, up to `{last}`")


def _first_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if "rror" in line] or lines[-1:]
    return " ".join(told)[:150]


if __name__ == "__main__":
    main()
