"""What columns become: the features of `data.inputs` and `data.targets`, and their elements."""

from dataclasses import dataclass

from dlspec.language.kinds import (
    Boolean,
    Choice,
    Either,
    Integer,
    ListOf,
    Literal_,
    Number,
    Text,
    spec_key,
)
from dlspec.language.tensors import Shape, Tensor

_COLUMN = Text()
_COLUMNS = ListOf(Text(), or_one=True)
_SCALE = Number()
_POSITIVE = Integer(minimum=1)
_FILL = Choice(("mean", "median"), or_number=True)
_STANDARDIZE_DOC = "Subtract the mean and divide by the deviation, both of the training split."
_SCALE_DOC = "Multiply every value by this."


@dataclass(frozen=True, slots=True)
class NumberFeature:
    """One numeric column; an element is `[1]`."""

    number: str = spec_key(_COLUMN, "The column.")
    standardize: bool = spec_key(Boolean(), _STANDARDIZE_DOC, default=False)
    scale: float | None = spec_key(_SCALE, _SCALE_DOC, default=None)
    missing: str | float | None = spec_key(
        _FILL, "What stands for a missing value: mean, median or a number.", default=None
    )


@dataclass(frozen=True, slots=True)
class VectorFeature:
    """Several numeric columns, or one column that holds vectors; an element is `[n]`."""

    vector: tuple[str, ...] = spec_key(_COLUMNS, "The columns, or one column of vectors.")
    length: int | None = spec_key(
        _POSITIVE, "Width of the vectors in a single column; several columns say it.", default=None
    )
    standardize: bool = spec_key(Boolean(), _STANDARDIZE_DOC, default=False)
    scale: float | None = spec_key(_SCALE, _SCALE_DOC, default=None)
    missing: str | float | None = spec_key(
        _FILL, "What stands for a missing value: mean, median or a number.", default=None
    )


@dataclass(frozen=True, slots=True)
class CategoryFeature:
    """A column of categories as integer ids; an element is `[]`."""

    category: str = spec_key(_COLUMN, "The column.")
    vocabulary: tuple[str, ...] | int = spec_key(
        Either(scalar=Integer(minimum=1), sequence=ListOf(Literal_())),
        "The categories, or how many ids there are, the unknown one included.",
    )
    unknown: bool = spec_key(
        Boolean(), "Whether id 0 stands for values not seen in training.", default=True
    )

    @property
    def num_ids(self) -> int:
        """Return how many ids there are, the unknown one included."""
        listed = self.vocabulary
        return listed if isinstance(listed, int) else len(listed) + self.unknown


@dataclass(frozen=True, slots=True)
class TokensFeature:
    """Ids already made, one array per sample; an element is `[length]`."""

    tokens: str = spec_key(_COLUMN, "The column.")
    length: int = spec_key(_POSITIVE, "Ids per sample; shorter ones are padded with 0 at the end.")
    vocabulary: tuple[str, ...] | int = spec_key(
        Either(scalar=_POSITIVE, sequence=ListOf(Text())),
        "How many ids there are, padding and unknown included, or the word of each id from 0 on.",
    )

    @property
    def num_ids(self) -> int:
        """Return how many ids there are; every id is below that."""
        return self.vocabulary if isinstance(self.vocabulary, int) else len(self.vocabulary)


@dataclass(frozen=True, slots=True)
class ClassFeature:
    """A target of classes; an element is `[]`, or `[classes]` one-hot."""

    class_: str = spec_key(_COLUMN, "The column.")
    classes: int | tuple[str, ...] = spec_key(
        Either(scalar=Integer(minimum=2), sequence=ListOf(Literal_())),
        "How many classes, or their values in the order of their ids.",
    )
    one_hot: bool = spec_key(Boolean(), "Give vectors instead of ids.", default=False)

    @property
    def num_classes(self) -> int:
        """Return how many classes there are."""
        return self.classes if isinstance(self.classes, int) else len(self.classes)


@dataclass(frozen=True, slots=True)
class BinaryFeature:
    """A target of 0 and 1; an element is `[1]`."""

    binary: str = spec_key(_COLUMN, "The column.")
    positive: str | float | bool | None = spec_key(
        Literal_(), "The value that counts as 1; default: the column holds 0 and 1.", default=None
    )


@dataclass(frozen=True, slots=True)
class ImageFeature:
    """Pixels; an element is `[height, width, channels]`."""

    image: str = spec_key(_COLUMN, "The column of pixel arrays or files.")
    size: tuple[int, ...] = spec_key(ListOf(_POSITIVE, length=2), "Height and width in pixels.")
    channels: int = spec_key(Integer(minimum=1, maximum=4), "1 grey, 3 RGB, 4 RGBA.")
    scale: float | None = spec_key(_SCALE, _SCALE_DOC, default=None)
    standardize: bool = spec_key(
        Boolean(),
        "Per channel: " + _STANDARDIZE_DOC[0].lower() + _STANDARDIZE_DOC[1:],
        default=False,
    )


@dataclass(frozen=True, slots=True)
class SeriesFeature:
    """Windows over time-ordered rows, for an input; an element is `[length, columns]`."""

    series: tuple[str, ...] = spec_key(_COLUMNS, "The columns.")
    length: int = spec_key(_POSITIVE, "Rows per window.")
    stride: int = spec_key(_POSITIVE, "Rows from one window's start to the next.", default=1)
    standardize: bool = spec_key(Boolean(), _STANDARDIZE_DOC, default=False)


@dataclass(frozen=True, slots=True)
class SeriesTarget:
    """The rows after the input's window; an element is `[horizon]` or `[horizon, columns]`."""

    series: tuple[str, ...] = spec_key(_COLUMNS, "The columns.")
    horizon: int = spec_key(_POSITIVE, "Rows to forecast.")
    standardize: bool = spec_key(Boolean(), _STANDARDIZE_DOC, default=False)


@dataclass(frozen=True, slots=True)
class SequenceFeature:
    """One array per sample; an element is `[length, features]`."""

    sequence: str = spec_key(_COLUMN, "The column.")
    length: int = spec_key(_POSITIVE, "Steps per sample.")
    features: int = spec_key(_POSITIVE, "Numbers per step.")
    pad: str = spec_key(
        Choice(("end", "start")),
        "Where zeros fill a short sample up; long ones are cut there.",
        default="end",
    )
    scale: float | None = spec_key(_SCALE, _SCALE_DOC, default=None)
    standardize: bool = spec_key(Boolean(), _STANDARDIZE_DOC, default=False)


Feature = (
    NumberFeature
    | VectorFeature
    | CategoryFeature
    | TokensFeature
    | ClassFeature
    | BinaryFeature
    | ImageFeature
    | SeriesFeature
    | SeriesTarget
    | SequenceFeature
)

INPUT_FEATURES: dict[str, type] = {
    "number": NumberFeature,
    "vector": VectorFeature,
    "category": CategoryFeature,
    "tokens": TokensFeature,
    "image": ImageFeature,
    "series": SeriesFeature,
    "sequence": SequenceFeature,
}
TARGET_FEATURES: dict[str, type] = {
    "class": ClassFeature,
    "binary": BinaryFeature,
    "number": NumberFeature,
    "vector": VectorFeature,
    "tokens": TokensFeature,
    "image": ImageFeature,
    "series": SeriesTarget,
}


def element_tensor(feature: Feature) -> Tensor:
    """Return the shape and dtype of one element, without the batch axis.

    An extent is None when the text does not say it.
    """
    dtype = "int32" if isinstance(feature, CategoryFeature | TokensFeature) else "float32"
    if isinstance(feature, ClassFeature) and not feature.one_hot:
        dtype = "int32"
    return Tensor(_element_shape(feature), dtype)


def _element_shape(feature: Feature) -> Shape:  # noqa: C901 - one case for each feature
    match feature:
        case NumberFeature() | BinaryFeature():
            return (1,)
        case VectorFeature():
            return (feature.length or (len(feature.vector) if len(feature.vector) > 1 else None),)
        case CategoryFeature():
            return ()
        case TokensFeature():
            return (feature.length,)
        case ClassFeature():
            return (feature.num_classes,) if feature.one_hot else ()
        case ImageFeature():
            return (*feature.size, feature.channels)
        case SeriesTarget():
            columns = len(feature.series)
            return (feature.horizon,) if columns == 1 else (feature.horizon, columns)
        case SeriesFeature():
            return (feature.length, len(feature.series))
        case SequenceFeature():
            return (feature.length, feature.features)


def columns_of(feature: Feature) -> tuple[str, ...]:  # noqa: C901 - one case for each feature
    """Return the columns of the source that a feature reads."""
    match feature:
        case NumberFeature():
            return (feature.number,)
        case VectorFeature():
            return feature.vector
        case CategoryFeature():
            return (feature.category,)
        case TokensFeature():
            return (feature.tokens,)
        case ClassFeature():
            return (feature.class_,)
        case BinaryFeature():
            return (feature.binary,)
        case ImageFeature():
            return (feature.image,)
        case SeriesFeature() | SeriesTarget():
            return feature.series
        case SequenceFeature():
            return (feature.sequence,)
