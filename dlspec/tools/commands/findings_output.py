"""Findings told in a terminal, or in the format that a program reads."""

import os
import sys
from collections.abc import Iterable
from typing import TextIO

import click

from dlspec.diagnostics.findings import Diagnostic, render_text
from dlspec.diagnostics.formats import render_github, render_json, render_sarif

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


def print_findings(found: Iterable[Diagnostic], form: str) -> None:
    """Print what `check` found on standard output."""
    found = list(found)
    if form == "text":
        color = is_colored(sys.stdout)
        for diagnostic in found:
            click.echo(render_text(diagnostic, color=color) + "\n", color=color)
    elif form == "json":
        click.echo(render_json(found))
    elif form == "github":
        click.echo(render_github(found), nl=bool(found))
    else:
        click.echo(render_sarif(found))


def print_refusals(found: Iterable[Diagnostic]) -> None:
    """Print on standard error why a command cannot do what it was asked for."""
    color = is_colored(sys.stderr)
    for diagnostic in found:
        click.echo(render_text(diagnostic, color=color) + "\n", err=True, color=color)
