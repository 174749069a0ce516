"""A process of its own that asks keras.datasets for one data set and writes plain arrays.

python -m dlspec_pipelines.steps.datasets.keras_child NAME OUT.npz
"""

import sys

import keras
import numpy as np

from dlspec_pipelines.steps.datasets.ragged import pack_ragged_arrays


def write_keras_dataset() -> None:
    """Write `x_train`, `y_train`, `x_test` and `y_test` of the data set called by the arguments."""
    name, out = sys.argv[1:]
    train, test = getattr(keras.datasets, name).load_data()
    arrays = {"x_train": train[0], "y_train": train[1], "x_test": test[0], "y_test": test[1]}
    np.savez(out, **pack_ragged_arrays(arrays))


if __name__ == "__main__":
    write_keras_dataset()
