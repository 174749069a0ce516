"""Packaged architectures built by Keras: published counts, one step of training, Keras's own."""

import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

import dlspec
from benchmarks.zoo import PUBLISHED, Published
from dlspec.expand import zoo
from dlspec.resolve.costs import graph_cost

FOLDER = Path(zoo.__file__).parent
TOKENS = {"vocabulary": 30, "length": 12}
WORDS = {"source_vocabulary": 15, "vocabulary": 13, "source_length": 6, "length": 5, "dim": 4}
SPEECH = {"shape": [7, 5], "vocabulary": 12, "length": 4, "dim": 4, "heads": 2}
IMAGE = {"shape": [32, 32, 3], "classes": 4}
SMALL_IMAGE = {"shape": [16, 20, 1], "classes": 3, "rescale": False}
SMALL = [
    ("alexnet", {**IMAGE, "stem": "cifar", "hidden": 16}),
    ("alexnet", {"shape": [70, 70, 3], "hidden": 16, "classes": 4, "dropout": 0.0}),
    ("autoencoder", {}),
    ("autoencoder", {"shape": [8, 8, 2], "encoder": [9, 7], "decoder": [7], "code": 3}),
    ("bilstm", {"shape": [6, 3], "units": 4, "depth": 2}),
    ("bilstm", {"shape": [None, 3], "units": 4, "dropout": 0.5}),
    ("bilstm_attention", {**TOKENS, "dim": 4, "units": 3}),
    ("bilstm_attention", {**TOKENS, "dim": 4, "units": 3, "classes": 1, "head": "sigmoid"}),
    ("cbow", {"vocabulary": 30, "dim": 4}),
    ("cbow", {"vocabulary": 30, "dim": 4, "window": 1, "negatives": 2}),
    ("char_lm", {"vocabulary": 13, "length": 6, "dim": 3, "units": 4}),
    ("char_lm", {"vocabulary": 11, "length": 5, "dim": 3, "units": 4, "depth": 1, "dropout": 0.2}),
    ("cnn_rnn", {"shape": [8, 8, 1], "filters": [4, 4], "units": 3}),
    ("cnn_rnn", {"shape": [8, 12, 3], "filters": [4], "units": 3, "dropout": 0.5}),
    ("conv_lstm", {"shape": [3, 8, 8, 1], "filters": [3, 2], "kernels": [3, 1]}),
    ("conv_lstm", {"shape": [2, 8, 6, 3], "filters": [2], "kernels": [5], "head": "linear"}),
    ("convmixer", {"shape": [8, 8, 3], "dim": 6, "depth": 2, "window": 3, "patch": 2}),
    ("convmixer", {"shape": [14, 7, 1], "dim": 4, "depth": 1, "classes": 3}),
    ("convnext", {**IMAGE, "widths": [4, 6, 8, 10], "repeats": [1, 1, 2, 1]}),
    ("convnext", {**SMALL_IMAGE, "widths": [4, 4, 4, 4], "repeats": [1, 1, 1, 1], "patch": 1}),
    ("crnn", {"shape": [32, 24, 1], "units": 8}),
    ("crnn", {"shape": [32, 40, 3], "units": 8, "characters": 11}),
    ("dcgan", {"shape": [16, 16, 3], "filters": 4, "depth": 2, "code": 5}),
    ("dcgan", {"shape": [8, 8, 1], "filters": 3, "depth": 1, "head": "sigmoid"}),
    ("deeplab_v3_plus", {**IMAGE, "filters": 2, "width": 16, "repeats": [2, 2, 2]}),
    ("deeplab_v3_plus", {"shape": [32, 48, 1], "filters": 2, "width": 16, "head": "sigmoid"}),
    ("densenet", {**IMAGE, "growth": 4, "repeats": [2, 2, 2, 2]}),
    ("densenet", {"shape": [8, 8, 1], "growth": 3, "repeats": [1, 2, 1, 1], "stem": "cifar"}),
    ("efficientnet", {**IMAGE, "width": 0.25}),
    ("efficientnet", {**SMALL_IMAGE, "width": 0.25, "depth": 0.5, "dropout": 0.0}),
    ("fcn", {**IMAGE, "filters": 2, "hidden": 5}),
    ("fcn", {"shape": [64, 32, 1], "filters": 2, "hidden": 5, "dropout": 0.0}),
    ("fpn", {**IMAGE, "filters": 2, "width": 4, "head_width": 4, "repeats": [1, 1, 1, 2]}),
    ("fpn", {"shape": [64, 32, 1], "filters": 2, "width": 4, "head_width": 6, "classes": 3}),
    ("gru", {"shape": [6, 3], "units": 4, "depth": 3}),
    ("gru", {"shape": [6, 3], "units": 4, "classes": 2, "dropout": 0.1}),
    ("inception", {**IMAGE, "batch_norm": True}),
    ("inception", {**IMAGE, "window": 3, "dropout": 0.0}),
    ("lenet5", {}),
    ("lenet5", {"shape": [8, 8, 3], "padding": "same", "activation": "relu"}),
    ("lstm", {"shape": [6, 3], "units": 4}),
    ("lstm", {"shape": [6, 3], "units": 4, "depth": 2, "dropout": 0.5}),
    ("lstm_autoencoder", {"shape": [6, 3], "units": 5, "code": 2}),
    ("lstm_autoencoder", {"shape": [4, 1], "units": 3, "code": 2, "dropout": 0.3}),
    ("mlp", {"shape": [4, 4, 1], "dropout": 0.2}),
    ("mlp", {"shape": [5], "hidden": [], "head": "linear"}),
    ("mlp_mixer", {"shape": [8, 8, 3], "dim": 6, "depth": 2, "patch": 2, "classes": 4}),
    ("mlp_mixer", {"shape": [8, 4, 1], "dim": 4, "depth": 1, "patch": 4, "patch_hidden": 5}),
    ("mobilenet_v2", {**IMAGE, "alpha": 0.35}),
    ("mobilenet_v2", {"shape": [33, 47, 1], "alpha": 0.5}),
    ("mobilenet_v3", {**IMAGE, "size": "small", "alpha": 0.5}),
    ("mobilenet_v3", {**SMALL_IMAGE, "size": "large", "alpha": 0.35, "dropout": 0.0}),
    ("nbeats", {"shape": [12, 1], "units": 6, "depth": 3}),
    ("nbeats", {"shape": [5, 2], "units": 6, "depth": 5, "layers": 2, "horizon": 3}),
    ("mobilenet", {**IMAGE, "alpha": 0.25}),
    ("mobilenet", {"shape": [48, 40, 1], "alpha": 0.3, "classes": 7, "dropout": 0.5}),
    ("pointnet", {"shape": [6, 3], "features": 4, "classes": 3}),
    ("pointnet", {"shape": [5, 2], "features": 3, "dropout": 0.0}),
    ("resnet", {"shape": [16, 16, 3], "stem": "cifar", "depth": 18}),
    ("resnet", {**IMAGE, "repeats": [1, 1, 1, 1]}),
    ("resnet_cifar", {"shape": [8, 8, 3], "classes": 3}),
    ("resnet_cifar", {"shape": [8, 8, 1], "shortcut": "project", "bias": True}),
    ("segnet", {**IMAGE, "filters": 2}),
    ("segnet", {"shape": [32, 64, 1], "filters": 2, "classes": 3}),
    ("seq2seq", {**WORDS, "units": 4, "cell": "lstm", "attention": "none"}),
    ("seq2seq", {**WORDS, "units": 4, "cell": "lstm", "attention": "luong"}),
    ("seq2seq", {**WORDS, "units": 6, "cell": "lstm", "attention": "bahdanau"}),
    ("seq2seq", {**WORDS, "units": 4, "cell": "gru", "attention": "none"}),
    ("seq2seq", {**WORDS, "units": 6, "cell": "gru", "attention": "luong"}),
    ("seq2seq", {**WORDS, "units": 4, "cell": "gru", "attention": "bahdanau"}),
    ("siamese", {"units": 8, "shape": [64, 64, 1], "filters": [4, 4, 4], "last": [4, 2]}),
    ("siamese", {"units": 8, "shape": [32, 32, 3], "filters": [4], "kernels": [3], "last": [4, 3]}),
    ("simple_rnn", {"shape": [6, 3], "units": 4}),
    ("simple_rnn", {"shape": [6, 3], "units": 4, "depth": 2, "classes": 2}),
    ("skip_gram", {"vocabulary": 30, "dim": 4}),
    ("skip_gram", {"vocabulary": 9, "dim": 1}),
    ("speech_to_text", {**SPEECH, "encoders": 1, "decoders": 2, "hidden": 9}),
    ("speech_to_text", {**SPEECH, "encoders": 2, "decoders": 1, "hidden": 5, "dropout": 0.0}),
    ("stacked_lstm", {"shape": [7, 3], "units": [5, 4], "dropout": 0.0}),
    ("stacked_lstm", {"shape": [6, 3], "units": [4], "classes": 3, "head": "softmax"}),
    ("tcn", {"shape": [9, 2], "filters": 3, "levels": 2}),
    ("tcn", {"shape": [9, 3], "filters": 3, "levels": 3, "dropout": 0.2, "head": "linear"}),
    ("text_cnn", {**TOKENS, "dim": 4, "filters": 3}),
    ("text_cnn", {**TOKENS, "dim": 4, "filters": 3, "widths": [1, 2, 3], "classes": 5}),
    ("text_to_mel", {**SPEECH, "encoders": 1, "decoders": 2}),
    ("text_to_mel", {**SPEECH, "encoders": 2, "decoders": 1, "window": 3, "dropout": 0.0}),
    ("transformer_encoder", {**TOKENS, "dim": 8, "heads": 2}),
    ("transformer_encoder", {**TOKENS, "dim": 8, "heads": 4, "depth": 1, "classes": 3}),
    ("two_tower", {"vocabulary": 30, "length": 4, "candidates": 9, "dim": 3, "units": [5, 4]}),
    ("two_tower", {"candidates": 30, "candidate_length": 3, "dim": 3, "units": [4]}),
    ("unet", {"shape": [32, 32, 1], "filters": 2}),
    ("unet", {"shape": [32, 16, 3], "filters": 2, "classes": 1, "head": "sigmoid"}),
    ("unet_plus_plus", {"shape": [16, 32, 1], "filters": 2}),
    ("unet_plus_plus", {**IMAGE, "filters": 2, "classes": 1, "head": "sigmoid"}),
    ("vae", {"shape": [8, 12, 1], "filters": 3, "hidden": 5}),
    ("vae", {"shape": [8, 8, 3], "filters": 2, "code": 4, "head": "linear"}),
    ("vgg", {**IMAGE, "depth": 11, "hidden": 8}),
    ("vgg", {"shape": [28, 28, 1], "depth": 13, "hidden": 8, "classes": 4, "padding": "same"}),
    ("video_cnn_rnn", {"shape": [3, 8, 8, 1], "classes": 4, "filters": [4, 4], "units": 5}),
    ("video_cnn_rnn", {"shape": [2, 9, 7, 3], "classes": 2, "filters": [3], "units": 5}),
    ("vit", {"shape": [8, 8, 3], "patch": 4, "dim": 8, "heads": 2, "depth": 2, "classes": 4}),
    ("vit", {"shape": [8, 4, 1], "patch": 2, "dim": 8, "heads": 1, "depth": 1, "dropout": 0.3}),
    ("wavenet", {"length": 9, "levels": 11, "channels": 3, "layers": 3, "skip_channels": 4}),
    ("wavenet", {"length": 6, "levels": 13, "channels": 2, "layers": 2, "stacks": 1}),
    ("xception", {**IMAGE, "width": 91, "middle": 1}),
    ("xception", {"shape": [40, 36, 1], "width": 91, "middle": 0, "classes": 3}),
]
APPLICATIONS = [
    pytest.param("vgg", {"depth": 16, "dropout": 0.0}, "VGG16", {}, marks=pytest.mark.slow),
    pytest.param("vgg", {"depth": 19, "dropout": 0.0}, "VGG19", {}, marks=pytest.mark.slow),
    ("resnet", {"depth": 50}, "ResNet50", {}),
    pytest.param("resnet", {"depth": 101}, "ResNet101", {}, marks=pytest.mark.slow),
    pytest.param("resnet", {"depth": 152}, "ResNet152", {}, marks=pytest.mark.slow),
    ("mobilenet", {}, "MobileNet", {}),
    ("mobilenet", {"alpha": 0.25, "dropout": 0.1}, "MobileNet", {"alpha": 0.25, "dropout": 0.1}),
]


# The networks of keras.applications as they are given, with the images of the comparison.
SAME_NUMBERS = [
    ("mobilenet_v2", {}, "MobileNetV2", {}, 32),
    ("mobilenet_v2", {"alpha": 1.4}, "MobileNetV2", {"alpha": 1.4}, 33),
    ("mobilenet_v2", {"alpha": 0.35}, "MobileNetV2", {"alpha": 0.35}, 47),
    ("mobilenet_v3", {"size": "large"}, "MobileNetV3Large", {}, 47),
    ("mobilenet_v3", {"size": "large", "alpha": 0.75}, "MobileNetV3Large", {"alpha": 0.75}, 32),
    ("mobilenet_v3", {"size": "small"}, "MobileNetV3Small", {}, 47),
    ("mobilenet_v3", {"size": "small", "alpha": 0.5}, "MobileNetV3Small", {"alpha": 0.5}, 32),
    *(("efficientnet", {"variant": i}, f"EfficientNetB{i}", {}, 33 + i) for i in range(8)),
    *(("densenet", {"depth": i}, f"DenseNet{i}", {}, 32) for i in (121, 169, 201)),
    ("xception", {}, "Xception", {}, 71),
    ("convnext", {"size": "tiny"}, "ConvNeXtTiny", {}, 32),
    ("convnext", {"size": "small"}, "ConvNeXtSmall", {}, 32),
]
# Gigabytes of weights: their parameters are counted.
SAME_COUNTS = [
    ("convnext", {"size": "base"}, "ConvNeXtBase", {}),
    ("convnext", {"size": "large"}, "ConvNeXtLarge", {}),
    ("convnext", {"size": "xlarge"}, "ConvNeXtXLarge", {}),
    *(case[:-1] for case in SAME_NUMBERS),
]
# One of each kind; Keras takes a second and more to build each of the others.
QUICK = ("lenet5", "lstm", "mlp", "resnet", "seq2seq", "text_cnn", "transformer_encoder", "unet")


def packaged(name, params):
    return dlspec.load(FOLDER / f"{name}.yaml", params=params)


def without_memory(build):
    """Build a model whose weights have shapes and no values: VGG would take half a gigabyte."""
    with keras.StatelessScope():
        model = build()
        keras.backend.clear_session()  # the end of the scope would fill in what is still wanted
    return model


@pytest.mark.parametrize(
    "published",
    [
        pytest.param(
            one,
            id="-".join(map(str, (one.name, *one.params.values()))),
            marks=[] if one.name in QUICK else [pytest.mark.slow],
        )
        for one in PUBLISHED
    ],
)
def test_keras_counts_as_many_parameters_as_published(published: Published):
    plan = packaged(published.name, dict(published.params))
    model = without_memory(lambda: dlspec.compile(plan))
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    cost = graph_cost(plan.graph)
    assert (model.count_params(), trainable) == (cost.parameters, cost.trainable)
    assert published.agrees(trainable if published.counts == "trainable" else model.count_params())


def loss_and_targets(name, params, output, generator):
    """Return what an architecture is trained with, and random targets of that form."""
    shape = (2, *output.shape[1:])
    match name:
        case "char_lm" | "seq2seq" | "speech_to_text" | "wavenet":
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            return loss, generator.integers(1, shape[-1], shape[:-1])
        case "crnn":
            return keras.losses.CTC(), generator.integers(1, shape[-1], (2, 4))
        case "skip_gram" | "cbow":
            loss = keras.losses.BinaryCrossentropy(from_logits=True)
            return loss, generator.integers(0, 2, shape).astype("float32")
        case "autoencoder" | "conv_lstm" | "lstm_autoencoder" | "nbeats" | "text_to_mel":
            return "mean_squared_error", generator.random(shape, "float32")
    if params.get("head") == "linear":
        return "mean_squared_error", generator.random(shape, "float32")
    if shape[-1] == 1:
        return "binary_crossentropy", generator.integers(0, 2, shape).astype("float32")
    return "sparse_categorical_crossentropy", generator.integers(0, shape[-1], shape[:-1])


def samples_for(plan, generator):
    for declared in plan.graph.inputs:
        shape = (2, *(extent or 6 for extent in declared.shape[1:]))
        if declared.dtype == "int32":
            yield generator.integers(1, 9, shape).astype("int32")
        else:
            yield generator.random(shape, "float32")


@pytest.mark.parametrize(
    ("name", "params"),
    [
        pytest.param(*one, id=one[0], marks=[] if one[0] in QUICK else [pytest.mark.slow])
        for one in SMALL
    ],
)
def test_a_small_one_is_counted_and_learns_from_one_step(name, params):
    generator = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    plan = packaged(name, params)
    model = dlspec.compile(plan)
    assert model.count_params() == graph_cost(plan.graph).parameters
    if len(model.outputs) == 1:
        loss, targets = loss_and_targets(name, params, model.outputs[0], generator)
    else:
        loss = ["mean_squared_error"] * len(model.outputs)
        targets = [generator.random((2, *one.shape[1:]), "float32") for one in model.outputs]
    samples = list(samples_for(plan, generator))
    before = [ops.convert_to_numpy(weight) for weight in model.trainable_weights]
    model.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=True)
    figure = model.train_on_batch(samples[0] if len(samples) == 1 else samples, targets)
    assert np.isfinite(figure).all()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    after = [ops.convert_to_numpy(weight) for weight in model.trainable_weights]
    assert any((old != new).any() for old, new in zip(before, after, strict=True))
    keras.backend.clear_session()


def test_every_architecture_is_built_with_several_params():
    built = [name for name, _ in SMALL]
    assert set(built) == set(zoo.architecture_names())
    assert [name for name in zoo.architecture_names() if built.count(name) < 2] == []


@pytest.mark.parametrize(("name", "params", "application", "arguments"), APPLICATIONS)
def test_it_is_the_model_of_keras_applications_layer_by_layer(name, params, application, arguments):
    build = getattr(keras.applications, application)
    plan = packaged(name, {"shape": [32, 32, 3], "classes": 7, **params})
    size = {"weights": None, "input_shape": (32, 32, 3), "classes": 7}
    theirs = without_memory(lambda: build(**size, **arguments))
    ours = without_memory(lambda: dlspec.compile(plan))
    assert layers_of(ours) == layers_of(theirs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "params", "application", "arguments"),
    SAME_COUNTS,
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_it_has_as_many_parameters_as_the_model_of_keras_applications(
    name, params, application, arguments
):
    build = getattr(keras.applications, application)
    theirs = without_memory(lambda: build(weights=None, **arguments))
    assert graph_cost(packaged(name, params).graph).parameters == theirs.count_params()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "params", "application", "arguments", "extent"),
    SAME_NUMBERS,
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_it_says_what_the_model_of_keras_applications_says(
    name, params, application, arguments, extent
):
    build = getattr(keras.applications, application)
    shape = (extent, extent, 3)
    ours = dlspec.compile(packaged(name, {**params, "shape": list(shape), "classes": 7}))
    theirs = build(weights=None, input_shape=shape, classes=7, **arguments)
    generator = np.random.default_rng(0)
    values = [moved_from_start(weight, generator) for weight in theirs.get_weights()]
    theirs.set_weights(values)
    # A convolution in as many groups as channels has the kernel of a depthwise one, and its order.
    pairs = zip(values, ours.weights, strict=True)
    ours.set_weights([value.reshape(weight.shape) for value, weight in pairs])
    images = generator.uniform(0, 255, (2, *shape)).astype("float32")
    expected, found = (ops.convert_to_numpy(model(images)) for model in (theirs, ours))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    keras.backend.clear_session()


def moved_from_start(weight, generator):
    """Return a weight that is no constant: biases, scales and moments begin as 0 and 1."""
    moved = generator.uniform(0, 0.1, weight.shape) if weight.ndim == 1 else 0
    return (weight + moved).astype(weight.dtype)


def layers_of(model):
    """Return class, arguments and inputs of each layer, with a number for its name.

    Keras orders the layers of a model by the graph alone, so equal models have equal rows.
    """
    layers = model.get_config()["layers"]
    numbers = {layer["name"]: number for number, layer in enumerate(layers)}
    return [
        (layer["class_name"], arguments_of(layer), numbered(layer["inbound_nodes"], numbers))
        for layer in layers
    ]


def arguments_of(layer):
    return {name: value for name, value in layer["config"].items() if name != "name"}


def numbered(nodes, numbers):
    def number(found):
        return f'"keras_history": [{numbers[found[1]]}, '

    return re.sub(r'"keras_history": \["([^"]+)", ', number, json.dumps(nodes))


def test_seq2seq_says_nothing_of_later_words():
    # Position t may use `previous` up to t only, else teacher forcing teaches nothing.
    generator = np.random.default_rng(1)
    source = generator.integers(1, 13, (3, 6)).astype("int32")
    previous = generator.integers(1, 13, (3, 5)).astype("int32")
    later = previous.copy()
    later[:, 3:] = 0
    for cell in ("lstm", "gru"):
        for attention in ("none", "luong", "bahdanau"):
            params = {**WORDS, "units": 4, "cell": cell, "attention": attention}
            model = dlspec.compile(packaged("seq2seq", params))
            one, other = (
                ops.convert_to_numpy(model([source, words])) for words in (previous, later)
            )
            assert one.shape == (3, 5, 13)
            np.testing.assert_allclose(one[:, :3], other[:, :3], rtol=0, atol=1e-6)


@pytest.mark.parametrize("attention", ["luong", "bahdanau"])
def test_attention_does_not_look_at_padding(attention):
    generator = np.random.default_rng(2)
    previous = generator.integers(1, 13, (2, 5)).astype("int32")
    ids = generator.integers(1, 13, (2, 4)).astype("int32")
    short = packaged("seq2seq", {**WORDS, "source_length": 4, "units": 4, "attention": attention})
    padded = packaged("seq2seq", {**WORDS, "source_length": 6, "units": 4, "attention": attention})
    of_four, of_six = dlspec.compile(short), dlspec.compile(padded)
    of_six.set_weights(of_four.get_weights())
    expected = ops.convert_to_numpy(of_four([ids, previous]))
    found = ops.convert_to_numpy(of_six([np.pad(ids, ((0, 0), (0, 2))), previous]))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
