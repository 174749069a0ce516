"""`digits_two_heads.yaml` in plain Keras, without a mistake."""

import keras
from keras import layers
from sklearn.datasets import load_digits

digits = load_digits()
images = digits.images[:256, ..., None] / 16
labels = digits.target[:256]

image = keras.Input((8, 8, 1), name="image")
x = layers.Conv2D(filters=8, kernel_size=3, activation="relu")(image)
seen = layers.GlobalAveragePooling2D(name="seen")(x)
middle = layers.Dense(16, activation="relu", name="middle")(seen)
digit = layers.Dense(10, activation="softmax", name="digit")(middle)
value = layers.Dense(1, name="value")(middle)
model = keras.Model(image, {"digit": digit, "value": value})
model.compile(
    optimizer="adam",
    loss={"digit": "sparse_categorical_crossentropy", "value": "mean_squared_error"},
    metrics={"digit": ["accuracy"]},
)
model.fit(images, {"digit": labels, "value": labels * 0.1}, batch_size=32, epochs=1)
