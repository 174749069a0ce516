"""The mistake: accuracy of a number."""

import keras
from keras import layers
from sklearn.datasets import load_diabetes

diabetes = load_diabetes()
patients = diabetes.data / diabetes.data.std(0)
values = (diabetes.target - diabetes.target.mean()) / diabetes.target.std()

patient = keras.Input((10,), name="patient")
x = layers.Dense(16, activation="relu", name="hidden")(patient)
progression = layers.Dense(1, name="progression")(x)
model = keras.Model(patient, progression)
model.compile(
    optimizer="adam",
    loss=keras.losses.MeanSquaredError(),
    metrics=["accuracy"],  # mistake
)
model.fit(patients, values, batch_size=32, epochs=1)
