"""What becomes of missing values, in words: of the columns of features that say it."""

from collections.abc import Iterable, Iterator

from dlspec.language.features import NumberFeature, SeriesFeature, SeriesTarget, VectorFeature
from dlspec_pipelines.steps.datasets.hygiene import Finding, odd_columns
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import Preparation

_WORDS = {
    "previous": "the value before stands for each",
    "drop": "windows that hold one are left out",
}


def missing_policies(fitted: Iterable[Fitted]) -> dict[str, str]:
    """Return what stands for a missing value of each column, where a feature says it."""
    told: dict[str, str] = {}
    for one in fitted:
        feature = one.feature
        if not isinstance(feature, NumberFeature | VectorFeature | SeriesFeature | SeriesTarget):
            continue
        if feature.missing is None:
            continue
        for place, name in enumerate(feature.columns):
            word = _WORDS.get(str(feature.missing)) or _filled_text(one, place)
            if word not in told.get(name, ""):
                told[name] = f"{told[name]}, {word}" if name in told else word
    return told


def _filled_text(fitted: Fitted, place: int) -> str:
    fill = fitted.scaling.fill
    assert fill is not None, "what is filled was fitted"
    feature = fitted.feature
    assert isinstance(feature, NumberFeature | VectorFeature | SeriesFeature)
    # A column of vectors has a number for each of their places.
    if place == 0 and len(feature.columns) == 1 and len(fill) > 1:
        return f"the {feature.missing} of its place stands for each"
    number = f"{fill[place]:.6g}"
    said = f"the {feature.missing}, {number}," if isinstance(feature.missing, str) else number
    return f"{said} stands for each"


def missing_in_new_rows(preparation: Preparation, table: Table) -> Iterator[Finding]:
    """Find the missing values of new rows for which something stands."""
    policies = missing_policies(preparation.inputs.values())
    present = [name for name in policies if name in table.columns]
    for found in odd_columns(table, present, policies):
        if found.kind == "missing_values":
            yield found
