"""What is printed fits the columns of a terminal, and stays whole where there is none."""

import re
from pathlib import Path

import pytest

import dlspec
from dlspec.compiler import compile_file
from dlspec.diagnostics.explain import explained_codes, explanation_page
from dlspec.diagnostics.findings import render_text
from dlspec.tools.aligned_table import RULE, aligned_table
from dlspec.tools.diff.compare import diff
from dlspec.tools.diff.difference_text import difference_text
from dlspec.tools.page_text import page_text
from dlspec.tools.show import layer_table
from dlspec.tools.zoo_table import catalogue_table

GOLDEN = Path(__file__).parents[1] / "golden"
INVALID = sorted(GOLDEN.glob("invalid/*.yaml"))
WIDTHS = (60, 80, 120)


def too_wide(text, columns):
    """Return the lines that are wider, but for those that are one word, such as a path."""
    return [line for line in text.splitlines() if len(line) > columns and len(line.split()) > 3]


# Every third: more show nothing else, and each is compiled.
@pytest.mark.parametrize("spec", INVALID[::3], ids=lambda path: path.stem)
def test_a_finding_fits_and_loses_no_word(spec):
    for one in compile_file(spec).diagnostics:
        for columns in WIDTHS:
            text = render_text(one, columns=columns)
            assert too_wide(text, columns) == []
            said = " ".join(text.split())
            for part in (one.message, *one.notes, one.help or ""):
                if part.isprintable():
                    assert " ".join(part.split()) in said


def test_a_label_goes_below_its_marks_where_there_is_no_room_beside():
    with pytest.raises(dlspec.SpecError) as refused:
        dlspec.loads(
            "dlspec: 1\nname: x\nmodel:\n  inputs: {x: [8, 8, 1]}\n  graph:\n"
            "    - MaxPooling2D: 2\n    - Conv2D: {filters: 16, kernel_size: 5}\n",
        )
    (found,) = refused.value.diagnostics
    assert render_text(found, columns=60).splitlines()[5:7] == [
        "  |                                          ^",
        "  | a window of 5 does not fit an extent of 4",
    ]
    assert "^ a window of 5 does not fit" in render_text(found, columns=120)


def test_the_table_of_architectures_fits():
    for columns in (60, 80):
        assert too_wide(catalogue_table(columns), columns) == []


def test_tables_of_layers_and_differences_fit_80_columns():
    folder = Path(__file__).parents[2] / "specs"
    plans = [dlspec.load(path) for path in sorted(folder.glob("*.yaml"))[:6]]
    for plan in plans:
        assert too_wide(layer_table(plan, columns=80), 80) == []
        assert too_wide(difference_text(diff(plans[0], plan), columns=80), 80) == []


def test_the_list_of_codes_fits_80_columns():
    titles = [explanation_page(code).partition("\n")[0] for code in explained_codes()]
    assert too_wide("\n".join(title.removeprefix("# ") for title in titles), 80) == []


def test_a_cell_is_folded_behind_a_part_of_its_path():
    rows = [("layer", "n"), RULE, ("encoder.block1.attention.query", "1"), ("  inner", "22")]
    assert aligned_table(rows, right={1}).splitlines() == [
        "layer                            n",
        "------------------------------  --",
        "encoder.block1.attention.query   1",
        "  inner                         22",
    ]
    assert aligned_table(rows, right={1}, columns=21).splitlines() == [
        "layer               n",
        "-----------------  --",
        "encoder.block1.     1",
        "  attention.query",
        "  inner            22",
    ]


def test_a_page_is_laid_out_for_a_terminal_and_stays_markdown_elsewhere():
    page = explanation_page("DL402")
    shown = page_text(page, color=True, columns=60)
    assert shown.startswith("\x1b[1mDL402: a window does not fit\x1b[0m\n\n\x1b[1;34mWhat it means")
    assert "```" not in shown
    assert "    \x1b[36m  inputs: {image: [8, 8, 1]}\x1b[0m\n" in shown
    plain = page_text(page, color=False, columns=60)
    assert "\x1b" not in plain
    assert too_wide(plain, 64) == []
    for code in explained_codes():
        laid_out = page_text(explanation_page(code), color=False, columns=80)
        marks = str.maketrans("", "", "#`")
        written = re.sub(r"```(yaml|toml|console)", "", explanation_page(code))
        assert laid_out.translate(marks).split() == written.translate(marks).split()
