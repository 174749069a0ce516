"""Facts of the files that features read: a contract names them as if they were columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dlspec.language.features import AudioFeature, Feature, ImageFeature, MaskFeature

# Of the values as they are stored: 0 to 255 of a picture, -1 to 1 of a sound.
_VALUES = ("min", "max", "mean")
PICTURE_FACTS = ("height", "width", "channels", *_VALUES, "digest")
SOUND_FACTS = ("seconds", "sample_rate", "channels", *_VALUES, "digest")

_FACTS_BY_KIND: Mapping[type[Feature], tuple[str, ...]] = {
    ImageFeature: PICTURE_FACTS,
    MaskFeature: PICTURE_FACTS,
    AudioFeature: SOUND_FACTS,
}


@dataclass(frozen=True, slots=True)
class FileFact:
    """One fact of the files that a column names, such as the height of its pictures."""

    column: str
    fact: str


def file_facts_by_name(features: Iterable[Feature]) -> dict[str, FileFact]:
    """Return what a contract may name: `photo.height`, and of a single such column `height`."""
    kinds = {
        name: _FACTS_BY_KIND[type(feature)]
        for feature in features
        if feature.reads_files
        for name in feature.columns
    }
    named = {
        f"{column}.{fact}": FileFact(column, fact)
        for column, facts in kinds.items()
        for fact in facts
    }
    if len(kinds) == 1:
        named |= {fact.fact: fact for fact in named.values()}
    return named
