"""The cost of every kind of layer, counted by hand: multiply-adds, then FLOPs."""

import pytest

from dlspec.language.catalogue import Object
from dlspec.resolve.shapes import Tensor, infer_layer


def layer(class_name, **arguments):
    return Object("layer", class_name, arguments)


def cost(one, inputs, **call):
    inferred = infer_layer(one, inputs, call=call)
    return inferred.macs, inferred.flops


ROW, IMAGE = Tensor((None, 5, 3)), Tensor((None, 4, 6, 3))
QUERY, VALUE = Tensor((None, 4, 6)), Tensor((None, 5, 6))
GRU, LSTM = layer("GRU", units=2), layer("LSTM", units=2)


@pytest.mark.parametrize(
    ("one", "macs", "others"),
    [
        # Per step: each of the gates reads 3 + 2 numbers for each of 2 units, then its own terms.
        (layer("SimpleRNN", units=2), 5 * 1 * 2 * (3 + 2), 5 * 2 * (2 + 1)),
        (layer("SimpleRNN", units=2, use_bias=False), 5 * 1 * 2 * (3 + 2), 5 * 2 * 2),
        (LSTM, 5 * 4 * 2 * (3 + 2), 5 * 2 * (13 + 4)),
        (layer("LSTM", units=2, use_bias=False), 5 * 4 * 2 * (3 + 2), 5 * 2 * 13),
        # Two biases a gate, one of them where the reset comes before the product.
        (GRU, 5 * 3 * 2 * (3 + 2), 5 * 2 * (11 + 2 * 3)),
        (layer("GRU", units=2, reset_after=False), 5 * 3 * 2 * (3 + 2), 5 * 2 * (11 + 3)),
        (layer("Bidirectional", layer=LSTM), 2 * 200, 2 * 170),
        (
            layer("RNN", cell=(layer("LSTMCell", units=2), layer("SimpleRNNCell", units=4))),
            200 + 5 * 4 * (2 + 4),
            170 + 5 * 4 * (2 + 1),
        ),
        (layer("TimeDistributed", layer=layer("Dense", units=2)), 5 * 3 * 2, 5 * 2),
        (layer("Dense", units=2, lora_rank=2), 5 * 3 * 2, 5 * 2),
        (
            layer("EinsumDense", equation="abc,cd->abd", output_shape=(5, 2), bias_axes="d"),
            5 * 3 * 2,
            5 * 2,
        ),
        (
            layer("EinsumDense", equation="abc,bcd->ad", output_shape=(2,), activation="relu"),
            5 * 3 * 2,
            2,
        ),
        (layer("SpectralNormalization", layer=layer("Dense", units=2)), 5 * 3 * 2, 5 * 2),
        (layer("STFTSpectrogram", frame_length=4, frame_step=1), 2 * 3 * 4 * 3 * 2, 0),
        (layer("STFTSpectrogram", frame_length=4, frame_step=1, mode="real"), 2 * 3 * 4 * 3, 0),
    ],
)
def test_what_runs_over_steps_costs_its_products_and_its_other_reads(one, macs, others):
    assert cost(one, ROW) == (macs, 2 * macs + others)


@pytest.mark.parametrize(
    ("one", "reads"),
    [
        (layer("BatchNormalization"), 2),
        (layer("LayerNormalization"), 4),
        (layer("RMSNormalization"), 4),
        (layer("UnitNormalization"), 4),
        (layer("GroupNormalization", groups=3), 4),
        (layer("Rescaling", scale=0.5), 2),
        (layer("Normalization"), 2),
        (layer("Softmax"), 1),
        (layer("ReLU"), 1),
        (layer("PReLU"), 1),
        (layer("Activation", activation="tanh"), 1),
        (layer("Activation", activation="linear"), 0),
        (layer("Masking"), 1),
        (layer("Discretization", bin_boundaries=(0.0,)), 1),
        (layer("Discretization", bin_boundaries=(0.0,), output_mode="one_hot"), 1),
        (layer("Discretization", bin_boundaries=(0.0,), output_mode="count"), 1),
        (layer("LayerScale", init_values=0.1, projection_dim=3), 1),
        (layer("Identity"), 0),
        (layer("UpSampling2D"), 0),
        (layer("UpSampling2D", interpolation="bilinear"), 4),
        (layer("UpSampling2D", size=(1, 2), interpolation="bilinear"), 2),
        (layer("GlobalMaxPooling2D"), 1),
        (layer("AdaptiveMaxPooling2D", output_size=2), 1),
        (layer("MaxPooling2D", pool_size=(2, 3)), 1),
        (layer("AveragePooling2D", pool_size=2, strides=1, padding="same"), 4),
        (layer("Resizing", height=2, width=2), 0),
        (layer("ZeroPadding2D"), 0),
        (layer("Cropping2D", cropping=1), 0),
    ],
)
def test_what_has_no_product_costs_so_many_reads_of_each_element(one, reads):
    assert cost(one, IMAGE) == (0, reads * 4 * 6 * 3)


@pytest.mark.parametrize(
    ("one", "given", "expected"),
    [
        (layer("Add"), (ROW, ROW), (0, 2 * 15)),
        (layer("Average"), (ROW, ROW, ROW), (0, 3 * 15)),
        (layer("Multiply"), (ROW, Tensor((None, 1, 3))), (0, 2 * 15)),
        (layer("Concatenate"), (ROW, ROW), (0, 0)),
        (layer("CustomScaleLayer", scale=0.5), (ROW, ROW), (0, 2 * 15)),
        (layer("Dot", axes=1), (ROW, Tensor((None, 5, 2))), (5 * 3 * 2, 2 * 5 * 3 * 2)),
        (layer("Dot", axes=1), (Tensor((None, 5)), Tensor((None, 5))), (5, 10)),
    ],
)
def test_a_merge_reads_each_of_its_inputs(one, given, expected):
    assert cost(one, given) == expected


@pytest.mark.parametrize(
    ("one", "macs", "others"),
    [
        # 20 pairs: scores over 6 features, a softmax, and a mean of values 6 wide.
        (layer("Attention"), 20 * 6 + 20 * 6, 20),
        # A sum, a tanh and a scale of each feature take the place of the product.
        (layer("Attention", score_mode="concat"), 20 * 6, 20 + 3 * 20 * 6),
        (layer("AdditiveAttention"), 20 * 6, 20 + 3 * 20 * 6),
    ],
)
def test_attention_costs_its_pairs(one, macs, others):
    assert cost(one, (QUERY, VALUE)) == (macs, 2 * macs + others)


@pytest.mark.parametrize(
    ("one", "macs", "scores"),
    [
        # Projections of 4 queries, 5 keys and 5 values, the pairs, and the way out.
        (
            layer("MultiHeadAttention", num_heads=2, key_dim=3, value_dim=5),
            4 * 6 * 6 + 5 * 6 * 6 + 5 * 6 * 10 + 2 * 20 * (3 + 5) + 4 * 10 * 6,
            2 * 20,
        ),
        (
            layer("MultiHeadAttention", num_heads=2, key_dim=3, output_shape=7),
            4 * 6 * 6 + 5 * 6 * 6 + 5 * 6 * 6 + 2 * 20 * (3 + 3) + 4 * 6 * 7,
            2 * 20,
        ),
        (
            layer("MultiHeadAttention", num_heads=2, key_dim=3, use_gate=True),
            2 * 4 * 6 * 6 + 2 * 5 * 6 * 6 + 2 * 20 * (3 + 3) + 4 * 6 * 6,
            2 * 20,
        ),
        # Four heads of queries, two of keys and values.
        (
            layer("GroupedQueryAttention", head_dim=3, num_query_heads=4, num_key_value_heads=2),
            4 * 6 * 12 + 2 * 5 * 6 * 6 + 4 * 20 * 2 * 3 + 4 * 12 * 6,
            4 * 20,
        ),
    ],
)
def test_heads_cost_their_projections_and_their_pairs(one, macs, scores):
    assert cost(one, {"query": QUERY, "value": VALUE}) == (macs, 2 * macs + scores)


def test_a_convolution_of_steps_costs_its_windows_at_every_step():
    one = layer("ConvLSTM1D", filters=2, kernel_size=3, padding="same")
    # 7 steps of 5 places: four gates of 2 filters read 3 places of 3 channels and 2 states.
    macs = 7 * 5 * 2 * 4 * 3 * (3 + 2)
    assert cost(one, Tensor((None, 7, 5, 3))) == (macs, 2 * macs + 7 * 5 * 2 * (13 + 4))
    bare = layer("ConvLSTM1D", filters=2, kernel_size=3, padding="same", use_bias=False)
    assert cost(bare, Tensor((None, 7, 5, 3))) == (macs, 2 * macs + 7 * 5 * 2 * 13)


def test_a_cell_costs_one_step():
    state = (Tensor((None, 2)), Tensor((None, 2)))
    macs = 4 * 2 * (3 + 2)
    given = cost(layer("LSTMCell", units=2), Tensor((None, 3)), states=state)
    assert given == (macs, 2 * macs + 2 * (13 + 4))


def test_a_mel_spectrogram_costs_the_product_with_its_bands():
    one = layer("MelSpectrogram", num_mel_bins=4, sequence_stride=8, fft_length=16)
    assert cost(one, Tensor((None, 40))) == (6 * 9 * 4, 2 * 6 * 9 * 4)


def test_ids_are_looked_up_for_nothing_and_vectors_back_for_a_product():
    ids = Tensor((None, 5), "int32")
    assert cost(layer("Embedding", input_dim=9, output_dim=4), ids) == (0, 0)
    table = layer("ReversibleEmbedding", input_dim=9, output_dim=3)
    assert cost(table, ids) == (0, 0)
    assert cost(table, ROW, reverse=True) == (5 * 3 * 9, 2 * 5 * 3 * 9)


@pytest.mark.parametrize(
    ("one", "x"),
    [
        (layer("Conv1D", filters=2, kernel_size=2), Tensor((None, None, 3))),
        (layer("GRU", units=2), Tensor((None, None, 3))),
        (layer("LayerNormalization"), Tensor((None, None, 3))),
        (layer("MaxPooling1D"), Tensor((None, None, 3))),
        (layer("TimeDistributed", layer=layer("Dense", units=2)), Tensor((None, None, 3))),
    ],
)
def test_an_open_extent_leaves_the_flops_open(one, x):
    assert infer_layer(one, x).flops is None
