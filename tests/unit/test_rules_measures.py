"""What a training and an evaluation name, against what there is to compute and to measure."""

import pytest
from image_specs import codes, found_codes, image_spec

_TWO = """\
dlspec: 1
name: example
data:
  source: {{csv: a.csv}}
  inputs: {{x: {{vector: [a, b]}}}}
  targets: {{u: {{number: u}}, v: {{number: v}}}}
  split: {{validation: 0.2, test: 0.2}}
model:
  inputs: {{x: [2]}}
  outputs: [u, v]
  graph:
    - {{Dense: 1, name: u, from: x}}
    - {{Dense: 1, name: v, from: x}}
training:
  epochs: 3
  loss: {loss}
  metrics: {metrics}
  callbacks: [{{EarlyStopping: {{monitor: {monitor}, mode: min}}}}]
"""


@pytest.mark.parametrize(
    ("metrics", "monitor", "found"),
    [
        ("[accuracy]", "loss", []),
        ("[accuracy]", "accuracy", []),
        ("[accuracy]", "learning_rate", []),
        ("[accuracy]", "val_accuracy", []),
        ("[accuracy]", "digit_accuracy", ["DL509"]),
        ("[accuracy]", "digit_loss", ["DL509"]),
        ("[accuracy]", "SparseCategoricalAccuracy", ["DL509"]),
        ("[SparseCategoricalAccuracy]", "sparse_categorical_accuracy", []),
        ("[SparseCategoricalAccuracy]", "accuracy", ["DL509"]),
        ("[{SparseCategoricalAccuracy: {name: right}}]", "right", []),
        ("[{SparseCategoricalAccuracy: {name: right}}]", "val_right", []),
        ("[{SparseCategoricalAccuracy: {name: right}}]", "sparse_categorical_accuracy", ["DL509"]),
        ("{digit: [accuracy]}", "accuracy", []),
    ],
)
def test_one_output_gives_its_figures_under_their_own_names(metrics, monitor, found):
    watched = f"{{monitor: {monitor}, mode: min}}"
    more = f"  metrics: {metrics}\n  callbacks: [{{EarlyStopping: {watched}}}]\n"
    assert codes(more=more, split="validation: 0.1, test: 0.2") == found


@pytest.mark.parametrize(
    ("metrics", "monitor", "found"),
    [
        ("[accuracy]", "loss", []),
        ("[accuracy]", "val_loss", []),
        ("[accuracy]", "val_accuracy", []),
        ("{digit: [accuracy]}", "val_accuracy", []),
        ("[{SparseCategoricalAccuracy: {name: right}}]", "val_right", []),
        ("[accuracy]", "learning_rate", ["DL202"]),
        ("[FalsePositives]", "val_false_positives", ["DL520", "DL202"]),
    ],
)
def test_a_direction_that_keras_knows_need_not_be_said(metrics, monitor, found):
    more = f"  metrics: {metrics}\n  callbacks: [{{EarlyStopping: {{monitor: {monitor}}}}}]\n"
    assert codes(more=more, split="validation: 0.1, test: 0.2") == found


@pytest.mark.parametrize(
    ("metrics", "monitor", "found"),
    [
        ("[]", "loss", []),
        ("[]", "u_loss", []),
        ("[]", "val_v_loss", []),
        ("[]", "w_loss", ["DL509"]),
        # Of a plain list Keras gives each output the metric in its place.
        ("[MeanAbsoluteError]", "u_mean_absolute_error", ["DL520"]),
        ("[MeanAbsoluteError]", "mean_absolute_error", ["DL520", "DL509"]),
        ("[MeanAbsoluteError, Poisson]", "u_mean_absolute_error", []),
        ("[MeanAbsoluteError, Poisson]", "v_poisson", []),
        ("[MeanAbsoluteError, Poisson]", "v_mean_absolute_error", ["DL509"]),
        ("{v: [MeanAbsoluteError]}", "v_mean_absolute_error", []),
        ("{v: [MeanAbsoluteError]}", "u_mean_absolute_error", ["DL509"]),
        ("{v: [MeanAbsoluteError]}", "mean_absolute_error", ["DL509"]),
    ],
)
def test_several_outputs_put_their_names_before_their_figures(metrics, monitor, found):
    text = _TWO.format(loss="MeanSquaredError", metrics=metrics, monitor=monitor)
    assert found_codes(text) == found


@pytest.mark.parametrize(
    ("callback", "found"),
    [
        ("TerminateOnNaN", []),
        # Both watch `val_loss` unless told otherwise.
        ("EarlyStopping: {patience: 2}", ["DL510"]),
        ("ReduceLROnPlateau: {patience: 2}", ["DL510"]),
    ],
)
def test_a_callback_watches_what_it_watches_by_default(callback, found):
    assert codes(more=f"  callbacks: [{{{callback}}}]\n") == found
    assert codes(more=f"  callbacks: [{{{callback}}}]\n", split="validation: 0.1, test: 0.1") == []


# -- metrics, gates and championships ------------------------------------------------------------


def evaluated(**said):
    """Return what is found in a spec over images with an evaluation of these entries."""
    lines = [f"  {key}: {value}\n" for key, value in said.items()]
    return codes(more="".join(["evaluation:\n", *lines]))


@pytest.mark.parametrize(
    ("gates", "found"),
    [
        ('{accuracy: ">= 0.9"}', []),
        ('{f1_macro: ">= 0.9"}', ["DL515"]),
        # Known without being measured.
        ('{loss: "<= 1"}', []),
        ('{parameters: "<= 100000"}', []),
        ('{flops: "<= 100000"}', []),
        ('{accuracy: ">= 0.9", f1_macro: ">= 0.9"}', ["DL515"]),
    ],
)
def test_a_gate_asks_for_what_is_measured_or_known_anyway(gates, found):
    assert evaluated(metrics="[accuracy]", gates=gates) == found


@pytest.mark.parametrize(
    ("champion", "found"),
    [
        ("{metric: accuracy}", []),
        ("{metric: f1_macro}", ["DL515"]),
        ("{metric: accuracy, test: mcnemar}", []),
        ("{metric: log_loss, test: bootstrap}", []),
        ("{metric: log_loss, test: mcnemar}", ["DL216"]),
    ],
)
def test_a_championship_is_over_what_is_measured_by_a_test_that_reads_it(champion, found):
    assert evaluated(metrics="[accuracy, log_loss]", champion=champion) == found


@pytest.mark.parametrize(
    ("metric", "found"),
    [
        ("accuracy", []),
        ("log_loss", []),
        ("r2", ["DL515"]),
        ("rmse", ["DL515"]),
        ("token_accuracy", ["DL515"]),
        ("generated_token_accuracy", ["DL515"]),
    ],
)
def test_a_metric_has_a_target_of_its_kind(metric, found):
    assert evaluated(metrics=f"[{metric}]") == found


def test_of_several_targets_one_of_the_kind_is_enough():
    text = _TWO.format(loss="MeanSquaredError", metrics="[]", monitor="loss")
    assert found_codes(f"{text}evaluation: {{metrics: [rmse]}}\n") == []
    assert found_codes(f"{text}evaluation: {{metrics: [accuracy]}}\n") == ["DL515"]


# -- weights of classes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "found"),
    [
        ("balanced", []),
        ('{"0": 1.0, "9": 2.0}', []),
        ('{"0": 1.0, nine: 2.0}', ["DL203"]),
        ('{"-1": 1.0}', ["DL203"]),
    ],
)
def test_the_keys_of_class_weights_are_ids(weights, found):
    assert codes(more=f"  class_weight: {weights}\n") == found


def test_class_weights_need_one_target_of_classes():
    weights = "  class_weight: balanced\n"
    number = image_spec(more=weights, loss="MeanSquaredError", activation="linear", units=1)
    number = number.replace("class: target, classes: 10", "number: target")
    assert found_codes(number) == ["DL216"]
    binary = image_spec(more=weights, loss="BinaryCrossentropy", activation="sigmoid", units=1)
    assert found_codes(binary.replace("class: target, classes: 10", "binary: target")) == []
    two = _TWO.format(loss="BinaryCrossentropy", metrics="[]", monitor="loss")
    two = two.replace("number:", "binary:").replace(
        "{Dense: 1,", "{Dense: [1, {activation: sigmoid}],"
    )
    assert found_codes(two) == []
    assert found_codes(two + weights) == ["DL216"]


# -- outputs by name -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("  loss_weights: {u: 1.0, v: 2.0}\n", []),
        ("  loss_weights: {u: 1.0}\n", []),
        ("  loss_weights: {w: 1.0}\n", ["DL301"]),
        ("  clip: {norm: 1.0}\n", []),
        ("  clip: {value: 1.0}\n", []),
        ("  clip: {global_norm: 1.0}\n", []),
        ("  clip: {norm: 1.0, value: 1.0}\n", ["DL216"]),
        ("  clip: {norm: 1.0, global_norm: 1.0}\n", ["DL216"]),
        ("  clip: {value: 1.0, global_norm: 1.0}\n", ["DL216"]),
    ],
)
def test_a_training_speaks_of_outputs_there_are_and_clips_one_way(more, found):
    text = _TWO.format(loss="MeanSquaredError", metrics="[]", monitor="loss")
    assert found_codes(text + more) == found


@pytest.mark.parametrize(
    ("loss", "metrics", "found"),
    [
        ("{u: MeanSquaredError, v: Huber}", "{u: [MeanAbsoluteError]}", []),
        ("{u: MeanSquaredError}", "[]", ["DL202"]),
        ("{u: MeanSquaredError, w: Huber}", "[]", ["DL301"]),
        ("{u: MeanSquaredError, v: Huber}", "{w: [MeanAbsoluteError]}", ["DL301"]),
    ],
)
def test_every_output_has_a_loss_and_every_name_an_output(loss, metrics, found):
    assert found_codes(_TWO.format(loss=loss, metrics=metrics, monitor="loss")) == found
