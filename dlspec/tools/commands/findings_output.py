"""Findings told in a terminal, or in the format that a program reads."""

import os
import sys
from collections.abc import Iterable
from typing import TextIO

import click

from dlspec.diagnostics.findings import Diagnostic, render_text
from dlspec.diagnostics.formats import render_github, render_json, render_sarif

# What a terminal has that does not say.
_COLUMNS = 80
FORMATS = ("text", "json", "github", "sarif")


def is_colored(stream: TextIO) -> bool:
    """Return whether text for `stream` is painted: a terminal's is, unless the environment differs.

    Source: no-color.org and force-color.org; NO_COLOR stands before FORCE_COLOR, as in ruff.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def terminal_columns(stream: TextIO) -> int | None:
    """Return how wide lines for `stream` may be; None where it is no terminal: lines stay whole."""
    if not stream.isatty():
        return None
    named = os.environ.get("COLUMNS", "")
    # A terminal may say 0: then it does not know.
    known = int(named) if named.isdigit() else os.get_terminal_size(stream.fileno()).columns
    return known or _COLUMNS


def print_findings(found: Iterable[Diagnostic], form: str) -> None:
    """Print what `check` found on standard output."""
    found = list(found)
    if form == "text":
        _print_texts(found, sys.stdout)
    elif form == "json":
        click.echo(render_json(found))
    elif form == "github":
        click.echo(render_github(found), nl=bool(found))
    else:
        click.echo(render_sarif(found))


def print_refusals(found: Iterable[Diagnostic]) -> None:
    """Print on standard error why a command cannot do what it was asked for."""
    _print_texts(found, sys.stderr)


def _print_texts(found: Iterable[Diagnostic], stream: TextIO) -> None:
    color, columns = is_colored(stream), terminal_columns(stream)
    for diagnostic in found:
        text = render_text(diagnostic, color=color, columns=columns)
        click.echo(text + "\n", file=stream, color=color)
