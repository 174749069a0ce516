"""The mistake: an embedding of real numbers."""

import keras
from keras import layers
from sklearn.datasets import load_diabetes

diabetes = load_diabetes()
patients = diabetes.data / diabetes.data.std(0)
values = (diabetes.target - diabetes.target.mean()) / diabetes.target.std()

patient = keras.Input((10,), name="patient")
x = layers.Embedding(100, 4, name="hidden")(patient)  # mistake
x = layers.Flatten()(x)
progression = layers.Dense(1, name="progression")(x)
model = keras.Model(patient, progression)
model.compile(
    optimizer="adam",
    loss=keras.losses.MeanSquaredError(),
    metrics=["mean_absolute_error"],
)
model.fit(patients, values, batch_size=32, epochs=1)
