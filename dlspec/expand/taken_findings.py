"""Findings inside a model that is taken from elsewhere, told at the line that takes it."""

import re
from dataclasses import replace
from pathlib import Path

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Diagnostic, Related
from dlspec.diagnostics.source import Span
from dlspec.expand.zoo.architecture_specs import architecture_params

_PARAM = re.compile(r"\$(\w+)\Z")
# The value in "write `image: [8, 8, 1]`" and in "write `10`".
_WRITTEN = re.compile(r"\Awrite `(?:\w+: )?([^`{}]+)`")


def told_in_the_spec(found: Diagnostic, taken: Span | None) -> Diagnostic:
    """Move a finding out of a packaged file or another spec into the spec that takes it.

    Args:
        taken: Where the spec's own model takes an architecture; None where it takes none.
    """
    source = found.span.source
    if not (source.packaged or source.taken):
        return found
    written = [r for r in found.related if not (r.span.source.packaged or r.span.source.taken)]
    place = written[0].span if written else taken
    if place is None:
        return found
    name = Path(found.span.source.path).stem
    inner = Related(found.span, found.label or found.message)
    others = (r for r in found.related if r.span != place)
    return replace(
        found,
        span=place,
        label=f"inside `{Path(source.path).name}`"
        if source.taken
        else f"inside the packaged architecture `{name}`",
        related=(inner, *others),
        help=f"mend `{Path(source.path).name}`" if source.taken else _help_outside(found, name),
        replacement=None,
    )


def _help_outside(found: Diagnostic, name: str) -> str | None:
    """Return what to write in the spec for what is wrong inside the architecture."""
    if found.code is Code.OUTPUTS_NOT_TARGETS:
        return found.help  # the rule says what to write beside `zoo`
    params = architecture_params(name)
    param, value = _PARAM.match(found.span.text), _WRITTEN.match(found.help or "")
    if param and value and param[1] in params:
        return f"write `{param[1]}: {value[1]}` under `with`"
    listed = ", ".join(params)
    return f"set its params under `with` ({listed}), or write out what `dlspec zoo {name}` prints"
