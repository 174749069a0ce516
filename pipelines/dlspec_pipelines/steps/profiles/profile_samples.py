"""Training samples to look at: pictures of each class, masks beside theirs, texts as read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlspec.language.features import (
    AudioFeature,
    BinaryFeature,
    ClassFeature,
    ImageFeature,
    MaskFeature,
    TextFeature,
)
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.preparation.fitting import Preparation, fitted_classes, load_preparation
from dlspec_pipelines.steps.preparation.ids import Vocabulary
from dlspec_pipelines.steps.preparation.prepared_arrays import Part, open_part
from dlspec_pipelines.steps.preparation.text_tokenizers import (
    UNKNOWN_ID,
    encodings_of_texts,
    loaded_tokenizer,
)
from dlspec_pipelines.steps.records import Dataset
from dlspec_pipelines.steps.reports.examples import picture_addresses
from dlspec_pipelines.steps.reports.mask_colours import class_colours, drawn_mask
from dlspec_pipelines.steps.reports.png import data_uri, png_file_bytes
from dlspec_pipelines.steps.reports.sound_pictures import sound_pictures
from dlspec_pipelines.steps.reports.targets import class_labels

# A row of pictures on the widest page.
_PICTURES_OF_CLASS = 8
# Without classes, four such rows.
_PICTURES = 32
# Beyond these a page is long; the rest is counted.
_MAX_CLASSES = 20
# Larger masks are thinned out to this many places a side, so that the page stays small.
_MAX_SIDE = 112
# Two of each class, where there are two.
_TEXTS = 4
# Beyond it a text says no more of how it is read.
_MAX_CHARACTERS = 700


@dataclass(frozen=True, slots=True)
class Picture:
    """One training sample as an image's address, and where it stands in the source."""

    address: str
    place: str


@dataclass(frozen=True, slots=True)
class ClassPictures:
    """Pictures of one class; `label` is "" where no target has classes."""

    label: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures of one feature; `more` counts the classes that are not shown."""

    feature: str
    classes: tuple[ClassPictures, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class PlaceShare:
    """One class of a mask: the colour that stands for it, and its share of all places."""

    label: str
    colour: str
    share: float


@dataclass(frozen=True, slots=True)
class MaskGallery:
    """Masks of one target, each beside the picture of its sample where there is one."""

    target: str
    shares: tuple[PlaceShare, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text: what the model reads of it, `unknown` a word without an id, or `cut`."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class TextExample:
    """One text of a training sample in pieces."""

    label: str
    place: str
    pieces: tuple[TextPiece, ...]


@dataclass(frozen=True, slots=True)
class TextExamples:
    """Texts of one feature."""

    feature: str
    texts: tuple[TextExample, ...]


@dataclass(frozen=True, slots=True)
class ProfileSamples:
    """What the page shows of the training samples."""

    galleries: tuple[Gallery, ...] = ()
    masks: tuple[MaskGallery, ...] = ()
    texts: tuple[TextExamples, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Train:
    """The training samples, their classes, and the table that their rows are of."""

    table: Table
    part: Part
    labels: tuple[str, ...]
    label_of: NDArray[np.int64]

    def place_of(self, sample: int) -> str:
        """Return where a sample stands; of windows, a row may stand behind the last."""
        row = min(int(self.part.rows[sample]), self.table.rows - 1)
        return str(self.table.place_of(row)).replace("`", "").removeprefix("file ")


def samples_to_show(data: Data, table: Table, dataset: Dataset) -> ProfileSamples:
    """Return training samples to look at.

    Raises:
        StepError: If the prepared arrays are not what was written.
    """
    part = open_part(dataset, "train")
    preparation = load_preparation(Path(dataset.path))
    labels, label_of = _classes_of_samples(data, part, fitted_classes(preparation))
    train = _Train(table, part, labels, label_of)
    return ProfileSamples(
        tuple(
            _gallery(name, feature, train)
            for name, feature in data.inputs.items()
            if isinstance(feature, ImageFeature | AudioFeature) and len(part.rows)
        ),
        tuple(
            _mask_gallery(name, feature, data, train)
            for name, feature in data.targets.items()
            if isinstance(feature, MaskFeature) and len(part.rows)
        ),
        tuple(_text_examples(data, preparation, train)),
    )


def _classes_of_samples(
    data: Data, train: Part, classes: Mapping[str, Vocabulary]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the classes of the first target that has some, and the one of each sample."""
    for name, feature in data.targets.items():
        if isinstance(feature, ClassFeature | BinaryFeature):
            ids: Any = np.asarray(train.targets[name])
            one_hot = isinstance(feature, ClassFeature) and feature.one_hot
            ids = ids.argmax(axis=1) if one_hot else ids.reshape(-1)
            return class_labels(feature, classes.get(name)), ids.astype(np.int64)
    return ("",), np.zeros(len(train.rows), dtype=np.int64)


def _gallery(name: str, feature: ImageFeature | AudioFeature, train: _Train) -> Gallery:
    most = _PICTURES_OF_CLASS if len(train.labels) > 1 else _PICTURES
    there = [n for n in range(len(train.labels)) if (train.label_of == n).any()]
    chosen = {n: np.flatnonzero(train.label_of == n)[:most] for n in there[:_MAX_CLASSES]}
    samples = np.concatenate(list(chosen.values()))
    # Stretched together, so that a dark picture stays darker than a bright one.
    values = np.stack([train.part.inputs[name][sample] for sample in samples])
    if isinstance(feature, AudioFeature):
        values = sound_pictures(values)
    made = dict(zip(samples.tolist(), picture_addresses(values), strict=True))
    classes = tuple(
        ClassPictures(
            train.labels[number],
            tuple(Picture(made[s], train.place_of(s)) for s in of_class.tolist()),
        )
        for number, of_class in chosen.items()
    )
    return Gallery(name, classes, max(0, len(there) - _MAX_CLASSES))


def _mask_gallery(name: str, feature: MaskFeature, data: Data, train: _Train) -> MaskGallery:
    masks = train.part.targets[name]
    ids = np.arange(feature.num_ids)
    named = feature.classes
    labels = [str(c) for c in (range(named) if isinstance(named, int) else named)]
    counts = np.array([(masks == number).sum() for number in ids], dtype=np.float64)
    total = max(float(counts.sum()), 1.0)
    colours = class_colours(feature.num_ids)
    shares = tuple(
        PlaceShare(label, "#" + bytes(colour.tolist()).hex(), count / total)
        for label, colour, count in zip(labels, colours, counts, strict=True)
    )
    if len(feature.extents) != 2:
        return MaskGallery(name, shares, ())
    samples = range(min(_PICTURES // 2, len(masks)))
    beside = _pictures_of_masks(data, feature, train, samples)
    pictures = tuple(
        Picture(_mask_address(masks[s], colours, beside.get(s)), train.place_of(s)) for s in samples
    )
    return MaskGallery(name, shares, pictures)


def _pictures_of_masks(
    data: Data, feature: MaskFeature, train: _Train, samples: Sequence[int]
) -> Mapping[int, NDArray[np.uint8]]:
    """Return for each sample the grey or coloured picture that its mask is of, where it has one."""
    for name, one in data.inputs.items():
        if isinstance(one, ImageFeature) and one.size == feature.extents:
            values = np.stack([train.part.inputs[name][s] for s in samples]).astype(np.float64)
            low, reach = values.min(), max(float(np.ptp(values)), 1e-12)
            shown = np.round((values - low) * (255 / reach)).astype(np.uint8)
            colour = shown[..., :3] if shown.shape[-1] >= 3 else np.repeat(shown[..., :1], 3, -1)
            return dict(zip(samples, colour, strict=True))
    return {}


def _mask_address(
    mask: Array, colours: NDArray[np.uint8], picture: NDArray[np.uint8] | None
) -> str:
    """Return a mask in the colours of its classes; places of none are white."""
    drawn = drawn_mask(mask, colours)
    step = max(1, -(-max(drawn.shape[:2]) // _MAX_SIDE))
    pieces = [drawn] if picture is None else [picture, drawn]
    return data_uri(png_file_bytes(np.concatenate(pieces, axis=1)[::step, ::step]))


def _text_examples(data: Data, preparation: Preparation, train: _Train) -> Iterator[TextExamples]:
    for name, feature in data.inputs.items():
        if not isinstance(feature, TextFeature) or not len(train.part.rows):
            continue
        first = [np.flatnonzero(train.label_of == n)[:2] for n in range(len(train.labels))]
        samples = np.concatenate(first)[:_TEXTS].tolist()
        rows = np.asarray(train.part.rows)[samples]
        texts = train.table.columns[feature.text].reshape(-1)[rows].tolist()
        written = preparation.inputs[name].tokenizer
        assert written is not None, "every text is fitted"
        encodings = encodings_of_texts(loaded_tokenizer(written), texts)
        found = (
            TextExample(
                train.labels[int(train.label_of[sample])],
                train.place_of(sample),
                tuple(_pieces_of_text(feature, text, encoding.ids, encoding.offsets)),
            )
            for sample, (text, encoding) in zip(samples, encodings, strict=True)
        )
        yield TextExamples(name, tuple(found))


def _pieces_of_text(
    feature: TextFeature, text: str, ids: Sequence[int], offsets: Sequence[tuple[int, int]]
) -> Iterator[TextPiece]:
    """Yield a text in pieces that are read alike; an unknown word ends where its letters do."""
    at, end, kind = 0, 0, ""
    for place, (id_, (start, stop)) in enumerate(zip(ids, offsets, strict=True)):
        here = "unknown" if id_ == UNKNOWN_ID else ""
        if not _is_word_kept(feature, place, len(ids)):
            here = "cut"
        if here != kind:
            until = end if kind == "unknown" else start
            if until > at:
                yield TextPiece(text[at:until], kind)
            if start > until:
                yield TextPiece(text[until:start])
            at, kind = start, here
        end = stop
        if start > _MAX_CHARACTERS:
            yield TextPiece(text[at:start] + " ...", kind)
            return
    yield TextPiece(text[at:], kind)


def _is_word_kept(feature: TextFeature, place: int, words: int) -> bool:
    """Return whether the model reads a word, by its place among all of its text."""
    over = int(feature.start) + words + int(feature.end) - feature.length
    first = feature.shift + (max(over, 0) if feature.cut == "start" else 0)
    return first <= int(feature.start) + place < first + feature.length
