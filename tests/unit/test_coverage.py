"""Published examples as specs: all compile without a warning, and the page is made of them."""

import pytest

from benchmarks.coverage.coverage_page import PAGE, coverage_page
from benchmarks.coverage.examples import COLUMNS, FOLDER, VERDICTS, read_examples
from dlspec.compiler import compile_file

EXAMPLES = read_examples()
SPECS = sorted(FOLDER.glob("*.yaml"))


def test_every_example_is_judged_once():
    assert len(EXAMPLES) == len({(one.area, one.name) for one in EXAMPLES}) == 139
    assert {one.verdicts[c] for one in EXAMPLES for c in COLUMNS} <= set(VERDICTS)


def test_what_cannot_be_said_has_its_reason():
    assert [one.name for one in EXAMPLES if one.is_said != (one.missing == "")] == []


def test_what_can_be_said_whole_has_a_spec():
    assert [one.name for one in EXAMPLES if one.is_said and not one.spec_file.exists()] == []


def test_every_spec_is_of_an_example():
    assert set(SPECS) <= {one.spec_file for one in EXAMPLES}
    assert len(SPECS) >= 120


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_spec_compiles_without_a_warning(path):
    compiled = compile_file(path)
    assert [str(d) for d in compiled.diagnostics] == []
    assert compiled.plan is not None
    assert compiled.plan.description


def test_the_page_is_made_of_the_table():
    assert coverage_page(EXAMPLES) == PAGE.read_text("utf-8")
