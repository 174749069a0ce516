"""Every help that says what to write is followed: its finding is gone, and no other has come."""

from collections import Counter

import pytest

from dlspec.compiler import compile_file, compile_source
from dlspec.diagnostics.repairs import repaired_text
from dlspec.diagnostics.source import Source
from dlspec.tools.certain_repairs import repair_spec
from tests.golden.test_golden import INVALID, _keras

# A word set right brings out what it hid.
BRINGS_OUT = {
    "DL312_param_name": "the param stands under its old name in an expression",
    "DL411_call_argument": "the states, once they are read, have another width",
}


def _compiled(spec, text=None):
    if text is None:
        return compile_file(spec.name, keras=_keras(spec))
    return compile_source(Source(spec.name, text), keras=_keras(spec))


def _found(compilation):
    return Counter((d.code.value, d.message) for d in compilation.diagnostics)


@pytest.mark.parametrize("spec", INVALID, ids=lambda path: path.stem)
def test_a_replacement_written_by_itself_mends_its_finding_and_nothing_else(spec, monkeypatch):
    monkeypatch.chdir(spec.parent)
    before = _compiled(spec)
    for one in before.diagnostics:
        if one.replacement is None:
            continue
        after = _found(_compiled(spec, repaired_text(before.source, [one])))
        what = (one.code.value, one.message)
        assert after[what] < _found(before)[what]
        if spec.stem not in BRINGS_OUT:
            assert after - _found(before) == Counter()


@pytest.mark.parametrize("spec", INVALID, ids=lambda path: path.stem)
def test_the_certain_repairs_of_a_spec_leave_only_findings_that_were_there(spec, monkeypatch):
    monkeypatch.chdir(spec.parent)
    before = _compiled(spec)
    repaired = repair_spec(before)
    left = _found(repaired.compilation)
    assert left - _found(before) == Counter()
    if repaired.count:
        assert sum(left.values()) < sum(_found(before).values())
        again = _compiled(spec, repaired.compilation.source.text)
        assert repair_spec(again).count == 0
    else:
        assert repaired.compilation is before
