"""What a spec says that came with a later Keras than the installed one."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Span
from dlspec.language.catalogue import ClassEntry, Parameter, is_older
from dlspec.language.catalogue.target import Target
from dlspec.syntax.nodes import Node, Scalar


def check_class(entry: ClassEntry, span: Span, target: Target, reporter: Reporter) -> None:
    """Report a class or function that the installed Keras does not have yet."""
    if entry.since is not None and _installed_keras_lacks(entry.since, target):
        _report_later_keras(
            f"`{_class_name_as_written(entry)}`",
            entry.since,
            span,
            f"use another {entry.kind}",
            target,
            reporter,
        )


def check_parameter(
    entry: ClassEntry, parameter: Parameter, span: Span, target: Target, reporter: Reporter
) -> None:
    """Report an argument that the installed Keras does not take yet; not where the class is new."""
    known = entry.since is None or not _installed_keras_lacks(entry.since, target)
    if known and parameter.since is not None and _installed_keras_lacks(parameter.since, target):
        what = f"`{parameter.name}` of `{_class_name_as_written(entry)}`"
        _report_later_keras(
            what, parameter.since, span, f"leave `{parameter.name}` out", target, reporter
        )


def check_choice(
    parameter: Parameter, node: Node, owner: str, target: Target, reporter: Reporter
) -> None:
    """Report a word that the parameter is given and the installed Keras does not know yet.

    Args:
        owner: The class that takes the argument, for the message.
    """
    later = [
        word for word, since in parameter.choices_since if _installed_keras_lacks(since, target)
    ]
    for word, since in parameter.choices_since:
        if word in later and isinstance(node, Scalar) and node.value == word:
            known = ", ".join(f"`{choice}`" for choice in parameter.choices if choice not in later)
            what = f"`{word}` for `{parameter.name}` of `{owner}`"
            _report_later_keras(what, since, node.span, f"write one of {known}", target, reporter)


def _class_name_as_written(entry: ClassEntry) -> str:
    return f"ops.{entry.name}" if entry.kind == "op" else entry.name


def _installed_keras_lacks(since: str, target: Target) -> bool:
    return target.keras is not None and is_older(target.keras, since)


def _report_later_keras(
    what: str, since: str, span: Span, otherwise: str, target: Target, reporter: Reporter
) -> None:
    reporter.error(
        Code.NOT_IN_THIS_KERAS,
        span,
        f"{what} came with Keras {since}",
        label=f"Keras {target.keras} is installed",
        help=f"install `keras>={since}`, or {otherwise}",
    )
