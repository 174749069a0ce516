"""What a model sees of a part of a data set: its rows, or what `data.sampling` makes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np

from dlspec.language.features import TextFeature, TokensFeature
from dlspec.language.sample_draws import (
    ContextsDraw,
    RowDraw,
    SampleDraw,
    TripletsDraw,
    silent_ids,
)
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.table import unpreparable_data
from dlspec_pipelines.steps.engine.batches import Array, class_ids_of
from dlspec_pipelines.steps.engine.context_draw import (
    ContextColumn,
    ContextRows,
    DrawnContexts,
    DrawnWords,
    count_contexts,
    words_of_rows,
)
from dlspec_pipelines.steps.engine.row_pairs import (
    Places,
    RowsByClass,
    draw_row_pairs,
    draw_row_triplets,
    rows_by_class,
)
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
        weights: By target, what each sample or each of its steps counts for in the loss.
    """

    inputs: Mapping[str, SampleArray]
    targets: Mapping[str, Array]
    rows: Array
    source_rows: Mapping[str, Array]
    weights: Mapping[str, Array] = field(default_factory=dict)


def open_model_part(data: Data, dataset: Dataset, part: str) -> ModelPart:
    """Open one part of a data set as a model sees it; what is drawn of it is always the same.

    Raises:
        StepError: If an array is missing or not what was written, or nothing can be drawn of
            the rows (DL613).
    """
    opened = open_part(dataset, part)
    drawn = data.sampling
    if isinstance(drawn, RowDraw):
        return _fixed_part_of_rows(drawn, opened, part)
    if isinstance(drawn, ContextsDraw):
        return _part_of_contexts(drawn, fixed_contexts(data, drawn, dataset, part))
    return ModelPart(opened.inputs, opened.targets, opened.rows, {}, opened.weights)


def learned_in_training(data: Data, dataset: Dataset) -> Mapping[str, Array]:
    """Return what is learned of the training samples, of many contexts of some of them.

    Raises:
        StepError: If an array is missing or not what was written, or nothing can be drawn of
            the rows (DL613).
    """
    drawn = data.sampling
    if isinstance(drawn, ContextsDraw):
        (learned,) = drawn.learned
        return {learned: fixed_contexts(data, drawn, dataset, "train").labels(blocks=1)}
    return open_model_part(data, dataset, "train").targets


def fixed_contexts(data: Data, drawn: ContextsDraw, dataset: Dataset, part: str) -> DrawnContexts:
    """Return the contexts that a part is measured on, and of training rows as many as in an epoch.

    Raises:
        StepError: If there are none in its rows (DL613).
    """
    words = words_of_dataset(data, drawn, dataset)
    rows = context_rows(drawn, open_part(dataset, part), words, part)
    return DrawnContexts(rows, (drawn.seed, list(PART_WORDS).index(part)))


def words_of_dataset(data: Data, drawn: ContextsDraw, dataset: Dataset) -> DrawnWords:
    """Return how often the words of the training rows are drawn.

    Raises:
        StepError: If there are not two of them (DL613).
    """
    feature = data.inputs[drawn.contexts]
    assert isinstance(feature, TextFeature | TokensFeature), "a rule asks for it"
    assert feature.num_ids is not None, "a rule asks for it"
    rows = open_part(dataset, "train").inputs[drawn.contexts]
    words = words_of_rows(rows, feature.num_ids, silent_ids(feature))
    if np.count_nonzero(words.weights) < 2:
        raise unpreparable_data(
            f"the training rows of `{drawn.contexts}` do not hold two words that differ",
            help="give more training rows, or a larger `vocabulary`",
        )
    return words


def context_rows(drawn: ContextsDraw, opened: Part, words: DrawnWords, part: str) -> ContextRows:
    """Return the rows of a part as samples are drawn of them.

    Raises:
        StepError: If there are rows, and no two words of one stand together (DL613).
    """
    rows = opened.inputs[drawn.contexts]
    counts = count_contexts(rows, drawn.window, words.is_word)
    if len(rows) and not counts.sum():
        raise unpreparable_data(
            f"no two words of a row of `{drawn.contexts}` stand together in the "
            f"{PART_WORDS[part]} rows",
            help="write a larger `window` or `vocabulary`, or give the part a larger share",
        )
    return ContextRows(rows, counts, words, drawn.window, drawn.negatives)


def context_columns(drawn: ContextsDraw, samples: DrawnContexts) -> dict[str, SampleArray]:
    """Return drawn contexts as arrays by name, those of the inputs first."""
    names = (*drawn.input_names, *drawn.learned)
    return {name: ContextColumn(samples, number) for number, name in enumerate(names)}


def _part_of_contexts(drawn: ContextsDraw, samples: DrawnContexts) -> ModelPart:
    columns = context_columns(drawn, samples)
    (learned,) = drawn.learned
    return ModelPart(
        {name: columns[name] for name in drawn.input_names},
        {learned: samples.labels()},
        np.arange(len(samples)),
        {},
    )


@dataclass(frozen=True, slots=True, eq=False)
class RowsTogether:
    """The places of the rows that each sample is made of, and what is learned of them."""

    places: Mapping[str, Places]
    learned: Mapping[str, Array]


def rows_together(
    drawn: RowDraw, rows: RowsByClass, seed: tuple[int, ...], *, training: bool
) -> RowsTogether:
    """Return which rows go together, by (seed, epoch) of a training or the seed of a part.

    Args:
        training: Whether these are the samples of an epoch, whose number the spec may say.
    """
    asked = drawn.per_epoch if training else None
    if isinstance(drawn, TripletsDraw):
        three = draw_row_triplets(rows, seed, asked)
        sides = (three.anchor, three.positive, three.negative)
        return RowsTogether(dict(zip(drawn.input_names, sides, strict=True)), {})
    pairs = draw_row_pairs(rows, seed, asked or len(rows.order))
    (learned,) = drawn.learned
    return RowsTogether(
        dict(zip(drawn.input_names, (pairs.left, pairs.right), strict=True)),
        {learned: pairs.same.astype(np.float32)[:, None]},
    )


def _fixed_part_of_rows(drawn: RowDraw, opened: Part, part: str) -> ModelPart:
    if not len(opened.rows):
        places = dict.fromkeys(drawn.input_names, np.zeros(0, np.int64))
        learned = {name: np.zeros((0, 1), np.float32) for name in drawn.learned}
        return part_of_rows(opened, RowsTogether(places, learned))
    rows = rows_by_class(class_ids_of(opened.targets[drawn.named]), part=PART_WORDS[part])
    seed = (drawn.seed, list(PART_WORDS).index(part))
    return part_of_rows(opened, rows_together(drawn, rows, seed, training=part == "train"))


def part_of_rows(opened: Part, together: RowsTogether) -> ModelPart:
    """Return the rows of a part that go together as samples."""
    (only,) = opened.inputs.values()
    count = len(next(iter(together.places.values())))
    return ModelPart(
        {name: TakenRows(only, at) for name, at in together.places.items()},
        together.learned,
        np.arange(count),
        {name: np.asarray(opened.rows)[at] for name, at in together.places.items()},
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
