"""Packaged architectures, small, built by Keras: the parameters it counts are ours."""

from pathlib import Path

import keras
import numpy as np
import pytest

import dlspec
from dlspec import zoo
from dlspec.render.costs import graph_cost

FOLDER = Path(zoo.__file__).parent
SMALL = [
    ("alexnet", {"shape": [32, 32, 3], "stem": "cifar", "hidden": 16, "classes": 4}),
    ("autoencoder", {}),
    ("bilstm", {"shape": [6, 3], "units": 4, "depth": 2}),
    ("cnn_rnn", {"shape": [8, 8, 1], "filters": [4, 4], "units": 3}),
    ("gru", {"shape": [6, 3], "units": 4, "depth": 3}),
    ("lenet5", {}),
    ("lstm", {"shape": [6, 3], "units": 4}),
    ("mlp", {"shape": [4, 4, 1], "dropout": 0.2}),
    ("resnet", {"shape": [32, 32, 3], "stem": "cifar", "depth": 18, "classes": 10}),
    ("resnet", {"shape": [64, 64, 3], "repeats": [1, 1, 1, 1], "classes": 10}),
    ("siamese", {"units": 8}),
    ("simple_rnn", {"shape": [6, 3], "units": 4}),
    ("text_cnn", {"vocabulary": 30, "length": 12, "dim": 4, "filters": 3}),
    ("transformer_encoder", {"vocabulary": 30, "length": 12, "dim": 8, "heads": 2}),
    ("unet", {"shape": [32, 32, 1], "filters": 2}),
    ("vgg", {"shape": [32, 32, 3], "depth": 11, "hidden": 8, "classes": 10}),
]


@pytest.mark.parametrize(("name", "params"), SMALL, ids=[name for name, _ in SMALL])
def test_keras_counts_the_same_parameters(name, params):
    plan = dlspec.load(FOLDER / f"{name}.yaml", params=params)
    model = dlspec.compile(plan)
    assert model.count_params() == graph_cost(plan.graph).parameters
    samples = [np.ones((2, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]
    packed = samples[0] if len(samples) == 1 else samples
    assert np.isfinite(np.asarray(model(packed, training=False))).all()
    keras.backend.clear_session()


def test_every_architecture_is_built():
    assert {name for name, _ in SMALL} == set(zoo.architectures())


def test_a_resnet50_is_the_one_of_keras_applications():
    model = dlspec.compile(dlspec.load(FOLDER / "resnet.yaml", params={"shape": [32, 32, 3]}))
    theirs = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3))
    ours, expected = ([tuple(w.shape) for w in m.weights] for m in (model, theirs))
    assert sorted(ours) == sorted(expected)
