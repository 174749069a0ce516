"""A fitted preparation applied to new rows."""

from dataclasses import replace

import numpy as np

from dlspec_pipelines.steps.datasets.table import Table, require_columns, unpreparable_data
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.prepared_arrays import Part
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.preparation.sampling import Samples, feature_elements
from dlspec_pipelines.steps.preparation.splits import time_order
from dlspec_pipelines.steps.preparation.trained_types import with_trained_types
from dlspec_pipelines.steps.preparation.windows import window_anchors, window_of


def apply_preparation(preparation: Preparation, table: Table) -> Part:
    """Return the model's inputs for all rows of a table, exactly as they were for training.

    With series there is a sample for each window, its horizon may lie behind the last row; `rows`
    then holds the first row of the horizon.

    Raises:
        StepError: If a column is missing (DL611), or a value cannot become an element (DL613).
    """
    inputs = preparation.inputs
    require_columns(table, [name for one in inputs.values() for name in one.feature.columns])
    table = with_trained_types(preparation, table)
    samples = _samples_of_new_rows(preparation, table)
    if not samples.places.size:
        raise unpreparable_data(f"no window fits the {table.rows} rows", help="give more rows")
    raws = {name: gather_raw_values(one.feature, table) for name, one in inputs.items()}
    return Part(feature_elements(inputs, raws, samples), {}, samples.rows)


def _samples_of_new_rows(preparation: Preparation, table: Table) -> Samples:
    rows = np.arange(table.rows)
    fitted = (*preparation.inputs.values(), *preparation.targets.values())
    window = window_of(one.feature for one in fitted)
    if window is None:
        return Samples(rows, rows, None)
    order = rows if preparation.time is None else time_order(table, preparation.time)
    return Samples(order, window_anchors(rows, replace(window, horizon=0)), window)
