"""Layers that the specs beside this file use."""

import keras


class Swish(keras.layers.Layer):
    """The sigmoid-weighted unit."""

    def __init__(self, beta: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.beta = beta

    def call(self, inputs):
        return inputs * keras.ops.sigmoid(self.beta * inputs)
