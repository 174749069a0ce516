"""The variables of a `for`: what each is in turn, and whether anything reads it."""

from collections.abc import Sequence

from dlspec.decode.spec import EntrySpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.expand.graph_nodes import MOST_STEPS, Expansion
from dlspec.syntax.nodes import Mapping, Node
from dlspec.syntax.substitution import Scope, plain_value, substitute_expressions

# As in Python: the variable of a loop that only counts.
_NOT_READ = "_"


def loop_values(
    entry: EntrySpec, scope: Scope, state: Expansion
) -> dict[str, Sequence[object]] | None:
    """Return what each variable is in turn: the items of a list, or 1 up to a whole number."""
    node = substitute_expressions(entry.argument or entry.word, scope, state.reporter)
    if not isinstance(node, Mapping) or not node.entries:
        state.wrong(node, "`for` takes a mapping from variables to lists")
        return None
    lists: dict[str, Sequence[object]] = {}
    for item in node:
        values = plain_value(item.value)
        if isinstance(values, int) and not isinstance(values, bool) and values >= 0:
            # One more than the limit already ends in the report that there are too many.
            lists[item.name] = range(1, min(values, MOST_STEPS) + 1)
        elif isinstance(values, tuple):
            lists[item.name] = values
        else:
            state.wrong(
                item.value,
                f"`{item.name}` of `for` takes a list, or a whole number to count to",
            )
            return None
    if len({len(values) for values in lists.values()}) > 1:
        state.reporter.error(
            Code.UNEVEN_FOR,
            entry.word.span,
            "the lists of `for` run in step and have different lengths",
            label=", ".join(f"`{name}` has {len(values)}" for name, values in lists.items()),
            help="give every list the same number of items",
        )
        return None
    return lists


def report_unread_variables(node: Node | None, read: set[str], reporter: Reporter) -> None:
    """Report the variables of a `for` that no expression inside it reads."""
    entries = node.entries if isinstance(node, Mapping) else ()
    for item in entries:
        if item.name not in (*read, _NOT_READ):
            reporter.error(
                Code.PARAM_NOT_READ,
                item.key.span,
                f"the variable `{item.name}` is never read",
                label="no expression in `do` uses it",
                help=f"use `${item.name}`, or write `{_NOT_READ}` for a mere count"
                if len(entries) == 1
                else f"use `${item.name}` or leave it out",
            )
