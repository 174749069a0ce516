"""The mistake: a ReLU on the logits."""

import keras
from keras import layers
from sklearn.datasets import load_digits

digits = load_digits()
images = digits.images[:256, ..., None] / 16
labels = digits.target[:256]

image = keras.Input((8, 8, 1), name="image")
x = layers.Conv2D(filters=8, kernel_size=3, padding="same", activation="relu")(image)
x = layers.MaxPooling2D(2)(x)
x = layers.Flatten()(x)
x = layers.Dense(32, name="hidden")(x)
digit = layers.Dense(10, activation="relu", name="digit")(x)  # mistake
model = keras.Model(image, digit)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(images, labels, validation_split=0.15, batch_size=32, epochs=1)
