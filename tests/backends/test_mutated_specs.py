"""Specs with one thing changed: what `loads` accepts Keras builds, or refuses as a finding."""

import random
from collections import Counter
from pathlib import Path

import keras
import pytest
import yaml

import dlspec
from dlspec.backends.lower import lower_graph
from dlspec.compiler import compile_source
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.source import Source

ROOT = Path(__file__).parents[2]
TEXTS = {
    f"{folder}/{path.name}": path.read_text("utf-8")
    for folder in ("specs", "tests/golden/valid")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
}
# Larger ones take minutes to build and say nothing that the small ones do not.
MOST_PARAMETERS = 5_000_000
NUMBERS = (-3, -2, -1, 0, 1, 2, 3, 4, 5, 7, 16)
DTYPES = ("float16", "float64", "int32", "int64", "uint8", "bool", "string")
# What Keras refuses of the accepted mutants of all seeds, and no shape rule foresees.
MOST_REFUSED = 0.02


def places(value: object, at: tuple = ()) -> list[tuple[tuple, object]]:
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [(at, value), *(one for key, item in inside for one in places(item, (*at, key)))]


def with_value(tree: object, at: tuple, value: object) -> object:
    if not at:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[at[0]] = with_value(copy[at[0]], at[1:], value)
    return copy


def changed_value(value: object, at: tuple, names: list[str], draw: random.Random) -> object:
    """Return another value of the same kind: an argument, an extent, a name or a dtype."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return draw.choice([n for n in (*NUMBERS, value + 1, value * 2) if n != value])
    if isinstance(value, str) and value in names:
        return draw.choice(names)
    if isinstance(value, str) and (value in DTYPES or value == "float32"):
        return draw.choice(DTYPES)
    if isinstance(value, list) and at[-2:-1] == ("inputs",):
        return {"shape": value, "dtype": draw.choice(DTYPES)}
    if isinstance(value, list) and value and all(isinstance(v, int) for v in value):
        return value[:-1] if draw.random() < 0.5 else [*value, draw.choice(NUMBERS)]
    if isinstance(value, dict) and "from" not in value and at[-2:-1] == ("graph",) and names:
        several = [draw.choice(names) for _ in range(draw.choice([1, 2]))]
        return {**value, "from": several[0] if len(several) == 1 else several}
    return None


def mutant(text: str, draw: random.Random) -> str:
    tree = yaml.safe_load(text)
    for section in ("data", "training", "evaluation", "prediction", "retraining"):
        tree.pop(section, None)
    model = [
        (at, v)
        for at, v in places(tree)
        if at[:1] in (("model",), ("graph",), ("inputs",), ("params",))
    ]
    names = [v for at, v in model if at[-1:] == ("name",) and isinstance(v, str)]
    whole = tree.get("model", tree)
    inputs = whole.get("inputs") if isinstance(whole, dict) else None
    names += list(inputs) if isinstance(inputs, dict) else []
    able = [(at, v, changed_value(v, at, names, random.Random(0))) for at, v in model]
    able = [(at, v) for at, v, other in able if other is not None]
    if not able:
        return text
    at, value = draw.choice(able)
    return yaml.safe_dump(with_value(tree, at, changed_value(value, at, names, draw)))


def outcome_of(text: str) -> tuple[str, str]:
    """Return how a text fares, and what Keras said where it refused."""
    plan = compile_source(Source("<text>", text)).plan
    if plan is None:
        return "refused by the text", ""
    weights = [w for node in plan.graph.nodes for w in node.weights or ()]
    if sum(w.size for w in weights) > MOST_PARAMETERS:
        return "too large", ""
    keras.backend.clear_session()
    try:
        lower_graph(plan.graph)
    except dlspec.SpecError as error:
        (found,) = error.diagnostics
        assert found.code is Code.KERAS_REFUSES
        return "refused by Keras", f"{found.message}: {found.label}"
    return "built", ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_what_is_accepted_builds_or_is_refused_at_its_node(seed):
    draw = random.Random(seed)
    outcomes: Counter[str] = Counter()
    said = []
    for name in sorted(TEXTS) * 4:
        kind, why = outcome_of(mutant(TEXTS[name], draw))
        outcomes[kind] += 1
        said += [f"{name}: {why}"] if why else []
    accepted = outcomes["built"] + outcomes["refused by Keras"]
    assert accepted > 50
    assert outcomes["refused by Keras"] <= MOST_REFUSED * accepted, "\n".join(said)
