"""The spec that a command is given, compiled, with what `--set` changes."""

import sys
from collections.abc import Iterable

import click

from dlspec.compiler import SET_SOURCE, Compilation, compile_file, compile_source
from dlspec.diagnostics.findings import Diagnostic, Reporter
from dlspec.diagnostics.source import Source
from dlspec.syntax.parse import parse
from dlspec.syntax.substitution import plain_value
from dlspec.tools.commands.exit_status import FINDINGS, WRONG_USAGE
from dlspec.tools.commands.findings_output import print_refusals
from dlspec.tools.commands.spec_paths import read_file_or_stdin, spec_path

SET_OPTION = click.option(
    "sets",
    "--set",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a param, or any value by its path.",
)


def plan_or_exit(spec: str, sets: tuple[str, ...] = ()) -> Compilation:
    """Compile a spec given by path or name; on a mistake print all of them and exit."""
    values = dict(parse_set_option(text) for text in sets)
    compilation = compile_file(spec_path(spec), sets=values)
    print_refusals(compilation.diagnostics)
    if compilation.plan is None:
        sys.exit(failed_status(compilation.diagnostics))
    return compilation


def failed_status(found: Iterable[Diagnostic]) -> int:
    """Return how a command ends that found these: a wrong `--set` is wrong usage."""
    wrong = (d.span.source.path == SET_SOURCE for d in found if d.severity == "error")
    return WRONG_USAGE if any(wrong) else FINDINGS


def compile_file_or_stdin(file: str) -> Compilation:
    """Compile a file, or standard input for `-`."""
    if file == "-":
        reporter = Reporter()
        source = read_file_or_stdin(file, reporter)
        if source is None:
            return Compilation(None, reporter.diagnostics, None)
        return compile_source(source)
    return compile_file(file)


def parse_set_option(text: str) -> tuple[str, object]:
    """Return the path and the value of `--set path=value`; the value as YAML reads it.

    Raises:
        click.UsageError: If there is no `=`.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"`--set {text}` has no `=`; write `--set path=value`")
    reporter = Reporter()
    tree = parse(Source(SET_SOURCE, f"{name.strip()}: {value.strip()}"), reporter)
    if tree is None or reporter.failed or len(tree.entries) != 1:
        raise click.UsageError(f"`--set {text}` is not a path and a value as YAML writes it")
    return tree.entries[0].name, plain_value(tree.entries[0].value)
