"""The mistake: no sigmoid before a binary loss of probabilities."""

import keras
from keras import layers
from sklearn.datasets import make_moons

points, halves = make_moons(256, noise=0.1, random_state=7)

point = keras.Input((2,), name="point")
x = layers.Dense(8, activation="relu", name="hidden")(point)
half = layers.Dense(1, name="half")(x)  # mistake
model = keras.Model(point, half)
model.compile(
    optimizer="adam",
    loss=keras.losses.BinaryCrossentropy(),  # mistake
    metrics=["accuracy"],
)
model.fit(points, halves, batch_size=32, epochs=1)
