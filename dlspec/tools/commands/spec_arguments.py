"""The spec that a command is given, compiled, with what `--set` changes."""

import sys
from collections.abc import Iterable, Mapping

import click

from dlspec.compiler import SET_SOURCE, Compilation, compile_file, compile_source
from dlspec.diagnostics.findings import Diagnostic, Reporter
from dlspec.diagnostics.source import Source
from dlspec.diagnostics.suggest import suggest
from dlspec.resolve.plan import Plan
from dlspec.syntax.parse import parse
from dlspec.syntax.substitution import plain_value
from dlspec.tools.commands.exit_status import FINDINGS, WRONG_USAGE
from dlspec.tools.commands.findings_output import print_refusals
from dlspec.tools.commands.remarks import print_remark
from dlspec.tools.commands.spec_paths import (
    named_spec,
    read_file_or_stdin,
    spec_names,
    spec_path,
    specs_folder,
)
from dlspec.tools.commands.trained_runs import installed_runs, known_run_names, run_spec

SET_OPTION = click.option(
    "sets",
    "--set",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a param, or any value by its path.",
)

# As many fit into two lines of a terminal.
_MOST_RUNS_NAMED = 5


def plan_or_exit(spec: str, sets: tuple[str, ...] = ()) -> Compilation:
    """Compile a spec given by path or name; on a mistake print all of them and exit."""
    values = dict(parse_set_option(text) for text in sets)
    compilation = compile_file(spec_path(spec), sets=values)
    print_refusals(compilation.diagnostics)
    require_plans(compilation)
    return compilation


def require_plans(*compilations: Compilation) -> tuple[Plan, ...]:
    """Return the plans of compilations whose findings are told; exit where one has none."""
    plans = tuple(one.plan for one in compilations if one.plan is not None)
    if len(plans) < len(compilations):
        sys.exit(failed_status(d for one in compilations for d in one.diagnostics))
    return plans


def compile_spec_or_run(word: str, sets: tuple[str, ...] = ()) -> Compilation:
    """Compile a spec given by path or name, that of a run, or standard input for `-`.

    A run's spec is its text as compiled, with what `--set` had changed for it.

    Raises:
        click.UsageError: If there is neither such a spec nor such a run.
    """
    values = dict(parse_set_option(text) for text in sets)
    if word == "-":
        return compile_file_or_stdin(word, values)
    path = named_spec(word)
    if path is not None:
        return compile_file(path, sets=values)
    found = run_spec(word)
    if found is None:
        raise click.UsageError(_missing_spec_or_run(word))
    print_remark(f"using run `{found.run}`: {found.reason}")
    # It names other files from where specs stand; and its own file is called `spec`.
    place = specs_folder() / f"run {found.run}"
    return compile_source(Source(str(place), found.text), sets=values)


def _missing_spec_or_run(word: str) -> str:
    """Return that a word means neither a spec nor a run, and what may be written."""
    specs, runs = spec_names(), known_run_names(installed_runs(click.get_current_context()))
    model = word.rpartition("/")[0]
    own = [f"`{run}`" for run in runs if run.rpartition("/")[0] == model]
    near = suggest(word, [*specs, *runs])
    if model and own:
        more = ", ..." if len(own) > _MOST_RUNS_NAMED else ""
        advice = f"those of `{model}` are {', '.join(own[:_MOST_RUNS_NAMED])}{more}"
        return f"there is no run `{word}`; {advice}"
    if model in specs:
        return f"there is no run `{word}`; `dlspec run {model}` trains one"
    if near is not None:
        return f"there is no spec and no run `{word}`; write `{near}`"
    known = f"the specs are {', '.join(specs)}" if specs else "there is no folder specs/ here"
    return f"there is no spec and no run `{word}`; {known}"


def failed_status(found: Iterable[Diagnostic]) -> int:
    """Return how a command ends that found these: a wrong `--set` is wrong usage."""
    wrong = (d.span.source.path == SET_SOURCE for d in found if d.severity == "error")
    return WRONG_USAGE if any(wrong) else FINDINGS


def compile_file_or_stdin(file: str, values: Mapping[str, object] | None = None) -> Compilation:
    """Compile a file, or standard input for `-`, with the values of `--set`."""
    if file == "-":
        reporter = Reporter()
        source = read_file_or_stdin(file, reporter)
        if source is None:
            return Compilation(None, reporter.diagnostics, None)
        return compile_source(source, sets=values)
    return compile_file(file, sets=values)


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
