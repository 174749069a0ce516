"""Every help that says what to write is followed: its finding is gone, and no other has come."""

import re
from collections import Counter

import pytest

from dlspec.compiler import compile_file, compile_source
from dlspec.diagnostics.repairs import repaired_text
from dlspec.diagnostics.source import Source
from dlspec.tools.certain_repairs import repair_spec
from tests.golden.followed_helps import FOLLOWED, NO_EDIT
from tests.golden.second_ways import NO_SECOND_WAY, SECOND_WAYS
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


# Helps that list what there is, or name another version to install: nothing certain to write.
_LISTS = (
    *("it takes ", "it has ", "it is one of ", "the names are ", "the keys are "),
    *("the positions are ", "an expression holds ", "install "),
)
_FIRST_CODE = re.compile(r"\A(?:write|add|use|give the input) `([^`]+)`")


def _helps(compilation):
    return [
        d
        for d in compilation.diagnostics
        if d.help and d.replacement is None and not d.help.startswith(_LISTS)
    ]


@pytest.mark.parametrize("spec", INVALID, ids=lambda path: path.stem)
def test_a_reader_who_follows_every_help_has_mended_what_it_is_for(spec, monkeypatch):
    monkeypatch.chdir(spec.parent)
    before = _compiled(spec)
    helps = _helps(before)
    if not helps or spec.stem in NO_EDIT:
        assert spec.stem not in FOLLOWED
        return
    text = before.source.text
    for old, new in FOLLOWED[spec.stem]:
        assert old in text
        text = text.replace(old, new, 1)
    half = _compiled(spec, text)
    after = _found(_compiled(spec, repaired_text(half.source, half.diagnostics)))
    assert after - _found(before) == Counter()
    assert [d.message for d in helps if after[d.code.value, d.message]] == []


@pytest.mark.parametrize("spec", INVALID, ids=lambda path: path.stem)
def test_what_a_help_says_to_write_is_what_was_written(spec, monkeypatch):
    monkeypatch.chdir(spec.parent)
    before = _compiled(spec)
    for found in _helps(before):
        said = _FIRST_CODE.match(found.help)
        if said is None or spec.stem in NO_EDIT:
            continue
        text = before.source.text
        for old, new in FOLLOWED[spec.stem]:
            text = text.replace(old, new, 1)
        for part in re.split(r"\.\.\.|<\w+>", said[1].strip("{}")):
            assert part.strip("{}, $") in text.replace("\n      ", " ")


_CODE = re.compile(r"`[^`]*`")


def _offers_two_ways(found):
    if found.help is None or found.help.startswith(_LISTS):
        return False
    return " or " in _CODE.sub("", found.help).replace(" or more", "")


@pytest.mark.parametrize("spec", INVALID, ids=lambda path: path.stem)
def test_a_reader_who_takes_the_second_way_has_mended_it_too(spec, monkeypatch):
    monkeypatch.chdir(spec.parent)
    before = _compiled(spec)
    offers = [found for found in before.diagnostics if _offers_two_ways(found)]
    if not offers or spec.stem in NO_SECOND_WAY:
        assert spec.stem not in SECOND_WAYS
        return
    text = before.source.text
    for old, new in SECOND_WAYS[spec.stem]:
        assert old in text
        text = text.replace(old, new, 1)
    half = _compiled(spec, text)
    after = _found(_compiled(spec, repaired_text(half.source, half.diagnostics)))
    assert after - _found(before) == Counter()
    assert [found.message for found in offers if after[found.code.value, found.message]] == []


def test_the_second_way_is_another_than_the_first():
    assert [stem for stem, edits in SECOND_WAYS.items() if edits == FOLLOWED.get(stem)] == []
    # What has a way to be followed is told apart from what has none, and why.
    assert [stem for stem, why in NO_SECOND_WAY.items() if not isinstance(why, str)] == []


def test_only_invalid_specs_are_edited():
    edited = {*FOLLOWED, *NO_EDIT, *SECOND_WAYS, *NO_SECOND_WAY}
    assert edited <= {spec.stem for spec in INVALID}
