"""Each condition of a whole-plan rule, by a spec that only it decides."""

import pytest
from image_specs import codes, found_codes, image_spec


def test_the_spec_itself_is_without_findings():
    assert codes() == []


# -- pixels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feature", "graph", "found"),
    [
        (", scale: $1/16", [], []),
        (", standardize: true", [], []),
        ("", [], ["DL511"]),
        ("", ["Rescaling: $1/16"], []),
        ("", ["Normalization: {mean: 5.0, variance: 9.0}"], []),
        ("", ["BatchNormalization"], []),
        ("", ["LayerNormalization"], []),
        ("", ["GroupNormalization: {groups: 1}"], []),
        ("", ["RMSNormalization"], []),
        ("", ["UnitNormalization"], []),
        ("", ["Conv2D: [4, 3]"], ["DL511"]),
        # What keeps the range is looked through, what computes is not.
        ("", ["RandomFlip: horizontal", "Resizing: [4, 4]", "Rescaling: $1/16"], []),
        ("", ["RandAugment: {value_range: [0, 16]}", "Rescaling: $1/16"], []),
        ("", ["RandomFlip: horizontal"], ["DL511"]),
        ("", ["Conv2D: [4, 3]", "BatchNormalization"], ["DL511"]),
        # A function is no layer with a trait.
        ("", ["ops.square"], ["DL511"]),
        (", scale: $1/16", ["ops.square"], []),
    ],
)
def test_pixels_are_scaled_by_the_feature_or_by_a_layer_before_any_that_computes(
    feature, graph, found
):
    assert codes(*graph, feature=feature) == found


@pytest.mark.parametrize(
    ("feature", "graph", "found"),
    [
        (", scale: $1/16", ["RandomBrightness: 0.2"], ["DL513"]),
        (", scale: $1/16", ["RandomBrightness: {factor: 0.2, value_range: [0, 1]}"], []),
        # Without a scale the pixels are what the layer expects, or what their mean leaves.
        ("", ["RandomBrightness: 0.2", "Rescaling: $1/16"], []),
        (", standardize: true", ["RandomBrightness: 0.2"], []),
        (", scale: $1/16", ["RandomFlip: horizontal", "RandomBrightness: 0.2"], ["DL513"]),
        (", scale: $1/16", ["Conv2D: [4, 3]", "RandomBrightness: 0.2"], []),
        (", scale: $1/16", ["RandomRotation: 0.1"], []),
    ],
)
def test_augmentation_is_warned_of_where_the_scale_of_the_feature_is_not_its_range(
    feature, graph, found
):
    assert codes(*graph, feature=feature) == found


# -- heads and losses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "found"),
    [
        # A binary loss on classes is one mistake: the width of its head is none beside it.
        ({"loss": "BinaryCrossentropy", "units": 1, "activation": "sigmoid"}, ["DL505"]),
        ({"loss": "BinaryFocalCrossentropy", "units": 1, "activation": "sigmoid"}, ["DL505"]),
        ({"units": 9}, ["DL506"]),
        ({"activation": "sigmoid"}, ["DL507"]),
        (
            {
                "loss": "CategoricalFocalCrossentropy",
                "activation": "sigmoid",
                "target": ", one_hot: true",
            },
            ["DL507"],
        ),
        (
            {
                "loss": "CategoricalCrossentropy",
                "activation": "sigmoid",
                "target": ", one_hot: true",
            },
            ["DL507"],
        ),
        ({"loss": "MeanSquaredError"}, ["DL516"]),
        ({"loss": "MeanSquaredError", "target": ", one_hot: true"}, []),
        ({"loss": "Huber", "target": ", one_hot: true"}, []),
        ({"target": ", one_hot: true"}, ["DL503"]),
        ({"loss": "CategoricalCrossentropy"}, ["DL504"]),
        ({"loss": "CategoricalFocalCrossentropy"}, ["DL504"]),
    ],
)
def test_a_loss_is_held_against_its_target_and_head(said, found):
    assert codes(**said) == found


@pytest.mark.parametrize(
    "entry",
    [
        *("Dropout: 0.5", "GaussianDropout: 0.1", "GaussianNoise: 0.1", "AlphaDropout: 0.1"),
        *("Identity", "ActivityRegularization: {l1: 0.1}", "Reshape: [10]", "Masking"),
    ],
)
def test_an_activation_is_seen_through_layers_that_only_move_numbers(entry):
    text = image_spec(activation="linear")
    head = "    - {Dense: [10, {activation: linear}], name: digit}\n"
    assert head in text
    passed = text.replace(head, f"    - Dense: 10\n    - {{{entry}, name: digit}}\n")
    assert "DL501" in found_codes(passed)
    hidden = text.replace(head, "    - Dense: 10\n    - {RMSNormalization, name: digit}\n")
    assert "DL501" not in found_codes(hidden)


# -- layers in a training ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("Normalization", ["DL530"]),
        ("Normalization: {mean: 1.0, variance: 2.0}", []),
        ("Discretization: {num_bins: 4}", ["DL530"]),
        ("Discretization: {bin_boundaries: [1.0, 2.0]}", []),
        ("TimeDistributed: {layer: Normalization}", ["DL530"]),
    ],
)
def test_a_layer_in_a_training_has_what_it_is_fitted_to(entry, found):
    assert codes(entry) == found


def test_without_a_training_a_layer_may_be_fitted_later():
    head = "dlspec: 1\nname: x\nmodel:\n  inputs: {{x: {shape}}}\n  graph:\n    - {entry}\n"
    assert found_codes(head.format(shape="[4]", entry="Normalization")) == []
    stateful = head.format(
        shape="{shape: [4, 2], batch: 3}", entry="LSTM: {units: 2, stateful: true}"
    )
    assert found_codes(stateful) == []


def test_validation_is_missed_in_the_split_and_not_with_the_data():
    callback = "  callbacks: [{EarlyStopping: {monitor: val_loss}}]\n"
    text = image_spec()
    assert found_codes(text + callback) == ["DL510"]
    assert found_codes(text.replace("test: 0.2", "validation: 0.1") + callback) == []
    start, end = text.index("data:"), text.index("model:")
    assert found_codes(text[:start] + text[end:] + callback) == ["DL202"]
