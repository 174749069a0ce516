"""What a finding looks like, for people and for programs."""

import json
import random
import string
import time

import pytest

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Diagnostic, Related, Reporter, SpecError, render_text
from dlspec.diagnostics.formats import render_github, render_json, render_sarif
from dlspec.diagnostics.source import Source, Span
from dlspec.diagnostics.suggest import replacement_word, suggest

SPEC = Source(
    "specs/digits.yaml", "a: 1\n" * 8 + "  - Conv2D: {kernel_size: 5}\n\tk: 漢é: [5, 6]\n"
)


def _finding(span: Span, **more) -> Diagnostic:
    return Diagnostic(Code.WINDOW, "`conv2` cannot take the output of `pool1`", span, **more)


def test_a_finding_is_shown_in_the_layout_of_the_design():
    found = _finding(
        Span(SPEC, 9, 27, 9, 28),
        label="a window of 5 does not fit an extent of 4",
        notes=("`pool1` has shape (None, 4, 4, 6)",),
        help="use `padding: same`, or a kernel_size of at most 4",
    )
    assert str(found) == (
        "error[DL402]: `conv2` cannot take the output of `pool1`\n"
        " --> specs/digits.yaml:9:27\n"
        "  |\n"
        "9 |   - Conv2D: {kernel_size: 5}\n"
        "  |                           ^ a window of 5 does not fit an extent of 4\n"
        "  = note: `pool1` has shape (None, 4, 4, 6)\n"
        "  = help: use `padding: same`, or a kernel_size of at most 4"
    )


def test_related_places_share_the_margin():
    found = _finding(
        Span(SPEC, 9, 5, 9, 11), related=(Related(Span(SPEC, 10, 2, 10, 3), "used here"),)
    )
    assert render_text(found).splitlines()[1:] == [
        "  --> specs/digits.yaml:9:5",
        "   |",
        " 9 |   - Conv2D: {kernel_size: 5}",
        "   |     ^^^^^^",
        "  ::: specs/digits.yaml:10:2",
        "   |",
        "10 |     k: 漢é: [5, 6]",
        "   |     - used here",
    ]


@pytest.mark.parametrize(
    ("column", "end", "before", "marks"),
    [(2, 3, 4, "^"), (5, 6, 7, "^^"), (6, 7, 9, "^"), (10, 11, 12, "^"), (99, 99, 15, "^")],
)
def test_marks_stand_under_tabs_and_wide_characters(column, end, before, marks):
    source = Source("s", "\tk: 漢e\u0301: [5]")
    last = render_text(_finding(Span(source, 1, column, 1, end))).splitlines()[-1]
    assert last == f"  | {' ' * before}{marks}"


def test_a_long_line_is_clipped_around_the_span():
    source = Source("s", "x" * 500 + "HERE" + "y" * 500)
    shown = render_text(_finding(Span(source, 1, 501, 1, 505))).splitlines()
    assert len(shown[3]) <= 120
    assert shown[4].index("^^^^") == shown[3].index("HERE")


def test_a_span_of_several_lines_shows_its_first_line():
    shown = render_text(_finding(Span(SPEC, 9, 5, 10, 3))).splitlines()
    assert shown[3:] == ["9 |   - Conv2D: {kernel_size: 5}", "  |     " + "^" * 24]


def test_what_a_terminal_would_act_on_is_written_as_an_escape():
    source = Source("s\x1b[2J", "a: \x1b[31m\u202e")
    shown = render_text(Diagnostic(Code.YAML_SYNTAX, "bad `\x1b`", Span(source, 1, 4, 1, 5)))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.startswith("error[DL103]: bad `\\x1b`\n --> s\\x1b[2J:1:4\n")


def test_colour_changes_no_text():
    found = _finding(Span(SPEC, 9, 5, 9, 11), label="here", notes=("n",), help="h")
    painted = render_text(found, color=True)
    for code in ("1;31", "1;33", "1;34", "1", "0"):
        painted = painted.replace(f"\x1b[{code}m", "")
    assert painted == render_text(found)


def test_more_places_than_anyone_reads_are_counted():
    related = tuple(Related(Span(SPEC, n, 1, n, 2), "used here") for n in range(1, 9))
    assert render_text(_finding(Span(SPEC, 9, 5, 9, 11), related=related)).splitlines()[-1] == (
        "  = note: and from 4 more places"
    )


def test_the_object_for_programs_has_the_fields_of_the_design():
    related = (Related(Span(SPEC, 1, 1, 1, 2), "first"),)
    found = _finding(Span(SPEC, 9, 5, 9, 11), label="l", notes=("n",), help="h", related=related)
    assert json.loads(render_json([found])) == {
        "diagnostics": [
            {
                "code": "DL402",
                "severity": "error",
                "message": "`conv2` cannot take the output of `pool1`",
                "path": "specs/digits.yaml",
                "line": 9,
                "column": 5,
                "end_line": 9,
                "end_column": 11,
                "label": "l",
                "notes": ["n"],
                "help": "h",
                "related": [
                    {
                        "message": "first",
                        "path": "specs/digits.yaml",
                        "line": 1,
                        "column": 1,
                        "end_line": 1,
                        "end_column": 2,
                    }
                ],
            }
        ]
    }


def test_an_annotation_escapes_what_github_would_read():
    source = Source("a,b:c.yaml", "x")
    found = Diagnostic(Code.UNSCALED_PIXELS, "100% of `x`", Span(source, 1, 1, 1, 2), help="scale")
    assert render_github([found]) == (
        "::warning file=a%2Cb%3Ac.yaml,line=1,col=1,endLine=1,endColumn=1,title=DL511"
        "::100%25 of `x`%0Ahelp: scale"
    )


def test_sarif_names_each_rule_once_and_points_at_it():
    first = Diagnostic(Code.WINDOW, "m", Span(SPEC, 9, 5, 9, 11))
    second = Diagnostic(Code.UNSCALED_PIXELS, "n", Span(SPEC, 1, 1, 1, 2))
    log = json.loads(render_sarif([second, first, first]))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [r["id"] for r in run["tool"]["driver"]["rules"]] == ["DL402", "DL511"]
    assert run["tool"]["driver"]["rules"][0]["shortDescription"] == {
        "text": "DL402: a window does not fit"
    }
    assert [(r["ruleIndex"], r["level"]) for r in run["results"]] == [
        (1, "warning"),
        (0, "error"),
        (0, "error"),
    ]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "specs/digits.yaml"}
    assert place["region"] == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2}


@pytest.mark.parametrize(
    ("word", "known", "nearest"),
    [
        ("conv2d", ["Conv1D", "Conv2D"], "Conv2D"),
        ("max_pooling2d", ["MaxPooling1D", "MaxPooling2D"], "MaxPooling2D"),
        ("batchsize", ["batch_size", "patience"], "batch_size"),
        ("fliters", ["filters", "kernel"], "filters"),
        ("kernel_sizes", ["strides", "kernel_size"], "kernel_size"),
        ("recieve", ["receive"], "receive"),
        ("x", ["y", "z"], None),
        ("optimizer", ["loss", "metrics"], None),
        ("", ["a"], None),
        ("word", [], None),
    ],
)
def test_the_nearest_known_word_is_suggested(word, known, nearest):
    assert suggest(word, known) == nearest


def test_of_words_equally_near_in_a_set_the_same_one_is_meant_in_every_process():
    known = {f"stage{number}" for number in range(1, 10)}
    assert suggest("stages", known) == "stage1"
    assert replacement_word("stages", known).text == "stage1"


def test_a_suggestion_among_400_words_takes_milliseconds():
    letters = random.Random(7)
    known = ["".join(letters.choices(string.ascii_lowercase, k=5 + i % 20)) for i in range(400)]
    start = time.process_time()
    suggest("globalaveragepooling", known)
    assert time.process_time() - start < 0.1


def test_one_mistake_is_reported_once():
    reporter = Reporter()
    span = Span(SPEC, 9, 5, 9, 11)
    reporter.error(Code.WINDOW, span, "m")
    reporter.error(Code.WINDOW, span, "m")
    assert len(reporter.diagnostics) == 1


def test_findings_come_in_the_order_of_the_text():
    reporter = Reporter()
    for line, column in [(3, 1), (1, 9), (1, 2)]:
        reporter.error(Code.WINDOW, Span(SPEC, line, column, line, column + 1), "m")
    places = [(d.span.line, d.span.column) for d in reporter.diagnostics]
    assert places == [(1, 2), (1, 9), (3, 1)]


def test_warnings_alone_raise_nothing():
    reporter = Reporter()
    reporter.error(Code.DROPPED_MASK, Span(SPEC, 1, 1, 1, 2), "m")
    reporter.raise_errors()
    reporter.error(Code.WINDOW, Span(SPEC, 1, 1, 1, 2), "m")
    with pytest.raises(SpecError) as caught:
        reporter.raise_errors()
    assert [d.severity for d in caught.value.diagnostics] == ["error", "warning"]
