"""The one process that imports Keras, and how it is talked to."""
