"""Weights out and in again: Keras writes and loads on the other side of each test."""

import json
import time
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from dlspec.backends.weights import WeightsError, read_weights, transfer_weights, write_weights

KINDS = ("ours.weights.h5", "keras.weights.h5", "whole.keras", "legacy.h5")


def network(head=2, names=None):
    """Return a model with a nested model, a wrapped one, cells, both directions and a Dropout."""
    called = names or (lambda name: name)
    x = keras.Input((5, 4))
    frame = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, name=called("id")), layers.Dropout(0.5)],
        name=called("frame"),
    )
    y = layers.TimeDistributed(frame, name=called("frames"))(x)
    y = layers.MultiHeadAttention(2, 2, dropout=0.1, name=called("attention"))(y, y)
    cells = [layers.LSTMCell(3), layers.GRUCell(2)]
    y = layers.RNN(cells, return_sequences=True, name=called("cells"))(y)
    y = layers.Bidirectional(layers.LSTM(3), name=called("both"))(y)
    y = layers.BatchNormalization(name=called("norm"))(y)
    z = keras.Input((6,))
    inner = keras.Model(z, layers.Dense(6, name=called("a.b"))(z), name=called("inner"))
    y = inner(inner(y))
    model = keras.Model(x, layers.Dense(head, name=called("head"))(y))
    for weight in model.weights:
        weight.assign(np.random.default_rng(len(weight.shape)).normal(size=weight.shape))
    for i, weight in enumerate(model.weights):
        weight.assign(weight + i)
    return model


def fresh(head=2, names=None):
    model = network(head, names)
    for weight in model.weights:
        weight.assign(keras.ops.zeros_like(weight))
    return model


def equal(left, right):
    pairs = zip(left.get_weights(), right.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.fixture(scope="module")
def source():
    model = network()
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.fixture(scope="module")
def files(tmp_path_factory, source):
    folder = tmp_path_factory.mktemp("weights")
    write_weights(source, folder / "ours.weights.h5")
    source.save_weights(folder / "keras.weights.h5")
    source.save(folder / "whole.keras")
    source.save(folder / "legacy.h5")
    return folder


def adapted(rows):
    """Return a model that holds a Normalization, and another inside a model."""
    z = keras.Input((4,))
    scaled = layers.Normalization(name="deep")
    inner = keras.Model(z, scaled(z), name="inner")
    x = keras.Input((4,))
    first = layers.Normalization(name="first")
    model = keras.Model(x, inner(first(x)))
    if rows is not None:
        first.adapt(rows)
        scaled.adapt(rows * 3)
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_statistics_that_were_taken_are_computed_with(kind, tmp_path):
    rows = np.random.default_rng(3).normal(5, 2, (16, 4)).astype("float32")
    model, path = adapted(rows), tmp_path / kind
    save = write_weights if kind.startswith("ours") else keras.Model.save
    save = keras.Model.save_weights if kind.startswith("keras") else save
    save(model, path)
    new = adapted(None)
    transfer_weights(new, read_weights(path))
    np.testing.assert_array_equal(new(rows), model(rows))


def test_plain_keras_loads_what_we_write(files, source):
    model = fresh()
    model.load_weights(files / "ours.weights.h5")
    assert equal(model, source)


def test_the_file_holds_names_in_the_models_order_and_no_optimizer(files):
    stored = read_weights(files / "ours.weights.h5")
    names = [layer.name for layer in stored.layers]
    assert names == [
        "frames/id", "attention", "cells", "both", "norm", "inner/a.b", "head"
    ]  # fmt: skip
    with h5py.File(files / "ours.weights.h5") as file:
        assert "optimizer" not in file


def test_writing_leaves_one_whole_file(tmp_path, source):
    write_weights(source, tmp_path / "new" / "w.weights.h5")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["w.weights.h5"]


def test_another_ending_is_refused_before_anything_is_written(tmp_path, source):
    with pytest.raises(WeightsError, match=r"`.*w\.h5` does not end in `\.weights\.h5`"):
        write_weights(source, tmp_path / "w.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_takes_all_weights_back_bit_for_bit(files, source, kind):
    model = fresh()
    done = transfer_weights(model, read_weights(files / kind))
    assert equal(model, source)
    assert done.by == "name"
    assert len(done.taken) == 7
    assert done.initialised == done.left == {}
    assert done.parameters == source.count_params()


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_head_stays_as_it_was_and_says_why(files, source, kind):
    model = fresh(head=5)
    done = transfer_weights(model, read_weights(files / kind))
    reason = {"head": "shape (6, 5) here, (6, 2) in the file"}
    assert done.initialised == reason
    assert done.left == reason
    taken = model.get_weights()[:-2]
    assert all(np.array_equal(a, b) for a, b in zip(taken, source.get_weights(), strict=False))
    assert not model.get_weights()[-2].any()


@pytest.mark.parametrize("kind", KINDS)
def test_other_names_are_taken_by_position_when_every_shape_agrees(files, source, kind):
    model = fresh(names=lambda name: f"other_{name}")
    done = transfer_weights(model, read_weights(files / kind))
    assert done.by == "position"
    assert equal(model, source)


@pytest.mark.parametrize("kind", KINDS)
def test_other_names_and_one_other_shape_take_nothing(files, kind):
    model = fresh(5, lambda name: f"other_{name}")
    with pytest.raises(WeightsError, match="has no weights for this model") as caught:
        transfer_weights(model, read_weights(files / kind))
    assert "is not in the file" in caught.value.message
    assert not any(weight.any() for weight in model.get_weights())


def test_one_equal_name_means_names_unless_position_is_asked_for(files, source):
    stored = read_weights(files / "whole.keras")

    def renamed(name):
        return name if name == "head" else f"other_{name}"

    model = fresh(names=renamed)
    done = transfer_weights(model, stored)
    assert (done.by, done.taken) == ("name", ("head",))
    assert done.left["both"] == "not in the model"
    assert transfer_weights(model, stored, by="position").by == "position"
    assert equal(model, source)


def test_a_run_folder_means_its_model(tmp_path, files):
    (tmp_path / "model.keras").write_bytes((files / "whole.keras").read_bytes())
    assert read_weights(tmp_path).file == tmp_path / "model.keras"


def test_a_frozen_model_takes_weights_and_stays_frozen(files, source):
    model = fresh()
    model.trainable = False
    transfer_weights(model, read_weights(files / "whole.keras"))
    assert equal(model, source)
    assert model.trainable_weights == []


def test_the_state_of_a_seed_generator_is_no_weight(tmp_path):
    def dropped():
        x = keras.Input((3,))
        return keras.Model(x, layers.Dense(2, name="d")(layers.Dropout(0.5, seed=1)(x)))

    old, new = dropped(), dropped()
    old(np.ones((1, 3)), training=True)
    old.save(tmp_path / "m.keras")
    state = next(v for v in new.variables if "seed" in v.path).numpy().copy()
    assert transfer_weights(new, read_weights(tmp_path / "m.keras")).taken == ("d",)
    kept = next(v for v in new.variables if "seed" in v.path).numpy()
    assert np.array_equal(state, kept)
    assert not np.array_equal(next(v for v in old.variables if "seed" in v.path).numpy(), kept)


def test_names_and_order_come_from_the_config_of_an_older_keras(tmp_path, files, source):
    """Files of early Keras 3 say no names beside the arrays."""
    old = tmp_path / "old.keras"
    plain = tmp_path / "plain.weights.h5"
    plain.write_bytes((files / "keras.weights.h5").read_bytes())
    with h5py.File(plain, "r+") as file:
        file.visititems(lambda _, found: found.attrs.pop("name", None) and None)
    with zipfile.ZipFile(old, "w") as new, zipfile.ZipFile(files / "whole.keras") as archive:
        new.writestr("config.json", archive.read("config.json"))
        new.write(plain, "model.weights.h5")
    model = fresh(head=5)
    done = transfer_weights(model, read_weights(old))
    assert done.by == "name"
    assert done.initialised == {"head": "shape (6, 5) here, (6, 2) in the file"}
    model = fresh()
    assert transfer_weights(model, read_weights(plain)).by == "position"
    assert equal(model, source)


# -- Keras 1 and 2 -------------------------------------------------------------------------------


def legacy(path, found, **attributes):
    """Write a file as Keras 2 did: `{layer: {variable: array}}`."""
    with h5py.File(path, "w") as file:
        file.attrs.update({"keras_version": b"2.3.1", "backend": b"tensorflow", **attributes})
        file.attrs["layer_names"] = [name.encode() for name in found]
        for layer, arrays in found.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name in arrays]
            for name, array in arrays.items():
                group[name] = array
    return path


def test_keras_2_weights_of_a_nested_model_are_found_by_the_names_in_it(tmp_path):
    numbers = np.random.default_rng(0)
    kernel, inner = numbers.normal(size=(3, 2)), numbers.normal(size=(4, 3))
    path = legacy(
        tmp_path / "w.h5",
        {
            "input_1": {},
            "body": {"first/kernel:0": inner, "first/bias:0": np.ones(3)},
            "head": {"head/kernel:0": kernel, "head/bias:0": np.ones(2)},
        },
    )
    z = keras.Input((4,))
    body = keras.Model(z, layers.Dense(3, name="first")(z), name="body")
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(5, name="head")(body(x)))
    done = transfer_weights(model, read_weights(path))
    assert done.taken == ("body/first",)
    assert done.initialised == {"head": "shape (3, 5) here, (3, 2) in the file"}
    assert np.array_equal(body.get_weights()[0], inner.astype("float32"))


def test_a_file_of_keras_1_is_taken_in_order(tmp_path):
    kernel, bias = np.random.default_rng(0).normal(size=(3, 3, 1, 4)), np.arange(4.0)
    arrays = {"convolution2d_1_W": kernel, "convolution2d_1_b": bias}
    path = legacy(tmp_path / "w.h5", {"convolution2d_1": arrays}, keras_version=b"1.2.2")
    x = keras.Input((8, 8, 1))
    model = keras.Model(x, layers.Conv2D(4, 3, name="conv")(x))
    assert transfer_weights(model, read_weights(path)).by == "position"
    assert np.array_equal(model.get_weights()[0], kernel.astype("float32"))
    assert np.array_equal(model.get_weights()[1], bias.astype("float32"))


def test_weights_of_theano_are_refused(tmp_path):
    path = legacy(tmp_path / "w.h5", {"d": {"d_W": np.ones((2, 2))}}, backend=b"theano")
    with pytest.raises(WeightsError, match="keeps convolutions flipped"):
        read_weights(path)


def _cudnn(gates, units, features, seed):
    numbers = np.random.default_rng(seed)
    return {
        "kernel:0": numbers.normal(size=(features, gates * units)).astype("float32"),
        "recurrent_kernel:0": numbers.normal(size=(units, gates * units)).astype("float32"),
        "bias:0": numbers.normal(size=2 * gates * units).astype("float32"),
    }


def _flat_gates(array, gates):
    """Return each gate's matrix as cuDNN reads the numbers that Keras 2 hands it: (units, in)."""
    parts = np.split(array, gates, axis=1)
    return [part.reshape(-1).reshape(part.shape[1], part.shape[0]) for part in parts]


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _cudnn_lstm(x, arrays, units):
    w, r = (_flat_gates(arrays[f"{name}:0"], 4) for name in ("kernel", "recurrent_kernel"))
    bw, br = (np.split(half, 4) for half in np.split(arrays["bias:0"], 2))
    h = c = np.zeros(units)
    for step in x:
        i, f, g, o = (w[k] @ step + r[k] @ h + bw[k] + br[k] for k in range(4))
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
    return h


def _cudnn_gru(x, arrays, units):
    w, r = (_flat_gates(arrays[f"{name}:0"], 3) for name in ("kernel", "recurrent_kernel"))
    bw, br = (np.split(half, 3) for half in np.split(arrays["bias:0"], 2))
    h = np.zeros(units)
    for step in x:
        z, reset = (_sigmoid(w[k] @ step + r[k] @ h + bw[k] + br[k]) for k in range(2))
        new = np.tanh(w[2] @ step + bw[2] + reset * (r[2] @ h + br[2]))
        h = z * h + (1 - z) * new
    return h


@pytest.mark.parametrize(
    ("layer", "gates", "reference"), [("LSTM", 4, _cudnn_lstm), ("GRU", 3, _cudnn_gru)]
)
def test_a_cudnn_layer_of_keras_2_computes_the_same_as_a_plain_one(
    tmp_path, layer, gates, reference
):
    units, features = 3, 5
    arrays = _cudnn(gates, units, features, seed=gates)
    path = legacy(tmp_path / "w.h5", {"rnn": {f"rnn/{n}": a for n, a in arrays.items()}})
    x = keras.Input((4, features))
    model = keras.Model(x, getattr(layers, layer)(units, name="rnn")(x))
    assert transfer_weights(model, read_weights(path)).taken == ("rnn",)
    sample = np.random.default_rng(9).normal(size=(4, features)).astype("float32")
    np.testing.assert_allclose(
        np.asarray(model(sample[None]))[0], reference(sample, arrays, units), atol=1e-5
    )


def test_a_cudnn_gru_does_not_fit_one_that_resets_before(tmp_path):
    arrays = {f"rnn/{n}": a for n, a in _cudnn(3, 3, 5, seed=0).items()}
    path = legacy(tmp_path / "w.h5", {"rnn": arrays})
    x = keras.Input((4, 5))
    model = keras.Model(x, layers.GRU(3, name="rnn", reset_after=False)(x))
    with pytest.raises(WeightsError, match=r"`rnn` has shape \(9,\) here, \(18,\) in the file"):
        transfer_weights(model, read_weights(path))


# -- files that mean no good ---------------------------------------------------------------------


@pytest.fixture
def hostile(tmp_path):
    """Return a file of a Dense layer called `d`, and a way to change it."""
    x = keras.Input((3,))
    model = keras.Model(x, layers.Dense(2, name="d")(x))
    path = tmp_path / "w.weights.h5"
    model.save_weights(path)

    def change(edit):
        with h5py.File(path, "r+") as file:
            edit(file)
        return path, model

    return change


@pytest.mark.parametrize("link", [h5py.SoftLink("/vars"), h5py.ExternalLink("other.h5", "/x")])
def test_links_are_refused(hostile, link):
    path, _ = hostile(lambda file: file["layers/dense"].__setitem__("more", link))
    with pytest.raises(WeightsError, match="holds a link at `more`"):
        read_weights(path)


def test_arrays_of_other_files_are_refused(hostile, tmp_path):
    def external(file):
        del file["layers/dense/vars/1"]
        secret = tmp_path / "secret.bin"
        secret.write_bytes(b"12345678")
        file["layers/dense/vars"].create_dataset(
            "1", (2,), "f4", external=[(str(secret), 0, h5py.h5f.UNLIMITED)]
        )

    with pytest.raises(WeightsError, match="takes `1` from another file"):
        read_weights(hostile(external)[0])


def test_virtual_arrays_are_refused(hostile):
    def virtual(file):
        del file["layers/dense/vars/1"]
        layout = h5py.VirtualLayout((2,), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "data", (2,))
        file["layers/dense/vars"].create_virtual_dataset("1", layout)

    with pytest.raises(WeightsError, match="takes `1` from another file"):
        read_weights(hostile(virtual)[0])


def test_a_group_inside_itself_ends_in_a_sentence(hostile):
    def knot(file):
        for name in ("a", "b", "c"):
            file["layers/dense"][name] = file["layers"]

    began = time.monotonic()
    with pytest.raises(WeightsError, match="groups, or deep ones"):
        read_weights(hostile(knot)[0])
    assert time.monotonic() - began < 20


def test_an_array_that_claims_terabytes_is_never_read(hostile):
    def bomb(file):
        del file["layers/dense/vars/0"]
        file["layers/dense/vars"].create_dataset(
            "0", (1 << 20, 1 << 20), "f4", chunks=(1024, 1024), compression="gzip"
        )

    path, model = hostile(bomb)
    with pytest.raises(WeightsError, match=r"`d` has shape \(3, 2\) here, \(1048576, 1048576\)"):
        transfer_weights(model, read_weights(path))


def test_text_is_no_weight(hostile):
    def text(file):
        del file["layers/dense/vars/1"]
        file["layers/dense/vars"]["1"] = [b"ab", b"cd"]

    path, model = hostile(text)
    with pytest.raises(WeightsError, match="`d` has 2 arrays here, 1 array in the file"):
        transfer_weights(model, read_weights(path))


def test_whole_numbers_do_not_become_weights_in_floating_point(hostile):
    def whole(file):
        del file["layers/dense/vars/1"]
        file["layers/dense/vars"]["1"] = np.ones(2, "int8")

    path, model = hostile(whole)
    with pytest.raises(WeightsError, match="`d` has float32 here, int8 in the file"):
        transfer_weights(model, read_weights(path))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.h5", b"not a weight in sight", "cannot be read as HDF5"),
        ("w.keras", b"PK\x05\x06" + bytes(18), "holds no `model.weights.h5`"),
        ("w.h5", b"\x89HDF\r\n\x1a\n" + bytes(64), "cannot be read as HDF5"),
    ],
)
def test_a_file_of_something_else_is_refused_in_a_sentence(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        read_weights(tmp_path / name)


def test_a_file_that_was_cut_off_is_refused_in_a_sentence(tmp_path, files):
    whole = (files / "ours.weights.h5").read_bytes()
    for share in (0.2, 0.5, 0.9):
        path = tmp_path / "w.weights.h5"
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(WeightsError, match="cannot be read as HDF5"):
            read_weights(path)


SAVED = Path(__file__).parent / "saved_models" / "keras2_lenet.h5"


@pytest.mark.parametrize("packing", [None, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_file_on_which_the_hdf5_library_crashes_is_refused_in_a_sentence(tmp_path, packing):
    content = bytearray(SAVED.read_bytes())
    # Found by changing bytes at random: HDF5 1.14 ends the process over this one.
    content[1009] = 4
    path = tmp_path / ("w.h5" if packing is None else "w.keras")
    if packing is None:
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w", packing) as archive:
            archive.writestr("model.weights.h5", bytes(content))
    with pytest.raises(WeightsError, match="cannot be read as HDF5: "):
        read_weights(path)


def test_a_member_that_unpacks_to_much_more_is_refused(tmp_path):
    path = tmp_path / "w.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(1 << 24))
    with pytest.raises(WeightsError, match="unpacks to 16,777,216 bytes"):
        read_weights(path)


def test_a_config_that_is_no_config_costs_only_the_names_in_it(tmp_path, files, source):
    for config in ("[[[[", json.dumps({"config": {"layers": [1, {"class_name": 3}]}})):
        path = tmp_path / "w.keras"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", config)
            archive.write(files / "keras.weights.h5", "model.weights.h5")
        model = fresh()
        transfer_weights(model, read_weights(path))
        assert equal(model, source)


def test_a_missing_file_is_named():
    with pytest.raises(WeightsError, match=r"`nowhere\.h5` is no file"):
        read_weights(Path("nowhere.h5"))
