"""The command line: a group whose commands are loaded when they are called, so `check` is fast."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import click

import dlspec
from dlspec.diagnostics.missing_packages import missing_package
from dlspec.diagnostics.suggest import suggest
from dlspec.tools.commands.exit_status import INTERRUPTED, CannotDo
from dlspec.tools.commands.unread_output import dropping_unread_output

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
# Each command, the module under `dlspec.tools.commands` that holds it, and its name there.
_COMMANDS = {
    "check": ("check_command", "check"),
    "diff": ("diff_command", "diff"),
    "explain": ("explain_command", "explain"),
    "fmt": ("fmt_command", "fmt"),
    "import": ("import_command", "import_model"),
    "init": ("init_command", "init_project"),
    "new": ("new_command", "new"),
    "schema": ("schema_command", "schema"),
    "show": ("show_command", "show"),
    "zoo": ("zoo_command", "zoo"),
}

# Where an installed package says which commands it adds.
_GROUP = "dlspec.commands"


@cache
def _installed_commands() -> Mapping[str, Callable[[], object]]:
    """Return how to load each command of installed packages; looked for when one is needed."""
    # 20 ms, a tenth of what `check` takes.
    from importlib.metadata import entry_points

    return {found.name: found.load for found in entry_points(group=_GROUP)}


class _Commands(click.Group):
    """A group that answers a mistyped command with the nearest one, and Ctrl-C with status 130."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, also of those that are not loaded."""
        return sorted({*super().list_commands(ctx), *_COMMANDS, *_installed_commands()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, loading its module; None when there is none of this name."""
        if cmd_name in _COMMANDS:
            module, name = _COMMANDS[cmd_name]
            found = getattr(import_module(f"dlspec.tools.commands.{module}"), name)
        elif (registered := super().get_command(ctx, cmd_name)) is not None:
            return registered
        elif cmd_name in _installed_commands():
            found = _installed_commands()[cmd_name]()
        else:
            return None
        assert isinstance(found, click.Command)
        return found

    def main(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - as click has it
        """Run a command to its end, whether or not somebody still reads what it prints."""
        with dropping_unread_output():
            return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(INTERRUPTED)
        except ModuleNotFoundError as error:
            if (missing := missing_package(error)) is None:
                raise
            command = f"dlspec {ctx.invoked_subcommand or ''}".rstrip()
            raise CannotDo(f"`{command}` {missing}") from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = suggest(args[0], self.list_commands(ctx)) if args else None
        if args and self.get_command(ctx, args[0]) is None and near:
            ctx.fail(f"no such command `{args[0]}`; write `{near}`")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings=_HELP)
@click.version_option(dlspec.__version__, prog_name="dlspec")
def main() -> None:
    """Read, check, train and report deep-learning models, each written as one YAML file."""
