"""Findings told in a terminal, or in the format that a program reads."""

import sys

import click

from dlspec.diagnostics.findings import Diagnostic, render_text
from dlspec.diagnostics.formats import render_github, render_json, render_sarif

FORMATS = ("text", "json", "github", "sarif")


def print_diagnostics(found: list[Diagnostic], form: str) -> None:
    """Print findings: text on standard error, what programs read on standard output."""
    if form == "text":
        color = sys.stderr.isatty()
        for diagnostic in found:
            click.echo(render_text(diagnostic, color=color) + "\n", err=True)
        return
    if form == "json":
        click.echo(render_json(found))
    elif form == "github":
        click.echo(render_github(found), nl=bool(found))
    else:
        click.echo(render_sarif(found))
