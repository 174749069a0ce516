"""A process of its own that asks keras.datasets for one data set and writes plain arrays.

python -m dlspec_pipelines.steps.datasets.keras_child NAME OPTIONS OUT.npz

OPTIONS are the arguments of its `load_data`, as JSON.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from dlspec_pipelines.steps.datasets.ragged import pack_ragged_arrays
from dlspec_pipelines.steps.datasets.table import Array


def write_keras_dataset() -> None:
    """Write `x_train`, `y_train`, `x_test` and `y_test` of the data set called by the arguments."""
    name, options, out = sys.argv[1:]
    np.savez(out, **pack_ragged_arrays(keras_dataset_arrays(name, json.loads(options))))


def keras_dataset_arrays(name: str, options: Mapping[str, Any]) -> dict[str, Array]:
    """Return what `load_data` gives for some arguments; texts of ids as one list for each row."""
    train, test = getattr(keras.datasets, name).load_data(**options)
    arrays = {"x_train": train[0], "y_train": train[1], "x_test": test[0], "y_test": test[1]}
    return {key: _rows_of_ids(a) if a.dtype == np.object_ else a for key, a in arrays.items()}


def _rows_of_ids(texts: Array) -> Array:
    """Return one array for each text; those of one length come from Keras as a table."""
    rows = np.empty(len(texts), dtype=np.object_)
    for place, text in enumerate(texts):
        rows[place] = np.asarray(text, dtype=np.int64)
    return rows


if __name__ == "__main__":
    write_keras_dataset()
