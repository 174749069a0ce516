"""What is shown of each target: classes, numbers, forecasts or sequences of ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, assert_never

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from dlspec.diagnostics.counts import counted
from dlspec.language.features import (
    AudioFeature,
    BinaryFeature,
    BoxesFeature,
    CategoriesFeature,
    CategoryFeature,
    ClassFeature,
    Feature,
    ImageFeature,
    LabelsFeature,
    MaskFeature,
    NumberFeature,
    SequenceFeature,
    SeriesFeature,
    SeriesTarget,
    TensorFeature,
    TextFeature,
    TokensFeature,
    VectorFeature,
)
from dlspec_pipelines.steps.figure_texts import figure_text
from dlspec_pipelines.steps.preparation.ids import Vocabulary
from dlspec_pipelines.steps.reports import charts
from dlspec_pipelines.steps.reports import confusion as classes
from dlspec_pipelines.steps.reports.examples import Examples, worst_examples
from dlspec_pipelines.steps.reports.id_words import WordOfId, told_ids
from dlspec_pipelines.steps.reports.label_view import LabelsView, labels_view
from dlspec_pipelines.steps.reports.mask_view import MaskView, mask_view
from dlspec_pipelines.steps.reports.report_inputs import DataFiles, class_probabilities

Array = NDArray[Any]

# Panels beyond these are counted, not drawn.
_MAX_COLUMNS = 6
# Best, middling, worst.
_MAX_WINDOWS = 3
# Rows of a forecast drawn as one line.
_MAX_STEPS = 300
# A screen of lines, the wrong ones first.
_MAX_SEQUENCES = 16


@dataclass(frozen=True, slots=True)
class ClassView:
    """A target of classes; `cells` is None where a picture of the matrix stands for the table."""

    name: str
    labels: tuple[str, ...]
    cells: list[list[classes.Cell]] | None
    picture: str
    pairs: tuple[classes.Pair, ...]
    scores: tuple[classes.Score, ...]
    calibration: Markup | None
    calibration_error: float
    examples: Examples
    kind: Literal["classes"] = "classes"


@dataclass(frozen=True, slots=True)
class Panel:
    """Charts of one column of a target, and its errors in words."""

    label: str
    note: str
    charts: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class NumbersView:
    """A target of numbers or a forecast."""

    name: str
    panels: tuple[Panel, ...]
    left_out: int
    kind: Literal["numbers"] = "numbers"


@dataclass(frozen=True, slots=True)
class Sequences:
    """One test row of ids: each given input, and `(word, whether it is right)` for the answers.

    A word is the id itself where nobody knows what it stands for; padding is left out.

    `predicted` is told at each place from the true ids before it, `generated` from the model's own;
    the latter is empty where nothing was generated.
    """

    row: int
    inputs: tuple[tuple[str, tuple[str, ...]], ...]
    expected: tuple[str, ...]
    predicted: tuple[tuple[str, bool], ...]
    generated: tuple[tuple[str, bool], ...]
    right: bool


@dataclass(frozen=True, slots=True)
class TokensView:
    """A target of ids."""

    name: str
    unit: str
    accuracy: Markup
    generates: bool
    wrong: int
    examples: tuple[Sequences, ...]
    kind: Literal["tokens"] = "tokens"


View = ClassView | LabelsView | MaskView | NumbersView | TokensView


def target_view(
    target: tuple[str, Feature],
    predictions: Mapping[str, Array],
    inputs: Mapping[str, Feature],
    data: DataFiles,
) -> View:
    """Return what is shown of one target.

    Args:
        target: Its name and its feature.
        predictions: The columns of the test rows.
        inputs: The features that the model reads, for the examples.
    """
    name, feature = target
    match feature:
        case ClassFeature() | BinaryFeature():
            return _class_view(name, feature, predictions, inputs=inputs, data=data)
        case LabelsFeature():
            return labels_view(name, feature, predictions)
        case MaskFeature():
            return mask_view(name, feature, predictions, inputs=inputs, data=data)
        case TokensFeature() | TextFeature():
            return _tokens_view(name, predictions, inputs, data)
        case SeriesTarget():
            return _forecast_view(name, feature, predictions)
        case (
            NumberFeature()
            | VectorFeature()
            | TensorFeature()
            | ImageFeature()
            | AudioFeature()
            | BoxesFeature()
        ):
            return _numbers_view(name, feature, predictions)
        case CategoryFeature() | CategoriesFeature() | SeriesFeature() | SequenceFeature():
            raise AssertionError(f"no target is a {type(feature).__name__}")
        case _:
            assert_never(feature)


def class_labels(
    feature: ClassFeature | BinaryFeature, fitted: Vocabulary | None
) -> tuple[str, ...]:
    """Return what the classes are called, in the order of their ids.

    Args:
        fitted: The values that 0 and 1 stand for, of a `binary` whose column has but two.
    """
    if isinstance(feature, BinaryFeature):
        if fitted is not None:
            return tuple(str(value) for value in fitted)
        positive = feature.positive
        return ("0", "1") if positive is None else (f"not {positive}", str(positive))
    named = feature.classes
    return tuple(str(c) for c in (range(named) if isinstance(named, int) else named))


def _class_view(
    name: str,
    feature: ClassFeature | BinaryFeature,
    predictions: Mapping[str, Array],
    *,
    inputs: Mapping[str, Feature],
    data: DataFiles,
) -> ClassView:
    names = class_labels(feature, data.classes.get(name))
    true, predicted = (predictions[f"{name}_{side}"].astype(int) for side in ("true", "pred"))
    stated = class_probabilities(predictions, name)
    matrix = classes.confusion_counts(true, predicted, len(names))
    small = len(names) <= classes.MAX_TABLE
    answers = (true, predicted, stated)
    sure = None if stated is None else stated[np.arange(len(true)), predicted]
    right = true == predicted
    return ClassView(
        name,
        names,
        classes.matrix_cells(matrix) if small else None,
        "" if small else classes.matrix_picture(matrix),
        classes.worst_pairs(matrix, names),
        classes.scores_by_class(matrix, names),
        None if sure is None else charts.reliability_chart("calibration", sure, right),
        0.0 if sure is None else charts.calibration_error(sure, right),
        worst_examples(predictions["row"], answers, names=names, inputs=inputs, data=data),
    )


def _numbers_view(name: str, feature: Feature, predictions: Mapping[str, Array]) -> NumbersView:
    true, predicted = _flat_truth_and_prediction(predictions, name)
    columns = feature.columns
    names = (
        columns if len(columns) == true.shape[1] else [f"{name} {i}" for i in range(true.shape[1])]
    )
    panels = [
        Panel(
            label,
            _error_summary(true[:, i], predicted[:, i]),
            (
                charts.scatter_chart(
                    f"{label}: predicted against true",
                    true[:, i],
                    predicted[:, i],
                    x_label="true",
                    y_label="predicted",
                ),
                charts.histogram_chart(
                    "residuals", predicted[:, i] - true[:, i], x_label="predicted - true"
                ),
            ),
        )
        for i, label in enumerate(names[:_MAX_COLUMNS])
    ]
    return NumbersView(name, tuple(panels), max(len(names) - _MAX_COLUMNS, 0))


def _forecast_view(
    name: str, feature: SeriesTarget, predictions: Mapping[str, Array]
) -> NumbersView:
    true, predicted = _flat_truth_and_prediction(predictions, name)
    shape = (len(true), -1, len(feature.columns))
    true, predicted = true.reshape(shape), predicted.reshape(shape)
    words = _window_words(feature)
    panels = [
        _forecast_panel(label, true[..., i], predicted[..., i], words)
        for i, label in enumerate(feature.columns[:_MAX_COLUMNS])
    ]
    return NumbersView(name, tuple(panels), max(len(feature.columns) - _MAX_COLUMNS, 0))


@dataclass(frozen=True, slots=True, eq=False)
class _WindowWords:
    """What the rows of a `series` target are called, and which of them is shown over time."""

    said: str
    numbered: str
    place: str
    places: Array
    shown: int
    title: str


def _window_words(feature: SeriesTarget) -> _WindowWords:
    window = feature.window
    rows = np.arange(window.first, window.end, window.step) + 1.0
    if feature.window_ is not None:
        places = np.arange(len(rows)) + 1.0
        row = "row of the window"
        return _WindowWords("given back", row, row, places, -1, "the last row")
    title = "one step ahead" if rows[0] == 1 else f"{counted(int(rows[0]), 'row')} ahead"
    if feature.gap == 0 and window.step == 1:
        return _WindowWords("forecast", "step ahead", "step ahead", rows, 0, title)
    return _WindowWords("forecast", "row of the forecast", "rows ahead", rows, 0, title)


def _forecast_panel(label: str, true: Array, predicted: Array, words: _WindowWords) -> Panel:
    shown = slice(0, _MAX_STEPS)
    steps = np.arange(len(true[shown])) + 1.0
    first = charts.line_chart(
        f"{label}: {words.title}",
        _forecast_lines(steps, true[shown, words.shown], predicted[shown, words.shown], words),
        x_label="test window",
    )
    drawn = [first]
    horizon = true.shape[1]
    if horizon > 1:
        by_step = np.abs(predicted - true).mean(axis=0)
        drawn.append(
            charts.bar_chart(
                "mean absolute error by step", by_step, x_label=words.numbered, y_label=""
            )
        )
        drawn += _forecast_windows(true, predicted, words)
    residuals = (predicted - true).ravel()
    drawn.append(charts.histogram_chart("residuals", residuals, x_label=f"{words.said} - true"))
    return Panel(label, _error_summary(true.ravel(), predicted.ravel()), tuple(drawn))


def _forecast_windows(true: Array, predicted: Array, words: _WindowWords) -> list[Markup]:
    errors = np.abs(predicted - true).mean(axis=1)
    order = np.argsort(errors, kind="stable")
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    return [
        charts.line_chart(
            f"{word} window (mean absolute error {figure_text(float(errors[i]))})",
            _forecast_lines(words.places, true[i], predicted[i], words),
            x_label=words.place,
        )
        for word, i in list(chosen.items())[:_MAX_WINDOWS]
    ]


def _forecast_lines(
    x: Array, true: Array, predicted: Array, words: _WindowWords
) -> list[charts.Line]:
    return [
        charts.Line("true", "muted", x, true),
        charts.Line(words.said, "accent", x, predicted),
    ]


def _tokens_view(
    name: str, predictions: Mapping[str, Array], inputs: Mapping[str, Feature], data: DataFiles
) -> TokensView:
    true, predicted = (side.astype(int) for side in _flat_truth_and_prediction(predictions, name))
    # Id 0 is padding: nothing is asked of a model there.
    asked = true != 0
    right = (true == predicted) | ~asked
    said = predictions.get(f"{name}_generated")
    generated = None if said is None else said.astype(int)
    whole = (right if generated is None else (true == generated) | ~asked).all(axis=1)
    by_place = (right & asked).sum(axis=0) / np.maximum(asked.sum(axis=0), 1)
    chosen = np.concatenate([np.flatnonzero(~whole), np.flatnonzero(whole)])[:_MAX_SEQUENCES]
    rows = predictions["row"][chosen]
    given = {
        n: data.inputs(n, rows)
        for n, feature in inputs.items()
        if isinstance(feature, TokensFeature | TextFeature)
    }
    word = data.target_words.get(name)
    found = [
        Sequences(
            int(rows[k]),
            tuple(
                (n, told_ids(_id_tuple(values[k][values[k] != 0]), data.input_words.get(n)))
                for n, values in given.items()
            ),
            told_ids(_id_tuple(true[i][asked[i]]), word),
            _marked_words(predicted[i], true[i], word),
            () if generated is None else _marked_words(generated[i], true[i], word),
            bool(whole[i]),
        )
        for k, i in enumerate(chosen)
    ]
    unit = "id" if word is None else "word"
    title = f"{unit}s right by place"
    chart = charts.bar_chart(title, by_place, x_label="place", y_label="share")
    return TokensView(name, unit, chart, generated is not None, int((~whole).sum()), tuple(found))


def _marked_words(said: Array, true: Array, word: WordOfId | None) -> tuple[tuple[str, bool], ...]:
    """Return the words where one was asked for, each with whether it is right."""
    asked = true != 0
    right = (said == true)[asked].tolist()
    return tuple(zip(told_ids(_id_tuple(said[asked]), word), right, strict=True))


def _id_tuple(values: Array) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _flat_truth_and_prediction(predictions: Mapping[str, Array], name: str) -> tuple[Array, Array]:
    sides = (predictions[f"{name}_{side}"].astype(np.float64) for side in ("true", "pred"))
    true, predicted = (side.reshape(len(side), -1) for side in sides)
    return true, predicted


def _error_summary(true: Array, predicted: Array) -> str:
    residuals = predicted - true
    spread = float(((true - true.mean()) ** 2).sum())
    explained = (
        f", R² {figure_text(1 - float((residuals**2).sum()) / spread)}" if spread > 0 else ""
    )
    absolute, squared = float(np.abs(residuals).mean()), float((residuals**2).mean())
    return (
        f"mean absolute error {figure_text(absolute)}, RMSE {figure_text(squared**0.5)}{explained}"
    )
