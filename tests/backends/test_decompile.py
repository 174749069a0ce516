"""A model lifted to a spec and lowered again is the same model: weights, order and outputs."""

from pathlib import Path

import keras
import numpy as np
import pytest

import dlspec
from dlspec.diagnostics import Code, SpecError

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").rglob("*.yaml"))
LAYERS = keras.layers
APPLICATIONS = {
    "ConvNeXtTiny": 32,
    "DenseNet121": 32,
    "EfficientNetB0": 32,
    "InceptionV3": 75,
    "MobileNet": 32,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "ResNet50": 32,
    "VGG16": 32,
    "Xception": 71,
}
SLOW = ("DenseNet121", "InceptionV3")


def assert_same_after_a_round_trip(model: keras.Model) -> str:
    """Lift, lower, compare weights and outputs bit for bit, lift again; return the text."""
    text = dlspec.decompile(model)
    rebuilt = dlspec.compile(dlspec.loads(text))
    assert [w.shape for w in rebuilt.weights] == [w.shape for w in model.weights]
    rebuilt.set_weights(model.get_weights())
    samples = [_sample(tensor) for tensor in model.inputs]
    expected, found = _outputs(model, samples), _outputs(rebuilt, samples)
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert dlspec.decompile(rebuilt) == text
    return text


def _sample(tensor):
    rng = np.random.default_rng(7)
    shape = [3 if extent is None else extent for extent in tensor.shape]
    if "int" in tensor.dtype:
        return rng.integers(0, 5, shape).astype(tensor.dtype)
    return rng.normal(size=shape).astype(tensor.dtype)


def _outputs(model, samples):
    functional = getattr(model, "_functional", model)
    packed = keras.tree.pack_sequence_as(functional._inputs_struct, samples)
    return [np.asarray(out) for out in keras.tree.flatten(model(packed, training=False))]


def body(text: str) -> str:
    """Return the lines of the graph, which the tests below compare whole."""
    return text.partition("  graph:\n")[2]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_shipped_spec_comes_back_from_its_model(path):
    assert_same_after_a_round_trip(dlspec.compile(dlspec.load(path)))


def test_there_are_shipped_specs():
    assert len(SPECS) >= 5


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, marks=pytest.mark.slow if name in SLOW else ())
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


def test_weights_shared_between_two_graphs_are_refused():
    shared = LAYERS.Dense(4, name="shared")
    inner = keras.Sequential([keras.Input((4,)), shared], name="inner")
    x = keras.Input((4,), name="x")
    with pytest.raises(SpecError, match="its weights are shared with the graph"):
        dlspec.decompile(keras.Model(x, shared(inner(x)), name="outer"))
