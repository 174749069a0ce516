"""Boxes come to shares as Keras's own conversion of bounding boxes brings them."""

import keras
import numpy as np
import pytest

from dlspec.language.features import BoxesFeature
from dlspec_pipelines.steps.preparation.box_rows import boxes_of_row


@pytest.mark.parametrize("form", ["xyxy", "xywh", "center_xywh"])
@pytest.mark.parametrize("size", [None, (480, 640)], ids=["shares", "pixels"])
def test_formats_are_what_keras_says(form, size):
    corners = np.sort(np.random.default_rng(0).uniform(size=(5, 2, 2)), axis=1).reshape(5, 4)
    height, width = size or (1, 1)
    xyxy = corners * np.array([width, height] * 2)
    convert = keras.utils.bounding_boxes.convert_format
    sizes = {"height": height, "width": width}
    given = np.asarray(convert(xyxy, source="xyxy", target=form, **sizes))
    expected = np.asarray(convert(xyxy, source="xyxy", target="rel_xywh", **sizes))
    feature = BoxesFeature("boxes", 5, 1, form, size=size)
    found = boxes_of_row(feature, [[*box, 0] for box in given.astype(float).tolist()])
    np.testing.assert_allclose(found[:, :4], expected, atol=1e-5)
