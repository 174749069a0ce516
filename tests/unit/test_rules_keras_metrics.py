"""Which metrics are judged, against which output, and where a finding is marked.

What is said of each metric on each output, `tests/backends/test_keras_metrics.py` lets Keras judge.
"""

import pytest

from dlspec.compiler import compile_source
from dlspec.diagnostics.source import Source

_TWO = """\
dlspec: 1
name: two
data:
  source: {{csv: a.csv}}
  inputs: {{x: {{vector: [a, b]}}}}
  targets: {{kind: {{class: k, classes: 3}}, sold: {{binary: s}}}}
model:
  inputs: {{x: [2]}}
  graph:
    - {{Dense: [3, {{activation: softmax}}], name: kind}}
    - {{Dense: 1, from: x, name: scored}}
    - {{{ending}, name: sold}}
  outputs: [kind, sold]
training:
  epochs: 3
  loss: {{kind: SparseCategoricalCrossentropy, sold: MeanSquaredError}}
  metrics: {metrics}
"""


def found_in(metrics, ending="Activation: sigmoid"):
    """Return the code, the marked text and the message of all that is found in two outputs."""
    source = Source("two.yaml", _TWO.format(metrics=metrics, ending=ending))
    return [
        (d.code.value, _marked_text(source, d.span), d.message)
        for d in compile_source(source).diagnostics
    ]


def _marked_text(source, span):
    return source.text.splitlines()[span.line - 1][span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize(
    "metrics",
    [
        "{kind: [accuracy, SparseCategoricalAccuracy], sold: [Recall, AUC]}",
        "{kind: SparseCategoricalAccuracy, sold: Recall}",
        # Of a list, each output has the one in its place.
        "[SparseCategoricalAccuracy, Recall]",
        "[accuracy, acc]",
        "[]",
        "{sold: Recall}",
    ],
)
def test_metrics_that_fit_the_output_they_are_for_are_accepted(metrics):
    assert found_in(metrics) == []


@pytest.mark.parametrize(
    ("metrics", "marked", "message"),
    [
        ("{kind: Recall, sold: Recall}", "Recall", "`Recall` takes 0 or 1 for each unit"),
        (
            "{kind: accuracy, sold: [AUC, SparseCategoricalAccuracy]}",
            "SparseCategoricalAccuracy",
            "`SparseCategoricalAccuracy` takes class ids",
        ),
        (
            "[Recall, SparseCategoricalAccuracy]",
            "Recall",
            "`Recall` takes 0 or 1 for each unit",
        ),
        (
            "{kind: [{SparseTopKCategoricalAccuracy: {k: 3}}]}",
            "3",
            "`SparseTopKCategoricalAccuracy` looks at the 3 best of 3 classes: it is always 1",
        ),
        (
            "{kind: [{SparseTopKCategoricalAccuracy: 3}]}",
            "3",
            "`SparseTopKCategoricalAccuracy` looks at the 3 best of 3 classes: it is always 1",
        ),
        ("[Recall]", "metrics", "`metrics` lists 1 for the 2 outputs kind, sold"),
        (
            "[accuracy, accuracy, accuracy]",
            "metrics",
            "`metrics` lists 3 for the 2 outputs kind, sold",
        ),
    ],
)
def test_a_metric_is_judged_against_its_own_output_and_marked(metrics, marked, message):
    code, text, said = found_in(metrics)[0]
    assert (code, said) == ("DL520", message)
    assert marked in text


@pytest.mark.parametrize(
    ("ending", "found"),
    [
        ("Activation: sigmoid", []),
        ("Activation: hard_sigmoid", []),
        ("Activation: linear", ["DL520", "DL520"]),
        ("Activation: relu", ["DL520", "DL520"]),
        # What hides its activation may give probabilities.
        ("BatchNormalization", []),
    ],
)
def test_only_what_is_known_to_give_no_probabilities_is_refused(ending, found):
    assert [code for code, *_ in found_in("{sold: [Recall, AUC]}", ending)] == found


@pytest.mark.parametrize(
    "metric",
    [
        *("{Recall: {thresholds: 0}}", "{Recall: {thresholds: [0, 0.5]}}"),
        *("{BinaryAccuracy: {threshold: 0.5}}", "{AUC: {from_logits: true}}"),
        *("{BinaryCrossentropy: {from_logits: true}}", "{Recall: {top_k: 1}}", "Hinge"),
    ],
)
def test_a_threshold_that_is_written_stands_on_logits(metric):
    assert found_in(f"{{sold: [{metric}]}}", "Activation: linear") == []


def test_a_head_of_another_width_is_told_once():
    text = _TWO.format(metrics="{kind: TopKCategoricalAccuracy}", ending="Activation: sigmoid")
    found = compile_source(Source("two.yaml", text.replace("Dense: [3", "Dense: [4"))).diagnostics
    assert [d.code.value for d in found] == ["DL506"]


def test_figures_of_a_list_of_metrics_carry_the_output_of_their_place():
    watching = "[SparseCategoricalAccuracy, Recall]\n  callbacks: [{EarlyStopping: %s}]"
    assert found_in(watching % "{monitor: sold_recall, mode: max}") == []
    assert [code for code, *_ in found_in(watching % "{monitor: kind_recall}")] == ["DL509"]
