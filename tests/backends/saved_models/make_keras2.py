"""Writes the files of Keras 2 in this folder, with inputs and outputs, by the real Keras 2.

Run it in a process of its own, with tf_keras on the path and no Keras 3 imported:

    PYTHONPATH=<folder with tf_keras> python tests/backends/saved_models/make_keras2.py [NAMES]
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras

HERE = Path(__file__).parent
LAYERS = keras.layers


def lenet():
    return keras.Sequential(
        [
            LAYERS.Conv2D(4, 3, padding="same", activation="relu", input_shape=(8, 8, 1)),
            LAYERS.MaxPooling2D(2),
            LAYERS.Conv2D(6, 3, strides=(1, 2), use_bias=False, kernel_regularizer="l2"),
            LAYERS.BatchNormalization(momentum=0.9),
            LAYERS.LeakyReLU(alpha=0.1),
            LAYERS.AveragePooling2D((2, 1)),
            LAYERS.Flatten(),
            LAYERS.Dropout(0.5),
            LAYERS.Dense(5, activation="softmax", kernel_initializer="he_normal"),
        ]
    )


def residual():
    image = keras.Input((8, 8, 3), name="image")
    x = LAYERS.Conv2D(4, 3, padding="same", name="stem")(image)
    y = LAYERS.DepthwiseConv2D(3, padding="same")(x)
    y = LAYERS.SeparableConv2D(4, 3, padding="same")(y)
    x = LAYERS.Add()([x, LAYERS.ReLU(max_value=6.0)(y)])
    x = LAYERS.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = LAYERS.Conv2DTranspose(3, 3, strides=2, output_padding=1)(x)
    x = LAYERS.UpSampling2D(2, interpolation="bilinear")(x)
    x = LAYERS.Cropping2D(2)(x)
    x = LAYERS.GlobalAveragePooling2D()(x)
    return keras.Model(image, LAYERS.Dense(3, name="out")(x))


def embedding_lstm():
    return keras.Sequential(
        [
            LAYERS.Embedding(20, 4, input_length=6, mask_zero=True),
            LAYERS.LSTM(5, return_sequences=True, dropout=0.1, recurrent_dropout=0.2),
            LAYERS.GRU(4, reset_after=False),
            LAYERS.Dense(2, activation="sigmoid"),
        ]
    )


def bidirectional():
    words = keras.Input((None,), dtype="int32", name="words")
    x = LAYERS.Embedding(20, 4)(words)
    x = LAYERS.SpatialDropout1D(0.2)(x)
    x = LAYERS.Bidirectional(LAYERS.LSTM(3, return_sequences=True), merge_mode="sum")(x)
    x = LAYERS.Bidirectional(LAYERS.GRU(3))(x)
    return keras.Model(words, LAYERS.Dense(2)(x))


def seq2seq():
    source = keras.Input((None, 3), name="source")
    target = keras.Input((None, 2), name="target")
    _, h, c = LAYERS.LSTM(4, return_state=True, name="encoder")(source)
    x = LAYERS.LSTM(4, return_sequences=True, name="decoder")(target, initial_state=[h, c])
    return keras.Model([source, target], LAYERS.TimeDistributed(LAYERS.Dense(2))(x))


def gru_states():
    source = keras.Input((5, 3), name="source")
    out, state = LAYERS.GRU(4, return_state=True, return_sequences=True)(source)
    again = LAYERS.SimpleRNN(4)(out, initial_state=state)
    return keras.Model(source, [again, state])


def attention():
    query = keras.Input((4, 6), name="query")
    value = keras.Input((5, 6), name="value")
    x = LAYERS.Attention(use_scale=True)([query, value])
    y = LAYERS.AdditiveAttention()([query, value])
    z = LAYERS.MultiHeadAttention(2, 3)(query, value)
    x = LAYERS.LayerNormalization()(LAYERS.Concatenate()([x, y, z]))
    return keras.Model([query, value], x)


def transformer():
    x = start = keras.Input((4, 6), name="x")
    y = LAYERS.MultiHeadAttention(2, 3, name="attend")(x, x)
    x = LAYERS.LayerNormalization(epsilon=1e-6)(x + y)
    y = LAYERS.Dense(6, activation="gelu")(x)
    return keras.Model(start, LAYERS.GlobalMaxPooling1D()(LAYERS.Add()([x, y])))


def shared():
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    twin = keras.Sequential([LAYERS.Dense(3, activation="tanh"), LAYERS.Dense(2)], name="twin")
    both = LAYERS.Subtract()([twin(left), twin(right)])
    return keras.Model([left, right], LAYERS.Dense(1)(both))


def nested():
    inner_in = keras.Input((4,), name="inner_in")
    hidden = LAYERS.Dense(3, activation="relu")(inner_in)
    inner = keras.Model(inner_in, [hidden, LAYERS.Dense(2)(hidden)], name="inner")
    x = keras.Input((4,), name="x")
    first, second = inner(x)
    third, _ = inner(LAYERS.Dense(4, name="bridge")(x))
    return keras.Model(x, [second, LAYERS.Average()([first, third])], name="outer")


def nested_output():
    inner = keras.Sequential([LAYERS.Dense(3, input_shape=(4,)), LAYERS.ReLU()], name="inner")
    x = keras.Input((4,))
    return keras.Model(x, inner(LAYERS.Dense(4)(x)), name="outer")


def time_distributed():
    frame = keras.Sequential(
        [LAYERS.Conv2D(2, 3, input_shape=(6, 6, 1)), LAYERS.GlobalMaxPooling2D()], name="frame"
    )
    video = keras.Input((3, 6, 6, 1), name="video")
    return keras.Model(video, LAYERS.LSTM(4)(LAYERS.TimeDistributed(frame)(video)))


def conv_lstm():
    return keras.Sequential(
        [
            LAYERS.ConvLSTM2D(2, 3, padding="same", input_shape=(3, 5, 5, 1)),
            LAYERS.Flatten(),
            LAYERS.Dense(2, kernel_constraint="max_norm"),
        ]
    )


def operators():
    x = keras.Input((4, 6), name="x")
    y = (x * 2.0 + 1.0 - x / 3.0)[:, 1:, ::2]
    return keras.Model(x, LAYERS.Dense(2)(1.0 - y))


def tf_functions():
    x = keras.Input((4, 6), name="x")
    y = tf.reduce_mean(x, axis=-1, keepdims=True) + tf.nn.relu(x)
    y = tf.concat([y, tf.square(x)], axis=-1)
    y = tf.reshape(y, (-1, 8, 6))
    y = tf.transpose(y, perm=[0, 2, 1])
    y = tf.math.maximum(y, tf.expand_dims(tf.reduce_max(y, axis=-1), -1) * 0.5)
    y = tf.clip_by_value(y, -1.0, 1.0)
    return keras.Model(x, LAYERS.Flatten()(tf.stack([y, y], axis=1)))


def tf_more_functions():
    x = keras.Input((6, 4), name="x")
    one, two = tf.split(x, 2, axis=1)
    y = tf.stack(tf.unstack(one, axis=1), axis=1) + tf.pad(two, [[0, 0], [0, 1], [0, 0]])[:, :0:-1]
    y = tf.nn.depth_to_space(tf.reshape(tf.cumsum(y, axis=1), (-1, 1, 3, 4)), 2)
    y = tf.nn.space_to_depth(tf.identity(y), 2)
    return keras.Model(x, tf.cast(tf.logical_not(y > 0.5), "float32"))


def rnn_cells():
    cells = [LAYERS.LSTMCell(3), LAYERS.GRUCell(2)]
    return keras.Sequential([keras.Input((4, 3)), LAYERS.RNN(cells), LAYERS.Dense(2)])


def one_dimension():
    return keras.Sequential(
        [
            LAYERS.Conv1D(4, 3, padding="causal", dilation_rate=2, input_shape=(12, 2)),
            LAYERS.PReLU(shared_axes=[1]),
            LAYERS.MaxPooling1D(2, strides=1, padding="same"),
            LAYERS.AveragePooling1D(3),
            LAYERS.UpSampling1D(2),
            LAYERS.ZeroPadding1D((1, 0)),
            LAYERS.Cropping1D(1),
            LAYERS.Permute((2, 1)),
            LAYERS.Reshape((-1, 2)),
            LAYERS.ELU(0.5),
            LAYERS.ThresholdedReLU(0.01),
            LAYERS.Softmax(),
            LAYERS.GlobalMaxPooling1D(),
            LAYERS.RepeatVector(3),
            LAYERS.Masking(0.0),
            LAYERS.GaussianNoise(0.1),
            LAYERS.GaussianDropout(0.1),
            LAYERS.AlphaDropout(0.1),
            LAYERS.ActivityRegularization(l1=0.01),
            LAYERS.Activation("softplus"),
        ]
    )


def three_dimensions():
    return keras.Sequential(
        [
            LAYERS.Conv3D(3, (2, 3, 3), input_shape=(5, 6, 6, 1), kernel_regularizer="l1"),
            LAYERS.MaxPooling3D((1, 2, 2)),
            LAYERS.UpSampling3D((1, 2, 2)),
            LAYERS.ZeroPadding3D(1),
            LAYERS.Cropping3D(1),
            LAYERS.Conv3DTranspose(2, 2),
            LAYERS.GlobalAveragePooling3D(),
        ]
    )


def merges():
    a, b = keras.Input((3, 4), name="a"), keras.Input((3, 4), name="b")
    outputs = [
        LAYERS.Multiply()([a, b]),
        LAYERS.Maximum()([a, b]),
        LAYERS.Minimum()([a, b]),
        LAYERS.Dot(axes=(1, 1))([a, b]),
        LAYERS.Dot(axes=2, normalize=True)([a, b]),
        LAYERS.Concatenate(axis=1)([a, b]),
    ]
    return keras.Model([a, b], outputs)


def initializers():
    return keras.Sequential(
        [
            LAYERS.Dense(
                4,
                input_shape=(3,),
                kernel_initializer=keras.initializers.VarianceScaling(0.5, "fan_out"),
                bias_initializer=keras.initializers.Constant(0.2),
                kernel_regularizer=keras.regularizers.l1_l2(0.1, 0.2),
                kernel_constraint=keras.constraints.MinMaxNorm(0.1, 0.9),
            ),
            LAYERS.Dense(3, kernel_initializer=keras.initializers.RandomNormal(0.0, 0.02, seed=3)),
            LAYERS.Dense(3, kernel_initializer="orthogonal", bias_initializer="ones"),
            LAYERS.Dense(3, kernel_initializer="lecun_normal", bias_constraint="non_neg"),
        ]
    )


def frozen():
    model = keras.Sequential([LAYERS.Dense(3, input_shape=(4,)), LAYERS.Dense(2)])
    model.layers[0].trainable = False
    return model


def hard_sigmoid():
    return keras.Sequential(
        [LAYERS.LSTM(3, recurrent_activation="hard_sigmoid", input_shape=(4, 2))]
    )


def mixed_precision():
    return keras.Sequential(
        [
            LAYERS.Dense(3, input_shape=(4,), dtype=keras.mixed_precision.Policy("mixed_bfloat16")),
            LAYERS.Dense(2, dtype="float32"),
        ]
    )


def slashes():
    x = keras.Input((4,), name="x")
    y = LAYERS.Dense(3, name="block/dense")(x)
    return keras.Model(x, LAYERS.Dense(2, name="block/out")(y))


def batch_shapes():
    return keras.Sequential(
        [LAYERS.LSTM(3, stateful=True, batch_input_shape=(2, 4, 3)), LAYERS.Dense(1)]
    )


def preprocessing():
    return keras.Sequential(
        [
            LAYERS.Resizing(6, 6, input_shape=(8, 8, 3)),
            LAYERS.Rescaling(1 / 255.0),
            LAYERS.RandomFlip("horizontal"),
            LAYERS.RandomRotation(0.1),
            LAYERS.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 1.0, 2.0]),
            LAYERS.CenterCrop(4, 4),
            LAYERS.Flatten(),
        ]
    )


def group_norms():
    x = keras.Input((4, 4, 6), name="x")
    y = LAYERS.GroupNormalization(3)(x)
    y = LAYERS.UnitNormalization()(y)
    y = LAYERS.Conv2D(6, 3, groups=2)(y)
    return keras.Model(x, LAYERS.GlobalMaxPooling2D(keepdims=True)(y))


def einsum():
    return keras.Sequential(
        [
            keras.Input((4, 6)),
            LAYERS.EinsumDense("abc,cd->abd", output_shape=(None, 3), bias_axes="d"),
        ]
    )


def mapping_inputs():
    a, b = keras.Input((3,), name="a"), keras.Input((4,), name="b")
    x = LAYERS.Concatenate()([LAYERS.Dense(2)(a), b])
    return keras.Model({"a": a, "b": b}, {"out": LAYERS.Dense(1, name="out")(x)})


def masked():
    x = keras.Input((5, 3), name="x")
    y = LAYERS.Masking(0.5)(x)
    y = LAYERS.LSTM(4, return_sequences=True)(y)
    y = LAYERS.TimeDistributed(LAYERS.Dense(3, activation="relu"))(y)
    return keras.Model(x, LAYERS.GlobalAveragePooling1D()(y))


def graph_arithmetic():
    x, other = keras.Input((4, 6), name="x"), keras.Input((4, 6), name="other")
    y = LAYERS.Dense(6)(x)
    y = tf.abs(2.0 - y / 3.0) ** 2.0 + tf.maximum(-y, tf.constant([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]))
    y = tf.sqrt(y) * tf.nn.leaky_relu(other, alpha=0.3) - tf.nn.relu6(other)
    y = tf.where(y > 0.25, y, tf.zeros_like(y)) + tf.cast(tf.equal(other, x), "float32")
    y = tf.stop_gradient(tf.tanh(y)) + tf.clip_by_value(x, -0.5, 0.5)
    y = tf.math.add_n([y, other])
    mean = tf.reduce_mean(y, axis=1, keepdims=True)
    spread = tf.reduce_sum(tf.square(y - mean), axis=[1, 2], keepdims=True)
    most = tf.reduce_max(y, axis=-1, keepdims=True) - tf.reduce_min(y, axis=-1, keepdims=True)
    return keras.Model([x, other], (y - mean) * tf.math.rsqrt(spread + 1.0) + most)


def graph_shapes():
    x = keras.Input((4, 6, 4), name="x")
    y = tf.transpose(x[:, 1:, ::2], [0, 2, 1, 3])
    y = tf.concat([y, tf.tile(y[:, :, :1], [1, 1, 3, 1])], axis=2)
    y = tf.reshape(y, [-1, 3, 6, 4])
    y = tf.nn.depth_to_space(y, 2)
    y = tf.pad(y, [[0, 0], [1, 1], [0, 0], [0, 0]])
    one, two = tf.split(y, 2, axis=2)
    y = tf.stack([one, two], axis=-1)
    y = tf.squeeze(tf.expand_dims(y, 1), axis=1)
    y = tf.reverse(tf.cumsum(y, axis=1), axis=[2])
    left, right = tf.unstack(y, axis=-1)
    y = tf.matmul(left[:, :, :, 0], tf.transpose(right[:, :, :, 0], [0, 2, 1]))
    picked = tf.gather(y, [2, 0], axis=1)
    y = tf.einsum("abc,adc->abd", picked, y)
    best = tf.cast(tf.argmax(y, axis=-1), "float32")[..., tf.newaxis]
    return keras.Model(x, tf.nn.softmax(y) + best)


# Written without eager execution, as tf.keras 2.0 to 2.3 did: each operation is a layer of its own.
OF_GRAPHS = (graph_arithmetic, graph_shapes)
MODELS = (
    lenet, residual, embedding_lstm, bidirectional, seq2seq, gru_states, attention, transformer,
    shared, nested, nested_output, time_distributed, conv_lstm, operators, tf_functions,
    tf_more_functions, rnn_cells,
    one_dimension, three_dimensions, merges, initializers, frozen, hard_sigmoid, mixed_precision,
    slashes, batch_shapes, preprocessing, group_norms, einsum, mapping_inputs, masked,
)  # fmt: skip
# These are kept as HDF5, weights and all; the others as JSON, to stay small.
WHOLE = ("lenet", "embedding_lstm", "nested", "shared", "bidirectional")
# Keras 2.12 and later could write these, too.
ARCHIVED = ("lenet", "bidirectional")


def sample(tensor, rng):
    shape = [
        2 if extent is None and i == 0 else extent or 5 for i, extent in enumerate(tensor.shape)
    ]
    if "int" in tensor.dtype.name or tensor.name.startswith("embedding"):
        return rng.integers(1, 6, shape).astype("int32")
    return rng.normal(size=shape).astype("float32")


def write(build):
    name = build.__name__
    keras.utils.set_random_seed(7)
    keras.backend.clear_session()
    model = build()
    rng = np.random.default_rng(7)
    # Moving statistics and gains other than those they begin with.
    weights = [
        rng.uniform(0.1, 0.9, w.shape).astype("float32") - 0.4 * (w.ndim > 1)
        for w in model.get_weights()
    ]
    model.set_weights(weights)
    inputs = [sample(tensor, rng) for tensor in model.inputs]
    given = inputs[0] if len(inputs) == 1 else inputs
    if isinstance(model.input, dict):
        given = dict(zip(model.input, inputs, strict=True))
    told = model.predict(given) if build in OF_GRAPHS else model(given, training=False)
    outputs = [np.asarray(o, dtype="float32") for o in tf.nest.flatten(told)]
    text = json.dumps(json.loads(model.to_json()), separators=(",", ":"))
    if name in WHOLE:
        model.save(HERE / f"keras2_{name}.h5", include_optimizer=False)
    else:
        (HERE / f"keras2_{name}.json").write_text(text + "\n", "utf-8")
    if name in ARCHIVED:
        model.save(HERE / f"keras2_{name}.keras")
    arrays = {f"weight{i:03}": w for i, w in enumerate(weights)}
    arrays |= {f"input{i:03}": x for i, x in enumerate(inputs)}
    arrays |= {f"output{i:03}": y for i, y in enumerate(outputs)}
    np.savez_compressed(HERE / f"keras2_{name}.npz", **arrays)


if __name__ == "__main__":
    asked = [b for b in (*MODELS, *OF_GRAPHS) if not sys.argv[1:] or b.__name__ in sys.argv[1:]]
    for build in asked:
        if build in MODELS:
            write(build)
    tf.compat.v1.disable_eager_execution()
    for build in asked:
        if build in OF_GRAPHS:
            write(build)
