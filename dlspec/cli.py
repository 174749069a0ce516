"""The compiler's commands. Each loads what it needs when it is called: `check` stays fast."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click

from dlspec.compiler import Compilation, compile_file, compile_source
from dlspec.diagnostics.findings import Diagnostic, Reporter, render_text
from dlspec.diagnostics.source import Source
from dlspec.diagnostics.suggest import suggest
from dlspec.language.catalogue.project import project_of
from dlspec.syntax.parse import parse
from dlspec.syntax.spec_files import MAX_BYTES, decode_source, read_source
from dlspec.syntax.substitution import plain_value
from dlspec.tools.import_command import import_model

_FORMATS = ("text", "json", "github", "sarif")
_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Commands(click.Group):
    """A group that answers a mistyped command with the nearest one, and Ctrl-C with status 130."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(130)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = suggest(args[0], self.list_commands(ctx)) if args else None
        if args and self.get_command(ctx, args[0]) is None and near:
            ctx.fail(f"no such command `{args[0]}`; write `{near}`")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings=_HELP)
@click.version_option(package_name="dlspec")
def main() -> None:
    """Read, check, train and report deep-learning models, each written as one YAML file."""


@main.command()
@click.argument("paths", nargs=-1)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
def check(paths: tuple[str, ...], form: str, *, strict: bool) -> None:
    """Report every mistake in every spec under PATHS (default: specs/).

    A path is a file, a folder, or `-` for standard input. Exits with 1 when there is a mistake.

    \b
    Examples:
      dlspec check
      dlspec check specs/digits_lenet5.yaml --format github
      cat model.yaml | dlspec check -
    """  # noqa: D301 - click reads \b
    found: list[Diagnostic] = []
    if not paths and not Path("specs").is_dir():
        raise click.UsageError("there is no folder specs/ here; write the path of a spec")
    files = list(_spec_files_under(paths or ("specs",)))
    for file in files:
        found.extend(_compile_file_or_stdin(file).diagnostics)
    found.extend(_of_projects(files))
    # A wrong line of pyproject.toml is found by each spec that needs it.
    found = list(dict.fromkeys(found))
    _print_diagnostics(found, form)
    failed = any(d.severity == "error" or strict for d in found)
    if form == "text":
        _print_summary(len(files), found)
    sys.exit(1 if failed else 0)


def _of_projects(files: list[str]) -> Iterator[Diagnostic]:
    """Yield what is wrong with the layers that the projects of these specs list."""
    folders = dict.fromkeys(Path(file).parent for file in files)
    projects = [project_of(str(folder / "spec")) for folder in folders]
    listing = {one.source: one for one in projects if one is not None}
    if listing:
        from dlspec.language.catalogue.own_layers import project_problems

        for project in listing.values():
            yield from project_problems(project)


def _spec_files_under(paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            yield path
            continue
        inside = sorted(p for p in Path(path).rglob("*") if p.suffix in (".yaml", ".yml"))
        if not inside:
            raise click.UsageError(f"there is no spec under {path}")
        yield from map(str, inside)


def _compile_file_or_stdin(file: str) -> Compilation:
    if file == "-":
        reporter = Reporter()
        source = _read_file_or_stdin(file, reporter)
        if source is None:
            return Compilation(None, reporter.diagnostics, None)
        return compile_source(source)
    return compile_file(file)


def _print_diagnostics(found: list[Diagnostic], form: str) -> None:
    if form == "text":
        color = sys.stderr.isatty()
        for diagnostic in found:
            click.echo(render_text(diagnostic, color=color) + "\n", err=True)
        return
    from dlspec.diagnostics.formats import render_github, render_json, render_sarif

    if form == "json":
        click.echo(render_json(found))
    elif form == "github":
        click.echo(render_github(found), nl=bool(found))
    else:
        click.echo(render_sarif(found))


def _print_summary(files: int, found: list[Diagnostic]) -> None:
    errors = sum(d.severity == "error" for d in found)
    warnings = len(found) - errors
    specs = f"{files} spec" + ("s" if files != 1 else "")
    said = [
        f"{n} {word}{'s' if n != 1 else ''}"
        for n, word in ((errors, "error"), (warnings, "warning"))
        if n
    ]
    click.echo(f"{specs} checked: {' and '.join(said) or 'no mistakes'}", err=True)


def plan_or_exit(spec: str, sets: tuple[str, ...] = ()) -> Compilation:
    """Compile a spec given by path or name; on a mistake print all of them and exit with 1."""
    params = dict(parse_set_option(text) for text in sets)
    compilation = compile_file(spec_path(spec), params=params)
    _print_diagnostics(list(compilation.diagnostics), "text")
    if compilation.plan is None:
        sys.exit(1)
    return compilation


def spec_path(spec: str) -> Path:
    """Return the file of a spec given by path, or by its name under specs/.

    Raises:
        click.UsageError: If there is neither, when the nearest name is offered, or more than one.
    """
    path = Path(spec)
    if path.is_file() or path.suffix in (".yaml", ".yml"):
        return path
    named = sorted(p for p in Path("specs").rglob("*.y*ml") if p.stem == spec)
    if len(named) > 1:
        paths = ", ".join(f"`{path}`" for path in named)
        raise click.UsageError(f"`{spec}` is the name of {len(named)} specs; write one of {paths}")
    if named:
        return named[0]
    names = sorted({p.stem for p in Path("specs").rglob("*.y*ml")})
    near = suggest(spec, names)
    known = f"the specs are {', '.join(names)}" if names else "there is no folder specs/ here"
    raise click.UsageError(f"there is no spec `{spec}`; " + (f"write `{near}`" if near else known))


def parse_set_option(text: str) -> tuple[str, object]:
    """Return the name and the value of `--set name=value`; the value as YAML reads it.

    Raises:
        click.UsageError: If there is no `=`.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"`--set {text}` has no `=`; write `--set name=value`")
    reporter = Reporter()
    tree = parse(Source("--set", f"{name.strip()}: {value.strip()}"), reporter)
    if tree is None or reporter.failed or len(tree.entries) != 1:
        raise click.UsageError(f"`--set {text}` is not a name and a value as YAML writes it")
    return tree.entries[0].name, plain_value(tree.entries[0].value)


_SETS = click.option("sets", "--set", multiple=True, metavar="NAME=VALUE", help="Change a param.")


@main.command()
@click.argument("spec")
@_SETS
@click.option("--graph", "picture", type=click.Path(dir_okay=False), help="Write an SVG picture.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def show(spec: str, sets: tuple[str, ...], picture: str | None, *, as_json: bool) -> None:
    """Show the layers of SPEC: output shape, parameters, FLOPs, activation bytes.

    \b
    Examples:
      dlspec show digits_lenet5
      dlspec show specs/digits_lenet5.yaml --set kernel=5 --graph lenet.svg
    """  # noqa: D301 - click reads \b
    plan = plan_or_exit(spec, sets).plan
    assert plan is not None
    from dlspec.tools import show as render

    if as_json:
        import json

        click.echo(json.dumps(render.plan_json(plan), indent=2))
    elif picture is None:
        click.echo(render.layer_table(plan))
    if picture is not None:
        try:
            Path(picture).write_text(render.graph_svg(plan.graph), "utf-8")
        except OSError as error:
            raise click.ClickException(f"{picture} cannot be written: {error.strerror}") from error
        click.echo(f"wrote {picture}", err=True)


@main.command()
@click.argument("code")
def explain(code: str) -> None:
    """Print the page of a code: what it means, why it matters, a wrong and a right example.

    \b
    Example:
      dlspec explain DL402
    """  # noqa: D301 - click reads \b
    from dlspec.diagnostics.explain import explained_codes, explanation_page

    text = explanation_page(code.upper())
    if text is None:
        raise click.UsageError(
            f"there is no code `{code}`; the codes are {', '.join(explained_codes())}"
        )
    click.echo(text)


@main.command()
@click.argument("before")
@click.argument("after")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def diff(before: str, after: str, *, as_json: bool) -> None:
    """Show what changed in meaning from BEFORE to AFTER, and which steps must run again.

    Each is a path, the name of a spec, or `-` for standard input.

    \b
    Examples:
      dlspec diff digits_lenet5 digits_cnn_gru
      git show HEAD:specs/digits_lenet5.yaml | dlspec diff - digits_lenet5
    """  # noqa: D301 - click reads \b
    from dlspec.tools.diff.compare import diff as compare
    from dlspec.tools.diff.difference_text import difference_json, difference_text

    if before == after == "-":
        raise click.UsageError("standard input holds one spec; name the other by its path")
    found = [
        _compile_file_or_stdin("-" if spec == "-" else str(spec_path(spec)))
        for spec in (before, after)
    ]
    _print_diagnostics([one for compilation in found for one in compilation.diagnostics], "text")
    plans = [compilation.plan for compilation in found]
    if plans[0] is None or plans[1] is None:
        sys.exit(1)
    difference = compare(plans[0], plans[1])
    if as_json:
        import json

        click.echo(json.dumps(difference_json(difference), indent=2))
    else:
        click.echo(difference_text(difference), nl=False)


@main.command()
@click.argument("paths", nargs=-1)
@click.option("--check", "only_check", is_flag=True, help="Name the files, and change none.")
def fmt(paths: tuple[str, ...], *, only_check: bool) -> None:
    """Bring every spec under PATHS (default: specs/) into the canonical layout.

    Comments, meaning and line breaks inside brackets stay as they are. A path is a file, a folder,
    or `-` for standard input, which is written to standard output. Exits with 1 when a file cannot
    be read or, with --check, when one would change.

    \b
    Examples:
      dlspec fmt
      dlspec fmt --check specs
      dlspec fmt - < model.yaml
    """  # noqa: D301 - click reads \b
    files = list(_spec_files_under(paths or ("specs",)))
    outcomes = [_laid_out(file, only_check=only_check) for file in files]
    changed = outcomes.count("changed")
    if files != ["-"] or only_check:
        verb = "would change" if only_check else "changed"
        specs = f"{len(files)} spec" + ("s" if len(files) != 1 else "")
        click.echo(f"{specs} read: {changed or 'none'} {verb}", err=True)
    sys.exit(1 if "refused" in outcomes or (only_check and changed) else 0)


def _laid_out(file: str, *, only_check: bool) -> Literal["same", "changed", "refused"]:
    from dlspec.syntax.formatting import formatted_spec

    reporter = Reporter()
    source = _read_file_or_stdin(file, reporter)
    text = formatted_spec(source, reporter) if source else None
    if source is None or text is None:
        _print_diagnostics(list(reporter.diagnostics), "text")
        return "refused"
    if file == "-" and not only_check:
        click.echo(text, nl=False)
    if text == source.text:
        return "same"
    if file != "-" or only_check:
        click.echo(f"{file} would change" if only_check else f"changed {file}", err=True)
    if file != "-" and not only_check:
        _replace_spec_file(file, text)
    return "changed"


def _replace_spec_file(file: str, text: str) -> None:
    from dlspec.syntax.spec_files import replace_text

    try:
        replace_text(Path(file), text)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error


def _read_file_or_stdin(file: str, reporter: Reporter) -> Source | None:
    if file == "-":
        return decode_source(sys.stdin.buffer.read(MAX_BYTES + 1), "-", reporter)
    return read_source(Path(file), reporter)


@main.command()
@click.argument("name", required=False)
def zoo(name: str | None) -> None:
    """List the packaged architectures, or print the one called NAME.

    \b
    Example:
      dlspec zoo resnet     # its params, and the graph as a spec to read
    """  # noqa: D301 - click reads \b
    from dlspec.expand.zoo import architecture_names, text_of
    from dlspec.tools.zoo_table import catalogue_table

    if name is None:
        click.echo(catalogue_table())
        click.echo("\n`dlspec zoo NAME` prints one with its params", err=True)
    elif name in architecture_names():
        click.echo(text_of(name), nl=False)
    else:
        near = suggest(name, architecture_names())
        said = f"write `{near}`" if near else "`dlspec zoo` lists them"
        raise click.UsageError(f"there is no packaged architecture `{name}`; {said}")


@main.command()
def schema() -> None:
    """Print the JSON Schema of the language, for editors.

    In a project that lists layers of its own, the schema knows them.
    """
    from dlspec.language.catalogue.own_layers import listed_layers
    from dlspec.tools.json_schema.schema import schema_text

    click.echo(schema_text(listed_layers(project_of("-"))), nl=False)


@main.command()
@click.argument("name")
@click.option(
    "--zoo", "architecture", default="lenet5", show_default=True, help="See `dlspec zoo`."
)
@click.option("--data", "data", default="digits", show_default=True, help="What to train it on.")
def new(name: str, architecture: str, data: str) -> None:
    """Write specs/NAME.yaml: a spec that runs as it is.

    \b
    Example:
      dlspec new my_digits --zoo lenet5 --data digits && dlspec run my_digits
    """  # noqa: D301 - click reads \b
    from dlspec.tools.new.new_spec import write_new

    try:
        path = write_new(name, architecture, data, folder=Path("specs"))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"specs/{name}.yaml: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)
    click.echo(str(path))


main.add_command(import_model)
