"""Any text, any bytes: a tree or findings, never another exception."""

import json

from hypothesis import given
from hypothesis import strategies as st

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Diagnostic, Related, Reporter, render_text
from dlspec.diagnostics.formats import render_github, render_json, render_sarif
from dlspec.diagnostics.source import Source, Span
from dlspec.syntax.expression_grammar import ExpressionError, parse_expression
from dlspec.syntax.expressions import evaluate_expression
from dlspec.syntax.nodes import Mapping, Scalar
from dlspec.syntax.parse import parse
from dlspec.syntax.spec_files import decode_source

PIECES = st.sampled_from(
    [
        *("dlspec: 1\n", "a", "b: ", ": ", "- ", "  ", "\n", "\t", "[", "]", "{", "}", ",", "? "),
        *(
            "&a ",
            "*a",
            "<<",
            "!!int ",
            "!x ",
            "|\n",
            ">-\n",
            "'",
            '"',
            "\\",
            "#",
            " # ",
            "%YAML 1.2\n",
        ),
        *("---\n", "...\n", "$", "$max(", ")", "1e999", "0x1", "~", "true", ".nan", "\r", "\r\n"),
        *("\x85", "\u2028", "\ufeff", "漢", "e\u0301", "\U0001f600", "\ud800", "\0", "@", "`"),
    ]
)
TEXTS = st.text() | st.lists(PIECES, max_size=40).map("".join)
EXPRESSIONS = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "b",
                "1",
                "2.5",
                "'x'",
                " + ",
                " - ",
                " * ",
                " / ",
                " // ",
                " % ",
                " ** ",
                "(",
                ")",
            ),
            *(
                "[",
                "]",
                ",",
                " if ",
                " else ",
                " and ",
                " not ",
                " in ",
                " < ",
                " == ",
                "max(",
                "len(",
            ),
            *("10", "1e300", "-", ".", ":", "\\", "#", "漢", "lambda", "for ", "=", "\n", "{", "}"),
        ]
    ),
    max_size=15,
).map("".join)


@given(TEXTS)
def test_any_text_is_a_tree_or_findings(text):
    reporter = Reporter()
    tree = parse(Source("s.yaml", text), reporter)
    assert isinstance(tree, Mapping) or reporter.failed
    for found in reporter.diagnostics:
        assert str(found).startswith(f"error[{found.code.value}]: ")
        assert 1 <= found.span.line <= text.count("\n") + text.count("\r") + 99


@given(TEXTS)
def test_every_plain_key_stands_where_its_span_says(text):
    tree = parse(Source("s.yaml", text), Reporter())
    for entry in tree.entries if tree else ():
        if not entry.key.quoted and entry.key.span.text and "*" not in entry.key.span.text:
            written = entry.key.span.text.split(" ")[-1]
            assert entry.name.endswith(written) or written.startswith(("&", "!"))


@given(st.binary() | TEXTS.map(lambda text: text.encode("utf-8", errors="surrogatepass")))
def test_any_bytes_are_a_source_or_a_finding(data):
    reporter = Reporter()
    source = decode_source(data, "s.yaml", reporter)
    assert (source is None) == reporter.failed
    if source is not None:
        parse(source, reporter)


def _refusal(text: str) -> ExpressionError | None:
    try:
        evaluate_expression(parse_expression(text), {"a": 3, "b": [1, 2.5, "x"]})
    except ExpressionError as error:
        return error
    return None


@given(EXPRESSIONS)
def test_any_expression_has_a_value_or_an_error_inside_its_text(text):
    error = _refusal(text)
    assert error is None or (0 <= error.offset <= len(text) and error.length >= 1)


NUMBERS = st.integers(min_value=0, max_value=200)


@given(st.text(), st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), st.text(), st.booleans())
def test_rendering_any_finding_on_any_text_never_fails(text, place, said, color):
    span = Span(Source(said, text), *place)
    related = (Related(span, said),)
    found = Diagnostic(Code.WINDOW, said, span, said, (said,), said, related)
    lines = render_text(found, color=color).split("\n")
    assert len(lines) == 11
    if not color:
        assert max(len(line) for line in (lines[3], lines[7])) <= 120
    assert len(json.loads(render_json([found]))["diagnostics"]) == 1
    assert json.loads(render_sarif([found]))["version"] == "2.1.0"
    assert "\n" not in render_github([found])


@given(st.text(max_size=30))
def test_part_never_leaves_the_line(text):
    tree = parse(Source("s.yaml", f"a: {text}"), Reporter())
    value = tree.get("a") if tree else None
    if isinstance(value, Scalar) and isinstance(value.value, str):
        assert value.span_of_part(0, 1).line == value.span.line
