"""Records that were written in the language's words, read by the language's own reader."""

from collections.abc import Mapping

from dlspec.decode.section_reader import RecordReader
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source, Span
from dlspec.language.catalogue.target import Target
from dlspec.language.kinds import Kind
from dlspec.syntax.substitution import as_node

_NOWHERE = Span(Source("<record>", ""), 1, 1, 1, 1)
_ANY_KERAS = Target(None, None)


def record_from_words(kind: Kind, words: Mapping[str, object]) -> object:
    """Return the record whose keys and values `canonical_data` gave; null stands for a default.

    Raises:
        ValueError: If the words are not those of such a record; the text says the first mistake.
    """
    reporter = Reporter()
    said = {key: value for key, value in words.items() if value is not None}
    record: object = RecordReader(_ANY_KERAS, reporter).value(
        kind, as_node(said, _NOWHERE), "record"
    )
    if reporter.failed:
        raise ValueError(reporter.diagnostics[0].message)
    return record
