"""What a model sees of a part of a data set: its rows, or what `data.sampling` makes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from dlspec.language.sample_draws import PairsDraw, RowDraw, SampleDraw
from dlspec.language.sections import Data
from dlspec_pipelines.steps.engine.batches import Array, class_ids_of
from dlspec_pipelines.steps.engine.row_pairs import RowPairs, draw_row_pairs, rows_by_class
from dlspec_pipelines.steps.engine.taken_rows import SampleArray, TakenRows
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.prepared_arrays import Part, open_part
from dlspec_pipelines.steps.records import Dataset

# A part's place here is a part of its seed.
PART_WORDS = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True, slots=True, eq=False)
class ModelPart:
    """The samples of one part as a model takes them.

    Attributes:
        rows: The number that a sample goes by: its row in the source, or, of samples of several
            rows, its own.
        source_rows: By input, the row in the source that each sample has there; empty where that
            is `rows`.
    """

    inputs: Mapping[str, SampleArray]
    targets: Mapping[str, Array]
    rows: Array
    source_rows: Mapping[str, Array]


def open_model_part(data: Data, dataset: Dataset, part: str) -> ModelPart:
    """Open one part of a data set as a model sees it; what is drawn of it is always the same.

    Raises:
        StepError: If an array is missing or not what was written, or the rows make no pairs
            (DL613).
    """
    opened = open_part(dataset, part)
    if not isinstance(data.sampling, PairsDraw):
        return ModelPart(opened.inputs, opened.targets, opened.rows, {})
    pairs = fixed_pairs(data.sampling, opened, part)
    return part_of_pairs(data.sampling, opened, pairs)


def fixed_pairs(drawn: PairsDraw, opened: Part, part: str) -> RowPairs:
    """Return the pairs that a part is measured on; of training rows, as many as in an epoch.

    Raises:
        StepError: If its rows make none (DL613).
    """
    if not len(opened.rows):
        nothing = np.zeros(0, np.int64)
        return RowPairs(nothing, nothing, np.zeros(0, np.bool_))
    rows = rows_by_class(class_ids_of(opened.targets[drawn.pairs]), part=PART_WORDS[part])
    count = (part == "train" and drawn.per_epoch) or len(opened.rows)
    return draw_row_pairs(rows, (drawn.seed, list(PART_WORDS).index(part)), count)


def part_of_pairs(drawn: PairsDraw, opened: Part, pairs: RowPairs) -> ModelPart:
    """Return pairs of a part's rows as samples."""
    (only,) = opened.inputs.values()
    places = dict(zip(drawn.input_names, (pairs.left, pairs.right), strict=True))
    (learned,) = drawn.learned
    return ModelPart(
        {name: TakenRows(only, at) for name, at in places.items()},
        {learned: pairs.same.astype(np.float32)[:, None]},
        np.arange(len(pairs.same)),
        {name: np.asarray(opened.rows)[at] for name, at in places.items()},
    )


def preparation_of_samples(drawn: SampleDraw | None, preparation: Preparation) -> Preparation:
    """Return how new rows become samples, by the model's own names.

    A row of a table is then a whole pair: what an input reads in a column stands in a column of
    the input's name, and what it reads in several in those called `<input>.<column>`.
    """
    if not isinstance(drawn, RowDraw):
        return preparation
    (only,) = preparation.inputs.values()
    return replace(
        preparation,
        inputs={name: _reading_own_columns(only, name) for name in drawn.input_names},
        targets={name: Fitted(feature) for name, feature in drawn.learned.items()},
    )


def _reading_own_columns(fitted: Fitted, name: str) -> Fitted:
    """Return a fitted feature that reads the columns of one input of a sample."""
    feature, read = fitted.feature, fitted.feature.columns
    said = getattr(feature, fields(feature)[0].name)
    called = {read[0]: name} if isinstance(said, str) else {c: f"{name}.{c}" for c in read}
    renamed = called[said] if isinstance(said, str) else tuple(called.values())
    vocabulary = fitted.vocabulary
    if vocabulary is not None:
        # Of categories with ids of their own, a word is a column and its value.
        vocabulary = tuple((called[w[0]], w[1]) if isinstance(w, tuple) else w for w in vocabulary)
    changed = replace(feature, **{fields(feature)[0].name: renamed})  # type: ignore[arg-type]  # every first key is of columns
    return replace(fitted, feature=changed, vocabulary=vocabulary)
