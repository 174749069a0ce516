"""`weights: imagenet`: the files that Keras publishes of its applications, where they lie here."""

import json

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

import dlspec
from dlspec.expand.zoo.published_weights import PUBLISHED
from dlspec_pipelines.steps.start import model_start_digests
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.start_weights import begin_models_with_weights

SPEC = """\
dlspec: 1
name: tuned
model:
  inputs: {{image: [{extent}, {extent}, 3]}}
  models:
    seen: {{zoo: {zoo}, with: {given}, {until}weights: imagenet}}
  graph:
    - use: seen
training: {{epochs: 1, terms: {{}}}}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Return Keras's cache, which is empty."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    folder = tmp_path / "keras/models"
    folder.mkdir(parents=True)
    return folder


def taken(zoo, given, until=None, *, extent=32):
    said = "" if until is None else f"until: {until}, "
    text = SPEC.format(zoo=zoo, given=given, until=said, extent=extent).partition("training")[0]
    return dlspec.loads(text)


def application(name, *, file, **arguments):
    """Write the file of an application with random weights, and return the application."""
    build = getattr(keras.applications, name)
    model = build(weights=None, input_shape=(32, 32, 3), **arguments)
    rng = np.random.default_rng(1)
    for layer in model.layers:
        layer.set_weights(
            [np.abs(rng.normal(0.5, 0.1, w.shape)).astype("float32") for w in layer.weights]
        )
    with h5py.File(file, "w") as handle:
        save_weights_to_hdf5_group(handle, model)
    return model


def test_a_whole_architecture_says_what_the_application_says(cache):
    theirs = application(
        "MobileNet", file=cache / "mobilenet_2_5_224_tf.h5", alpha=0.25, dropout=0.0
    )
    plan = taken("mobilenet", "{alpha: 0.25, shape: [32, 32, 3]}")
    model = dlspec.compile(plan)
    begun = begin_models_with_weights(model, plan)["seen"]
    image = np.random.default_rng(2).random((2, 32, 32, 3), dtype="float32")
    assert np.array_equal(model(image), theirs(image))
    assert (begun.source, begun.run, begun.by) == ("mobilenet_2_5_224_tf.h5", None, "position")
    assert begun.initialised == {}
    assert begun.parameters == theirs.count_params()
    assert model_start_digests(plan) == {"seen": begun.digest}


@pytest.mark.parametrize("ending", ["", "_no_top"])
@pytest.mark.parametrize(
    ("until", "layer"),
    [("stage4.next1.across_relu", "conv_pw_13_relu"), ("stage2.down.each_bn", "conv_dw_4_bn")],
)
def test_what_is_left_before_the_head_takes_the_weights_of_its_places(cache, ending, until, layer):
    theirs = application(
        "MobileNet",
        file=cache / f"mobilenet_2_5_224_tf{ending}.h5",
        alpha=0.25,
        include_top=not ending,
    )
    plan = taken("mobilenet", "{alpha: 0.25, shape: [32, 32, 3]}", until)
    model = dlspec.compile(plan)
    begin_models_with_weights(model, plan)
    image = np.random.default_rng(2).random((2, 32, 32, 3), dtype="float32")
    part = keras.Model(theirs.input, theirs.get_layer(layer).output)
    assert np.array_equal(model(image), part(image))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "until", "layer"),
    [
        ("ResNet50", "stage3.first.add", "conv4_block1_add"),
        ("VGG16", "stage5.pool", "block5_pool"),
        ("VGG19", "stage5.pool", "block5_pool"),
    ],
)
def test_branches_and_larger_networks_take_their_own(cache, name, until, layer):
    (known,) = (one for one in PUBLISHED if one.application == name)
    theirs = application(name, file=cache / known.files[1], include_top=False)
    depth = known.params["depth"]
    plan = taken(known.architecture, f"{{depth: {depth}, shape: [32, 32, 3]}}", until)
    model = dlspec.compile(plan)
    begin_models_with_weights(model, plan)
    image = np.random.default_rng(2).random((1, 32, 32, 3), dtype="float32")
    part = keras.Model(theirs.input, theirs.get_layer(layer).output)
    assert np.array_equal(model(image), part(image))


class AskedError(Exception):
    """Keras asks for a file that it does not find."""


@pytest.fixture
def asked(cache, monkeypatch):
    """Let Keras look for its files in the cache alone, and return those that it asked for."""
    names = []

    def get_file(fname, *_, **__):
        names.append(fname)
        if not (cache / fname).is_file():
            raise AskedError
        return str(cache / fname)

    monkeypatch.setattr(keras.src.utils.file_utils, "get_file", get_file)
    return names


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined:UserWarning")
@pytest.mark.parametrize(
    ("name", "alpha", "until", "end"),
    [
        ("MobileNetV2", 0.35, "last_relu", -1),
        ("MobileNetV2", 1.4, "last_relu", -1),
        ("MobileNetV3Large", 0.75, "last_active", -1),
        ("MobileNetV3Small", 1.0, "last_active", -1),
        ("DenseNet121", None, "relu", -1),
        ("Xception", None, "widest.relu_after", -1),
        ("EfficientNetB0", None, "last_silu", -1),
        # What is left of it without a head has a norm behind the last block.
        ("ConvNeXtTiny", None, "stage4.change3", -2),
    ],
)
def test_a_file_says_here_what_it_says_in_the_application(cache, asked, name, alpha, until, end):
    """Keras reads the file by itself, and gives the application what it is to be with it."""
    (known,) = (one for one in PUBLISHED if (one.application, one.alpha) == (name, alpha))
    shape = (71, 71, 3) if name == "Xception" else (40, 40, 3)
    arguments = {"include_top": False, "input_shape": shape}
    arguments |= {} if alpha is None else {"alpha": alpha}
    build, generator = getattr(keras.applications, name), np.random.default_rng(1)
    random = build(weights=None, **arguments)
    for layer in random.layers:
        # Scales, biases and moments begin as 0 and 1.
        layer.set_weights(
            [w + generator.uniform(0, 0.1, w.shape) * (w.ndim == 1) for w in layer.get_weights()]
        )
    with h5py.File(cache / known.files[1], "w") as handle:
        save_weights_to_hdf5_group(handle, random)
    theirs = build(weights="imagenet", **arguments)
    assert asked == [known.files[1]]
    given = json.dumps({**known.params, "shape": shape})
    plan = taken(known.architecture, given, until, extent=shape[0])
    model = dlspec.compile(plan)
    begun = begin_models_with_weights(model, plan)["seen"]
    assert begun.parameters == model.count_params()
    images = generator.uniform(0, 255, (1, *shape)).astype("float32")
    expected = np.array(keras.Model(theirs.input, theirs.operations[end].output)(images))
    assert expected.std() > 1e-3
    # A sum near 0 is rounded as what was added was: the largest number is the measure.
    bound = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(model(images), expected, rtol=1e-5, atol=bound)
    keras.backend.clear_session()


def test_a_head_of_other_classes_does_not_fit(cache):
    application("MobileNet", file=cache / "mobilenet_2_5_224_tf.h5", alpha=0.25)
    plan = taken("mobilenet", "{alpha: 0.25, classes: 7, shape: [32, 32, 3]}")
    with pytest.raises(StepError) as caught:
        begin_models_with_weights(dlspec.compile(plan), plan)
    assert caught.value.code == "DL615"
    assert "`logits` has shape" in caught.value.message


def test_a_file_that_is_not_there_is_named_with_the_way_to_get_it(cache):
    plan = taken("resnet", "{depth: 101, shape: [32, 32, 3]}", "stage4")
    with pytest.raises(StepError) as caught:
        begin_models_with_weights(dlspec.compile(plan), plan)
    assert caught.value.code == "DL615"
    name = "resnet101_weights_tf_dim_ordering_tf_kernels"
    assert f"neither `{name}.h5` nor `{name}_notop.h5` is in `{cache}`" in caught.value.message
    assert "keras.applications.ResNet101(include_top=False)" in caught.value.help


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined:UserWarning")
@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.files[0])
def test_the_files_are_those_that_keras_asks_for(one, asked):
    build = getattr(keras.applications, one.application)
    arguments = {} if one.alpha is None else {"alpha": one.alpha}
    for whole in (True, False):
        with keras.StatelessScope(), pytest.raises(AskedError):
            build(include_top=whole, **arguments)
    keras.backend.clear_session()
    assert tuple(asked) == one.files


def test_the_way_to_get_a_file_names_the_width(cache):
    plan = taken("mobilenet_v2", "{alpha: 0.35, shape: [32, 32, 3]}", "last_relu")
    with pytest.raises(StepError) as caught:
        begin_models_with_weights(dlspec.compile(plan), plan)
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224"
    assert f"neither `{name}.h5` nor `{name}_no_top.h5` is in `{cache}`" in caught.value.message
    assert "`keras.applications.MobileNetV2(alpha=0.35, include_top=False)`" in caught.value.help


@pytest.mark.parametrize("application", ["resnet", "vgg16"])
def test_the_entries_before_them_bring_pixels_into_the_form_they_were_trained_on(application):
    text = """\
dlspec: 1
name: brought
model:
  inputs: {image: [8, 8, 3]}
  graph:
    - {Rescaling: {scale: 1.0, offset: [-123.68, -116.779, -103.939]}}
    - {ops.flip: {axis: -1}}
"""
    image = np.random.default_rng(2).random((2, 8, 8, 3), dtype="float32") * 255
    theirs = getattr(keras.applications, application).preprocess_input(image.copy())
    assert np.allclose(dlspec.compile(dlspec.loads(text))(image), theirs, atol=1e-4)
