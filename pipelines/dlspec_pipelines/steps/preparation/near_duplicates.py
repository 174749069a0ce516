"""Samples of other parts that nearly are a training sample: the same text, the same picture."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dlspec.language.features import Feature, ImageFeature, TextFeature
from dlspec_pipelines.steps.datasets.hygiene import Finding, SamplePlaces
from dlspec_pipelines.steps.datasets.picture_hashes import (
    nearly_equal_pictures,
    picture_hashes,
)
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.prepared_arrays import Part

_NO_WORD = re.compile(r"[\W_]+")
# Shorter texts, such as `ok, thanks`, are written twice by many people.
_LEAST_WORDS = 3
_OTHERS = ("validation", "test")

_Pairs = Sequence[tuple[int, int]]


def near_duplicates(
    table: Table, features: Mapping[str, Feature], parts: Mapping[str, Part], places: SamplePlaces
) -> Iterator[Finding]:
    """Find validation and test samples whose text or picture nearly is that of a training sample.

    Those whose inputs are equal are found as repeated rows, and not here.

    Args:
        features: The inputs of the spec.
    """
    for name, feature in features.items():
        if isinstance(feature, TextFeature):
            yield from _near_texts(name, feature, table, parts, places)
        elif isinstance(feature, ImageFeature):
            yield from _near_pictures(name, parts, places)


def normalized_text(text: str) -> str:
    """Return a text without its case, its punctuation and its number of blanks."""
    return _NO_WORD.sub(" ", text.casefold()).strip()


def _near_texts(
    name: str,
    feature: TextFeature,
    table: Table,
    parts: Mapping[str, Part],
    places: SamplePlaces,
) -> Iterator[Finding]:
    column = table.columns[feature.text].reshape(-1)
    known: dict[str, int] = {}
    written: dict[str, int] = {}
    for place, row in enumerate(np.asarray(parts["train"].rows).tolist()):
        text = normalized_text(column[row])
        if text.count(" ") >= _LEAST_WORDS - 1:
            known.setdefault(text, place)
            written.setdefault(column[row], place)
    for part in _OTHERS:
        rows = np.asarray(parts[part].rows).tolist()
        pairs = [
            (place, known[text])
            for place, row in enumerate(rows)
            if (text := normalized_text(column[row])) in known and column[row] not in written
        ]
        what = "but for case, punctuation and blanks"
        yield from _near_found(name, part, pairs, (len(rows), len(rows)), what, places)


def _near_pictures(name: str, parts: Mapping[str, Part], places: SamplePlaces) -> Iterator[Finding]:
    train = parts["train"].inputs[name]
    known = picture_hashes(train)
    for part in _OTHERS:
        asked = parts[part].inputs[name]
        at, train_at, looked_at = nearly_equal_pictures(known, picture_hashes(asked))
        pairs = [
            (place, other)
            for place, other in zip(at.tolist(), train_at.tolist(), strict=True)
            if not np.array_equal(asked[place], train[other])
        ]
        what = "by its perceptual hash and its grey"
        yield from _near_found(name, part, pairs, (looked_at, len(asked)), what, places)


def _near_found(
    name: str,
    part: str,
    pairs: _Pairs,
    looked_at: tuple[int, int],
    what: str,
    places: SamplePlaces,
) -> Iterator[Finding]:
    if not pairs:
        return
    some, all_ = looked_at
    of = f"{all_:,}" if some == all_ else f"{some:,} that were looked at, of {all_:,},"
    text = f"{len(pairs):,} of {of} {part} samples nearly are a training sample in `{name}`, {what}"
    yield Finding(
        "near_duplicates",
        f"{name}/{part}",
        len(pairs),
        text,
        examples=places.pairs_told(part, pairs),
    )
