"""Every Keras metric on every kind of target and head: what `check` says, and what Keras does."""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import get_args

import keras
import numpy as np
import pytest
import yaml

import dlspec
from dlspec.backends.introspect.generate import CATALOGUE
from dlspec.compiler import compile_source
from dlspec.decode.argument_values import CHOSEN_BY_KERAS
from dlspec.diagnostics.source import Source
from dlspec.language.catalogue import Object, find_entry, generated_from, names_of_kind
from dlspec.language.catalogue.traits import MetricTraits, ReadsTrait, TruthTrait
from dlspec.language.figures import better_of
from dlspec.rules.heads import PROBABILITIES

pytestmark = [
    # Keras warns of what the numbers here divide by.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        keras.__version__.split(".")[:2] != generated_from().split(".")[:2],
        reason="the catalogue is that of another Keras",
    ),
]
ROWS = 12
RANDOM = np.random.default_rng(3)
_SPEC = """\
dlspec: 1
name: model
data:
  source: {{csv: a.csv}}
  inputs: {{x: {feature}}}
  targets: {{y: {target}}}
  split: {{{split}}}
model:
  inputs: {{x: {shape}}}
  graph:
    - Flatten
    - {{Dense: {units}}}
    - {{Reshape: {extents}}}
    - {{Activation: {activation}, name: y}}
training:
  epochs: 1
  loss: {loss}
  metrics: [{metrics}]
"""


@dataclass(frozen=True)
class Output:
    """A target with its values, and a head that has its shape."""

    target: str
    truth: np.ndarray
    shape: tuple[int, ...]
    activation: str
    loss: str

    def spec(self, metrics):
        series = "series" in self.target
        return _SPEC.format(
            target=self.target,
            split="time: t" if series else "test: 0.2",
            feature="{series: [a, b], length: 3}" if series else "{vector: [a, b]}",
            shape=[3, 2] if series else [2],
            units=int(np.prod(self.shape)),
            extents=list(self.shape),
            activation=self.activation,
            loss=self.loss,
            metrics=metrics,
        )


def ids(classes, *shape):
    return RANDOM.integers(0, classes, (ROWS, *shape)).astype("int32")


def numbers(*shape):
    return RANDOM.normal(size=(ROWS, *shape)).astype("float32")


def bits(*shape):
    return RANDOM.integers(0, 2, (ROWS, *shape)).astype("float32")


def outputs():
    """Yield every target with each head that its losses allow."""
    entropies = {
        "ids": ("{class: y, classes: 3}", ids(3), (3,), "SparseCategoricalCrossentropy"),
        "many": ("{class: y, classes: 7}", ids(7), (7,), "SparseCategoricalCrossentropy"),
        "words": (
            *("{tokens: y, length: 4, vocabulary: 5}", ids(5, 4), (4, 5)),
            "SparseCategoricalCrossentropy",
        ),
        "hot": (
            *("{class: y, classes: 3, one_hot: true}", np.eye(3, dtype="float32")[ids(3)], (3,)),
            "CategoricalCrossentropy",
        ),
        "hot7": (
            *("{class: y, classes: 7, one_hot: true}", np.eye(7, dtype="float32")[ids(7)], (7,)),
            "CategoricalCrossentropy",
        ),
        "binary": ("{binary: y}", bits(1), (1,), "BinaryCrossentropy"),
        "bits": ("{vector: [c, d, e]}", bits(3), (3,), "BinaryCrossentropy"),
    }
    for name, (target, truth, shape, loss) in entropies.items():
        ending = "sigmoid" if loss == "BinaryCrossentropy" else "softmax"
        logits = f"{{{loss}: {{from_logits: true}}}}"
        yield f"{name}-{ending}", Output(target, truth, shape, ending, loss)
        yield f"{name}-logits", Output(target, truth, shape, "linear", logits)
    plain = {
        "number": ("{number: y}", numbers(1), (1,)),
        "vector": ("{vector: [c, d, e]}", numbers(3), (3,)),
        "series": ("{series: a, horizon: 4}", numbers(4), (4,)),
        "table": ("{series: [a, b], horizon: 4}", numbers(4, 2), (4, 2)),
    }
    for name, (target, truth, shape) in plain.items():
        for ending in ("linear", "relu") if name == "number" else ("linear",):
            loss = "MeanSquaredError"
            yield f"{name}-{ending}", Output(target, truth, shape, ending, loss)
    yield "binary-tanh", Output("{binary: y}", bits(1), (1,), "tanh", "Hinge")


OUTPUTS = dict(outputs())
VARIANTS = {
    "AUC": [
        *({"from_logits": True}, {"multi_label": True}, {"multi_label": True, "num_labels": 3}),
        *({"label_weights": [1, 2, 3]}, {"curve": "PR"}),
    ],
    "BinaryAccuracy": [{"threshold": 0}],
    "BinaryCrossentropy": [{"from_logits": True}],
    "CategoricalCrossentropy": [{"from_logits": True}, {"axis": 1}, {"axis": 0}, {"axis": 4}],
    "ConcordanceCorrelation": [{"axis": 0}, {"axis": 2}],
    "CosineSimilarity": [{"axis": 1}, {"axis": 3}],
    "F1Score": [{"threshold": 0.5}, {"average": "macro"}],
    "FBetaScore": [{"threshold": 1}, {"beta": 2}],
    "IoU": [{"sparse_y_pred": False}, {"sparse_y_true": False, "sparse_y_pred": False}],
    "MeanIoU": [
        *({"sparse_y_pred": False}, {"sparse_y_true": False, "sparse_y_pred": False}),
        {"sparse_y_pred": False, "axis": 0},
    ],
    "OneHotIoU": [{"target_class_ids": [9]}, {"sparse_y_pred": True}],
    "PearsonCorrelation": [{"axis": 0}],
    "Precision": [{"thresholds": [0.2, 0.4]}, {"thresholds": 0}, {"top_k": 2}, {"class_id": 1}],
    "Recall": [{"class_id": 5}, {"top_k": 4}],
    "SparseCategoricalCrossentropy": [{"from_logits": True}],
    "SparseTopKCategoricalAccuracy": [{"k": 2}, {"k": 2, "from_sorted_ids": True}],
    "TopKCategoricalAccuracy": [{"k": 2}],
}


def required(name, width):
    """Return what a metric must be given, for so many classes."""
    said = {"num_classes": max(width, 2), "target_class_ids": [0]}
    asked = (p for p in find_entry("metric", name).parameters if p.required)
    return {p.name: said.get(p.name, 0.5) for p in asked}


def metrics_on(output):
    for name in names_of_kind("metric"):
        for more in ({}, *VARIANTS.get(name, [])):
            yield name, {**required(name, output.shape[-1]), **more}


def written(name, arguments):
    return f"{{{name}: {json.dumps(arguments)}}}" if arguments else name


def findings(output, metrics):
    found = compile_source(Source("model.yaml", output.spec(metrics))).diagnostics
    assert {d.code.value for d in found} <= {"DL520"}, [d.message for d in found]
    return found


@cache
def judged(which):
    """Return the metrics that `check` accepts on an output, and those that it refuses."""
    output = OUTPUTS[which]
    accepted, refused = [], []
    for name, arguments in metrics_on(output):
        found = findings(output, written(name, arguments))
        (refused if found else accepted).append((name, arguments, found))
    return accepted, refused


def value_in_keras(output, name, arguments, seed):
    """Return what a metric gives for a head's output of random numbers; None where Keras fails."""
    given = np.random.default_rng(seed).normal(size=(ROWS, *output.shape)).astype("float32")
    given = keras.activations.get(output.activation)(given)
    try:
        metric = getattr(keras.metrics, name)(**arguments)
        metric.update_state(output.truth, given)
        return np.asarray(metric.result())
    except Exception:  # noqa: BLE001 - that it fails is what is asked, however it does
        return None


@dataclass(frozen=True)
class Meaningless:
    """Metrics that Keras computes and that say nothing of the model, with the reason."""

    reason: str
    metrics: frozenset[str]
    targets: frozenset[str] | None = None
    endings: frozenset[str] | None = None
    argument: tuple[str, object] | None = None

    def covers(self, which, name, arguments):
        target, _, ending = which.partition("-")
        return (
            name in self.metrics
            and (self.targets is None or target in self.targets)
            and (self.endings is None or ending in self.endings)
            and (self.argument is None or self.argument in arguments.items())
        )


def words(text):
    return frozenset(text.split())


UNBOUNDED = words("logits linear relu tanh")
BOUNDED = words("softmax sigmoid")
IOU = "IoU MeanIoU OneHotIoU OneHotMeanIoU"
CUTTING = """
    AUC BinaryAccuracy BinaryIoU F1Score FBetaScore FalseNegatives FalsePositives Precision Recall
    PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity
    TrueNegatives TruePositives
"""
ENTROPIES = "BinaryCrossentropy CategoricalCrossentropy KLDivergence SparseCategoricalCrossentropy"
# What is constant is told by Keras itself and need not stand here.
MEANINGLESS = [
    Meaningless("0.5, and any step from 0 to 1, halves no other numbers than probabilities",
                words(CUTTING), endings=UNBOUNDED),
    Meaningless("it clips to 0 and 1 what are no probabilities", words(ENTROPIES),
                endings=UNBOUNDED),
    Meaningless("it takes the softmax or sigmoid of what has passed one",
                words(f"AUC {ENTROPIES}"), endings=BOUNDED, argument=("from_logits", True)),
    Meaningless("one unit has no other to be compared with",
                words(f"CategoricalCrossentropy CategoricalHinge CosineSimilarity F1Score "
                      f"FBetaScore KLDivergence {IOU}"),
                targets=words("binary number")),
    Meaningless("it spreads one unit over three", words("AUC"), targets=words("binary"),
                argument=("num_labels", 3)),
    Meaningless("the largest of a column of ids is one row of the batch",
                words(f"CategoricalAccuracy {IOU}"), targets=words("ids many")),
    Meaningless("it takes the sixth row's id for that of every row", words("Recall"),
                targets=words("many"), argument=("class_id", 5)),
    Meaningless("scores cut off to whole numbers are no ids", words(IOU)),
    Meaningless("along the rows there are no classes", words(f"CategoricalCrossentropy {IOU}"),
                argument=("axis", 0)),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("which", OUTPUTS)
def test_keras_computes_what_check_accepts(which):
    output = OUTPUTS[which]
    accepted, _ = judged(which)
    named = [(n, {**a, "name": f"m{i}"}) for i, (n, a, _) in enumerate(accepted)]
    plan = dlspec.loads(output.spec(", ".join(written(n, a) for n, a in named)))
    model = dlspec.compile(plan)
    x = numbers(*model.inputs[0].shape[1:])
    values = model.evaluate(x, output.truth, batch_size=6, verbose=0, return_dict=True)
    assert set(values) == {"loss", *(arguments["name"] for _, arguments in named)}


@pytest.mark.slow
@pytest.mark.parametrize("which", OUTPUTS)
def test_keras_fails_on_what_check_refuses_or_says_nothing_of_the_model(which):
    output = OUTPUTS[which]
    unjustified = []
    for name, arguments, _ in judged(which)[1]:
        one, *others = (value_in_keras(output, name, arguments, seed) for seed in (1, 2, 3))
        if one is None or all(np.array_equal(one, other, equal_nan=True) for other in others):
            continue
        if not any(listed.covers(which, name, arguments) for listed in MEANINGLESS):
            unjustified.append((name, arguments))
    assert unjustified == []


def followed(name, arguments, help_):
    """Return the metric that is written where a help is taken at its word."""
    whole = re.fullmatch("write `(.*)`", help_)
    if whole is None:
        dropped = re.fullmatch("leave `(.*)` out", help_)[1]
        return name, {k: v for k, v in arguments.items() if k != dropped}
    said = yaml.safe_load(whole[1])
    if isinstance(said, str):
        return said, {}
    ((word, given),) = said.items()
    return (word, given) if word[0].isupper() else (name, {**arguments, word: given})


@pytest.mark.parametrize("which", OUTPUTS)
def test_a_metric_written_as_its_helps_say_is_accepted(which):
    output = OUTPUTS[which]
    for name, arguments, found in judged(which)[1]:
        told = []
        now = name, arguments
        # A metric may be wrong in several ways, told one after the other.
        while found:
            (one,) = found
            assert one.message not in told
            told.append(one.message)
            now = followed(*now, one.help)
            found = findings(output, written(*now))
        assert len(told) <= 2, (name, arguments, told)


def test_what_each_metric_compares_is_said():
    said = {name: find_entry("metric", name).measures for name in names_of_kind("metric")}
    assert [name for name, traits in said.items() if traits is None] == []
    overlay = json.loads((CATALOGUE / "overlay.json").read_text("utf-8"))["traits"]
    assert sorted(overlay["metric"]) == sorted(said)
    assert sorted(overlay["about"]["measures"]) == sorted(MetricTraits.__dataclass_fields__)
    assert {traits.truth for traits in said.values()} == set(get_args(TruthTrait))
    assert {traits.reads for traits in said.values()} == set(get_args(ReadsTrait))
    siblings = {other for traits in said.values() for other in traits.instead.values()}
    assert siblings <= set(said)


def test_the_activations_that_give_probabilities_are_those_of_keras():
    x = np.random.default_rng(0).normal(scale=5, size=(200, 4)).astype("float32")
    bounded = []
    for name in sorted(set(names_of_kind("activation")) - {"threshold"}):  # it has none by itself
        y = keras.ops.convert_to_numpy(keras.activations.get(name)(x))
        if y.min() >= -1e-6 and y.max() <= 1 + 1e-6:
            bounded.append(name)
    # Keras's sparsemax exceeds 1 where every unit has a share, as no sparsemax should.
    assert bounded == sorted(set(PROBABILITIES) - {"sparsemax"})


def test_keras_shares_a_list_of_metrics_out_by_the_order_of_outputs():
    x = keras.Input([2])
    heads = [keras.layers.Dense(1, name="y")(x), keras.layers.Dense(1, name="z")(x)]
    model = keras.Model(x, heads)
    model.compile(loss="mse", metrics=["mae", "mse"])
    found = model.evaluate(bits(2), [bits(1), bits(1)], verbose=0, return_dict=True)
    assert {"y_mae", "z_mse"} < set(found)
    assert "y_mse" not in found
    model.compile(loss="mse", metrics=["mae"])
    with pytest.raises(ValueError, match="Invalid `metrics`"):
        model.evaluate(bits(2), [bits(1), bits(1)], verbose=0)


@pytest.mark.parametrize("word", ["accuracy", "acc", "crossentropy", "ce"])
def test_keras_chooses_a_metric_for_just_the_words_that_check_takes_for_such(word):
    model = keras.Sequential([keras.Input([3]), keras.layers.Softmax()])
    model.compile(loss="categorical_crossentropy", metrics=[word])
    x, truth = numbers(3), np.eye(3)[ids(3)]
    if word in CHOSEN_BY_KERAS:
        assert word in model.evaluate(x, truth, verbose=0, return_dict=True)
    else:
        with pytest.raises(ValueError, match="Could not interpret metric"):
            model.evaluate(x, truth, verbose=0)


def test_what_is_better_of_a_metric_is_what_keras_says():
    words = {"up": "higher", "down": "lower", None: None}
    for name in names_of_kind("metric"):
        made = getattr(keras.metrics, name)(**required(name, 3))
        said = words[getattr(made, "_direction", None)]
        assert better_of(Object("metric", name, {})) == said, name


@pytest.mark.slow
@pytest.mark.parametrize("which", OUTPUTS)
def test_an_evaluation_takes_the_metrics_that_a_training_takes(which):
    output = OUTPUTS[which]
    for name, arguments in metrics_on(output):
        asked = written(name, arguments)
        if arguments.get("axis") == 0 and find_entry("metric", name).measures.along_axis:
            continue  # of the samples of a chunk, it says nothing of them all
        in_training = [(d.message, d.label, d.help) for d in findings(output, asked)]
        text = f"{output.spec('')}evaluation: {{metrics: [{asked}]}}\n"
        found = compile_source(Source("model.yaml", text)).diagnostics
        assert [(d.message, d.label, d.help) for d in found] == in_training, asked
