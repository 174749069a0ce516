"""What a spec says of its columns without writing it under `expect`: held with the contract.

Left to preparation is what no row alone shows: a category that the training rows lack, too few
rows of a class to deal, two rows of one moment in a window; and what only decoding shows, pictures
that are damaged or of another size, which would then be decoded twice.
"""

from collections.abc import Iterator
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
from dlspec.language.row_splits import TimeSplit
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.contract_rules import ContractRule
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.implied.array_rules import (
    audio_rules,
    image_rules,
    mask_rules,
    sequence_rules,
    tensor_rules,
    token_rules,
    vector_rules,
)
from dlspec_pipelines.steps.preparation.implied.box_rules import boxes_rules
from dlspec_pipelines.steps.preparation.implied.file_rules import file_label_rules
from dlspec_pipelines.steps.preparation.implied.target_rules import (
    binary_rules,
    class_rules,
    label_rules,
)
from dlspec_pipelines.steps.preparation.implied.value_rules import (
    PRESENCE,
    moment_rules,
    number_rules,
    text_rules,
)
from dlspec_pipelines.steps.preparation.implied.weight_rules import weight_rules


def implied_rules(table: Table, data: Data) -> Iterator[ContractRule]:
    """Give the rules that features and split ask of their columns; each asks once."""
    seen = set()
    for rule in _rules_of_columns(table, data):
        asked = "presence" if rule.text in PRESENCE else rule.text
        if (rule.column, asked) not in seen:
            seen.add((rule.column, asked))
            yield rule
    yield from file_label_rules(data, table)
    if isinstance(data.split, TimeSplit):
        yield from moment_rules(data.split.time, table)


def _rules_of_columns(table: Table, data: Data) -> Iterator[ContractRule]:
    for features, is_target in ((data.inputs, False), (data.targets, True)):
        for feature in features.values():
            yield from _rules_of_feature(feature, table, is_target=is_target)
    for name, weight in data.weights.items():
        yield from weight_rules(weight, data.targets[name], table)


def _rules_of_feature(  # noqa: C901, PLR0912 - one case for each kind
    feature: Feature, table: Table, *, is_target: bool
) -> Iterator[ContractRule]:
    match feature:
        case NumberFeature() | VectorFeature() if len(feature.columns) > 1 or isinstance(
            feature, NumberFeature
        ):
            gaps = feature.missing is not None
            for name in feature.columns:
                yield from number_rules(name, table, gaps=gaps, is_target=is_target)
        case VectorFeature():
            yield from vector_rules(feature, table)
        case SeriesFeature() | SeriesTarget():
            for name in feature.columns:
                gaps = feature.missing is not None
                yield from number_rules(name, table, gaps=gaps, is_target=is_target)
        case ClassFeature():
            yield from class_rules(feature, table)
        case BinaryFeature():
            yield from binary_rules(feature, table)
        case LabelsFeature():
            yield from label_rules(feature, table)
        case MaskFeature():
            yield from mask_rules(feature, table)
        case BoxesFeature():
            yield from boxes_rules(feature, table)
        case TensorFeature():
            yield from tensor_rules(feature, table)
        case ImageFeature():
            yield from image_rules(feature, table)
        case AudioFeature():
            yield from audio_rules(feature, table)
        case SequenceFeature():
            yield from sequence_rules(feature, table)
        case TokensFeature():
            yield from token_rules(feature, table)
        case TextFeature():
            yield from text_rules(feature.text, table)
        case CategoryFeature() | CategoriesFeature():
            # Which categories there are, the training rows say.
            return
        case _:
            assert_never(feature)
