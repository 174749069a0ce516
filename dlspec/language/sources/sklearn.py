"""The source `sklearn`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Choice, spec_key

SKLEARN = ("breast_cancer", "diabetes", "digits", "iris", "wine")


@dataclass(frozen=True, slots=True)
class SklearnSource:
    """A data set that ships with scikit-learn; its columns are the Bunch's own names."""

    word: ClassVar[str] = "sklearn"
    tool: ClassVar[str] = "scikitlearn"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = ()
    has_test_rows: ClassVar[bool] = False

    sklearn: str = spec_key(Choice(SKLEARN), "Name of the data set.")

    @property
    def files(self) -> tuple[str, ...]:
        """Return none: its rows are read from no file of the spec's."""
        return ()
