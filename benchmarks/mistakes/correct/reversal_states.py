"""`reversal_states.yaml` in plain Keras, without a mistake."""

import keras
import numpy as np
from keras import layers

sources = np.random.default_rng(7).integers(2, 50, (256, 6))
nexts = sources[:, ::-1]
previous_ids = np.pad(nexts[:, :-1], ((0, 0), (1, 0)), constant_values=1)

source = keras.Input((6,), dtype="int32", name="source")
previous = keras.Input((6,), dtype="int32", name="previous")
read = layers.Embedding(50, 8, mask_zero=True, name="read")(source)
_, h, c = layers.LSTM(16, return_state=True, name="encoder")(read)
said = layers.Embedding(50, 8, mask_zero=True, name="said")(previous)
told = layers.LSTM(16, return_sequences=True, name="decoder")(said, initial_state=[h, c])
next_ = layers.Dense(50, name="next")(told)
model = keras.Model([source, previous], next_)
model.compile(
    optimizer="adam",
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit([sources, previous_ids], nexts, batch_size=32, epochs=1)
