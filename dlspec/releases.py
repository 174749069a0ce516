"""What a spec says that came with a later Keras than the installed one."""

from dlspec.catalogue import ClassEntry, Parameter, is_older
from dlspec.diagnostics import Code, Reporter
from dlspec.source import Span
from dlspec.syntax import Node, Scalar


def check_class(entry: ClassEntry, span: Span, reporter: Reporter) -> None:
    """Report a class or function that the installed Keras does not have yet."""
    if entry.since is not None and _lacks(entry.since, reporter):
        _report(f"`{_written(entry)}`", entry.since, span, f"use another {entry.kind}", reporter)


def check_parameter(
    entry: ClassEntry, parameter: Parameter, span: Span, reporter: Reporter
) -> None:
    """Report an argument that the installed Keras does not take yet; not where the class is new."""
    known = entry.since is None or not _lacks(entry.since, reporter)
    if known and parameter.since is not None and _lacks(parameter.since, reporter):
        what = f"`{parameter.name}` of `{_written(entry)}`"
        _report(what, parameter.since, span, f"leave `{parameter.name}` out", reporter)


def check_choice(parameter: Parameter, node: Node, owner: str, reporter: Reporter) -> None:
    """Report a word that the parameter is given and the installed Keras does not know yet.

    Args:
        owner: The class that takes the argument, for the message.
    """
    later = [word for word, since in parameter.choices_since if _lacks(since, reporter)]
    for word, since in parameter.choices_since:
        if word in later and isinstance(node, Scalar) and node.value == word:
            known = ", ".join(f"`{choice}`" for choice in parameter.choices if choice not in later)
            what = f"`{word}` for `{parameter.name}` of `{owner}`"
            _report(what, since, node.span, f"write one of {known}", reporter)


def _written(entry: ClassEntry) -> str:
    return f"ops.{entry.name}" if entry.kind == "op" else entry.name


def _lacks(since: str, reporter: Reporter) -> bool:
    return reporter.keras is not None and is_older(reporter.keras, since)


def _report(what: str, since: str, span: Span, otherwise: str, reporter: Reporter) -> None:
    reporter.error(
        Code.NOT_IN_THIS_KERAS,
        span,
        f"{what} came with Keras {since}",
        label=f"Keras {reporter.keras} is installed",
        help=f"install `keras>={since}`, or {otherwise}",
    )
