"""What every kind of feature is prepared by, and what is fitted for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dlspec.language.features import Feature
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table
from dlspec_pipelines.steps.preparation.ids import Vocabulary
from dlspec_pipelines.steps.preparation.numbers import Scaling
from dlspec_pipelines.steps.preparation.raw_columns import Raw


@dataclass(frozen=True, slots=True)
class Fitted:
    """A feature with all that was fitted on the training rows.

    `tokenizer` is Hugging Face's own JSON, of a text.
    """

    feature: Feature
    scaling: Scaling = field(default_factory=Scaling)
    vocabulary: Vocabulary | None = None
    tokenizer: Mapping[str, object] | None = None


class Preparer(Protocol):
    """How one feature becomes arrays."""

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row of the table.

        Raises:
            StepError: If a value is not what the feature takes (DL613).
        """

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows, which `train` lists by their positions in `raw`.

        Raises:
            StepError: If the training rows cannot be fitted (DL613).
        """

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples, not yet of the element's shape and dtype.

        Args:
            at: Positions in `raw`; of a window, (samples, steps).
            rows: The source's row of each sample, for an error.

        Raises:
            StepError: If a value has no place in what was fitted (DL613).
        """
