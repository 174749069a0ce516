"""What dlspec and plain Keras say to the same mistakes: `python -m benchmarks.wrong_specs --write`.

Each mistake of `benchmarks/mistakes` is a spec and a script. A caret line under the spec's mistake
gives its line and column; `# mistake` ends each line of the script that may be called its place.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.mistakes_page import Answer, Mistake, Outcome, page, summary, table

HERE = Path(__file__).parent
MISTAKES = HERE / "mistakes"
CORRECT = MISTAKES / "correct"
PAGE = HERE.parent / "docs/mistakes.md"
DLSPEC = str(Path(sys.executable).parent / "dlspec")

_CARET = re.compile(r"^#( +)\^ mistake$")
_FINDING = re.compile(r"^(error|warning)\[DL\d+\]: (.*)$", re.MULTILINE)
_PLACE = re.compile(r"^ *--> [^:]+:(\d+):(\d+)$", re.MULTILINE)
_RAISED = re.compile(r"^(?:Traceback|  File \")", re.MULTILINE)
_EXCEPTION = re.compile(r"^((?:\w+\.)*\w*(?:Error|Exception): ?.*)$", re.MULTILINE)
_WARNING = re.compile(r"(?:UserWarning|RuntimeWarning): (.*)$", re.MULTILINE)
# Keras's progress bar shows a step's time when the first batch is done, not before.
_BATCH_DONE = re.compile(r"\d+/\d+.*/step")
# TensorFlow's own notes on the machine are no answer to a mistake: silenced, else not counted.
_NOTE = re.compile(r"^(?:WARNING: All log messages before|[IWE]0000 )")
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONUNBUFFERED": "1"}

Tool = Literal["dlspec", "Keras"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a command printed, how it ended, and after how many seconds its first finding came."""

    text: str
    status: int
    first_s: float | None


def main(arguments: Sequence[str]) -> None:
    """Try every mistake (or those named) on both sides; `--write` keeps the page."""
    names = [word for word in arguments if not word.startswith("-")]
    _check_correct_ones(names)
    rows = []
    for path in sorted(MISTAKES.glob("*.yaml")):
        if names and path.stem not in names:
            continue
        mistake = _read(path)
        rows.append((mistake, _ask("dlspec", mistake), _ask("Keras", mistake)))
        print(*table(rows[-1:]), sep="\n", flush=True)
    print(*summary(rows), sep="\n")
    if "--write" in arguments:
        PAGE.write_text(page(rows, correct=len(list(CORRECT.glob("*.yaml")))), "utf-8")


def _check_correct_ones(names: Sequence[str]) -> None:
    """Refuse to measure where a correct spec or script is not silent."""
    for path in sorted(CORRECT.glob("*.yaml")):
        if names and path.stem not in names:
            continue
        correct = Mistake(path.stem, "", place=(0, 0), script_lines=frozenset())
        for tool in ("dlspec", "Keras"):
            answer = _ask(tool, correct, folder=CORRECT)
            if answer.outcome != "silent":
                raise RuntimeError(f"{tool} on correct/{path.stem}: {answer}")


def _read(spec: Path) -> Mistake:
    lines = spec.read_text("utf-8").splitlines()
    (place,) = (
        (number, len(found[1]) + 2)
        for number, line in enumerate(lines)
        if (found := _CARET.match(line))
    )
    script = spec.with_suffix(".py").read_text("utf-8").splitlines()
    return Mistake(spec.stem, lines[0].removeprefix("# "), place, frozenset(_marked(script)))


def _marked(script: Sequence[str]) -> Iterator[int]:
    """Give the lines of the mistake, and for one inside a call over many lines the call's first."""
    start = 1
    for number, line in enumerate(script, 1):
        # A traceback names the line where a call begins, whichever argument is wrong.
        if line[:1] not in ("", " ", "}", "]", ")"):
            start = number
        if line.endswith("# mistake"):
            yield from (start, number)


def _ask(tool: Tool, mistake: Mistake, *, folder: Path = MISTAKES) -> Answer:
    if tool == "dlspec":
        heard = _hear([DLSPEC, "check", f"{mistake.name}.yaml"], folder, sign=_FINDING)
        return _dlspec_answer(heard, mistake)
    heard = _hear([sys.executable, f"{mistake.name}.py"], folder, sign=_RAISED)
    return _keras_answer(heard, mistake)


def _hear(command: Sequence[str], folder: Path, *, sign: re.Pattern[str]) -> Heard:
    """Run a command as a person does, and note when the first line that matches `sign` comes."""
    started = time.monotonic()
    first_s = None
    lines = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **_QUIET},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if _NOTE.match(line):
                continue
            lines.append(line)
            if first_s is None and sign.search(line):
                first_s = time.monotonic() - started
    return Heard("".join(lines), process.returncode, first_s)


def _dlspec_answer(heard: Heard, mistake: Mistake) -> Answer:
    found = _FINDING.findall(heard.text)
    places = [(int(line), int(column)) for line, column in _PLACE.findall(heard.text)]
    outcome: Outcome = "caught" if heard.status == 1 else "warned" if found else "silent"
    if heard.status not in (0, 1):
        raise RuntimeError(f"dlspec on {mistake.name}: {heard.text}")
    return Answer(
        outcome,
        placed=mistake.place in places[:1],
        lines=_count_lines(heard.text),
        first_s=heard.first_s,
        says=found[0][1] if found else "",
    )


def _keras_answer(heard: Heard, mistake: Mistake) -> Answer:
    frames = re.findall(rf'File "[^"]*{mistake.name}\.py", line (\d+)', heard.text)
    outcome: Outcome = "silent"
    says = ""
    if heard.status:
        outcome = "late" if _BATCH_DONE.search(heard.text) else "caught"
        says = (_EXCEPTION.findall(heard.text) or [heard.text.rstrip().rpartition("\n")[2]])[-1]
    elif warning := _WARNING.search(heard.text):
        outcome, says = "warned", warning[1].strip()
    return Answer(
        outcome,
        placed=bool(frames) and int(frames[-1]) in mistake.script_lines,
        lines=_count_lines(heard.text),
        first_s=heard.first_s,
        says=says,
    )


def _count_lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.split("\n"))


if __name__ == "__main__":
    main(sys.argv[1:])
