"""Reads `sklearn`."""

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dlspec.language.sources import SklearnSource
from dlspec_pipelines.steps.datasets.table import Table, unreadable_source


@dataclass(frozen=True, slots=True)
class SklearnReader:
    """Reads `SklearnSource`."""

    source: SklearnSource

    def read_table(self) -> Table:
        """Read all columns."""
        return sklearn_table(self.source.sklearn)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return f"scikit-learn {importlib.metadata.version('scikit-learn')}"


def sklearn_table(name: str) -> Table:
    """Return a data set of scikit-learn: the Bunch's arrays, and a column for each feature name."""
    if name == "digits":
        return _digits_table()
    # Costs a second; the digits are read without it, files have nothing to do with it.
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")()
    columns = {"data": bunch.data, "target": bunch.target}
    columns |= {str(name): bunch.data[:, i] for i, name in enumerate(bunch.feature_names)}
    return Table(columns)


def _digits_table() -> Table:
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise unreadable_source(
            "scikit-learn is not installed", help="run `pip install scikit-learn`"
        )
    path = Path(spec.submodule_search_locations[0], "datasets", "data", "digits.csv.gz")
    rows = pd.read_csv(path, header=None, dtype=np.float64).to_numpy()
    flat = rows[:, :-1]
    columns = {"data": flat, "images": flat.reshape(-1, 8, 8), "target": rows[:, -1].astype(int)}
    columns |= {f"pixel_{i // 8}_{i % 8}": flat[:, i] for i in range(64)}
    return Table(columns)
