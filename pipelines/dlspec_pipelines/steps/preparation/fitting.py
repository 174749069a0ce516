"""What a feature learns from the training rows, and how it turns raw values into elements."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter

from dlspec.decode.written_records import record_from_words
from dlspec.language.features import (
    INPUT_FEATURES,
    TARGET_FEATURES,
    BinaryFeature,
    ClassFeature,
    Feature,
    LabelsFeature,
    MaskFeature,
    TextFeature,
)
from dlspec.language.kinds import Tagged
from dlspec.language.sections import Data
from dlspec.resolve.plan import canonical_data
from dlspec_pipelines.steps.datasets.table import Array, Rows
from dlspec_pipelines.steps.json_documents import (
    PREPARATION,
    document_content,
    document_text,
    read_text_file,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.ids import Vocabulary
from dlspec_pipelines.steps.preparation.numbers import (
    Floats,
    Scaling,
    invert_scaling,
)
from dlspec_pipelines.steps.preparation.preparers import preparer_of
from dlspec_pipelines.steps.preparation.raw_columns import Raw
from dlspec_pipelines.steps.preparation.time_steps import TimeSteps
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import way_back

# Raised whenever the same data and spec would give other arrays: data sets are found by it.
VERSION = 4
_SCALING = TypeAdapter(Scaling)
_TIME_STEPS = TypeAdapter(TimeSteps | None)


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a table becomes arrays, fitted: kept with a model and applied by `predict` unchanged.

    `time` is the column that orders the rows, `steps` how far apart those of a window lie, None
    where that is all the same; `fingerprint` and `digest` are the data set's.
    """

    inputs: Mapping[str, Fitted]
    targets: Mapping[str, Fitted]
    time: str | None
    fingerprint: str
    digest: str
    rows: Mapping[str, int]
    steps: TimeSteps | None = None


def fit_feature(feature: Feature, raw: Raw, train: Rows) -> Fitted:
    """Fit one feature.

    Args:
        train: The training rows' positions in `raw`.

    Raises:
        StepError: If the training rows cannot be fitted (DL613).
    """
    return preparer_of(feature).fit_rows(raw, train)


def fit_sides(
    data: Data, raws: tuple[Mapping[str, Raw], Mapping[str, Raw]], train: Rows
) -> tuple[dict[str, Fitted], dict[str, Fitted]]:
    """Fit all inputs and targets; a text with `like` has what the other one was fitted to.

    Args:
        raws: What the inputs and the targets read.
        train: The training rows' positions in `raws`.

    Raises:
        StepError: If the training rows cannot be fitted (DL613).
    """
    sides = (data.inputs, data.targets)
    fitted = tuple(
        {name: fit_feature(f, raw[name], train) for name, f in side.items() if not _owner_named(f)}
        for side, raw in zip(sides, raws, strict=True)
    )
    owners = {**fitted[1], **fitted[0]}
    inputs, targets = (
        {
            name: replace(owners[_owner_named(f)], feature=f) if _owner_named(f) else own[name]
            for name, f in side.items()
        }
        for side, own in zip(sides, fitted, strict=True)
    )
    return inputs, targets


def _owner_named(feature: Feature) -> str:
    """Return the feature whose vocabulary one shares; no text where it has its own."""
    return (feature.like or "") if isinstance(feature, TextFeature) else ""


def transform_feature(fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
    """Return the elements of some samples, as the model reads them.

    Args:
        at: Positions in `raw`; of a series, (samples, steps).
        rows: The source's row of each sample, for an error.

    Raises:
        StepError: If a category is unknown and there is no id for it (DL613).
    """
    wanted = fitted.feature.element
    made = preparer_of(fitted.feature).model_values(fitted, raw, at, rows=rows)
    values = made.astype(wanted.dtype, copy=False)
    if wanted.shape is None or None in wanted.shape:
        return values
    return values.reshape(len(at), *(extent or 0 for extent in wanted.shape))


def invert_predictions(preparation: Preparation, target: str, values: Array) -> Floats:
    """Return predictions of a numeric target in the unit of its column."""
    return invert_scaling(preparation.targets[target].scaling, values)


def class_target_labels(preparation: Preparation, target: str) -> tuple[object, ...] | None:
    """Return the names of the ids of a class or of labels, where the spec lists them; else None."""
    if target not in preparation.targets:
        return None  # an output without a target
    feature = preparation.targets[target].feature
    if isinstance(feature, LabelsFeature):
        return feature.names
    if not isinstance(feature, ClassFeature | MaskFeature) or isinstance(feature.classes, int):
        return None
    return feature.classes


def fitted_classes(preparation: Preparation) -> dict[str, Vocabulary]:
    """Return what the ids of targets stand for, of those that find it in their column."""
    return {
        name: one.vocabulary
        for name, one in preparation.targets.items()
        if one.vocabulary is not None and isinstance(one.feature, BinaryFeature)
    }


def preparation_to_json(preparation: Preparation) -> str:
    """Return a preparation as JSON; `preparation_from_json` gives an equal one back."""
    content = canonical_data(preparation)
    assert isinstance(content, dict)
    return document_text(PREPARATION, content)


def preparation_from_json(text: str, path: Path = Path("a preparation")) -> Preparation:
    """Return the preparation that `preparation_to_json` wrote.

    Args:
        path: Where the text was read, for an error.

    Raises:
        StepError: If it is damaged, or of a version not known here.
    """
    said = document_content(text, PREPARATION, path)
    try:
        return Preparation(
            inputs=_fitted_from_words(INPUT_FEATURES, said["inputs"]),
            targets=_fitted_from_words(TARGET_FEATURES, said["targets"]),
            time=said["time"],
            fingerprint=said["fingerprint"],
            digest=said["digest"],
            rows=said["rows"],
            # Preparations of before windows kept off gaps say nothing of steps.
            steps=_TIME_STEPS.validate_python(said.get("steps")),
        )
    except (KeyError, ValueError) as error:
        raise StepError(f"`{path}` is damaged: {error}", help=way_back(path)) from error


def _fitted_from_words(features: Mapping[str, type], found: Mapping[str, Any]) -> dict[str, Fitted]:
    """Return what was fitted, each feature read as a spec's is."""
    kind = Tagged("feature", features)
    return {
        name: Fitted(
            cast("Feature", record_from_words(kind, one["feature"])),
            _SCALING.validate_python(one["scaling"]),
            _vocabulary_from_words(one["vocabulary"]),
            # Preparations of before there were texts say nothing of tokenizers.
            one.get("tokenizer"),
        )
        for name, one in found.items()
    }


def _vocabulary_from_words(words: list[Any] | None) -> Vocabulary | None:
    """Return a vocabulary; a pair of a column and its value is a list in JSON."""
    if words is None:
        return None
    return tuple(tuple(word) if isinstance(word, list) else word for word in words)


def load_preparation(path: Path) -> Preparation:
    """Read a `preparation.json`, or the one in a folder of a data set or a run.

    Raises:
        StepError: If it is missing, damaged, or of a version not known here.
    """
    file = path / "preparation.json" if path.is_dir() else path
    return preparation_from_json(read_text_file(file), file)
