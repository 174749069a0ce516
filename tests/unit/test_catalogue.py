"""The catalogue's reader, against facts of Keras's documentation written out here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from dlspec.language import catalogue
from dlspec.language.catalogue import (
    KINDS,
    Kind,
    Object,
    Parameter,
    Type,
    find_entry,
    help_for_foreign_word,
    names_of_kind,
)

OVERLAY = json.loads((Path(catalogue.__file__).parent / "overlay.json").read_text("utf-8"))


def parameter(kind: Kind, word: str, name: str) -> Parameter:
    entry = find_entry(kind, word)
    assert entry is not None, f"{word} is not in the catalogue"
    found = entry.parameter_named(name)
    assert found is not None, f"{word} has no {name}"
    return found


def every_parameter(kind: Kind) -> list[tuple[str, Parameter]]:
    return [(n, p) for n in names_of_kind(kind) for p in find_entry(kind, n).parameters]


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("layer", 140),
        ("loss", 20),
        ("metric", 40),
        ("optimizer", 15),
        ("schedule", 7),
        ("callback", 15),
        ("initializer", 15),
        ("regularizer", 4),
        ("constraint", 4),
        ("activation", 30),
        ("op", 300),
    ],
)
def test_every_kind_has_as_many_entries_as_keras_has_classes(kind, least):
    assert len(names_of_kind(kind, forbidden=True)) >= least


def test_at_least_nine_in_ten_layer_parameters_have_a_type():
    types = [p.type for _, p in every_parameter("layer")]
    assert len(types) > 1000
    assert sum(t != "any" for t in types) / len(types) >= 0.9


def test_every_type_in_the_file_is_a_word_of_the_vocabulary():
    found = {p.type for kind in KINDS for _, p in every_parameter(kind)}
    assert found <= set(get_args(Type))


def test_a_choice_always_says_what_it_may_be():
    silent = [
        f"{kind} {owner}.{p.name}"
        for kind in KINDS
        for owner, p in every_parameter(kind)
        if p.type == "choice" and not p.choices
    ]
    assert silent == []


def test_a_default_that_is_a_word_is_among_the_choices():
    outside = [
        f"{kind} {owner}.{p.name}"
        for kind in KINDS
        for owner, p in every_parameter(kind)
        if p.type == "choice" and not p.required and p.default not in (None, *p.choices)
    ]
    assert outside == []


def test_parameters_stand_in_the_constructors_order():
    assert [p.name for p in find_entry("layer", "Dense").parameters][:4] == [
        "units",
        "activation",
        "use_bias",
        "kernel_initializer",
    ]


def test_a_convolution_window_is_an_integer_or_a_list_of_two():
    size = parameter("layer", "Conv2D", "kernel_size")
    assert (size.type, size.rank, size.minimum, size.required) == ("extents", 2, 1, True)


def test_a_default_tuple_comes_back_as_a_tuple():
    assert parameter("layer", "Conv2D", "strides").default == (1, 1)
    assert parameter("layer", "Cropping2D", "cropping").default == ((0, 0), (0, 0))


def test_only_conv1d_pads_causally():
    assert parameter("layer", "Conv1D", "padding").choices == ("valid", "same", "causal")
    assert parameter("layer", "Conv2D", "padding").choices == ("valid", "same")


def test_a_dropout_rate_lies_between_zero_and_one():
    rate = parameter("layer", "Dropout", "rate")
    assert (rate.type, rate.minimum, rate.maximum) == ("number", 0, 1)


def test_a_learning_rate_is_a_number_or_a_schedule():
    assert parameter("optimizer", "Adam", "learning_rate").type == "schedule"


def test_merge_mode_may_be_null():
    mode = parameter("layer", "Bidirectional", "merge_mode")
    assert mode.nullable
    assert set(mode.choices) == {"sum", "mul", "concat", "ave"}


def test_what_a_base_class_takes_is_offered_by_the_class():
    formats = parameter("layer", "RandomBrightness", "data_format").choices
    assert set(formats) == {"channels_last", "channels_first"}
    assert parameter("layer", "Flatten", "activity_regularizer").type == "regularizer"
    assert find_entry("layer", "SpatialDropout2D").parameter_named("trainable") is None


def test_a_layers_name_is_not_offered():
    assert [
        n for n in names_of_kind("layer") if find_entry("layer", n).parameter_named("name")
    ] == []


def test_attention_says_which_call_arguments_are_tensors():
    entry = find_entry("layer", "MultiHeadAttention")
    assert entry.required_tensors == ("query", "value")
    assert "attention_mask" in entry.tensors
    assert "use_causal_mask" in entry.call
    assert "use_causal_mask" not in entry.tensors


def test_a_family_can_be_told_by_its_bases():
    assert "BaseConv" in find_entry("layer", "Conv3D").bases
    assert "RNN" in find_entry("layer", "LSTM").bases
    assert "Merge" in find_entry("layer", "Add").bases


@pytest.mark.parametrize(
    ("kind", "word", "name"),
    [
        ("layer", "Convolution2D", "Conv2D"),
        ("layer", "AvgPool1D", "AveragePooling1D"),
        ("loss", "mse", "MeanSquaredError"),
        ("loss", "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
        ("metric", "root_mean_squared_error", "RootMeanSquaredError"),
        ("optimizer", "adam", "Adam"),
        ("optimizer", "rmsprop", "RMSprop"),
        ("initializer", "glorot_uniform", "GlorotUniform"),
        ("initializer", "uniform", "RandomUniform"),
        ("regularizer", "l1_l2", "L1L2"),
        ("constraint", "max_norm", "MaxNorm"),
        ("activation", "swish", "silu"),
    ],
)
def test_another_name_finds_the_same_entry(kind, word, name):
    assert find_entry(kind, word) == find_entry(kind, name)
    assert find_entry(kind, word).name == name


def test_a_word_nobody_declared_is_not_found():
    assert find_entry("layer", "max_pooling2d") is None
    assert find_entry("layer", "Adam") is None


def test_a_forbidden_class_says_why_and_is_not_among_the_names():
    assert "Python code" in find_entry("layer", "Lambda").forbidden
    assert find_entry("layer", "InputLayer").forbidden == "inputs are written under `inputs`"
    assert "Lambda" not in names_of_kind("layer")
    assert find_entry("callback", "LearningRateScheduler").forbidden
    assert find_entry("op", "cond").forbidden


def test_the_applications_own_layers_are_there():
    assert {"LayerScale", "StochasticDepth", "CustomScaleLayer"} <= set(names_of_kind("layer"))


def test_an_operation_says_which_operands_are_tensors():
    assert find_entry("op", "matmul").tensors == ("x1", "x2")
    assert find_entry("op", "where").tensors == ("condition", "x1", "x2")
    assert parameter("op", "concatenate", "xs").type == "tensors"
    assert parameter("op", "reshape", "newshape").type == "shape"


def test_an_object_gives_what_was_written_or_the_default():
    layer = Object("layer", "Conv2D", {"filters": 8, "kernel_size": 3})
    assert layer["filters"] == 8
    assert layer["padding"] == "valid"
    assert layer["dilation_rate"] == (1, 1)


@pytest.mark.parametrize("name", ["kernel_size", "kernel_siz"])
def test_an_object_without_a_value_names_class_and_parameter(name):
    with pytest.raises(KeyError, match=f"`Conv2D` has no value for `{name}`"):
        Object("layer", "Conv2D", {"filters": 8})[name]


def test_objects_with_equal_arguments_are_equal():
    assert Object("loss", "Huber", {"delta": 2.0}) == Object("loss", "Huber", {"delta": 2.0})


@pytest.mark.parametrize(
    ("kind", "word", "sentence"),
    [
        ("layer", "BatchNorm2d", "Keras calls it `BatchNormalization`"),
        (
            "loss",
            "CrossEntropyLoss",
            "write `{SparseCategoricalCrossentropy: {from_logits: true}}`",
        ),
        (
            "parameter",
            "in_channels",
            "leave `in_channels` out: Keras takes the number of channels from the input",
        ),
        ("parameter", "out_channels", "Keras calls it `filters`"),
        ("parameter", "hidden_size", "Keras calls it `units`"),
        ("layer", "Dense", None),
    ],
)
def test_a_foreign_word_is_answered_with_keras_s(kind, word, sentence):
    said = help_for_foreign_word(kind, word)
    assert (None if said is None else str(said)) == sentence


def test_every_foreign_word_leads_to_a_word_of_keras():
    parameters = {p.name for kind in KINDS for _, p in every_parameter(kind)}
    wrong = [
        (kind, word)
        for kind, words in OVERLAY["foreign"].items()
        for word, meaning in words.items()
        if "keras" in meaning
        and not (
            meaning["keras"] in parameters
            if kind == "parameter"
            else find_entry(kind, meaning["keras"])
            and meaning["keras"] in (*names_of_kind(kind), *_words(kind))
        )
    ]
    assert wrong == []


def _words(kind: Kind) -> set[str]:
    loaded = json.loads((Path(catalogue.__file__).parent / "keras.json").read_text("utf-8"))
    return set(loaded["aliases"].get(kind, {}))


def test_no_foreign_class_is_a_class_of_keras():
    both = [
        (kind, word)
        for kind, words in OVERLAY["foreign"].items()
        if kind != "parameter"
        for word in words
        if find_entry(kind, word)
    ]
    assert both == []


def test_every_correction_is_about_a_parameter_that_exists():
    lost = [
        (correction["class"], name)
        for correction in OVERLAY["corrections"]
        for name in correction["parameters"]
        if not any(
            p.name == name and correction["class"] in ("*", owner)
            for owner, p in every_parameter(correction["kind"])
        )
    ]
    assert lost == []


def test_every_correction_and_refusal_has_a_reason():
    assert all(len(c["reason"]) > 15 for c in OVERLAY["corrections"])
    assert all(len(r) > 15 for words in OVERLAY["forbidden"].values() for r in words.values())


def test_reading_the_catalogue_imports_no_framework():
    code = (
        "import sys, dlspec.language.catalogue as c; c.find_entry('layer', 'Conv2D');"
        "print(sorted({'keras', 'numpy', 'tensorflow', 'dagster'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
