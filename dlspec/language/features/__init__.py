"""What columns become: the features of `data.inputs` and `data.targets`, one file for each kind."""

from typing import get_args

from dlspec.language.features.audio import AudioFeature, MelSpectrum
from dlspec.language.features.binary import BinaryFeature
from dlspec.language.features.boxes import BoxesFeature
from dlspec.language.features.categories import CategoriesFeature
from dlspec.language.features.category import CategoryFeature
from dlspec.language.features.class_ import ClassFeature
from dlspec.language.features.feature_kind import FeatureKind, TargetKind
from dlspec.language.features.image import ImageFeature
from dlspec.language.features.labels import LabelsFeature
from dlspec.language.features.mask import MaskFeature
from dlspec.language.features.number import NumberFeature
from dlspec.language.features.sequence import SequenceFeature
from dlspec.language.features.series import SeriesFeature, SeriesTarget
from dlspec.language.features.tensor_ import TensorFeature
from dlspec.language.features.text import TextFeature
from dlspec.language.features.tokens import TokensFeature
from dlspec.language.features.vector import VectorFeature

__all__ = [
    "FEATURES",
    "INPUT_FEATURES",
    "TARGET_FEATURES",
    "AudioFeature",
    "BinaryFeature",
    "BoxesFeature",
    "CategoriesFeature",
    "CategoryFeature",
    "ClassFeature",
    "Feature",
    "FeatureKind",
    "ImageFeature",
    "LabelsFeature",
    "MaskFeature",
    "MelSpectrum",
    "NumberFeature",
    "SequenceFeature",
    "SeriesFeature",
    "SeriesTarget",
    "TargetKind",
    "TensorFeature",
    "TextFeature",
    "TokensFeature",
    "VectorFeature",
]

Feature = (
    ClassFeature
    | BinaryFeature
    | LabelsFeature
    | MaskFeature
    | BoxesFeature
    | NumberFeature
    | VectorFeature
    | TensorFeature
    | CategoryFeature
    | CategoriesFeature
    | TokensFeature
    | TextFeature
    | ImageFeature
    | AudioFeature
    | SeriesFeature
    | SeriesTarget
    | SequenceFeature
)
# Inputs and targets are offered in this order.
FEATURES: tuple[type[FeatureKind], ...] = (
    ClassFeature,
    BinaryFeature,
    LabelsFeature,
    MaskFeature,
    BoxesFeature,
    NumberFeature,
    VectorFeature,
    TensorFeature,
    CategoryFeature,
    CategoriesFeature,
    TokensFeature,
    TextFeature,
    ImageFeature,
    AudioFeature,
    SeriesFeature,
    SeriesTarget,
    SequenceFeature,
)
assert set(FEATURES) == set(get_args(Feature)), "a feature is missing in `Feature` or `FEATURES`"

INPUT_FEATURES = {kind.word: kind for kind in FEATURES if kind.is_input}
TARGET_FEATURES = {kind.word: kind for kind in FEATURES if kind.learned_as is not None}
