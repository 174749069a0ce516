"""The command line: a group whose commands are loaded when they are called, so `check` is fast."""

from importlib import import_module

import click

from dlspec.diagnostics.suggest import suggest

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
# Each command, the module under `dlspec.tools.commands` that holds it, and its name there.
_COMMANDS = {
    "check": ("check_command", "check"),
    "diff": ("diff_command", "diff"),
    "explain": ("explain_command", "explain"),
    "fmt": ("fmt_command", "fmt"),
    "import": ("import_command", "import_model"),
    "new": ("new_command", "new"),
    "schema": ("schema_command", "schema"),
    "show": ("show_command", "show"),
    "zoo": ("zoo_command", "zoo"),
}


class _Commands(click.Group):
    """A group that answers a mistyped command with the nearest one, and Ctrl-C with status 130."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, also of those that are not loaded."""
        return sorted({*super().list_commands(ctx), *_COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, loading its module; None when there is none of this name."""
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, name = _COMMANDS[cmd_name]
        found = getattr(import_module(f"dlspec.tools.commands.{module}"), name)
        assert isinstance(found, click.Command)
        return found

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
