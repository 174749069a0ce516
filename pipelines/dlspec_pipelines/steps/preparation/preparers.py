"""The preparer of each kind of feature; `Feature` lists the kinds."""

from typing import assert_never

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
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.features.audio import AudioPreparer
from dlspec_pipelines.steps.preparation.features.binary import BinaryPreparer
from dlspec_pipelines.steps.preparation.features.boxes import BoxesPreparer
from dlspec_pipelines.steps.preparation.features.categories import CategoriesPreparer
from dlspec_pipelines.steps.preparation.features.category import CategoryPreparer
from dlspec_pipelines.steps.preparation.features.class_ import ClassPreparer
from dlspec_pipelines.steps.preparation.features.image import ImagePreparer
from dlspec_pipelines.steps.preparation.features.labels import LabelsPreparer
from dlspec_pipelines.steps.preparation.features.mask import MaskPreparer
from dlspec_pipelines.steps.preparation.features.number import NumberPreparer
from dlspec_pipelines.steps.preparation.features.preparer import Preparer
from dlspec_pipelines.steps.preparation.features.sequence import SequencePreparer
from dlspec_pipelines.steps.preparation.features.series import SeriesPreparer
from dlspec_pipelines.steps.preparation.features.tensor_ import TensorPreparer
from dlspec_pipelines.steps.preparation.features.text import TextPreparer
from dlspec_pipelines.steps.preparation.features.tokens import TokensPreparer
from dlspec_pipelines.steps.preparation.features.vector import VectorPreparer
from dlspec_pipelines.steps.preparation.raw_columns import Raw


def preparer_of(feature: Feature) -> Preparer:  # noqa: C901, PLR0912 - one case for each kind
    """Return what prepares a feature."""
    match feature:
        case NumberFeature():
            return NumberPreparer(feature)
        case VectorFeature():
            return VectorPreparer(feature)
        case CategoryFeature():
            return CategoryPreparer(feature)
        case CategoriesFeature():
            return CategoriesPreparer(feature)
        case TokensFeature():
            return TokensPreparer(feature)
        case TextFeature():
            return TextPreparer(feature)
        case ClassFeature():
            return ClassPreparer(feature)
        case BinaryFeature():
            return BinaryPreparer(feature)
        case LabelsFeature():
            return LabelsPreparer(feature)
        case MaskFeature():
            return MaskPreparer(feature)
        case BoxesFeature():
            return BoxesPreparer(feature)
        case TensorFeature():
            return TensorPreparer(feature)
        case ImageFeature():
            return ImagePreparer(feature)
        case AudioFeature():
            return AudioPreparer(feature)
        case SeriesFeature() | SeriesTarget():
            return SeriesPreparer(feature)
        case SequenceFeature():
            return SequencePreparer(feature)
        case _:
            assert_never(feature)


def gather_raw_values(feature: Feature, table: Table) -> Raw:
    """Return what a feature reads, one entry per row of the table.

    Raises:
        StepError: If a value is not what the feature takes (DL613).
    """
    return preparer_of(feature).raw_values(table)
