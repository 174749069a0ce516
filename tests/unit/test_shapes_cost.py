"""Multiply-adds and FLOPs against published counts and by hand."""

import pytest

from dlspec.language.catalogue import Object
from dlspec.resolve.shapes import Tensor, infer_layer

IMAGE = Tensor((None, 224, 224, 3))


class Tape:
    """Applies layers one after the other and adds up their MACs."""

    def __init__(self, x=IMAGE):
        self.x, self.macs = x, 0

    def add(self, class_name, x=None, **arguments):
        inferred = infer_layer(Object("layer", class_name, arguments), self.x if x is None else x)
        self.macs += inferred.macs
        return inferred.out

    def then(self, class_name, **arguments):
        self.x = self.add(class_name, **arguments)


def resnet18():
    tape = Tape()
    tape.then("Conv2D", filters=64, kernel_size=7, strides=2, padding="same", use_bias=False)
    tape.then("MaxPooling2D", pool_size=3, strides=2, padding="same")
    for stage, filters in enumerate((64, 128, 256, 512)):
        for block in range(2):
            stride = 2 if stage and not block else 1
            shortcut = tape.x
            for strides in (stride, 1):
                tape.then("Conv2D", filters=filters, kernel_size=3, strides=strides, padding="same")
            if stride == 2:
                shortcut = tape.add("Conv2D", shortcut, filters=filters, kernel_size=1, strides=2)
            tape.x = tape.add("Add", (tape.x, shortcut))
    tape.then("GlobalAveragePooling2D")
    tape.then("Dense", units=1000)
    return tape.macs


def vgg16():
    tape = Tape()
    for count, filters in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(count):
            tape.then("Conv2D", filters=filters, kernel_size=3, padding="same")
        tape.then("MaxPooling2D")
    tape.then("Flatten")
    for units in (4096, 4096, 1000):
        tape.then("Dense", units=units)
    return tape.macs


@pytest.mark.parametrize(("network", "giga_macs"), [(resnet18, 1.814), (vgg16, 15.470)])
def test_networks_cost_what_their_papers_say(network, giga_macs):
    assert round(network() / 1e9, 3) == giga_macs


def cost(class_name, shape, **arguments):
    inferred = infer_layer(Object("layer", class_name, arguments), Tensor(shape))
    return inferred.macs, inferred.flops


def test_a_multiply_add_is_two_flops_and_bias_and_activation_are_one_each():
    assert cost("Dense", (None, 84), units=10, use_bias=False) == (840, 1680)
    assert cost("Dense", (None, 84), units=10) == (840, 1690)
    assert cost("Dense", (None, 84), units=10, activation="relu") == (840, 1700)


def test_a_grouped_convolution_costs_a_share_of_a_whole_one():
    whole = cost("Conv2D", (None, 8, 8, 4), filters=8, kernel_size=3, padding="same")
    grouped = cost("Conv2D", (None, 8, 8, 4), filters=8, kernel_size=3, padding="same", groups=4)
    assert (whole[0], grouped[0]) == (8 * 8 * 8 * 3 * 3 * 4, 8 * 8 * 8 * 3 * 3)


def test_a_depthwise_convolution_costs_a_window_for_each_number_it_gives():
    given = {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}
    out = 8 * 8 * 4 * 2
    assert cost("DepthwiseConv2D", (None, 8, 8, 4), **given) == (out * 9, 2 * out * 9 + out)
    assert cost("DepthwiseConv1D", (None, 8, 4), **given, use_bias=False) == (8 * 8 * 3, 384)


def test_a_separable_convolution_costs_its_two_parts():
    given = {"kernel_size": 3, "depth_multiplier": 2, "filters": 5, "padding": "same"}
    macs = 8 * 8 * (4 * 2 * 9 + 4 * 2 * 5)
    assert cost("SeparableConv2D", (None, 8, 8, 4), **given) == (macs, 2 * macs + 8 * 8 * 5)


def test_a_transposed_convolution_costs_a_window_for_each_number_it_takes():
    given = {"kernel_size": 3, "strides": 2, "filters": 5, "use_bias": False}
    assert cost("Conv1DTranspose", (None, 7, 4), **given)[0] == 7 * 4 * 3 * 5


def test_a_recurrent_layer_costs_its_products_at_every_step():
    assert cost("LSTM", (None, 10, 3), units=4)[0] == 10 * 4 * (3 + 4) * 4


def test_pooling_reads_each_element_of_its_windows_once():
    assert cost("MaxPooling2D", (None, 4, 4, 3), pool_size=2) == (0, 48)
    assert cost("GlobalAveragePooling2D", (None, 4, 4, 3)) == (0, 48)


def test_moving_data_is_free_and_open_lengths_leave_the_cost_open():
    assert cost("Reshape", (None, 4, 3), target_shape=(12,)) == (0, 0)
    assert cost("Dropout", (None, 4, 3), rate=0.5) == (0, 0)
    assert cost("LSTM", (None, None, 3), units=4) == (None, None)
