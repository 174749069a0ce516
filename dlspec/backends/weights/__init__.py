"""Weights of a model: written to a file, read from many kinds, taken over by name or position."""

from dlspec.backends.weights.matched_layers import Transfer
from dlspec.backends.weights.stored import Stored, StoredLayer, WeightsError
from dlspec.backends.weights.transferring import transfer_weights
from dlspec.backends.weights.weights_file import read_weights
from dlspec.backends.weights.written import write_weights

__all__ = [
    "Stored",
    "StoredLayer",
    "Transfer",
    "WeightsError",
    "read_weights",
    "transfer_weights",
    "write_weights",
]
