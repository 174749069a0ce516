"""What a report reads: the files of a run and of its data set."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dlspec.language.sections import Data
from dlspec_pipelines.steps.file_digests import require_intact
from dlspec_pipelines.steps.json_documents import CONTRACT, RUN, read_document
from dlspec_pipelines.steps.preparation.fitting import fitted_classes, load_preparation
from dlspec_pipelines.steps.preparation.ids import Vocabulary
from dlspec_pipelines.steps.preparation.ids_as_text import TextOfIds
from dlspec_pipelines.steps.preparation.model_parts import ModelPart, open_model_part
from dlspec_pipelines.steps.records import Dataset
from dlspec_pipelines.steps.reports.id_words import WordOfId, texts_by_feature, words_by_feature

Array = NDArray[Any]
_PART = "test"


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run, read.

    Attributes:
        history: A column of figures for each name, a row for each epoch.
        facts: What run.json says: seed, digests, versions, host.
        spec: The spec's text as compiled.
        predictions: Columns of predictions.parquet, test rows only; a list column has
            a second axis, the lists within lists one after another.
    """

    history: Mapping[str, Array]
    facts: Mapping[str, Any]
    spec: str
    predictions: Mapping[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class DataFiles:
    """A prepared data set: contract.json, and the test arrays, which stay on disk.

    `input_words` and `target_words` tell the words of ids, of the features that have such,
    `target_texts` the text of a row of ids, and `classes` what the ids of a target stand for,
    where its column says it.
    """

    contract: Mapping[str, Any]
    test: ModelPart
    input_words: Mapping[str, WordOfId]
    target_words: Mapping[str, WordOfId]
    target_texts: Mapping[str, TextOfIds]
    classes: Mapping[str, Vocabulary]

    def inputs(self, name: str, rows: Array) -> Array:
        """Return what an input holds for the given samples, by their `row`."""
        order = np.argsort(self.test.rows, kind="stable")
        places = order[np.searchsorted(self.test.rows, rows, sorter=order)]
        return np.array(self.test.inputs[name][places])

    def numbers_in_source(self, row: int) -> str:
        """Return the rows of the source that a sample is made of."""
        told = [str(rows[row]) for rows in self.test.source_rows.values()]
        return " and ".join(told) if told else str(row)


def read_run(folder: Path) -> RunFiles:
    """Return the files of the run in `folder`.

    Raises:
        StepError: If one is missing, or not what was written.
    """
    return RunFiles(
        read_history(require_intact(folder, "history.csv")),
        read_document(folder / "run.json", RUN),
        require_intact(folder, "spec.yaml").read_text(encoding="utf-8"),
        read_prediction_columns(require_intact(folder, "predictions.parquet")),
    )


def read_data(data: Data, dataset: Dataset) -> DataFiles:
    """Return what is known of a prepared data set, its test samples as the model sees them."""
    contract = read_document(Path(dataset.path, "contract.json"), CONTRACT)
    preparation = load_preparation(Path(dataset.path))
    return DataFiles(
        contract,
        open_model_part(data, dataset, _PART),
        words_by_feature(preparation.inputs),
        words_by_feature(preparation.targets),
        texts_by_feature(preparation.targets),
        fitted_classes(preparation),
    )


def read_history(path: Path) -> dict[str, Array]:
    """Return the columns of a history; an empty field is nan."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = rows[0] if rows else ()
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}


def read_prediction_columns(path: Path) -> dict[str, Array]:
    """Return the columns of the predictions for the test rows."""
    table = pq.read_table(path)
    columns = {
        name: _array_of_report_column(table[name].combine_chunks()) for name in table.column_names
    }
    chosen = columns["part"] == _PART
    return {name: column[chosen] for name, column in columns.items() if name != "part"}


def class_probabilities(predictions: Mapping[str, Array], target: str) -> Array | None:
    """Return the probabilities of a target's classes, `(rows, classes)`; None when there are none.

    A single column is the probability of the second of two classes.
    """
    pattern = re.compile(re.escape(target) + r"_p(\d+)")
    matches = {name: pattern.fullmatch(name) for name in predictions}
    found = {int(match[1]): predictions[name] for name, match in matches.items() if match}
    if not found:
        return None
    stacked = np.stack([found[k] for k in sorted(found)], axis=1).astype(np.float64)
    return np.concatenate([1 - stacked, stacked], axis=1) if stacked.shape[1] == 1 else stacked


def _array_of_report_column(column: Any) -> Array:  # noqa: ANN401 - pyarrow has no types
    rows = len(column)
    nested = False
    while pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type):
        column, nested = column.flatten(), True
    values: Array = column.to_numpy(zero_copy_only=False)
    return values.reshape(rows, -1) if nested and rows else values
