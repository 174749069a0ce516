"""What stands on a command line for a thing of the language, and how a shell completes it."""

import click
from click.shell_completion import CompletionItem

from dlspec.diagnostics.explain import explained_codes, page_title
from dlspec.expand.zoo import architecture_names
from dlspec.tools.commands.spec_paths import spec_names
from dlspec.tools.commands.trained_runs import installed_runs, offered_runs


class SpecWord(click.ParamType[str]):
    """A spec by its name under specs/, or its path."""

    name = "spec"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - the form that click asks for
        param: click.Parameter,  # noqa: ARG002 - the same
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return names of specs, or let the shell complete a path."""
        return _items_or_files(spec_names(), incomplete)


class SpecOrRunWord(click.ParamType[str]):
    """A spec, or a run as `predict` takes one."""

    name = "spec or run"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - the form that click asks for
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return names of specs and of runs, or let the shell complete a path."""
        names = dict.fromkeys([*spec_names(), *offered_runs(installed_runs(ctx), incomplete)])
        return _items_or_files(list(names), incomplete)


class CodeWord(click.ParamType[str]):
    """A code, in any case; for an option several of them or their beginnings, by commas."""

    name = "code"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - the form that click asks for
        param: click.Parameter,  # noqa: ARG002 - the same
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return codes with their titles, after those that are there."""
        before, comma, begin = incomplete.rpartition(",")
        return [
            CompletionItem(f"{before}{comma}{code}", help=page_title(code))
            for code in explained_codes()
            if code.startswith(begin.upper())
        ]


class ZooWord(click.ParamType[str]):
    """A packaged architecture."""

    name = "architecture"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - the form that click asks for
        param: click.Parameter,  # noqa: ARG002 - the same
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return names of the zoo."""
        return [CompletionItem(n) for n in architecture_names() if n.startswith(incomplete)]


def _items_or_files(names: list[str], incomplete: str) -> list[CompletionItem]:
    # A shell that is told of files forgets the names beside them.
    found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]
