"""A live Keras model -> the text of a spec."""
