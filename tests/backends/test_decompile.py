"""A model lifted to a spec and lowered again is the same model: weights, order and outputs."""

from pathlib import Path

import keras
import numpy as np
import pytest

import dlspec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import SpecError

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
TRAINED = sorted((ROOT / "specs" / "benchmarks").glob("*.yaml"))
LAYERS = keras.layers
# Small ones and odd ones; benchmarks/applications.py tries all forty.
APPLICATIONS = {
    "ConvNeXtTiny": 32,
    "EfficientNetB0": 32,
    "EfficientNetV2B0": 32,
    "MobileNet": 32,
    "MobileNetV3Small": 32,
    "ResNet50V2": 32,
    "VGG16": 32,
    "Xception": 71,
    "InceptionResNetV2": 75,
    "NASNetMobile": 224,
}
QUICK = ("MobileNet", "VGG16")


def assert_same_after_a_round_trip(model: keras.Model) -> str:
    """Lift, lower, compare weights and outputs bit for bit, lift again; return the flat text."""
    text = dlspec.decompile(model, flat=True)
    rebuilt = dlspec.compile(dlspec.loads(text))
    for kind in ("weights", "trainable_weights"):
        shapes = [[(w.shape, w.dtype) for w in getattr(m, kind)] for m in (rebuilt, model)]
        assert shapes[0] == shapes[1], kind
    rebuilt.set_weights(model.get_weights())
    samples = [_sample(tensor) for tensor in model.inputs]
    expected, found = _outputs(model, samples), _outputs(rebuilt, samples)
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert dlspec.decompile(rebuilt, flat=True) == text
    return text


def _sample(tensor):
    rng = np.random.default_rng(7)
    shape = [3 if extent is None else extent for extent in tensor.shape]
    if "int" in tensor.dtype or tensor.dtype == "bool":
        return rng.integers(0, 5, shape).astype(tensor.dtype)
    return rng.normal(size=shape).astype(tensor.dtype)


def _outputs(model, samples):
    functional = getattr(model, "_functional", model)
    packed = keras.tree.pack_sequence_as(functional._inputs_struct, samples)
    return [np.asarray(out) for out in keras.tree.flatten(model(packed, training=False))]


def body(text: str) -> str:
    """Return the lines of the graph, which the tests below compare whole."""
    return text.partition("  graph:\n")[2]


@pytest.mark.parametrize(
    "path",
    [*SPECS, *(pytest.param(path, marks=pytest.mark.slow) for path in TRAINED)],
    ids=lambda path: path.stem,
)
def test_a_shipped_spec_comes_back_from_its_model(path):
    assert_same_after_a_round_trip(dlspec.compile(dlspec.load(path)))


def test_there_are_shipped_specs():
    assert len(SPECS) >= 5


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, marks=() if name in QUICK else pytest.mark.slow)
        for name, size in APPLICATIONS.items()
    ],
)
def test_an_application_comes_back_bit_equal(name, size):
    build = getattr(keras.applications, name)
    model = build(weights=None, input_shape=(size, size, 3), classes=10)
    assert_same_after_a_round_trip(model)
    keras.backend.clear_session()


def test_a_sequential_model_reads_as_a_person_writes_it():
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1), name="image"),
            LAYERS.Conv2D(6, 5, padding="same", name="conv"),
            LAYERS.MaxPooling2D(3, strides=2, name="pool"),
            LAYERS.ZeroPadding2D(((1, 1), (1, 1)), name="pad"),
            LAYERS.Flatten(name="flatten"),
            LAYERS.Dense(10, name="digit", kernel_regularizer=keras.regularizers.L2(1e-4)),
        ],
        name="small",
    )
    assert assert_same_after_a_round_trip(model) == (
        "dlspec: 1\n"
        "name: small\n"
        "model:\n"
        "  inputs: {image: [28, 28, 1]}\n"
        "  graph:\n"
        "    - {Conv2D: {filters: 6, kernel_size: 5, padding: same}, name: conv}\n"
        "    - {MaxPooling2D: {pool_size: 3, strides: 2}, name: pool}\n"
        "    - {ZeroPadding2D, name: pad}\n"
        "    - Flatten\n"
        "    - {Dense: {units: 10, kernel_regularizer: {L2: 0.0001}}, name: digit}\n"
    )


def test_a_layer_called_twice_is_used_again():
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    twin = LAYERS.Dense(3, name="twin")
    outputs = LAYERS.Concatenate(name="both")([twin(left), twin(right)])
    text = assert_same_after_a_round_trip(keras.Model([left, right], outputs))
    assert body(text) == (
        "    - {Dense: 3, name: twin, from: left}\n"
        "    - {use: twin, from: right}\n"
        "    - {Concatenate, name: both, from: [twin, twin_1]}\n"
    )


def test_inner_models_wrappers_and_several_outputs_come_back():
    inner = keras.Sequential(
        [keras.Input((6, 6, 1)), LAYERS.Conv2D(2, 3), LAYERS.Flatten()], name="frame"
    )
    video = keras.Input((5, 6, 6, 1), name="video")
    frames = LAYERS.TimeDistributed(inner)(video)
    states = LAYERS.LSTM(4, return_sequences=True, return_state=True, name="reader")(frames)
    cells = LAYERS.RNN([LAYERS.GRUCell(3), LAYERS.LSTMCell(2)], name="stacked")(frames)
    both = LAYERS.Bidirectional(
        LAYERS.GRU(3, recurrent_initializer="he_normal"), merge_mode="sum", name="both"
    )(states[0])
    model = keras.Model(video, {"cell": states[2], "both": both, "stacked": cells})
    text = assert_same_after_a_round_trip(model)
    assert "TimeDistributed: {layer: {model: frame}}" in text
    assert "Bidirectional: {layer: {GRU: {units: 3, recurrent_initializer: HeNormal}}" in text
    assert text.endswith("  outputs: {cell: reader.c, both: both, stacked: stacked}\n")


def test_a_tensor_may_leave_a_model_several_times():
    z = keras.Input((4,), name="z")
    twin = LAYERS.Dense(4, name="twin")(z)
    inner = keras.Model(z, [twin, twin], name="inner")
    x = keras.Input((4,), name="x")
    first, again = inner(x)
    last = LAYERS.Dense(1, name="last")(again)
    text = assert_same_after_a_round_trip(keras.Model(x, [last, first, last]))
    assert "      outputs: [twin, twin]\n" in text
    assert text.endswith("  outputs: [last, inner, last]\n")


def test_a_cell_takes_its_states_as_a_call_argument():
    x, h, c = (keras.Input((n,), name=name) for n, name in ((4, "x"), (3, "h"), (3, "c")))
    output, states = LAYERS.LSTMCell(3, name="cell")(x, [h, c])
    text = assert_same_after_a_round_trip(keras.Model([x, h, c], [output, *states]))
    assert body(text) == (
        "    - {LSTMCell: 3, name: cell, from: x, call: {states: [h, c]}}\n"
        "  outputs: [cell, cell.h, cell.c]\n"
    )


def test_a_model_used_twice_keeps_one_set_of_weights():
    inner = keras.Sequential([keras.Input((4,)), LAYERS.Dense(4)], name="inner")
    x = keras.Input((4,), name="x")
    model = keras.Model(x, inner(inner(x)))
    text = assert_same_after_a_round_trip(model)
    assert body(text).rpartition("  graph:\n")[2] == "    - use: inner\n    - use: inner\n"


def test_functions_of_keras_ops_and_literals_come_back():
    x = keras.Input((4, 6), name="x")
    mean = keras.ops.mean(LAYERS.Dense(6, name="scores")(x), axis=1, keepdims=True)
    y = keras.ops.concatenate([keras.ops.maximum(mean * 2.0, 0.5), mean], axis=-1)
    text = assert_same_after_a_round_trip(keras.Model(x, keras.ops.reshape(y, (-1, 12))))
    assert body(text) == (
        "    - {Dense: 6, name: scores}\n"
        "    - ops.mean: {axis: 1, keepdims: true}\n"
        "    - ops.multiply: {args: [mean, 2.0]}\n"
        "    - ops.maximum: {args: [multiply, 0.5]}\n"
        "    - {ops.concatenate: {axis: -1}, from: [maximum, mean]}\n"
        "    - ops.reshape: {newshape: [-1, 12]}\n"
    )


def test_masks_that_keras_hands_on_are_not_written():
    ids = keras.Input((7,), dtype="int32", name="ids")
    vectors = LAYERS.Embedding(10, 4, mask_zero=True, name="vectors")(ids)
    found = LAYERS.MultiHeadAttention(2, 3, name="seen")(vectors, vectors)
    model = keras.Model(ids, LAYERS.LSTM(3, name="last")(found))
    assert body(assert_same_after_a_round_trip(model)) == (
        "    - {Embedding: {input_dim: 10, output_dim: 4, mask_zero: true}, name: vectors}\n"
        "    - {MultiHeadAttention: {num_heads: 2, key_dim: 3}, name: seen, "
        "from: {query: vectors, value: vectors}}\n"
        "    - {LSTM: 3, name: last}\n"
    )


def test_frozen_layers_and_call_arguments_come_back():
    x, y = keras.Input((5, 4), name="x"), keras.Input((5, 4), name="y")
    layer = LAYERS.MultiHeadAttention(2, 3, name="seen")
    frozen = LAYERS.LayerNormalization(name="norm", trainable=False)
    outputs, scores = layer(x, y, return_attention_scores=True)
    model = keras.Model([x, y], [frozen(outputs), scores])
    text = assert_same_after_a_round_trip(model)
    assert "call: {return_attention_scores: true}" in text
    assert "{LayerNormalization, name: norm, trainable: false}" in text
    assert "outputs: [norm, seen.scores]" in text


def test_names_that_a_spec_cannot_hold_are_made_fit():
    x = keras.Input((4,), name="my.input")
    model = keras.Model(x, LAYERS.Dense(2, name="head.1")(x), name="a-model.2")
    text = assert_same_after_a_round_trip(model)
    assert text.splitlines()[1] == "name: a_model_2"
    assert body(text) == "    - {Dense: 2, name: head_1}\n"


class Doubled(LAYERS.Layer):
    def call(self, x):
        return 2 * x


def test_every_layer_that_cannot_be_said_is_listed_with_its_place():
    x = keras.Input((4,), name="x")
    doubled = Doubled(name="doubled")(LAYERS.Dense(3, name="fine")(x))
    model = keras.Model(x, LAYERS.Lambda(lambda t: t + 1, name="plus")(doubled), name="odd")
    with pytest.raises(SpecError) as caught:
        dlspec.decompile(model)
    found = caught.value.diagnostics
    assert [(d.code, d.span.line, d.message) for d in found] == [
        (Code.FORBIDDEN_CLASS, 3, "`doubled` of `odd` cannot be said in a spec"),
        (Code.FORBIDDEN_CLASS, 4, "`plus` of `odd` cannot be said in a spec"),
    ]
    assert found[0].label == "no class of Keras's own"


def test_a_model_without_an_input_shape_is_refused():
    with pytest.raises(SpecError, match="its input shape is not known yet"):
        dlspec.decompile(keras.Sequential([LAYERS.Dense(3)], name="unbuilt"))


def test_slices_come_back_as_they_are_written_in_python():
    x = keras.Input((5, 4), name="x")
    y = x[:, 0] + x[:, -1]
    text = assert_same_after_a_round_trip(keras.Model(x, y[..., None, ::2][1:3, :]))
    assert body(text) == (
        '    - ops.get_item: [":", 0]\n'
        '    - {ops.get_item: [":", -1], from: x}\n'
        "    - {ops.add, from: [get_item, get_item_1]}\n"
        '    - ops.get_item: ["...", null, "::2"]\n'
        '    - ops.get_item: ["1:3", ":"]\n'
    )


def test_arrays_in_a_call_are_written_and_keep_their_dtype():
    x = keras.Input((3,), name="x")
    y = keras.ops.take(x + np.array([0.5, 1, 2], "float32"), np.array([2, 0], "int32"), axis=1)
    assert body(assert_same_after_a_round_trip(keras.Model(x, y))) == (
        "    - ops.add: {args: [x, [0.5, 1.0, 2.0]]}\n"
        "    - ops.take: {args: [add, [2, 0]], axis: 1}\n"
    )


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros(257, "float32"), "it holds 257 numbers; a spec writes at most 256"),
        (np.zeros(1, "float16"), "it holds numbers of dtype `float16`"),
    ],
)
def test_arrays_that_are_data_are_refused(array, reason):
    x = keras.Input((1,), name="x")
    with pytest.raises(SpecError, match=reason):
        dlspec.decompile(keras.Model(x, x + array))


def test_functions_with_something_ahead_of_their_tensors_or_several_results_come_back():
    x = keras.Input((4, 6), name="x")
    y = keras.ops.einsum("bij,bkj->bik", x, x)
    first, last = keras.ops.split(y, 2, axis=-1)
    model = keras.Model(
        x,
        keras.ops.stack(
            [first, last, keras.ops.average(last, weights=first)[None, None, None] * first], axis=1
        ),
    )
    assert '{ops.einsum: {subscripts: "bij,bkj->bik"}, from: [x, x]}' in (
        assert_same_after_a_round_trip(model)
    )


def test_a_model_called_on_a_mapping_is_given_its_inputs_by_name():
    given = {name: keras.Input((3,), name=name) for name in ("b", "a")}
    difference = LAYERS.Subtract(name="difference")([given["b"], given["a"]])
    outputs = {
        "z": LAYERS.Dense(2, name="z")(difference),
        "y": LAYERS.Dense(3, name="y")(difference),
    }
    inner = keras.Model(given, outputs, name="inner")
    p, q = keras.Input((3,), name="p"), keras.Input((3,), name="q")
    found = inner({"a": p, "b": q})
    text = assert_same_after_a_round_trip(
        keras.Model([p, q], LAYERS.Concatenate(name="both")([found["z"], found["y"]]))
    )
    assert text.endswith(
        "  graph:\n"
        "    - {use: inner, from: {b: q, a: p}}\n"
        "    - {Concatenate, name: both, from: [inner, inner.1]}\n"
    )


def test_frozen_models_and_frozen_layers_inside_wrappers_come_back():
    inner = keras.Sequential([keras.Input((4,)), LAYERS.Dense(4, name="hidden")], name="inner")
    inner.trainable = False
    frozen = LAYERS.Dense(2, trainable=False)
    x = keras.Input((3, 4), name="x")
    y = LAYERS.TimeDistributed(frozen, name="steps")(x)
    z = inner(LAYERS.Flatten(name="flat")(LAYERS.Dense(2, name="d")(y))[:, :4])
    text = assert_same_after_a_round_trip(keras.Model(x, z))
    assert "{TimeDistributed: {layer: {Dense: {units: 2, trainable: false}}}, name: steps}" in text
    assert "- {use: inner, trainable: false}" in text
    assert "- {Dense: 4, name: hidden}" in text


def test_a_model_made_frozen_freezes_the_layers_that_have_weights():
    x = keras.Input((4,), name="x")
    outputs = LAYERS.ReLU(name="r")(LAYERS.Dense(2, name="d")(x))
    text = assert_same_after_a_round_trip(keras.Model(x, outputs, trainable=False))
    assert body(text) == "    - {Dense: 2, name: d, trainable: false}\n    - {ReLU, name: r}\n"


@pytest.mark.parametrize("dtype", ["mixed_float16", "bfloat16", "float64"])
def test_the_dtype_policy_of_a_layer_comes_back(dtype):
    x = keras.Input((4,), name="x")
    model = keras.Model(x, LAYERS.Dense(2, name="head", dtype=dtype)(x))
    assert f"Dense: {{units: 2, dtype: {dtype}}}" in assert_same_after_a_round_trip(model)


def test_the_policy_under_which_a_model_was_built_is_said_by_its_layers():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        x = keras.Input((4,), name="x")
        model = keras.Model(x, LAYERS.Dense(2, name="head")(x))
    finally:
        keras.config.set_dtype_policy("float32")
    assert "dtype: mixed_bfloat16" in assert_same_after_a_round_trip(model)


@pytest.mark.filterwarnings("ignore:Layer InputLayer does not have a `quantize`:UserWarning")
def test_layers_quantized_to_int8_come_back():
    x = keras.Input((4,), name="x")
    model = keras.Model(x, LAYERS.Dense(2, name="head")(x))
    model.quantize("int8")
    assert "dtype: int8_from_float32" in assert_same_after_a_round_trip(model)


def test_masks_flags_and_states_handed_over_by_hand_come_back():
    x, mask = keras.Input((5, 4), name="x"), keras.Input((5,), dtype="bool", name="mask")
    start = keras.Input((3,), name="start")
    read = LAYERS.GRU(3, return_sequences=True, name="read")(x, start, mask=mask)
    seen = LAYERS.MultiHeadAttention(2, 3, name="seen")(read, read, use_causal_mask=True)
    kept = LAYERS.Dropout(0.5, name="kept")(seen, training=False)
    cells = LAYERS.RNN(
        LAYERS.StackedRNNCells([LAYERS.LSTMCell(3), LAYERS.SimpleRNNCell(2)]), name="cells"
    )(kept)
    backward = LAYERS.GRU(2, go_backwards=True)
    both = LAYERS.Bidirectional(LAYERS.LSTM(2), backward_layer=backward, name="both")(kept)
    text = assert_same_after_a_round_trip(keras.Model([x, mask, start], [cells, both]))
    assert [" ".join(entry.split()) for entry in body(text).split("    - ")[1:]] == [
        "{GRU: {units: 3, return_sequences: true}, name: read, from: x,"
        " call: {initial_state: start, mask: mask}}",
        "{MultiHeadAttention: {num_heads: 2, key_dim: 3}, name: seen,"
        " from: {query: read, value: read}, call: {use_causal_mask: true}}",
        "{Dropout: 0.5, name: kept}",
        "{RNN: {cell: {StackedRNNCells: {cells: [{LSTMCell: 3}, {SimpleRNNCell: 2}]}}},"
        " name: cells}",
        "{Bidirectional: {layer: {LSTM: 2}, backward_layer: {GRU: {units: 2, go_backwards: true}}},"
        " name: both, from: kept} outputs: [cells, both]",
    ]


def test_augmentation_says_only_that_it_is_switched_off():
    x = keras.Input((8, 8, 3), name="x")
    still = LAYERS.RandomFlip(seed=1, name="still")(x, training=False)
    text = dlspec.decompile(
        keras.Model(x, LAYERS.RandomFlip(seed=2, name="flips")(still)), flat=True
    )
    assert body(text) == (
        "    - {RandomFlip: {seed: 1}, name: still, call: {training: false}}\n"
        "    - {RandomFlip: {seed: 2}, name: flips}\n"
    )


def _unused():
    x, y = keras.Input((3,), name="x"), keras.Input((3,), name="y")
    return keras.Model([x, y], LAYERS.Dense(2)(x))


def _nested():
    x, y = keras.Input((3,), name="x"), keras.Input((3,), name="y")
    return keras.Model({"all": [x, y]}, LAYERS.Add()([x, y]))


def _empty():
    x = keras.Input((3,), name="x")
    return keras.Model(x, x)


def _optional():
    x = keras.Input((3,), name="x", optional=True)
    return keras.Model(x, LAYERS.Dense(2)(x))


@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict:UserWarning")
@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (_unused, "no output depends on its input `y`"),
        (_nested, "its inputs are nested"),
        (_empty, "no layer stands between its inputs and its outputs"),
        (_optional, "its input `x` may be left out"),
    ],
)
def test_forms_that_a_spec_has_no_words_for_are_refused(build, reason):
    with pytest.raises(SpecError, match=reason):
        dlspec.decompile(build())


def test_an_argument_that_the_catalogue_does_not_know_is_named(monkeypatch):
    x = keras.Input((3,), name="x")
    model = keras.Model(x, LAYERS.Dense(2, name="noted")(x))
    noted = model.get_layer("noted")
    config = {**noted.get_config(), "temperature": 2.0}
    # A layer of a newer release, whose config holds one key more.
    monkeypatch.setattr(noted, "get_config", lambda: dict(config))
    with pytest.raises(SpecError, match="the catalogue does not know its `temperature`"):
        dlspec.decompile(model)


def test_what_a_lookup_was_adapted_to_is_written():
    words = keras.Input((1,), dtype="string", name="words")
    ids = LAYERS.StringLookup(name="ids")
    ids.adapt(["b", "a", "b"])
    text = dlspec.decompile(keras.Model(words, ids(words)), flat=True)
    assert body(text) == "    - {StringLookup: {vocabulary: [b, a]}, name: ids}\n"
    rebuilt = dlspec.compile(dlspec.loads(text))
    assert rebuilt(np.array([["a"], ["b"], ["c"]])).numpy().tolist() == [[2], [1], [0]]


def test_the_bins_that_were_adapted_are_written():
    x = keras.Input((2,), name="x")
    bins = LAYERS.Discretization(num_bins=2, name="bins")
    bins.adapt(np.array([[1.0, 1.0], [3.0, 3.0]], "float32"))
    text = assert_same_after_a_round_trip(keras.Model(x, bins(x)))
    assert body(text) == f"    - {{Discretization: [{bins.bin_boundaries[0]}], name: bins}}\n"


@keras.saving.register_keras_serializable("tests")
def doubled(x):
    return 2 * x


class Ridge(keras.regularizers.L2):
    """Another class of the name and the form that Keras's own have."""


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"activation": doubled}, "its activation `tests>doubled` is none of Keras's own"),
        ({"kernel_regularizer": Ridge(0.5)}, "`Ridge` is no regularizer of Keras"),
        ({"dtype": keras.dtype_policies.DTypePolicyMap()}, "have dtype policies of their own"),
    ],
)
def test_parts_that_are_none_of_keras_own_are_refused(arguments, reason):
    x = keras.Input((2,), name="x")
    with pytest.raises(SpecError, match=reason):
        dlspec.decompile(keras.Model(x, LAYERS.Dense(2, **arguments)(x)))


@pytest.mark.parametrize(("axis", "written"), [(-1, "RMSNormalization"), ([-2, -1], "[-2, -1]")])
def test_one_axis_and_several_of_a_normalization_come_back(axis, written):
    x = keras.Input((3, 4), name="x")
    text = assert_same_after_a_round_trip(keras.Model(x, LAYERS.RMSNormalization(axis)(x)))
    assert written in body(text)


class WithMore(keras.Model):
    """A functional graph, and a layer beside it."""

    def __init__(self):
        x = keras.Input((3,), name="x")
        super().__init__(x, LAYERS.Dense(2)(x))
        self.beside = LAYERS.Dense(2)
        self.beside.build((None, 3))


def test_weights_outside_of_the_graph_are_refused():
    with pytest.raises(SpecError, match="it has weights that no layer of its graph has"):
        dlspec.decompile(WithMore())


def test_attention_whose_projections_were_changed_is_refused():
    x = keras.Input((3, 4), name="x")
    attention = LAYERS.MultiHeadAttention(2, 2)
    model = keras.Model(x, attention(x, x))
    attention.query_dense.enable_lora(2)
    with pytest.raises(SpecError, match="layers inside it have LoRA weights of their own"):
        dlspec.decompile(model)


def test_channels_first_by_a_global_setting_is_said_by_the_layers():
    keras.config.set_image_data_format("channels_first")
    try:
        x = keras.Input((2, 5, 6), name="x")
        model = keras.Model(x, LAYERS.UpSampling2D(2, name="up")(x))
        text = dlspec.decompile(model, flat=True)
        rebuilt = dlspec.compile(dlspec.loads(text))
    finally:
        keras.config.set_image_data_format("channels_last")
    assert body(text) == ("    - {UpSampling2D: {data_format: channels_first}, name: up}\n")
    assert rebuilt.output_shape == model.output_shape == (None, 2, 10, 12)
