"""Layers that the specs beside this file use."""

import keras


class Swish(keras.layers.Layer):
    """The sigmoid-weighted unit."""

    def __init__(self, beta: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.beta = beta

    def call(self, inputs):
        return inputs * keras.ops.sigmoid(self.beta * inputs)


class Sized(keras.layers.Layer):
    """A layer whose arguments have no names."""

    def __init__(self, *sizes):
        super().__init__()
        self.sizes = sizes
