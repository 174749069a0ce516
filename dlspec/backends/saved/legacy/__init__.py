"""Keras 0.3, 1 and 2 -> the terms of Keras 3: pure data, tables where a table can say it."""
