"""Values written as YAML flow text are read back as they were."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source
from dlspec.syntax.flow_text import BARE, WIDTH, flow_text, scalar_text
from dlspec.syntax.parse import parse
from dlspec.syntax.substitution import plain_value

_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
_SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | _TEXT
_SCALARS |= st.floats(allow_nan=False, allow_subnormal=False, width=32)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(_TEXT, inner, max_size=6),
    max_leaves=25,
)


def read(text: str):
    reporter = Reporter()
    tree = parse(Source("value.yaml", text), reporter)
    assert [d.message for d in reporter.diagnostics] == []
    return plain_value(tree.get("value"))


def frozen(value):
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    return {k: frozen(v) for k, v in value.items()} if isinstance(value, dict) else value


@given(_VALUES)
def test_any_value_is_read_back(value):
    assert read(f"value: {flow_text(value, indent=7)}") == frozen(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), (1e-05, "1e-05"), (2.0, "2.0"), (math.inf, ".inf"),
        ("relu", "relu"), ("null", '"null"'), ("1e-3", '"1e-3"'), ("a b", '"a b"'), ("no", "no"),
    ],
)  # fmt: skip
def test_a_scalar_is_quoted_only_where_it_must_be(value, text):
    assert scalar_text(value) == text


def test_a_key_without_a_value_stands_bare():
    assert flow_text({"ReLU": BARE, "name": "x"}, indent=0) == "{ReLU, name: x}"


def test_a_long_value_breaks_between_items_before_it_breaks_inside_one():
    items = {f"name{number}": ["value"] * 4 for number in range(8)}
    lines = flow_text(items, indent=4).splitlines()
    assert len(lines) > 1
    assert all(len(line) <= WIDTH for line in lines)
    assert all(line.strip().startswith(("{name", "name")) for line in lines)
