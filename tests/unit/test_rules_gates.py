"""What a gate may be called: each reason why a figure is not there, and what is written instead."""

import pytest
from image_specs import found_words

_TEXT = """\
dlspec: 1
name: gates
data:
  source: {{csv: a.csv}}
  inputs: {{x: {{vector: [a, b]}}}}
  targets: {{{targets}}}
model:
  inputs: {{x: [2]}}
  outputs: [{outputs}]
  graph:
{graph}training:
  epochs: 1
  loss:
{loss}evaluation: {{metrics: [{metrics}], {evaluation}}}
"""
_ENTROPY = "{SparseCategoricalCrossentropy: {from_logits: true}}"
_KINDS = {
    "class": ("{class: a, classes: 3}", 3, _ENTROPY),
    "number": ("{number: a}", 1, "MeanSquaredError"),
}
_TWO = "kind: class, price: number"
_THREE = "kind: class, shade: class, price: number"


def gate_spec(targets, metrics, evaluation):
    kinds = dict(one.split(": ") for one in targets.split(", "))
    return _TEXT.format(
        targets=", ".join(f"{name}: {_KINDS[kind][0]}" for name, kind in kinds.items()),
        outputs=", ".join(kinds),
        graph="".join(
            f"    - {{Dense: {_KINDS[kind][1]}, name: {name}, from: x}}\n"
            for name, kind in kinds.items()
        ),
        loss="".join(f"    {name}: {_KINDS[kind][2]}\n" for name, kind in kinds.items()),
        metrics=metrics,
        evaluation=evaluation,
    )


@pytest.mark.parametrize(
    ("targets", "metrics", "gate"),
    [
        (_THREE, "accuracy", "kind_accuracy"),
        (_THREE, "accuracy, mae", "shade_accuracy"),
        (_THREE, "mae", "mae"),
        (_THREE, "mae", "loss"),
        (_TWO, "accuracy", "accuracy"),
    ],
)
def test_a_gate_on_a_figure_that_is_measured_is_accepted(targets, metrics, gate):
    assert found_words(gate_spec(targets, metrics, f'gates: {{{gate}: "<= 1"}}')) == []


_TARGETS = "the targets are `kind`, `shade`, `price`"


@pytest.mark.parametrize(
    ("targets", "metrics", "gate", "label", "help_"),
    [
        (_THREE, "accuracy", "knid_accuracy", _TARGETS, "write `kind_accuracy`"),
        (_THREE, "mae", "weight_r2", _TARGETS, "leave it out"),
        (
            *(_THREE, "accuracy", "weight_r2", _TARGETS),
            "write one of `kind_accuracy`, `shade_accuracy`",
        ),
        (
            *(_THREE, "accuracy, mae", "kind_mae", "`mae` cannot be measured on `kind`"),
            "write one of `kind_accuracy`",
        ),
        (
            *(_THREE, "mae, accuracy, balanced_accuracy", "shade_mae"),
            "`mae` cannot be measured on `shade`",
            "write one of `shade_accuracy`, `shade_balanced_accuracy`",
        ),
        (
            *(_THREE, "accuracy", "kind_f1_macro", "`f1_macro` is not measured"),
            "add `f1_macro` to `evaluation.metrics`",
        ),
        (
            *(_TWO, "accuracy", "kind_accuracy", "`kind` is the only target of `accuracy`"),
            "write `accuracy`",
        ),
        (
            *(_TWO, "accuracy", "price_mae", "`price` is the only target of `mae`"),
            "write `mae`, and add it to `evaluation.metrics`",
        ),
    ],
)
def test_a_gate_on_no_figure_says_why_there_is_none(targets, metrics, gate, label, help_):
    text = gate_spec(targets, metrics, f'gates: {{{gate}: "<= 1"}}')
    assert found_words(text) == [(gate, f"no figure is called `{gate}`", label, help_)]


def test_a_name_of_two_figures_asks_for_another_name_of_a_target():
    name = "kind_balanced_accuracy"
    text = gate_spec(
        "kind: class, kind_balanced: class",
        "balanced_accuracy",
        f'gates: {{{name}: ">= 0.5", kind_balanced_balanced_accuracy: ">= 0.5"}}',
    )
    assert found_words(text) == [
        (
            name,
            f"`{name}` means two figures",
            "`accuracy` of `kind_balanced` and `balanced_accuracy` of `kind`",
            "give one of the two targets another name",
        )
    ]


@pytest.mark.parametrize(
    ("evaluation", "found"),
    [
        ('gates: {f1_macro: ">= 0.5"}', ["f1_macro"]),
        ("champion: {metric: f1_macro}", ["f1_macro"]),
        ("champion: {metric: accuracy}", []),
        ('gates: {f1_macro: ">= 0.5", log_loss: "<= 1"}', ["f1_macro", "log_loss"]),
        ('gates: {knid_accuracy: ">= 1", f1_macro: ">= 0.5"}', ["knid_accuracy", "f1_macro"]),
    ],
)
def test_each_gate_and_the_championship_is_told_at_its_metric(evaluation, found):
    told = found_words(gate_spec(_THREE, "accuracy", evaluation))
    assert [marked for marked, *_ in told] == found
    for marked, message, label, help_ in told:
        if marked != "knid_accuracy":
            assert (message, label, help_) == (
                f"`{marked}` is asked for and not measured",
                "not among `evaluation.metrics`",
                f"add `{marked}` to `evaluation.metrics`",
            )
