"""Params that nothing reads."""

from dlspec.diagnostics.codes import Code
from dlspec.rules.subject import Checked


def report_unread_params(checked: Checked) -> None:
    """Report the params of a file that no expression reads."""
    scope = checked.scope
    for name in scope.own:
        if name not in scope.read and name.isidentifier():
            checked.reporter.error(
                Code.PARAM_NOT_READ,
                checked.spec.places.keys[f"params.{name}"],
                f"the param `{name}` is never read",
                label="no expression uses it",
                help=f"use `${name}` or leave it out",
            )
