"""Repairs written into the text they are for."""

from collections.abc import Iterable

from dlspec.diagnostics.findings import Diagnostic
from dlspec.diagnostics.source import Source, Span


def repaired_text(source: Source, found: Iterable[Diagnostic]) -> str:
    """Return the text of `source` with the replacements of these findings in it.

    Of two that overlap the first is written; a finding without a replacement, or about another
    source, changes nothing.
    """
    edits = [
        (*_offsets(d.span), d.replacement.text)
        for d in found
        if d.replacement is not None and d.span.source is source
    ]
    text, written_to = [], 0
    for start, end, new in sorted(edits):
        if start >= written_to:
            text += [source.text[written_to:start], new]
            written_to = end
    return "".join([*text, source.text[written_to:]])


def _offsets(span: Span) -> tuple[int, int]:
    source = span.source
    return (
        source.start(span.line) + span.column - 1,
        source.start(span.end_line) + span.end_column - 1,
    )
