"""YAML text to a tree: values, places, and what is refused."""

import math
import time
from itertools import pairwise
from pathlib import Path

import pytest

from dlspec.diagnostics.findings import Diagnostic, Reporter
from dlspec.diagnostics.source import Source
from dlspec.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from dlspec.syntax.parse import parse
from dlspec.syntax.spec_files import decode_source, read_source


def _parsed(text: str) -> tuple[Mapping | None, tuple[Diagnostic, ...]]:
    reporter = Reporter()
    return parse(Source("s.yaml", text), reporter), reporter.diagnostics


def _tree(text: str) -> Mapping:
    tree, found = _parsed(text)
    assert found == ()
    assert tree is not None
    return tree


def _plain(node: Node) -> object:
    match node:
        case Scalar(value=value):
            return value
        case Sequence(items=items):
            return [_plain(item) for item in items]
        case Mapping(entries=entries):
            return {entry.name: _plain(entry.value) for entry in entries}


def _found(text: str) -> list[tuple[str, int, int]]:
    return [(d.code.value, d.span.line, d.span.column) for d in _parsed(text)[1]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None),
        ("null", None),
        ("", None),
        ("true", True),
        ("False", False),
        ("no", "no"),
        ("on", "on"),
        ("010", 10),
        ("-3", -3),
        ("+7", 7),
        ("0x1F", 31),
        ("0o17", 15),
        ("0b11", "0b11"),
        ("10_000", "10_000"),
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("-.inf", -math.inf),
        ("1:30", "1:30"),
        ("2024-01-31", "2024-01-31"),
        ("=", "="),
        (".", "."),
        ("-", [None]),
        ("1.2.3", "1.2.3"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_plain_scalars_have_their_yaml_1_2_core_value(text, value):
    got = _plain(_tree(f"a:\n {text}" if text == "-" else f"a: {text}"))["a"]
    assert got == value
    assert type(got) is type(value)


def test_nan_is_a_number():
    assert math.isnan(_plain(_tree("a: .nan"))["a"])


def test_quoted_scalars_know_that_they_are_quoted():
    tree = _tree("a: 'x'\nb: x\nc: |\n  x\n")
    assert [e.value.quoted for e in tree] == [True, False, True]


def test_nodes_know_their_places():
    tree = _tree("é: {b: [1, 'two']}\nc:\n  - x\n\n# end\n")
    outer = tree.get("é")
    listed = outer.get("b")
    places = [(s.line, s.column, s.end_line, s.end_column) for s in _spans(outer, listed, tree)]
    assert places == [(1, 4, 1, 19), (1, 8, 1, 18), (1, 1, 3, 6)]
    assert listed.items[1].span.text == "'two'"
    assert tree.get("c").items[0].span.line == 3


def _spans(*nodes):
    return [node.span for node in nodes]


def test_a_byte_order_mark_and_windows_line_ends_shift_nothing():
    reporter = Reporter()
    source = decode_source(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "s.yaml", reporter)
    tree = parse(source, reporter)
    spans = [(e.key.span.line, e.key.span.column) for e in tree]
    assert (spans, source.line(1), source.line(2)) == ([(1, 1), (2, 1)], "a: 1", "b: 2")


def test_text_with_a_byte_order_mark_has_the_same_places():
    source = Source("s.yaml", "\ufeffa: b")
    assert parse(source, Reporter()).get("a").span.text == "b"


def test_a_lone_head_in_braces_has_a_null_value():
    assert _plain(_tree("a: {ReLU, name: x}")) == {"a": {"ReLU": None, "name": "x"}}


def test_aliases_repeat_what_was_anchored():
    assert _plain(_tree("a: &x {k: [1]}\nb: *x")) == {"a": {"k": [1]}, "b": {"k": [1]}}


def test_part_points_inside_quotes():
    value = _tree("a: '$kernl*2'").get("a")
    assert value.span_of_part(1, 5).text == "kernl"


def test_part_is_the_whole_scalar_when_the_text_was_folded():
    value = _tree("a: $x\n  + y").get("a")
    assert value.span_of_part(1, 1) == value.span


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: {c: 1, c: 2}\na: 3\n", [("DL104", 2, 11), ("DL104", 3, 1)]),
        ("a: !!python/tuple [1]\nb: !x {}\nc: !!int 3", [("DL105", n, 4) for n in (1, 2, 3)]),
        ("a: &x [*x]", [("DL106", 1, 8)]),
        ("a: *nothing", [("DL106", 1, 4)]),
        ("<<: {a: 1}\nb: 2", [("DL108", 1, 1)]),
        (
            "1: a\ntrue: b\n~: c\n? [d]\n: e",
            [("DL109", 1, 1), ("DL109", 2, 1), ("DL109", 3, 1), ("DL109", 4, 3)],
        ),
        ("[1, 2]", [("DL110", 1, 1)]),
        ("", [("DL110", 1, 1)]),
        ("# only a comment", [("DL110", 1, 1)]),
        ("a: 1\n---\nb: 2", [("DL110", 2, 1)]),
        ("a: 99999999999999999999", [("DL111", 1, 4)]),
        ("a: 1e999", [("DL111", 1, 4)]),
        ("a: 1e-999", [("DL111", 1, 4)]),
        (f"a: {'9' * 5000}", [("DL111", 1, 4)]),
        ("a: {units: $max(f, 8), b: 1}", [("DL210", 1, 12)]),
        ("a: [1, 2", [("DL103", 1, 4)]),
        ("a: 'x", [("DL103", 1, 4)]),
        ("a:\n\tb: 1", [("DL103", 2, 1)]),
        ("a: {ReLU:, name: x}", [("DL103", 1, 9)]),
        ("g:\n  - Conv2D: [64, 3], name: x", [("DL103", 2, 20)]),
        ("a: [enc[1], enc[2]]", [("DL103", 1, 8)]),
        ("a: b: c", [("DL103", 1, 5)]),
        ("a: 1\nfoo\nb: 2", [("DL103", 2, 1)]),
        ("a: `x`", [("DL103", 1, 4)]),
        ("a: x\x07", [("DL103", 1, 5)]),
        ("a: \ud800", [("DL103", 1, 4)]),
        ("%YAML 1.1\n---\na: 1", [("DL103", 1, 1)]),
    ],
)
def test_what_is_wrong_with_the_text_is_reported_at_its_place(text, found):
    assert _found(text) == found


def test_the_second_of_two_equal_keys_names_the_first():
    _, (found,) = _parsed("a: 1\nb: 2\na: 3")
    assert [(r.message, r.span.line) for r in found.related] == [("the first", 1)]


def test_reading_goes_on_after_mistakes_that_leave_the_structure_whole():
    tree, found = _parsed("<<: {}\na: 1\na: 2\nb: !x [1]\n7: c\nd: 1e999")
    assert _plain(tree) == {"a": 1, "b": [1], "7": "c", "d": math.inf}
    assert len(found) == 5


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a: {units: $max(f, 8), b: 1}", {"a": {"units": "$max(f, 8)", "b": 1}}),
        ("a: [$min(1, max(2, 3)), 4]", {"a": ["$min(1, max(2, 3))", 4]}),
    ],
)
def test_an_expression_cut_at_its_commas_is_put_together_again(text, values):
    tree, found = _parsed(text)
    assert _plain(tree) == values
    (piece,) = [text[d.span.column - 1 : d.span.end_column - 1] for d in found]
    assert found[0].help == f'write `"{piece}"`'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 100_000, "DL107"),
        ("- " * 100_000, "DL107"),
        ("? " * 100_000, "DL107"),
        ("{a: " * 100_000, "DL107"),
        ("a: [" + "1," * 1_000_000, "DL107"),
        ("\n" * 300_000, "DL107"),
        ("a: " + "x" * 10_000_001, "DL107"),
        ("a: 1\n" * 40_000, "DL107"),
        ("a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 200)), "DL107"),
        (
            "a: &a [1,1,1,1,1,1,1,1,1]\n"
            + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in pairwise("abcdefg")),
            "DL106",
        ),
        ("a: [" + "$f(, " * 40_000 + "]", None),
    ],
    ids=lambda v: repr(v[:12]) if v else "",
)
def test_a_hostile_text_ends_soon(text, code):
    start = time.process_time()
    _, found = _parsed(text)
    assert time.process_time() - start < 3  # about 0.5 s on a quiet machine
    assert [d.code.value for d in found[-1:]] == ([code] if code else [])


def test_reading_time_grows_with_the_length_of_the_text():
    line = "    - Conv2D: {filters: 32, kernel_size: $kernel, padding: same}\n"

    def seconds(lines: int) -> float:
        source = Source("s.yaml", "graph:\n" + line * lines)
        tries = []
        for _ in range(3):
            start = time.process_time()
            parse(source, Reporter())
            tries.append(time.process_time() - start)
        return min(tries)

    assert seconds(2000) < 16 * seconds(250)


def test_a_file_that_is_not_there_is_reported(tmp_path: Path):
    reporter = Reporter()
    assert read_source(tmp_path / "none.yaml", reporter) is None
    assert [(d.code.value, d.label) for d in reporter.diagnostics] == [
        ("DL101", "no such file or directory")
    ]


def test_a_folder_and_an_impossible_path_are_reported(tmp_path: Path):
    reporter = Reporter()
    assert read_source(tmp_path, reporter) is None
    assert read_source(Path("a\0b"), reporter) is None
    assert [d.code.value for d in reporter.diagnostics] == ["DL101", "DL101"]


def test_bytes_that_are_not_utf_8_are_reported_where_they_stand(tmp_path: Path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("a: 1\nb: é".encode("latin-1"))
    reporter = Reporter()
    assert read_source(path, reporter) is None
    (found,) = reporter.diagnostics
    assert (found.code.value, found.span.line, found.span.column) == ("DL102", 2, 4)
    assert found.label == "the byte 0xe9 begins no character"


def test_a_file_over_the_limit_is_not_read(tmp_path: Path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * 10_000_001)
    reporter = Reporter()
    assert read_source(path, reporter) is None
    assert [d.code.value for d in reporter.diagnostics] == ["DL107"]


def test_get_finds_a_value_by_its_key():
    tree = _tree("a: 1\nb: 2")
    assert isinstance(tree.entries[1], Entry)
    assert (_plain(tree.get("b")), tree.get("c")) == (2, None)
