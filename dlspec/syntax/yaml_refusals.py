"""What PyYAML refuses, said in the words of a spec's author."""

import re
from typing import NamedTuple

import yaml
import yaml.cyaml

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Related, Reporter
from dlspec.diagnostics.source import Source, Span, span_at_offset

# YAML 1.2.2, section 5.1 (c-printable). Lone surrogates are outside it, so the text can be encoded.
_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# PyYAML's two readers mark places with types of their own.
Mark = yaml.error.Mark | yaml._yaml.Mark | None


class _Wording(NamedTuple):
    message: str
    help: str | None = None


_OUTSIDE_BRACES = _Wording(
    "the entry goes on where it should end",
    "put an entry with several keys in braces: `{Dense: 10, name: head}`",
)
_UNCLOSED_LIST = _Wording(
    "a list in brackets lacks a comma or its `]`",
    "quote a value that holds `,`, `[` or `{`; an output is picked by `enc.h`, not `enc[1]`",
)
_UNCLOSED_MAPPING = _Wording(
    "a mapping in braces lacks a comma or its `}`",
    "quote a value that holds `,`, `[` or `{`",
)

_UNCLOSED = _Wording("a bracket or a brace is not closed")
_CONTEXTS = {
    "while parsing a block mapping": "the mapping begins here",
    "while parsing a block collection": "the list begins here",
    "while parsing a flow sequence": "the list begins here",
    "while parsing a flow mapping": "the mapping begins here",
}
_SHOWN_AT_OPENING = frozenset(
    {
        "could not find expected ':'",
        "found unexpected end of stream",
        "found unexpected document indicator",
    }
)

# The keys are the whole `problem` texts of libyaml and PyYAML's own reader.
_WORDINGS: dict[str, _Wording] = {
    "did not find expected ',' or ']'": _UNCLOSED_LIST,
    "did not find expected ',' or '}'": _UNCLOSED_MAPPING,
    "did not find expected key": _Wording(
        "a line does not continue the mapping it stands in",
        "give the keys of one mapping one indentation",
    ),
    "did not find expected '-' indicator": _Wording(
        "a line does not continue the list it stands in", "begin every entry of the list with `- `"
    ),
    "did not find expected <document start>": _Wording("text follows the end of the spec"),
    "did not find expected node content": _Wording("a value is missing"),
    "could not find expected ':'": _Wording(
        "a line is neither `key: value` nor a list entry", "write `key: value`, with a space"
    ),
    "mapping values are not allowed in this context": _Wording(
        "a `: ` stands where no key can be",
        "quote text that holds `: `, and give the keys of one mapping one indentation",
    ),
    "block sequence entries are not allowed in this context": _Wording(
        "a list entry stands where none can be", "begin the list on a line of its own"
    ),
    "found unexpected ':'": _Wording(
        "a colon without a value in braces", "leave the colon out: `{ReLU, name: x}`"
    ),
    "found unexpected end of stream": _Wording("a quote is not closed"),
    "found unexpected document indicator": _Wording("a quote is not closed"),
    "found unknown escape character": _Wording(
        "an unknown escape in double quotes", "write text with backslashes in single quotes"
    ),
    "found a tab character that violates indentation": _Wording(
        "a tab where YAML needs spaces", "indent with spaces"
    ),
    "found incompatible YAML document": _Wording("specs are YAML 1.2"),
}


def report_character(source: Source, reporter: Reporter) -> bool:
    """Report the first character that YAML does not take; return whether there was one."""
    found = _NOT_PRINTABLE.search(source.text)
    if found is None:
        return False
    code_point = f"U+{ord(found.group()):04X}"
    reporter.error(
        Code.YAML_SYNTAX,
        span_at_offset(source, found.start()),
        f"the character {code_point} is not taken",
        label="a control character",
        help=f'write it as an escape in double quotes: `"\\u{ord(found.group()):04x}"`',
    )
    return True


def report_refusal(source: Source, error: yaml.YAMLError, reporter: Reporter) -> None:
    """Report a text that is not YAML at the place that shows it best."""
    assert isinstance(error, yaml.MarkedYAMLError), "report_character leaves no other kind"
    stopped = _span_at_mark(source, error.problem_mark or error.context_mark)
    opening = None if error.context_mark is None else _span_at_mark(source, error.context_mark)
    wording = _refusal_wording(error, stopped)
    related = []
    if opening is not None and (_is_at_line_end(stopped) or error.problem in _SHOWN_AT_OPENING):
        stopped = opening
    elif opening is not None and opening.line != stopped.line:
        related.append(Related(opening, _CONTEXTS.get(error.context or "", "it begins here")))
    reporter.error(
        Code.YAML_SYNTAX, stopped, wording.message, label="here", help=wording.help, related=related
    )


def _refusal_wording(error: yaml.MarkedYAMLError, stopped: Span) -> _Wording:
    problem = error.problem or ""
    character = stopped.source.line(stopped.line)[stopped.column - 1 : stopped.column]
    if problem == "found character that cannot start any token":
        if character == "\t":
            return _WORDINGS["found a tab character that violates indentation"]
        return _Wording(f"`{character}` cannot begin a value", "quote the value")
    if problem == "did not find expected key" and character == ",":
        return _OUTSIDE_BRACES
    if problem == "did not find expected node content" and not character:
        return _UNCLOSED
    known = _WORDINGS.get(problem)
    if known is not None:
        return known
    said = f"{problem} {error.context}" if error.context else problem
    return _Wording(f"the text is not YAML: {said}")


def _span_at_mark(source: Source, mark: Mark) -> Span:
    assert mark, "libyaml marks every problem"
    written = source.text.rstrip()
    if mark.index >= len(written):
        # The end of the text is shown behind its last character, not on an empty line.
        return span_at_offset(source, len(written))
    return Span(source, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)


def _is_at_line_end(span: Span) -> bool:
    return len(span.source.line(span.line).rstrip()) < span.column
