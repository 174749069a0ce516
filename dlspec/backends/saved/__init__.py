"""Saved models of every Keras generation -> a live model and a spec; nothing in a file is run."""
