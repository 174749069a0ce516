"""A gate on one of several targets: what the rules allow is what a measurement gives."""

import itertools

import numpy as np
import pytest

import dlspec
from dlspec.language.metrics import COMPARABLE_METRICS, METRIC_OF, metrics_on
from dlspec_pipelines.steps.evaluation.measures import measure_targets
from dlspec_pipelines.steps.evaluation.outputs import Predicted

_IDS = np.array([0, 1, 0, 1])
_SHARE = np.array([0.2, 0.9, 0.4, 0.6])
FEATURES = {"number": "{number: n}", "class": "{class: k, classes: 2}", "binary": "{binary: b}"}
LOSSES = {
    "number": "MeanSquaredError",
    "class": "{SparseCategoricalCrossentropy: {from_logits: true}}",
    "binary": "{BinaryCrossentropy: {from_logits: true}}",
}
PREDICTED = {
    "number": Predicted("number", _SHARE[:, None], _SHARE[::-1, None]),
    "class": Predicted("class", _IDS, _IDS, np.stack([1 - _SHARE, _SHARE], axis=1)),
    "binary": Predicted("binary", _IDS, _IDS, _SHARE),
}


def _spec(kinds, metrics, gate):
    names = [f"{kind}{number}" for number, kind in enumerate(kinds)]
    widths = {"number": 1, "class": 2, "binary": 1}
    pairs = list(zip(names, kinds, strict=True))
    return "\n".join(
        [
            "dlspec: 1",
            "name: m",
            "data:",
            "  source: {csv: a.csv}",
            "  inputs: {x: {number: x}}",
            f"  targets: {{{', '.join(f'{n}: {FEATURES[k]}' for n, k in pairs)}}}",
            "model:",
            "  inputs: {x: [1]}",
            f"  outputs: [{', '.join(names)}]",
            "  graph:",
            *(f"    - {{Dense: {widths[k]}, name: {n}, from: x}}" for n, k in pairs),
            "training:",
            "  epochs: 1",
            f"  loss: {{{', '.join(f'{n}: {LOSSES[k]}' for n, k in pairs)}}}",
            "evaluation:",
            f"  metrics: [{', '.join(metrics)}]",
            f'  gates: {{{gate}: ">= 0"}}',
        ]
    )


def _codes(text):
    try:
        dlspec.loads(text)
    except dlspec.SpecError as error:
        return {found.code.value for found in error.diagnostics}
    return set()


@pytest.mark.parametrize("kinds", list(itertools.product(FEATURES, repeat=2)), ids="-".join)
def test_the_rules_allow_exactly_the_figures_that_a_measurement_gives(kinds):
    metrics = tuple(dict.fromkeys(r.name for kind in kinds for r in metrics_on(kind)))
    predicted = {f"{kind}{n}": PREDICTED[kind] for n, kind in enumerate(kinds)}
    measured = set(measure_targets(metrics, predicted).values)
    gates = {*COMPARABLE_METRICS, *(f"{t}_{m}" for t in predicted for m in COMPARABLE_METRICS)}
    found = {gate: _codes(_spec(kinds, metrics, gate)) for gate in gates}
    allowed = {gate for gate, codes in found.items() if not codes}
    assert set().union(*found.values()) == {"DL515"}
    assert allowed == measured


def test_a_name_that_two_targets_explain_is_refused():
    text = _spec(("class", "class"), ("accuracy", "balanced_accuracy"), "a_balanced_accuracy")
    text = text.replace("class0", "a").replace("class1", "a_balanced")
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.loads(text)
    (found,) = caught.value.diagnostics
    assert found.message == "`a_balanced_accuracy` means two figures"
    assert found.label == "`accuracy` of `a_balanced` and `balanced_accuracy` of `a`"


def test_every_comparable_metric_may_be_asked_of_a_target():
    assert all(METRIC_OF[name].reads != "generated" for name in COMPARABLE_METRICS)
