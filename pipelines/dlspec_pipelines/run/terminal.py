"""How a run looks in a terminal: a line for each step and epoch, and a table at the end."""

import re
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from dlspec.diagnostics.folding import folded_text
from dlspec.language.turns import is_learning_rate
from dlspec.tools.aligned_table import aligned_table
from dlspec.tools.commands.findings_output import terminal_columns

# Behind the name of a step, which stands before its text.
_INDENT = 12
# Keeps a figure beside its name where a line is folded.
_HARD = "\x01"
# The whole bar then takes 46 columns: it is not broken in two when a window is made smaller.
_BAR = 24
# What takes less shows no bar: it would come and go like a flash.
_LONG_S = 1.0


class Progress:
    """Prints a run while it happens; state, because a live line is replaced by the next."""

    def __init__(self, out: TextIO | None = None, *, quiet: bool = False) -> None:
        """Take the stream; a terminal gets a bar below the lines, anything else plain lines.

        Args:
            out: None is standard error: a command's result alone is on standard output.
            quiet: Print nothing at all.
        """
        self._out = out or sys.stderr
        self._quiet = quiet
        self._bar = _progress_bar(self._out) if self._out.isatty() and not quiet else None
        self._tasks: dict[str, Any] = {}
        self._heard: dict[str, float] = {}

    def line(self, text: str) -> None:
        """Print a line above the bar, folded where the terminal is narrower."""
        if self._quiet:
            return
        text = "\n".join(_fitted_line(text, terminal_columns(self._out)))
        if self._bar is not None and self._bar.live.is_started:
            self._bar.console.print(text, highlight=False, markup=False, soft_wrap=True)
            return
        self._out.write(text + "\n")
        self._out.flush()

    def table(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Print rows in aligned columns."""
        for text in aligned_table(rows, columns=terminal_columns(self._out)).splitlines():
            self.line(text)

    def starts(self, text: str) -> None:
        """Print what goes on before there is a result."""
        self.step("start", text)

    def step(self, name: str, text: str, seconds: float | None = None) -> None:
        """Print what became of a step."""
        took = "" if seconds is None else f"   {seconds:.1f} s"
        self.line(f"{name:<11} {text}{took}")

    def epoch(self, end: Mapping[str, Any]) -> None:
        """Print an epoch that has ended, and move the bar."""
        self.line(epoch_line(end))
        self._move_bar("training", end["epoch"], end["epochs"])

    def move_within_epoch(self, tick: Mapping[str, Any]) -> None:
        """Move the bar within an epoch; plain lines wait for the epoch's end."""
        self._move_bar("training", tick["epoch"] - 1 + tick["done"], tick["epochs"])

    def move_long_work(self, what: str, done: int, total: int) -> None:
        """Move the bar of work on data once that takes long; plain lines wait for its end."""
        began = self._heard.setdefault(what, time.monotonic())
        if done >= total:
            del self._heard[what]
        if what in self._tasks or time.monotonic() - began > _LONG_S:
            self._move_bar(what, done, total)

    def _move_bar(self, what: str, done: float, total: int) -> None:
        if self._bar is None:
            return
        self._bar.start()
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total)
        self._bar.update(self._tasks[what], completed=done)
        if done >= total:
            self._bar.stop()
            self._bar.remove_task(self._tasks.pop(what))

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def _fitted_line(text: str, columns: int | None) -> list[str]:
    if columns is None or len(text) <= columns:
        return [text]
    facts = re.sub(r"(?<=\S) (?=\S)", _HARD, text)
    if max(map(len, facts.split())) > columns - _INDENT:
        facts = text
    lines = folded_text(facts, columns=columns, indent=_INDENT)
    return [line.replace(_HARD, " ") for line in lines]


def epoch_line(end: Mapping[str, Any]) -> str:
    """Return one epoch as a line: figures, samples per second, time left."""
    width = len(str(end["epochs"]))
    told = {n: v for n, v in end["figures"].items() if not is_learning_rate(n)}
    figures = "  ".join(f"{name} {_epoch_figure(value)}" for name, value in told.items())
    rate = f"{end['samples_per_s']:,.0f} samples/s"
    left = _clock_time(end["seconds_left"])
    return f"epoch {end['epoch']:>{width}}/{end['epochs']}  {figures}  {rate}  {left} left"


def _epoch_figure(value: float) -> str:
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3g}"


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _progress_bar(out: TextIO) -> Any:  # noqa: ANN401 - rich is loaded for a terminal only
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=_BAR),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(file=out),
        transient=True,
    )
