"""The records, tables and page of `benchmarks.wrong_specs`."""

import platform
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

Outcome = Literal["caught", "late", "warned", "silent"]
_WORDS: dict[Outcome, str] = {
    "caught": "error",
    "late": "error in training",
    "warned": "warning",
    "silent": "nothing",
}
_LONGEST = 110
_LUDWIG = Path(__file__).parent / "mistakes/ludwig.md"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: its words, its line and column in the spec, and its lines in the script."""

    name: str
    text: str
    place: tuple[int, int]
    script_lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one side said: `first_s` is the wait for the first finding, None when there is none."""

    outcome: Outcome
    placed: bool
    lines: int
    first_s: float | None
    says: str


Row = tuple[Mistake, Answer, Answer]


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Give a Markdown row for every mistake: what each side said, and whether with the place."""
    for mistake, ours, theirs in rows:
        cells = (f"`{mistake.name}`", mistake.text, *_cells(ours), *_cells(theirs))
        yield f"| {' | '.join(cells)} |"


def _cells(answer: Answer) -> tuple[str, str]:
    placed = {True: " at its place", False: " elsewhere"}[answer.placed]
    said = _WORDS[answer.outcome] + ("" if answer.outcome == "silent" else placed)
    says = answer.says.replace("|", "\\|").replace("<", "\\<")
    if len(says) > _LONGEST:
        says = says[:_LONGEST].rsplit(" ", 1)[0] + " ..."
    # A cut or a lone backtick would open code that never ends.
    return said, says if says.count("`") % 2 == 0 else says.replace("`", "'")


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """Give the Markdown table of shares and medians."""
    sides = [[row[1] for row in rows], [row[2] for row in rows]]
    yield "| | dlspec | plain Keras |"
    yield "|---|---|---|"
    claims: tuple[tuple[str, Callable[[Answer], bool]], ...] = (
        ("stopped by an error before training", lambda a: a.outcome == "caught"),
        ("... and shown at its place", lambda a: a.outcome == "caught" and a.placed),
        ("only a warning", lambda a: a.outcome == "warned"),
        ("... and shown at its place", lambda a: a.outcome == "warned" and a.placed),
        ("error after the first batch", lambda a: a.outcome == "late"),
        ("nothing said", lambda a: a.outcome == "silent"),
    )
    for title, holds in claims:
        yield f"| {title} | {' | '.join(_share(side, holds) for side in sides)} |"
    caught = [[answer for answer in side if answer.outcome == "caught"] for side in sides]
    lines = [f"{statistics.median(a.lines for a in side):.0f}" if side else "-" for side in caught]
    yield f"| median lines of output, with an error | {' | '.join(lines)} |"
    waits = [[a.first_s for a in side if a.first_s is not None] for side in caught]
    seconds = [f"{statistics.median(side):.1f}" if side else "-" for side in waits]
    yield f"| median seconds to the first error | {' | '.join(seconds)} |"


def _share(answers: Sequence[Answer], holds: Callable[[Answer], bool]) -> str:
    count = sum(map(holds, answers))
    return f"{count} of {len(answers)} ({count / len(answers):.0%})" if answers else "-"


def page(rows: Sequence[Row], *, correct: int) -> str:
    """Return docs/mistakes.md.

    Args:
        correct: How many specs and scripts without a mistake both sides passed in silence.
    """
    versions = ", ".join(f"{name} {version(name)}" for name in ("keras", "tensorflow"))
    parts = (
        "# The same mistakes, told to dlspec and to plain Keras\n",
        "Made by `.venv/bin/python -m benchmarks.wrong_specs --write`, with "
        f"{versions}, Python {platform.python_version()}.\n",
        _ABOUT.format(count=len(rows), correct=correct),
        "\n".join(summary(rows)) + "\n",
        _READING,
        _LUDWIG.read_text("utf-8"),
        "## Each mistake\n",
        "| | the mistake | dlspec | says | Keras | says |\n|---|---|---|---|---|---|",
        "\n".join(table(rows)) + "\n",
    )
    return "\n".join(parts)


_ABOUT = """\
`benchmarks/mistakes` holds {count} mistakes, each as a small spec and as the Keras script that a
person writes for it: it builds, compiles and fits one epoch. The {correct} pairs they were made
from have no mistake (`mistakes/correct`) and pass on both sides without a word. Each run is a
process of its own; the seconds are what a person waits after pressing Enter, imports included.
"""
_READING = """\
How to read it:

- The scripts use Keras's functional API with one layer a line, the form in which a traceback names
  a layer's line best. The place is right when the innermost frame in the script is a line of the
  mistake, or the first line of the call that holds it; where two lines do not fit each other, such
  as head and loss, either counts.
- For dlspec the place is right when the first finding has the line and the column of the mistake.
- An exception inside `fit` counts as before training when it comes before the first batch is done.
- `dlspec check` opens no data, so what only the data shows it does not see.
- The mistakes were chosen by the authors of dlspec: the shares say what the checks are worth for
  these mistakes, not how often people make each of them.
- Seconds drift with the load of the machine; both sides took turns on it.
"""
