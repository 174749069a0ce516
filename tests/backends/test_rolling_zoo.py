"""A model that a packaged architecture gives exactly becomes the reference to it, no other does."""

import keras
import pytest

import dlspec
from dlspec.expand import zoo
from dlspec.syntax.flow_text import flow_text

PARAMS = {
    "alexnet": [{"shape": [32, 32, 3], "stem": "cifar", "hidden": 64}],
    "autoencoder": [{"encoder": [50, 20], "code": 4, "decoder": [20, 50]}],
    "cnn_rnn": [{"shape": [32, 32, 1], "filters": [4, 5, 6]}],
    "inception": [{"shape": [64, 64, 3], "classes": 3}],
    "lstm": [{"units": 12, "depth": 3, "dropout": 0.1}],
    "mlp": [
        {"shape": [3, 5], "classes": 4, "hidden": [8, 9, 10], "dropout": 0.3},
        {"classes": 1, "hidden": [5], "head": "sigmoid"},
    ],
    "mobilenet": [
        {"shape": [64, 64, 3], "classes": 3, "alpha": 0.25},
        {"shape": [64, 64, 3], "classes": 3, "alpha": 0.35},
    ],
    "resnet": [
        {"shape": [64, 64, 3], "classes": 7},
        {"shape": [32, 32, 3], "depth": 18, "stem": "cifar"},
    ],
    "resnet_cifar": [{"depth": 32}, {"shortcut": "project"}],
    "seq2seq": [{"vocabulary": 30, "units": 8, "cell": "gru", "attention": "bahdanau"}],
    "siamese": [{"units": 64}],
    "transformer_encoder": [{"vocabulary": 77, "length": 11, "heads": 2, "depth": 3}],
    "unet": [{"shape": [32, 32, 1], "filters": 4}],
    "vgg": [{"shape": [32, 32, 3], "classes": 4, "depth": 11, "hidden": 32, "dropout": 0.0}],
}
# What a saved model does not hold: entries that lead to terms alone, and weights by themselves, of
# which Keras has no layer.
PARTS_ONLY = ("dcgan", "speech_to_text", "text_to_mel", "vae", "vit")
SLOW = (
    *("alexnet", "conv_lstm", "convmixer", "convnext", "crnn", "deeplab_v3_plus", "densenet"),
    *("efficientnet", "fcn", "fpn", "inception", "mobilenet", "mobilenet_v2", "mobilenet_v3"),
    *("resnet", "resnet_cifar", "segnet", "unet", "unet_plus_plus", "xception"),
)
CASES = [
    pytest.param(name, given, marks=pytest.mark.slow if name in SLOW else ())
    for name in zoo.architecture_names()
    if name not in PARTS_ONLY
    for given in PARAMS.get(name, [{}])
]


def reference(name: str, given: dict) -> str:
    model = {"zoo": name, "with": given} if given else {"zoo": name}
    return f"dlspec: 1\nname: again\nmodel: {flow_text(model, indent=7, width=100)}\n"


@pytest.mark.parametrize(("name", "given"), CASES, ids=lambda value: str(value)[:30])
def test_a_packaged_architecture_is_recognised_with_its_params(name, given):
    keras.backend.clear_session()
    text = reference(name, given)
    model = dlspec.compile(dlspec.loads(text))
    assert dlspec.decompile(model) == text


@pytest.mark.parametrize("name", PARTS_ONLY)
def test_an_architecture_of_which_keras_holds_a_part_comes_back_as_its_layers(name):
    keras.backend.clear_session()
    model = dlspec.compile(dlspec.loads(reference(name, {})))
    text = dlspec.decompile(model)
    assert "zoo:" not in text
    again = dlspec.compile(dlspec.loads(text))
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


def test_one_other_argument_makes_it_another_network():
    text = zoo.text_of("lenet5").replace("AveragePooling2D: 2", "AveragePooling2D: 3", 1)
    model = dlspec.compile(dlspec.loads(text))
    assert "zoo:" not in dlspec.decompile(model)


def test_an_output_with_a_name_of_its_own_keeps_it():
    x = keras.Input((4,), name="x")
    inner = keras.layers.Dense(64, activation="relu")(keras.layers.Dense(64, activation="relu")(x))
    head = keras.layers.Dense(3, activation="softmax", name="species")(inner)
    text = dlspec.decompile(keras.Model(x, head, name="iris"))
    assert "zoo:" not in text
    assert "name: species" in text


def test_recognition_can_be_turned_off():
    model = dlspec.compile(dlspec.loads(reference("mlp", {})))
    assert "zoo:" not in dlspec.decompile(model, recognise=False)
    assert "zoo:" not in dlspec.decompile(model, flat=True)
