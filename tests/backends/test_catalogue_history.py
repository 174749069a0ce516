"""The dates of the catalogue against the installed Keras, whichever it is."""

import json
from functools import cache
from inspect import signature

import keras
import pytest
from introspected import generated

from dlspec.backends.introspect.history import history_text
from dlspec.language.catalogue import KINDS, find_entry, installed_keras, is_older, names_of_kind
from dlspec.language.draws import DRAW_OF, SPACE

pytestmark = [
    pytest.mark.slow,
    # Asking constructors with every kind of value makes some of them warn.
    pytest.mark.filterwarnings("ignore"),
]


def dated():
    """Yield kind, class, parameter or None, and the date or None, of all that a spec may name."""
    for kind in KINDS:
        for name in names_of_kind(kind):
            entry = find_entry(kind, name)
            yield kind, name, None, entry.since
            for parameter in entry.parameters:
                yield kind, name, parameter.name, parameter.since or entry.since


@cache
def classes():
    return json.loads(generated())["classes"]


def in_the_installed_keras(kind, name, parameter):
    if name in DRAW_OF:
        function = getattr(keras.random, name.removeprefix(SPACE), None)
        # A tensor stands in the place of the shape's first extent, the number of samples.
        return function is not None and parameter in {None, "x", *signature(function).parameters}
    entry = classes()[kind].get(name)
    if entry is None or parameter is None:
        return entry is not None
    return parameter in {p["name"] for p in entry.get("parameters", ())}


def is_later(since):
    return since is not None and is_older(keras.__version__, since)


def test_the_version_is_found_that_an_import_gives():
    assert installed_keras() == keras.__version__


def test_what_came_later_is_not_in_the_installed_keras():
    there = [
        fact[:3] for fact in dated() if is_later(fact[3]) and in_the_installed_keras(*fact[:3])
    ]
    assert there == []


def test_all_else_is_in_the_installed_keras():
    lost = [
        fact[:3]
        for fact in dated()
        if not is_later(fact[3]) and not in_the_installed_keras(*fact[:3])
    ]
    assert lost == []


def release(version, **classes):
    """Return a small catalogue: the parameters of each layer, and the choices of each."""
    layers = {
        name: {"parameters": [{"name": p, "choices": words} for p, words in parameters.items()]}
        for name, parameters in classes.items()
    }
    return {"keras": version, "classes": {"layer": layers}}


def test_each_part_is_dated_by_the_release_from_which_on_it_stayed():
    releases = [
        release("3.10.0", Old={"a": ["x", "y"], "b": []}, New={"c": []}, Back={}),
        release("3.9.0", Old={"a": ["x"], "b": []}),
        release("3.8.0", Old={"a": ["x"]}, Back={}, Gone={}),
        release("3.11.2", Old={"a": ["x", "y"], "b": ["z"]}, New={"c": [], "d": []}, Back={}),
    ]
    assert json.loads(history_text(releases)) == {
        "releases": ["3.8.0", "3.9.0", "3.10.0", "3.11.2"],
        "since": {
            "layer": {
                "Old": {"parameters": {"b": "3.9"}, "choices": {"a": {"y": "3.10"}}},
                "New": {"class": "3.10", "parameters": {"d": "3.11.2"}},
                "Back": {"class": "3.10"},
            }
        },
    }
