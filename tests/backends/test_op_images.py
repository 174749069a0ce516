"""Functions of keras.ops.image: their shapes, their round trips, and what is refused."""

import io

import keras
import numpy as np
import pytest

import dlspec
from dlspec import SpecError
from dlspec.backends.saved.importing import import_saved_model
from dlspec.backends.saved.model_files import load_document
from dlspec.resolve.shapes import ShapeError, Tensor
from dlspec.resolve.shapes.ops import infer_op

IMAGES = keras.ops.image
CALLS = [
    ("resize", {"size": (4, 5)}),
    ("resize", {"size": (4, 5), "interpolation": "nearest", "antialias": True}),
    ("rgb_to_grayscale", {}),
    ("rgb_to_hsv", {}),
    ("hsv_to_rgb", {}),
    ("pad_images", {"top_padding": 1, "left_padding": 2, "bottom_padding": 3, "right_padding": 0}),
    ("pad_images", {"top_padding": 1, "target_height": 12, "left_padding": 0, "target_width": 9}),
    ("crop_images", {"top_cropping": 1, "bottom_cropping": 2, "target_width": 3,
                     "right_cropping": 1}),
    ("crop_images", {"target_height": 4, "top_cropping": 0, "target_width": 6,
                     "left_cropping": 0}),
    ("sobel_edges", {}),
    ("gaussian_blur", {}),
    ("gaussian_blur", {"kernel_size": (5, 3), "sigma": (2.0, 1.0)}),
]  # fmt: skip
UNSIZED = [
    ("extract_patches", {"size": (2, 3)}),
    ("extract_patches", {"size": (2, 2), "strides": 1, "padding": "same"}),
]


@pytest.mark.parametrize("shape", [(None, 8, 6, 3), (2, 8, 6, 3), (8, 6, 3)])
@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_a_shape_is_what_keras_computes(name, arguments, shape):
    images = keras.KerasTensor(shape, dtype="float32")
    if name == "sobel_edges" and len(shape) == 3:
        with pytest.raises(ShapeError, match="takes images of 4"):
            infer_op(f"image.{name}", (Tensor(shape, "float32"),), arguments)
        return
    seen = getattr(IMAGES, name)(images, **arguments)
    made = infer_op(f"image.{name}", (Tensor(shape, "float32"),), arguments)
    assert made == Tensor(tuple(seen.shape), seen.dtype)


@pytest.mark.parametrize(("name", "arguments"), CALLS[:8])
def test_channels_may_stand_first(name, arguments):
    given = {**arguments, "data_format": "channels_first"}
    seen = getattr(IMAGES, name)(keras.KerasTensor((None, 3, 8, 6)), **given)
    made = infer_op(f"image.{name}", (Tensor((None, 3, 8, 6), "float32"),), given)
    assert made == Tensor(tuple(seen.shape), "float32")


@pytest.mark.parametrize(
    ("name", "shape", "arguments"),
    [
        ("resize", (None, 8, 6), {"size": (4, 5)}),
        ("resize", (None, 8), {"size": (4, 5)}),
        ("rgb_to_grayscale", (None, 8, 6, 4), {}),
        ("rgb_to_hsv", (None, 8, 6, 1), {}),
        ("pad_images", (None, 8, 6, 3), {"top_padding": 1, "left_padding": 2}),
        ("pad_images", (None, 8, 6, 3), {"top_padding": 1, "target_height": 8, "left_padding": 2,
                                         "target_width": 9}),
        ("crop_images", (None, 8, 6, 3), {"top_cropping": 5, "target_height": 4,
                                          "left_cropping": 2, "target_width": 2}),
        ("crop_images", (None, 8, 6, 3), {"top_cropping": 5, "bottom_cropping": 4,
                                          "left_cropping": 2, "target_width": 2}),
    ],
)  # fmt: skip
def test_what_keras_refuses_is_refused(name, shape, arguments):
    def ours():
        return infer_op(f"image.{name}", (Tensor(shape, "float32"),), arguments)

    def keras_own():
        return getattr(IMAGES, name)(keras.KerasTensor(shape), **arguments)

    if len(shape) == 3:
        # One image without a batch to Keras as well.
        assert ours().shape == tuple(keras_own().shape)
        return
    with pytest.raises(ValueError, match=r"."):
        keras_own()
    with pytest.raises(ShapeError, match=r"takes|given|go with"):
        ours()


def test_whole_numbers_have_no_hue():
    with pytest.raises(ShapeError, match="takes floats, not int32"):
        infer_op("image.rgb_to_hsv", (Tensor((None, 4, 4, 3), "int32"),))


def test_the_extent_of_padded_images_may_be_open():
    margins = {"top_padding": 1, "bottom_padding": 1, "left_padding": 0, "target_width": 9}
    images = Tensor((None, None, None, 3), "float32")
    assert infer_op("image.pad_images", (images,), margins) == Tensor((None, None, 9, 3), "float32")


@pytest.mark.parametrize(("name", "arguments"), [*CALLS, *UNSIZED])
def test_a_function_of_images_comes_back(name, arguments):
    x = keras.Input((8, 6, 3), name="x")
    model = keras.Model(x, getattr(IMAGES, name)(x, **arguments))
    text = dlspec.decompile(model)
    assert f"- ops.image.{name}" in text
    rebuilt = dlspec.compile(dlspec.loads(text))
    pixels = np.random.default_rng(1).random((2, 8, 6, 3), "float32")
    assert np.array_equal(rebuilt(pixels), model(pixels))
    assert dlspec.decompile(rebuilt) == text


def test_images_are_resized_on_the_way_and_defaults_are_not_written():
    x = keras.Input((None, None, 3), name="x")
    y = IMAGES.gaussian_blur(IMAGES.resize(x, (16, 16)))
    model = keras.Model(x, keras.layers.Flatten()(y), name="net")
    assert dlspec.decompile(model).partition("model:\n")[2] == (
        "  inputs: {x: [null, null, 3]}\n"
        "  graph:\n"
        "    - ops.image.resize: [16, 16]\n"
        "    - ops.image.gaussian_blur\n"
        "    - Flatten\n"
    )


def test_channels_that_stand_first_by_setting_are_written():
    x = keras.Input((3, 8, 6), name="x")
    keras.config.set_image_data_format("channels_first")
    try:
        model = keras.Model(x, IMAGES.resize(x, (4, 5)))
    finally:
        keras.config.set_image_data_format("channels_last")
    text = dlspec.decompile(model)
    assert "- ops.image.resize: {size: [4, 5], data_format: channels_first}\n" in text
    assert dlspec.compile(dlspec.loads(text)).output.shape == (None, 3, 4, 5)


def test_volumes_and_two_tensors_come_back():
    x, y = keras.Input((8, 8, 8, 2), name="x"), keras.Input((8, 6, 3), name="y")
    patches = IMAGES.extract_patches_3d(x, (2, 2, 4))
    likeness = IMAGES.ssim(y, keras.ops.flip(y, 1), filter_size=3)
    text = dlspec.decompile(keras.Model([x, y], [patches, likeness]), flat=True)
    assert "ops.image.extract_patches_3d: {size: [2, 2, 4], strides: [2, 2, 4]}" in text
    assert "ops.image.ssim: {filter_size: 3}" in text
    rebuilt = dlspec.compile(dlspec.loads(text))
    assert [tuple(output.shape) for output in rebuilt.outputs] == [(None, 4, 4, 2, 32), (None,)]


def test_a_saved_model_with_such_functions_is_read(tmp_path):
    x = keras.Input((8, 6, 3), name="x")
    v = keras.Input((4, 4, 4, 1), name="v")
    outputs = [IMAGES.resize(x, (4, 4)), IMAGES.extract_patches_3d(v, (2, 2, 2))]
    model = keras.Model([x, v], outputs)
    file = tmp_path / "saved.keras"
    model.save(file)
    read = import_saved_model(load_document(str(file), io.BytesIO()), flat=True)
    assert read.text == dlspec.decompile(model, flat=True)


def test_an_unknown_function_of_images_has_a_suggestion():
    text = "dlspec: 1\nname: a\nmodel:\n  inputs: {x: [8, 8, 3]}\n  graph: [ops.image.resise]\n"
    with pytest.raises(SpecError) as caught:
        dlspec.loads(text)
    assert "image.resize" in str(caught.value)


def test_a_size_takes_two_numbers():
    text = (
        "dlspec: 1\nname: a\nmodel:\n  inputs: {x: [8, 8, 3]}\n  graph: [{ops.image.resize: 4}]\n"
    )
    with pytest.raises(SpecError) as caught:
        dlspec.loads(text)
    assert [found.code.value for found in caught.value.diagnostics] == ["DL203"]
