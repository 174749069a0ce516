"""Repairs that nothing speaks against, written into a spec's text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dlspec.compiler import Compilation, compile_source
from dlspec.diagnostics.findings import Diagnostic
from dlspec.diagnostics.repairs import repaired_text
from dlspec.diagnostics.source import Source

# A repair can bring out the next: a block's argument is read once the block's name is right.
_MOST_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Repaired:
    """A spec after its certain repairs: how many were written, and what is still found."""

    compilation: Compilation
    count: int


def repair_spec(compilation: Compilation) -> Repaired:
    """Write every certain repair of a compiled text, each proven by compiling again.

    A repair stays when its finding is gone and no other has come. What is found in a file that
    the text extends is left alone.
    """
    count = 0
    for _ in range(_MOST_ROUNDS):
        step = _repaired_once(compilation)
        if step is None:
            break
        compilation, count = step.compilation, count + step.count
    return Repaired(compilation, count)


def _repaired_once(compilation: Compilation) -> Repaired | None:
    """Write all certain repairs at once, or the first that may be written by itself."""
    source = compilation.source
    if source is None:
        return None
    certain = [
        d
        for d in compilation.diagnostics
        if d.replacement is not None and d.replacement.certain and d.span.source is source
    ]
    attempts: list[Sequence[Diagnostic]] = [certain] if certain else []
    attempts += [[one] for one in certain]
    for repairs in attempts:
        written = compile_source(Source(source.path, repaired_text(source, repairs)))
        if _is_better(written, compilation, repairs):
            return Repaired(written, len(repairs))
    return None


def _is_better(after: Compilation, before: Compilation, repairs: Sequence[Diagnostic]) -> bool:
    """Return whether the repaired findings are gone and no other has come."""
    gone = Counter(map(_identity, repairs))
    allowed = Counter(map(_identity, before.diagnostics)) - gone
    return Counter(map(_identity, after.diagnostics)) <= allowed


def _identity(found: Diagnostic) -> tuple[str, int, str]:
    # A repair stays within its line, so lines do not move; columns do.
    return found.code.value, found.span.line, found.message
