"""The source `keras`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Choice, spec_key

KERAS = (
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
)


@dataclass(frozen=True, slots=True)
class KerasSource:
    """A data set of keras.datasets; columns `x` and `y`, with its own test rows."""

    word: ClassVar[str] = "keras"
    tool: ClassVar[str] = "keras"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = ()
    has_test_rows: ClassVar[bool] = True

    keras: str = spec_key(Choice(KERAS), "Name of the data set.")

    @property
    def files(self) -> tuple[str, ...]:
        """Return none: its rows are read from no file of the spec's."""
        return ()
