"""Shapes, weights and outputs of layers, written out."""

import pytest

from dlspec.language.catalogue import ModelRef, Object, names_of_kind
from dlspec.resolve.shapes import Inferred, Tensor, Weight, infer_layer
from dlspec.resolve.shapes.registry import RULES


def layer(class_name, **arguments):
    return Object("layer", class_name, arguments)


def shapes(inferred):
    return {name: tensor.shape for name, tensor in inferred.outputs}


@pytest.mark.parametrize(
    ("one", "before", "after", "parameters"),
    [
        (layer("Dense", units=10), (None, 84), (None, 10), 850),
        (layer("Embedding", input_dim=100, output_dim=8), (None, 20), (None, 20, 8), 800),
        (layer("Flatten"), (None, 2, 2, 64), (None, 256), 0),
        (layer("Flatten"), (None, None, 3), (None, None), 0),
        (layer("Reshape", target_shape=(-1, 4)), (None, 6, 2), (None, 3, 4), 0),
        (layer("Permute", dims=(2, 1)), (None, 5, 3), (None, 3, 5), 0),
        (layer("ZeroPadding2D", padding=((1, 0), (2, 3))), (1, 4, 4, 1), (1, 5, 9, 1), 0),
        (layer("Conv2D", filters=6, kernel_size=5), (None, 28, 28, 1), (None, 24, 24, 6), 156),
        (
            layer("Conv2D", filters=8, kernel_size=3, groups=2, strides=2, padding="same"),
            (None, 7, None, 4),
            (None, 4, None, 8),
            152,
        ),
        (
            layer("Conv2DTranspose", filters=3, kernel_size=3, strides=2, output_padding=1),
            (None, 4, 4, 2),
            (None, 10, 10, 3),
            57,
        ),
        (layer("SeparableConv1D", filters=4, kernel_size=3), (None, 9, 2), (None, 7, 4), 18),
        (layer("MaxPooling2D", pool_size=2), (None, 7, 7, 3), (None, 3, 3, 3), 0),
        (layer("MaxPooling2D", pool_size=2, padding="same"), (None, 7, 7, 3), (None, 4, 4, 3), 0),
        (layer("GlobalAveragePooling1D", keepdims=True), (None, 7, 3), (None, 1, 3), 0),
        (layer("LSTM", units=64), (None, 8, 8), (None, 64), 18_688),
        (layer("GRU", units=32), (None, None, 8), (None, 32), 4_032),
        (layer("GRU", units=32, reset_after=False), (None, None, 8), (None, 32), 3_936),
        (layer("BatchNormalization"), (None, 4, 4, 16), (None, 4, 4, 16), 64),
        (layer("LayerNormalization", axis=(1, 2)), (None, 3, 4), (None, 3, 4), 24),
    ],
)
def test_a_layer_has_the_shape_and_the_parameters_of_the_textbook(one, before, after, parameters):
    dtype = "int32" if one.class_name == "Embedding" else "float32"
    inferred = infer_layer(one, Tensor(before, dtype))
    assert inferred.out == Tensor(after, "float32")
    assert sum(weight.size for weight in inferred.weights) == parameters


def test_weights_come_in_the_order_of_keras():
    inferred = infer_layer(layer("BatchNormalization"), Tensor((None, 3)))
    assert inferred.weights == (
        Weight("gamma", (3,)),
        Weight("beta", (3,)),
        Weight("moving_mean", (3,), trainable=False),
        Weight("moving_variance", (3,), trainable=False),
    )


def test_states_are_outputs_only_when_the_layer_returns_them():
    x = Tensor((None, 5, 3))
    assert shapes(infer_layer(layer("LSTM", units=4), x)) == {"out": (None, 4)}
    assert shapes(
        infer_layer(layer("LSTM", units=4, return_state=True, return_sequences=True), x)
    ) == {
        "out": (None, 5, 4),
        "h": (None, 4),
        "c": (None, 4),
    }


def test_both_directions_return_their_states():
    held = layer("LSTM", units=4, return_state=True)
    inferred = infer_layer(layer("Bidirectional", layer=held), Tensor((None, 5, 3)))
    assert list(shapes(inferred)) == ["out", "fh", "fc", "bh", "bc"]
    assert shapes(inferred)["out"] == (None, 8)


def test_stacked_cells_number_their_states():
    cells = (layer("LSTMCell", units=2), layer("GRUCell", units=3))
    inferred = infer_layer(layer("RNN", cell=cells, return_state=True), Tensor((None, 5, 4)))
    assert shapes(inferred) == {
        "out": (None, 3),
        "h1": (None, 2),
        "c1": (None, 2),
        "h2": (None, 3),
    }


def test_scores_are_an_output_when_the_call_asks_for_them():
    tensors = {"query": Tensor((None, 4, 8)), "value": Tensor((None, 6, 8))}
    one = layer("MultiHeadAttention", num_heads=2, key_dim=3)
    assert shapes(infer_layer(one, tensors)) == {"out": (None, 4, 8)}
    asked = infer_layer(one, tensors, call={"return_attention_scores": True})
    assert shapes(asked) == {"out": (None, 4, 8), "scores": (None, 2, 4, 6)}


def test_a_model_held_by_time_distributed_is_asked_for_one_step():
    seen = []

    def models(model, inputs):
        seen.append((model, inputs))
        return Inferred((("out", Tensor((None, 16))),), (Weight("kernel", (4, 16)),), 64, 128)

    one = layer("TimeDistributed", layer=ModelRef("encoder"))
    inferred = infer_layer(one, Tensor((None, 10, 4)), models=models)
    assert seen == [(ModelRef("encoder"), Tensor((None, 4)))]
    assert (inferred.out.shape, inferred.macs) == ((None, 10, 16), 640)


@pytest.mark.parametrize(
    ("own", "default", "before", "after"),
    [
        (None, "float32", "float32", "float32"),
        (None, "bfloat16", "float32", "bfloat16"),
        ("mixed_float16", "float32", "float32", "float16"),
        (None, "float16", "int32", "int32"),
    ],
)
def test_floats_are_cast_to_the_compute_dtype_and_integers_are_kept(own, default, before, after):
    arguments = {} if own is None else {"dtype": own}
    inferred = infer_layer(
        layer("MaxPooling1D", **arguments), Tensor((None, 4, 2), before), dtype=default
    )
    assert inferred.out.dtype == after


def test_what_only_keras_knows_is_left_to_keras():
    assert infer_layer(layer("Pipeline"), Tensor((None, 3))) is None
    assert infer_layer(layer("Dense", units=3), Tensor(None, None)) is None
    assert (
        infer_layer(layer("Dense", units=3, dtype="int8_from_float32"), Tensor((None, 3))) is None
    )


def test_every_layer_of_the_catalogue_has_a_rule_but_these():
    without = {
        "MaxNumBoundingBoxes",  # takes a mapping of boxes
        "Pipeline",  # runs outside the graph
    }
    known = set(names_of_kind("layer"))
    assert known - set(RULES) == without
    assert set(RULES) <= known
