"""Owners: Dagster loads no location with one that it refuses, so none of those passes here."""

import pytest
from dagster._core.definitions.utils import is_valid_owner
from hypothesis import given
from hypothesis import strategies as st

import dlspec

SPEC = "dlspec: 1\nname: m\nowners: [{}]\nmodel: {{inputs: {{x: [4]}}, graph: [{{Dense: 3}}]}}\n"


def stands(owner):
    try:
        dlspec.loads(SPEC.format("'" + owner.replace("'", "''") + "'"))
    except dlspec.SpecError:
        return False
    return True


@pytest.mark.parametrize("owner", ["jane@example.org", "a.b+c@mail.example.com", "team:vision-1"])
def test_an_owner_that_dagster_takes_stands(owner):
    assert is_valid_owner(owner)
    assert stands(owner)


@pytest.mark.parametrize(
    "owner",
    ["jané@example.org", "jane@exämple.org", "jane", "j@x.museumsinsel", "+j@x.org"],
)
def test_an_owner_that_dagster_refuses_does_not(owner):
    assert not is_valid_owner(owner)
    assert not stands(owner)


@given(st.from_regex(r"(team:)?[\w.+@é-]{1,20}@?[\w.-]{1,12}\.[a-zé|]{1,9}", fullmatch=True))
def test_what_stands_is_always_taken(owner):
    assert not stands(owner) or is_valid_owner(owner)
