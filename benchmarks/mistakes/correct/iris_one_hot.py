"""`iris_one_hot.yaml` in plain Keras, without a mistake."""

import keras
from keras import layers
from sklearn.datasets import load_iris

iris = load_iris()
leaves = (iris.data - iris.data.mean(0)) / iris.data.std(0)
kinds = keras.utils.to_categorical(iris.target, 3)
WIDTH = 16

leaf = keras.Input((4,), name="leaf")
left = layers.Dense(WIDTH, activation="relu", name="left")(leaf)
right = layers.Dense(WIDTH, activation="tanh", name="right")(leaf)
both = layers.Add(name="both")([left, right])
species = layers.Dense(3, activation="softmax", name="species")(both)
model = keras.Model(leaf, species)
model.compile(
    optimizer=keras.optimizers.SGD(learning_rate=1e-2, momentum=0.9),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=["accuracy"],
)
model.fit(leaves, kinds, batch_size=16, epochs=1)
