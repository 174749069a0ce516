"""Lifted specs that people read: the whole text of some models, as files in `rolled`."""

from pathlib import Path

import keras
import pytest
from test_rolling import assert_rolls

HERE = Path(__file__).parent / "rolled"
LAYERS = keras.layers


def vgg16():
    return keras.applications.VGG16(weights=None, input_shape=(32, 32, 3), classes=10)


def resnet50():
    return keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=10)


def mobilenet():
    return keras.applications.MobileNet(weights=None, input_shape=(32, 32, 3), classes=10)


def bilstm():
    words = keras.Input((50,), dtype="int32", name="words")
    x = LAYERS.Embedding(2000, 32)(words)
    x = LAYERS.Bidirectional(LAYERS.LSTM(16, return_sequences=True))(x)
    x = LAYERS.Bidirectional(LAYERS.LSTM(16))(x)
    outputs = LAYERS.Dense(1, activation="sigmoid", name="positive")(x)
    return keras.Model(words, outputs, name="bilstm")


def inception():
    def block(x, one, three, five):
        rows = [
            LAYERS.Conv2D(one, 1, activation="relu")(x),
            conv(conv(x, three // 2, 1), three, 3),
            conv(conv(x, five // 2, 1), five, 5),
            conv(LAYERS.MaxPooling2D(3, strides=1, padding="same")(x), one, 1),
        ]
        return LAYERS.Concatenate()(rows)

    def conv(x, filters, size):
        return LAYERS.Conv2D(filters, size, padding="same", activation="relu")(x)

    image = keras.Input((32, 32, 3), name="image")
    x = LAYERS.MaxPooling2D()(conv(image, 16, 3))
    for one, three, five in [(8, 16, 4), (16, 24, 6), (16, 32, 8)]:
        x = block(x, one, three, five)
    x = LAYERS.GlobalAveragePooling2D()(x)
    outputs = LAYERS.Dense(5, activation="softmax", name="kind")(x)
    return keras.Model(image, outputs, name="inception")


def seq2seq():
    source = keras.Input((None, 20), name="source")
    previous = keras.Input((None, 30), name="previous")
    _, h, c = LAYERS.LSTM(16, return_state=True, name="encoder")(source)
    x = LAYERS.LSTM(16, return_sequences=True)(previous, initial_state=[h, c])
    outputs = LAYERS.Dense(30, activation="softmax", name="next")(x)
    return keras.Model([source, previous], outputs, name="seq2seq")


def unet():
    def twice(x, filters):
        for _ in range(2):
            x = LAYERS.Conv2D(filters, 3, padding="same", activation="relu")(x)
        return x

    image = keras.Input((32, 32, 1), name="image")
    x, skips = image, []
    for filters in (8, 16, 32):
        x = twice(x, filters)
        skips.append(x)
        x = LAYERS.MaxPooling2D()(x)
    x = twice(x, 64)
    for filters, skip in zip((32, 16, 8), reversed(skips), strict=True):
        x = LAYERS.Conv2DTranspose(filters, 2, strides=2)(x)
        x = twice(LAYERS.Concatenate()([skip, x]), filters)
    outputs = LAYERS.Conv2D(2, 1, activation="softmax", name="mask")(x)
    return keras.Model(image, outputs, name="unet")


def transformer():
    x = inputs = keras.Input((30, 64), name="x")
    for _ in range(4):
        seen = LAYERS.MultiHeadAttention(4, 16)(x, x)
        x = LAYERS.LayerNormalization()(LAYERS.Add()([x, LAYERS.Dropout(0.1)(seen)]))
        wide = LAYERS.Dense(64)(LAYERS.Dense(128, activation="relu")(x))
        x = LAYERS.LayerNormalization()(LAYERS.Add()([x, LAYERS.Dropout(0.1)(wide)]))
    outputs = LAYERS.Dense(2, name="kind")(LAYERS.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, outputs, name="transformer")


MODELS = (vgg16, resnet50, mobilenet, bilstm, inception, seq2seq, unet, transformer)


@pytest.mark.parametrize("build", MODELS, ids=lambda build: build.__name__)
def test_a_known_network_reads_as_a_person_writes_it(build):
    keras.backend.clear_session()
    text = assert_rolls(build())
    assert text == (HERE / f"{build.__name__}.yaml").read_text("utf-8")


def test_every_text_belongs_to_a_model():
    assert {path.stem for path in HERE.glob("*.yaml")} == {build.__name__ for build in MODELS}
