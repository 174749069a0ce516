"""The mistake: a recurrent layer after one that returns no sequence."""

import keras
from keras import layers
from sklearn.datasets import load_digits

digits = load_digits()
images = digits.images[:256] / 16
labels = digits.target[:256]

rows = keras.Input((8, 8), name="rows")
x = layers.LSTM(16, name="first")(rows)
x = layers.LSTM(16, name="second")(x)  # mistake
x = layers.Dropout(0.2, name="dropout")(x)
digit = layers.Dense(10, activation="softmax", name="digit")(x)
model = keras.Model(rows, digit)
model.compile(
    optimizer="adam",
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=["accuracy"],
)
model.fit(
    images,
    labels,
    validation_split=0.15,
    batch_size=32,
    epochs=1,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=3),
    ],
)
