"""The catalogue against the installed Keras, which is the judge of every entry."""

import difflib
import inspect
import itertools

import keras
import pytest
from introspected import generated
from keras.src import constraints, initializers, losses, metrics, optimizers, regularizers

from dlspec.backends.introspect.generate import CATALOGUE
from dlspec.backends.introspect.inventory import catalogue_members
from dlspec.backends.introspect.probe import refusal_of_call
from dlspec.language.catalogue import KINDS, find_entry, generated_from, names_of_kind

pytestmark = [
    pytest.mark.slow,
    # Asking constructors with every kind of value makes some of them warn.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        keras.__version__.split(".")[:2] != generated_from().split(".")[:2],
        reason="the file is of another Keras (#3): test_catalogue_history compares the dates",
    ),
]
CLASSES = tuple(kind for kind in KINDS if kind not in {"activation", "op"})
TARGETS = {(m.kind, m.name): m.target for m in catalogue_members()}


def samples(parameter):
    """Return values for a required parameter, from its type alone."""
    low = int(parameter.minimum or 1)
    layers = keras.layers
    return {
        "integer": (low, 2),
        "number": (1.0, 0.5),
        "values": (1.0,),
        "bounds": (0.5,),
        "extents": (2, (2,) * (parameter.rank or 1)),
        "shape": ((2, 2),),
        "axes": (1,),
        "integers": ((1,), (1, 2)),
        "numbers": ((1.0,), (1.0, 2.0)),
        "text": ("ab,bc->ac", "model.keras"),
        "activation": ("relu",),
        "layer": (layers.LSTM(2), layers.LSTMCell(2), layers.Dense(2)),
        "layers": ([layers.LSTMCell(2)],),
        "optimizer": (keras.optimizers.SGD(),),
        "schedule": (0.1,),
    }[parameter.type]


def built(kind, name):
    """Return arguments with which the class is built, or None when none are found."""
    entry = find_entry(kind, name)
    required = [p for p in entry.parameters if p.required]
    for values in itertools.product(*(samples(p) for p in required)):
        arguments = dict(zip((p.name for p in required), values, strict=True))
        for extra in ({}, {"num_tokens": 2}, {"num_bins": 2}):
            if refusal_of_call(TARGETS[kind, name], {**arguments, **extra}) is None:
                return {**arguments, **extra}
    return None


def every_class():
    return [
        pytest.param(kind, name, id=f"{kind}-{name}")
        for kind in CLASSES
        for name in names_of_kind(kind)
    ]


def test_the_file_is_what_the_installed_keras_gives():
    committed = (CATALOGUE / "keras.json").read_text("utf-8")
    changes = difflib.unified_diff(
        committed.splitlines(), generated().splitlines(), "committed", "installed", n=0, lineterm=""
    )
    assert [line[-300:] for line in changes] == []


@pytest.mark.parametrize(("kind", "name"), every_class())
def test_a_class_is_built_from_its_required_parameters(kind, name):
    assert built(kind, name) is not None


@pytest.mark.parametrize(("kind", "name"), every_class())
def test_a_constructor_takes_every_default_and_choice(kind, name):
    arguments = built(kind, name)
    refused = [
        f"{p.name}={value!r}: {said}"
        for p in find_entry(kind, name).parameters
        for value in (*([] if p.required else [p.default]), *p.choices)
        # Conditional requirements: one of several must be given, null is not among them.
        if not (p.name in arguments and value is None)
        if (said := refusal_of_call(TARGETS[kind, name], {**arguments, p.name: value})) is not None
    ]
    assert refused == []


@pytest.mark.parametrize(("kind", "name"), every_class())
def test_the_signature_s_parameters_are_all_there(kind, name):
    own = [
        p.name
        for p in inspect.signature(TARGETS[kind, name]).parameters.values()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        if not (kind == "layer" and p.name == "name")
    ]
    assert [p.name for p in find_entry(kind, name).parameters][: len(own)] == own


@pytest.mark.parametrize(
    ("kind", "home", "least"),
    [
        ("metric", metrics, 76),
        ("optimizer", optimizers, 13),
        ("initializer", initializers, 30),
        ("regularizer", regularizers, 6),
        ("constraint", constraints, 8),
    ],
)
def test_a_string_identifier_means_the_class_that_keras_makes_of_it(kind, home, least):
    # What `get` does not take alone (`constant`, `mean_metric_wrapper`) cannot be compared.
    taken = [
        w
        for w in home.ALL_OBJECTS_DICT
        if refusal_of_call(home.get, {"identifier": w}) is None
        and not find_entry(kind, w).forbidden
    ]
    assert [w for w in taken if find_entry(kind, w).name != type(home.get(w)).__name__] == []
    assert len(taken) >= least


def test_a_loss_s_identifier_means_the_class_that_wraps_the_same_function():
    functions = {w: f for w, f in losses.ALL_OBJECTS_DICT.items() if inspect.isfunction(f)}
    assert len(functions) >= 30
    wrong = [
        w
        for w, f in functions.items()
        if getattr(keras.losses, find_entry("loss", w).name)().fn is not f
    ]
    assert wrong == []


def test_every_activation_is_what_keras_makes_of_its_name():
    assert [n for n in names_of_kind("activation") if keras.activations.get(n).__name__ != n] == []


def test_every_public_layer_is_in_the_catalogue():
    public = {
        value
        for value in vars(keras.layers).values()
        if inspect.isclass(value) and issubclass(value, keras.layers.Layer)
    }
    assert [c.__name__ for c in public if find_entry("layer", c.__name__) is None] == []
