"""Saved models of every Keras generation become specs: the same graph, weights and outputs."""

import io
import json
from pathlib import Path

import keras
import numpy as np
import pytest

import dlspec
from dlspec.backends.saved.importing import import_saved_model
from dlspec.backends.saved.kept_weights import keep_weights
from dlspec.backends.saved.model_files import load_document

HERE = Path(__file__).parent / "saved_models"
LAYERS = keras.layers
# Written by the real Keras 2, see make_keras2.py, with weights, inputs and outputs beside.
KERAS_2 = sorted(path for path in HERE.glob("keras2_*") if path.with_suffix(".npz").is_file())
KERAS_2 = [path for path in KERAS_2 if path.suffix in (".json", ".h5")]
# `hard_sigmoid` is another function in Keras 3, which a note says.
OTHER_OUTPUTS = ("keras2_hard_sigmoid", "keras2_conv_lstm")


def imported(path, *, flat=True, stdin=b"", **options):
    """Import a file, or `stdin` for `-`."""
    return import_saved_model(load_document(str(path), io.BytesIO(stdin)), flat=flat, **options)


def graph_of(text: str) -> str:
    """Return the lines of the graph."""
    return text.partition("  graph:\n")[2]


# -- Keras 3 -------------------------------------------------------------------------------------


def _chain():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            LAYERS.Conv2D(4, 3, activation=LAYERS.LeakyReLU(0.1)),
            LAYERS.BatchNormalization(),
            LAYERS.Flatten(),
            LAYERS.Dense(2, dtype="mixed_bfloat16", kernel_regularizer="l2"),
        ]
    )
    model.layers[1].trainable = False
    return model


def _operations():
    x = keras.Input((8, 6), name="x")
    y = LAYERS.Dense(4)(x[:, 0])
    y = keras.ops.reshape(y * 2.0 + 1.0, (-1, 2, 2))
    return keras.Model(x, keras.ops.concatenate([y, y], axis=-1))


def _masks():
    words = keras.Input((5,), dtype="int32", name="words")
    embed = LAYERS.Embedding(10, 4, mask_zero=True)
    both = LAYERS.Concatenate(axis=1)([embed(words), embed(words)])
    states = LAYERS.Bidirectional(LAYERS.GRU(3, return_sequences=True))(both)
    return keras.Model(words, LAYERS.GlobalAveragePooling1D()(states))


def _states():
    source, target = keras.Input((None, 3), name="source"), keras.Input((None, 2), name="target")
    _, h, c = LAYERS.LSTM(4, return_state=True)(source)
    x = LAYERS.LSTM(4, return_sequences=True)(target, initial_state=[h, c])
    x = LAYERS.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    return keras.Model([source, target], LAYERS.Dense(2)(x))


def _twins():
    entry = keras.Input((4,), name="entry")
    inner = keras.Model(entry, LAYERS.Dense(3)(entry), name="inner")
    frames = keras.Input((2, 4), name="frames")
    a = keras.Input((4,), name="a")
    sums = LAYERS.TimeDistributed(keras.Sequential([keras.Input((4,)), LAYERS.Dense(3)]))(frames)
    sums = keras.ops.sum(sums, axis=1)
    return keras.Model({"a": a, "frames": frames}, [LAYERS.Add()([inner(a), sums]), inner(a)])


def _cells():
    cells = [LAYERS.LSTMCell(4), LAYERS.GRUCell(3)]
    return keras.Sequential([keras.Input((5, 3)), LAYERS.RNN(cells), LAYERS.Dense(2)])


KERAS_3 = (_chain, _operations, _masks, _states, _twins, _cells)


def assert_imports_as_it_decompiles(model, folder):
    """Save a model in the forms of Keras 3; each must give what the model itself gives."""
    expected = dlspec.decompile(model, flat=True)
    model.save(folder / "m.keras")
    (folder / "m.json").write_text(model.to_json(indent=1), "utf-8")
    for name in ("m.keras", "m.json"):
        assert imported(folder / name).text == expected


@pytest.mark.parametrize("build", KERAS_3, ids=lambda build: build.__name__)
def test_a_model_saved_by_keras_3_imports_as_it_decompiles(build, tmp_path):
    assert_imports_as_it_decompiles(build(), tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "MobileNetV3Small",
        pytest.param("ConvNeXtTiny", marks=pytest.mark.slow),
        pytest.param("EfficientNetV2B0", marks=pytest.mark.slow),
    ],
)
def test_an_application_imports_as_it_decompiles(name, tmp_path):
    model = getattr(keras.applications, name)(weights=None, classes=7, input_shape=(32, 32, 3))
    assert_imports_as_it_decompiles(model, tmp_path)


@pytest.mark.parametrize("build", KERAS_3[:3], ids=lambda build: build.__name__)
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_the_hdf5_of_keras_3_imports_as_the_model_decompiles(build, tmp_path):
    model = build()
    model.save(tmp_path / "m.h5")
    assert imported(tmp_path / "m.h5").text == dlspec.decompile(model, flat=True)


def test_an_import_makes_no_weights(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(_chain().to_json().replace('"units": 2', '"units": 2000000000000'), "utf-8")
    found = imported(path)
    assert "units: 2000000000000" in found.text
    assert found.parameters > 288_000_000_000_000


# -- Keras 2 -------------------------------------------------------------------------------------


def test_there_are_files_of_keras_2():
    assert len(KERAS_2) >= 28


@pytest.mark.parametrize("path", KERAS_2, ids=lambda path: path.stem)
def test_a_file_of_keras_2_gives_the_weights_and_the_outputs_it_had(path):
    found = imported(path)
    kept = np.load(path.with_suffix(".npz"))
    weights, inputs, outputs = (
        [kept[name] for name in sorted(kept.files) if name.startswith(kind)]
        for kind in ("weight", "input", "output")
    )
    model = dlspec.compile(dlspec.loads(found.text))
    assert [tuple(w.shape) for w in model.weights] == [w.shape for w in weights]
    model.set_weights(weights)
    given = keras.tree.pack_sequence_as(model._inputs_struct, inputs)
    results = keras.tree.flatten(model(given, training=False))
    assert bool(found.inexact) == (path.stem in OTHER_OUTPUTS)
    if not found.inexact:
        for result, expected in zip(results, outputs, strict=True):
            np.testing.assert_allclose(np.asarray(result, "float32"), expected, atol=1e-6)


def test_numbers_that_keras_2_kept_in_32_bits_are_written_as_a_person_wrote_them():
    text = graph_of(imported(HERE / "keras2_lenet.h5").text)
    assert "LeakyReLU: 0.1\n" in text
    assert "kernel_regularizer: L2" in text
    assert "axis" not in text


def test_other_outputs_of_hard_sigmoid_are_said():
    found = imported(HERE / "keras2_hard_sigmoid.json")
    assert found.inexact == (
        "`hard_sigmoid` is max(0, min(1, x/6 + 0.5)) in Keras 3; the file means "
        "max(0, min(1, 0.2x + 0.5)), so it differs by up to 0.083",
    )
    assert found.notes == (f"{found.inexact[0]} (`lstm`)",)


def test_an_input_that_only_embeddings_read_becomes_integers():
    found = imported(HERE / "keras2_embedding_lstm.h5")
    assert "embedding_input: {shape: [6], dtype: int32}" in found.text
    assert found.notes == (
        "an input that only embeddings read is written as int32 (`embedding_input`)",
    )


# -- older ---------------------------------------------------------------------------------------

OLD = {
    "keras0_sequential.json": (
        "    - {Conv2D: {filters: 4, kernel_size: 3, padding: same, data_format: channels_first}, "
        "name: convolution2d}\n"
        "    - Activation: relu\n"
        "    - {MaxPooling2D: {data_format: channels_first}, name: maxpooling2d}\n"
        "    - Dropout: 0.25\n"
        "    - Flatten\n"
        "    - Dense: {units: 10, activation: softmax, kernel_initializer: Zeros, "
        "kernel_regularizer: L1, kernel_constraint: NonNeg}\n"
    ),
    "keras0_graph.json": (
        "    - {Dense: 3, name: wide, from: first}\n"
        "    - {Dense: 3, name: narrow, from: second}\n"
        "    - {Add, name: both_merge, from: [wide, narrow]}\n"
        "    - {Activation: tanh, name: both}\n"
        "    - {Concatenate, name: out, from: [both, wide]}\n"
    ),
    "keras1_branches.json": (
        "    - {Embedding: {input_dim: 50, output_dim: 8}, name: embedding_1, "
        "from: embedding_1_input}\n"
        "    - {LSTM: {units: 4, dropout: 0.2, recurrent_dropout: 0.1}, name: lstm_1}\n"
        "    - {Dense: 3, name: dense_1, from: dense_1_input}\n"
        "    - {Concatenate, name: merge_1, from: [lstm_1, dense_1]}\n"
        "    - {Dense: {units: 1, activation: sigmoid}, name: dense_2}\n"
    ),
    "keras1_convnet.json": (
        "    - {Conv2D: {filters: 8, kernel_size: 3, padding: same, data_format: channels_first, "
        "activation: relu}, name: convolution2d_1}\n"
        "    - {ZeroPadding2D: {data_format: channels_first}, name: zeropadding2d_1}\n"
        "    - {Conv2D: {filters: 8, kernel_size: 3, strides: 2, data_format: channels_first, "
        "activation: relu, use_bias: false, kernel_regularizer: {L2: 0.0005}}, "
        "name: convolution2d_2}\n"
        "    - {BatchNormalization: {axis: 1, momentum: 0.9, epsilon: 1e-05}, "
        "name: batchnormalization_1}\n"
        "    - {LeakyReLU: 0.2, name: leakyrelu_1}\n"
        "    - {MaxPooling2D: {data_format: channels_first}, name: maxpooling2d_1}\n"
        "    - {Dropout: 0.25, name: dropout_1}\n"
        "    - {Flatten, name: flatten_1}\n"
        "    - {Dense: {units: 16, activation: relu, kernel_initializer: HeNormal, "
        "kernel_constraint: MaxNorm}, name: dense_1}\n"
        "    - {Dense: {units: 10, activation: softmax, activity_regularizer: L2}, name: dense_2}\n"
    ),
    "keras1_functional.json": (
        "        - {TimeDistributed: {layer: {Dense: 4}}, name: timedistributed_1}\n"
        "        - {GRU: {units: 3, return_sequences: true, reset_after: false}, name: gru_1}\n"
        "  graph:\n"
        "    - {use: encoder, from: left}\n"
        "    - {use: encoder, from: right}\n"
        "    - {Add, name: merge_sum, from: [encoder, encoder_1]}\n"
        "    - {Bidirectional: {layer: {SimpleRNN: {units: 3, return_sequences: true}}, "
        "merge_mode: sum}, name: bidirectional_1}\n"
        "    - {Multiply, name: merge_mul, from: [encoder, encoder_1]}\n"
        "    - {Dot: [2, 2], name: merge_dot, from: [bidirectional_1, merge_mul]}\n"
        "    - {MaxPooling1D, name: maxpooling1d_1}\n"
        "    - {Conv1D: {filters: 4, kernel_size: 2, padding: same, activation: relu, "
        "kernel_initializer: RandomUniform}, name: convolution1d_1}\n"
        "  outputs: [convolution1d_1, encoder_1]\n"
    ),
    "keras1_tuples.yaml": (
        "    - {Conv2D: {filters: 4, kernel_size: 3, strides: 2, padding: same, "
        "activation: relu}, name: convolution2d_1}\n"
        "    - {MaxPooling2D, name: maxpooling2d_1}\n"
        "    - {Flatten, name: flatten_1}\n"
        "    - {Dense: {units: 10, activation: softmax, kernel_initializer: LecunUniform}, "
        "name: dense_1}\n"
    ),
    "keras2_tuples.yaml": (
        "    - {Embedding: {input_dim: 30, output_dim: 5}, name: embedding_1}\n"
        "    - {GRU: 4, name: cu_dnngru_1}\n"
        "    - {Dense: {units: 1, activation: sigmoid, kernel_regularizer: L2}, name: dense_1}\n"
    ),
}


def test_every_old_file_is_compared():
    old = {path.name for path in HERE.glob("keras[01]_*")} | {"keras2_tuples.yaml"}
    assert old == set(OLD)


@pytest.mark.parametrize("name", OLD)
def test_an_old_file_reads_as_its_author_would_write_it_today(name):
    assert " ".join(graph_of(imported(HERE / name).text).split()) == " ".join(OLD[name].split())


@pytest.mark.parametrize("name", OLD)
def test_an_old_file_builds(name):
    model = dlspec.compile(dlspec.loads(imported(HERE / name, flat=False).text))
    assert model.count_params() > 0


def test_what_old_files_say_beside_the_graph_is_noted():
    assert imported(HERE / "keras0_sequential.json").notes == (
        "the file says how the model was trained; a spec says that under `training`, "
        "which is not written",
    )
    assert imported(HERE / "keras1_branches.json").notes == (
        "`consume_less` is left out: Keras 3 chooses the implementation (`lstm_1`)",
    )
    assert imported(HERE / "keras1_convnet.json").notes == (
        "a layer that does not say its data format is taken as channels_first, as the others say "
        "(`zeropadding2d_1`)",
    )


def test_standard_input_and_a_name_are_taken():
    content = (HERE / "keras1_tuples.yaml").read_bytes()
    assert imported("-", stdin=content, name="small").text.startswith("dlspec: 1\nname: small\n")


# -- containers ----------------------------------------------------------------------------------


def test_an_archive_of_keras_2_reads_as_its_hdf5_does():
    for name in ("lenet", "bidirectional"):
        archive, hdf5 = (imported(HERE / f"keras2_{name}.{kind}") for kind in ("keras", "h5"))
        assert archive.text == hdf5.text


def test_the_topology_of_tensorflow_js_reads_as_what_it_was_made_of(tmp_path):
    config = json.loads((HERE / "keras2_masked.json").read_text())
    topology = {"keras_version": "2.15.0", "backend": "tensorflow", "model_config": config}
    wrapped = {
        "format": "layers-model",
        "generatedBy": "keras v2.15.0",
        "modelTopology": topology,
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": []}],
    }
    (tmp_path / "model.json").write_text(json.dumps(wrapped))
    assert imported(tmp_path / "model.json").text == imported(HERE / "keras2_masked.json").text


@pytest.mark.parametrize("name", ["lenet", "bidirectional"])
def test_an_archive_of_keras_2_gives_its_weights(tmp_path, name):
    file = HERE / f"keras2_{name}.keras"
    kept = np.load(file.with_suffix(".npz"))
    found = imported(file)
    keep_weights(found, tmp_path / "w.weights.h5")
    model = dlspec.compile(dlspec.loads(found.text))
    model.load_weights(tmp_path / "w.weights.h5")
    result = model(kept["input000"], training=False)
    np.testing.assert_allclose(np.asarray(result), kept["output000"], atol=1e-6)


# -- masks that Keras 3 loses --------------------------------------------------------------------


def _masked_states_of_keras2():
    """Return the recurrent model of Keras 2 with a Masking before it."""
    model = json.loads((HERE / "keras2_gru_states.json").read_text("utf-8"))
    layers = model["config"]["layers"]
    masking = {
        "class_name": "Masking",
        "config": {"name": "masking", "mask_value": 0.0, "dtype": "float32"},
        "name": "masking",
        "inbound_nodes": [[["source", 0, 0, {}]]],
    }
    layers[1]["inbound_nodes"] = [[["masking", 0, 0, {}]]]
    model["config"]["layers"] = [layers[0], masking, *layers[1:]]
    return json.dumps(model).encode()


def test_a_mask_that_keras_2_used_and_keras_3_does_not_is_told_as_other_outputs():
    found = imported("-", stdin=_masked_states_of_keras2())
    (note,) = found.inexact
    assert note.startswith("Keras 2 used the mask of padding where Keras 3 does not")
    assert note.endswith("`simple_rnn`")
    plain = (HERE / "keras2_gru_states.json").read_bytes()
    assert imported("-", stdin=plain).inexact == ()


def test_a_mask_that_keras_3_lost_before_is_no_news_in_its_own_file():
    words, state = keras.Input((5, 3), name="words"), keras.Input((4,), name="state")
    read = LAYERS.GRU(4)(LAYERS.Masking()(words), initial_state=state)
    text = keras.Model([words, state], read).to_json().encode()
    assert imported("-", stdin=text).inexact == ()


# -- layers that are gone --------------------------------------------------------------------------


def _keras1_chain(*layers):
    listed = [{"class_name": name, "config": config} for name, config in layers]
    return json.dumps({"class_name": "Sequential", "keras_version": "1.2.2", "config": listed})


_DENSE_OF_6 = (
    "Dense",
    {"name": "d", "output_dim": 6, "input_dim": 4, "batch_input_shape": [None, 4]},
)


def _model_and_input(text):
    model = dlspec.compile(dlspec.loads(text))
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return model, rng.normal(size=(5, 4)).astype("float32")


def test_maxout_is_the_largest_of_several_dense_layers():
    config = {"name": "m", "output_dim": 3, "nb_feature": 5, "init": "he_uniform", "bias": True}
    found = imported("-", stdin=_keras1_chain(_DENSE_OF_6, ("MaxoutDense", config)).encode())
    assert any(note.startswith("`MaxoutDense` is written as") for note in found.notes)
    assert "units: 15, kernel_initializer: HeUniform" in found.text
    model, x = _model_and_input(found.text)
    first, first_bias, kernel, bias = model.get_weights()
    # keras/layers/core.py of Keras 1.2.2: the kernel is (features, inputs, units).
    pieces = kernel.reshape(6, 5, 3).transpose(1, 0, 2)
    expected = (np.einsum("ni,fio->nfo", x @ first + first_bias, pieces) + bias.reshape(5, 3)).max(
        1
    )
    np.testing.assert_allclose(model(x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("width", [6, None])
def test_a_highway_is_a_gate_between_a_dense_layer_and_what_it_reads(width):
    config = {"name": "h", "input_dim": width, "activation": "tanh", "transform_bias": -3}
    between = ("Dropout", {"name": "drop", "p": 0.5})
    chain = _keras1_chain(_DENSE_OF_6, between, ("Highway", config))
    found = imported("-", stdin=chain.encode())
    model, x = _model_and_input(found.text)
    assert "bias_initializer: {Constant: -3}" in found.text
    names = [weight.path for weight in model.weights]
    assert names[2:] == ["h_gate/kernel", "h_gate/bias", "h_change/kernel", "h_change/bias"]
    first, first_bias, gate, gate_bias, change, bias = model.get_weights()
    read = x @ first + first_bias
    share = 1 / (1 + np.exp(-(read @ gate + gate_bias)))
    expected = share * np.tanh(read @ change + bias) + (1 - share) * read
    np.testing.assert_allclose(model(x), expected, rtol=1e-5, atol=1e-5)


def test_a_highway_whose_width_nothing_tells_is_refused():
    chain = _keras1_chain(
        (
            "Embedding",
            {"name": "e", "input_dim": 9, "output_dim": 4, "batch_input_shape": [None, 5]},
        ),
        ("Flatten", {"name": "f"}),
        ("Highway", {"name": "h", "input_dim": None, "activation": "relu", "transform_bias": -2}),
    )
    with pytest.raises(dlspec.SpecError) as caught:
        imported("-", stdin=chain.encode())
    (found,) = caught.value.diagnostics
    assert (found.label, found.help) == (
        "how wide it is, is not in the file",
        "write its width as `input_dim` into the file",
    )
    whole = imported("-", stdin=chain.replace('"input_dim": null', '"input_dim": 20').encode())
    assert dlspec.compile(dlspec.loads(whole.text)).output_shape == (None, 20)


def test_a_constraint_on_each_piece_of_a_maxout_is_refused():
    norm = {"name": "MaxNorm", "m": 2, "axis": 0}
    config = {"name": "m", "output_dim": 3, "nb_feature": 5, "W_constraint": norm}
    with pytest.raises(dlspec.SpecError, match="`W_constraint` has no equal"):
        imported("-", stdin=_keras1_chain(_DENSE_OF_6, ("MaxoutDense", config)).encode())


@pytest.mark.parametrize(("count", "told"), [(12, 12), (13, 1)])
def test_over_twelve_refusals_of_one_kind_are_told_in_one(count, told):
    lambdas = [("Lambda", {"name": f"l{number}"}) for number in range(count)]
    other = ("SReLU", {"name": "s"})
    with pytest.raises(dlspec.SpecError) as caught:
        imported("-", stdin=_keras1_chain(_DENSE_OF_6, *lambdas, other).encode())
    found = caught.value.diagnostics
    assert len(found) == told + 1
    notes = found[0].notes
    if told == 1:
        assert notes[1] == "12 more layers are like it (`l1`, `l2`, `l3` and 9 more)"
    assert found[-1].label == "Keras 3 has no `SReLU`"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"op": "Mean"}, "its `node_def` reads other tensors than its call"),
        (
            {"op": "Fresh", "input": ["d"]},
            "it is `tf.Fresh`, for which keras.ops has no plain equal",
        ),
        ({"op": "Relu", "input": []}, "its `node_def` reads other tensors than its call"),
        (
            {"op": "AddN", "input": ["a", "b", "c"]},
            "its `node_def` reads other tensors than its call",
        ),
        (
            {"op": "Cast", "input": ["d"], "attr": {"DstT": {"type": "DT_STRING"}}},
            "it casts to `DT_STRING`",
        ),
        ("no json", "its `node_def` cannot be read"),
        (7, "its `node_def` cannot be read"),
    ],
)
def test_a_node_that_cannot_be_said_is_refused_with_the_reason(changed, told):
    node = {"name": "n", "op": "Mean", "input": ["d", "axis"], "attr": {}}
    said = {**node, **changed} if isinstance(changed, dict) else changed
    chain = json.loads(HERE.joinpath("keras2_graph_shapes.json").read_text("utf-8"))
    inputs = chain["config"]["layers"][0]
    layer = {
        "class_name": "TensorFlowOpLayer",
        "name": "op",
        "config": {"name": "n", "node_def": said, "constants": {}},
        "inbound_nodes": [[["x", 0, 0, {}]]],
    }
    chain["config"]["layers"] = [inputs, layer]
    chain["config"]["output_layers"] = [["op", 0, 0]]
    with pytest.raises(dlspec.SpecError) as caught:
        imported("-", stdin=json.dumps(chain).encode())
    assert [found.label for found in caught.value.diagnostics] == [told]


def test_a_node_written_as_text_is_read_as_one_written_as_data():
    text = HERE.joinpath("keras2_graph_arithmetic.json").read_text("utf-8")
    tree = json.loads(text)
    for layer in tree["config"]["layers"]:
        config = layer["config"]
        if "node_def" in config:
            config["node_def"] = json.dumps(config["node_def"])
            config["constants"] = {
                key: value["config"]["value"] if isinstance(value, dict) else value
                for key, value in config["constants"].items()
            }
    again = imported("-", stdin=json.dumps(tree).encode())
    assert again.text == imported("-", stdin=text.encode()).text
