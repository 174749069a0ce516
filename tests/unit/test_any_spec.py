"""Any mutation of any shipped spec: a Plan or a SpecError, never another exception."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dlspec.compiler import compile_source
from dlspec.diagnostics.source import Source
from dlspec.resolve.plan import canonical_data

ROOT = Path(__file__).parents[2]
TEXTS = {
    path.relative_to(ROOT / folder).with_suffix("").as_posix(): path.read_text("utf-8")
    for folder in ("specs", "tests/golden/valid", "dlspec/expand/zoo")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
}
WORDS = st.sampled_from(
    [
        *("Dense", "LSTM", "Add", "Conv2D", "Bidirectional", "Flatten", "Nothing", "for", "use"),
        *("ops.add", "name", "from", "graph", "inputs", "model", "do", "branches", "image", "x"),
        *("$", "$a +", "$kernel", "$[1, 2]", "$$", "accuracy", "enc.h", "", " ", "a.b", "é", "mse"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 70)
    | st.sampled_from([2**62, -(2**62), 0.5, -0.0, 1e300])
    | WORDS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def places(value: object, at: tuple = ()) -> list[tuple]:
    """Return the path of every value inside a tree of lists and mappings."""
    inside = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    return [at, *(path for key, item in inside for path in places(item, (*at, key)))]


def mutated(tree: object, at: tuple, change: str, value: object, word: str) -> object:
    """Return a copy of a tree in which what stands at a path is changed."""
    if not at:
        return value if change == "replace" else [tree, value] if change == "wrap" else tree
    key, rest = at[0], at[1:]
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    if rest or change in ("replace", "wrap"):
        copy[key] = mutated(copy[key], rest, change, value, word)
    elif change == "drop":
        del copy[key]
    elif isinstance(copy, dict):
        copy = {(word if name == key else name): item for name, item in copy.items()}
    else:
        copy.insert(key, value)
    return copy


def outcome(text: str, path: str = "<text>", **kwargs) -> str:
    """Compile a text and say how it went; every other exception passes through."""
    compilation = compile_source(Source(path, text), params=kwargs.get("params"))
    assert all(str(found) for found in compilation.diagnostics)
    if compilation.plan is None:
        return "reported" if compilation.diagnostics else "neither"
    json.dumps(canonical_data(compilation.plan))
    return "plan"


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_as_it_is_gives_a_plan(name):
    path = str(ROOT / "tests/golden/valid" / f"{name}.yaml")
    assert outcome(TEXTS[name], path) == "plan"


@settings(max_examples=400)
@given(
    name=st.sampled_from(sorted(TEXTS)),
    where=st.integers(0, 10_000),
    change=st.sampled_from(["replace", "replace", "drop", "rename", "wrap"]),
    value=VALUES,
    word=WORDS,
)
def test_a_mutated_spec_gives_a_plan_or_findings(name, where, change, value, word):
    tree = yaml.safe_load(TEXTS[name])
    paths = places(tree)
    changed = mutated(tree, paths[where % len(paths)], change, value, word)
    assert outcome(yaml.safe_dump(changed, allow_unicode=True)) in ("plan", "reported")


@settings(max_examples=150)
@given(name=st.sampled_from(sorted(TEXTS)), start=st.integers(0), length=st.integers(0, 40))
@example(name="digits_lenet5", start=0, length=10_000)
def test_a_text_with_a_hole_gives_a_plan_or_findings(name, start, length):
    text = TEXTS[name]
    start %= len(text)
    assert outcome(text[:start] + text[start + length :]) in ("plan", "reported")


@settings(max_examples=100)
@given(name=st.sampled_from(["digits_lenet5", "resnet", "overlaid"]), word=WORDS, value=VALUES)
def test_any_param_that_is_set_gives_a_plan_or_findings(name, word, value):
    path = str(ROOT / "tests/golden/valid" / f"{name}.yaml")
    for params in ({word: value}, {"kernel": value}, {"depth": value}, {"width": value}):
        assert outcome(TEXTS[name], path, params=params) in ("plan", "reported")
