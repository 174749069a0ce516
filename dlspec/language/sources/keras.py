"""The source `keras`."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

from dlspec.language.kinds import Choice, Integer, Number, spec_key

_OF_IDS = ("num_words", "skip_top", "maxlen", "seed", "start_char", "oov_char", "index_from")

# The arguments of each `load_data`, but for where it keeps its file.
KERAS_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "california_housing": ("version", "test_split", "seed"),
    "cifar10": (),
    "cifar100": ("label_mode",),
    "fashion_mnist": (),
    "imdb": _OF_IDS,
    "mnist": (),
    "reuters": (*_OF_IDS, "test_split"),
}
# What numpy seeds its generator with: a word of 32 bits.
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class KerasSource:
    """A data set of keras.datasets; columns `x` and `y`, with its own test rows.

    The other keys are the arguments of its `load_data`; each data set takes some of them.
    """

    word: ClassVar[str] = "keras"
    tool: ClassVar[str] = "keras"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = ()
    has_test_rows: ClassVar[bool] = True

    keras: str = spec_key(Choice(tuple(KERAS_OPTIONS)), "Name of the data set.")
    num_words: int | None = spec_key(
        Integer(minimum=1),
        "`imdb`, `reuters`: ids from this on are read as `oov_char`.",
        default=None,
    )
    skip_top: int = spec_key(
        Integer(minimum=0),
        "`imdb`, `reuters`: ids below this, the most frequent words, are read as `oov_char`.",
        default=0,
    )
    maxlen: int | None = spec_key(
        Integer(minimum=1),
        "`imdb`, `reuters`: texts of so many ids or more are left out.",
        default=None,
    )
    start_char: int | None = spec_key(
        Integer(minimum=0, or_null=True),
        "`imdb`, `reuters`: the id before each text; null puts none there.",
        default=1,
    )
    oov_char: int | None = spec_key(
        Integer(minimum=0, or_null=True),
        "`imdb`, `reuters`: the id of words that are not kept; null leaves them out.",
        default=2,
    )
    index_from: int = spec_key(
        Integer(minimum=0),
        "`imdb`, `reuters`: what the ids of words are raised by.",
        default=3,
    )
    label_mode: str = spec_key(
        Choice(("fine", "coarse")), "`cifar100`: 100 classes, or 20.", default="fine"
    )
    version: str = spec_key(
        Choice(("large", "small")),
        "`california_housing`: all 20,640 rows, or the first 600.",
        default="large",
    )
    test_split: float = spec_key(
        Number(above=0, below=1),
        "`california_housing`, `reuters`: the share of test rows.",
        default=0.2,
    )
    seed: int = spec_key(
        Integer(minimum=0, maximum=_LARGEST_SEED),
        "`california_housing`, `imdb`, `reuters`: the order of the rows is drawn from it.",
        default=113,
    )

    @property
    def files(self) -> tuple[str, ...]:
        """Return none: its rows are read from no file of the spec's."""
        return ()

    @property
    def options(self) -> dict[str, object]:
        """Return the arguments of its `load_data`."""
        own = KERAS_OPTIONS[self.keras]
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name in own}
