"""Samples: which rows of the table, or windows over them, each part is made of."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dlspec.language.features import Feature
from dlspec_pipelines.steps.datasets.table import Array, Rows
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import transform_feature
from dlspec_pipelines.steps.preparation.raw_columns import Raw
from dlspec_pipelines.steps.preparation.windows import Window, window_anchors

# Values made at a time, per feature: 8 MiB of float64.
_CHUNK_VALUES = 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The samples of one part, as places in the order of time.

    Without a window, a place is the sample's row. With one it is the window's anchor: the place
    after its input; its horizon begins there, or `gap` rows later. `run_end` says of each place in
    `order` where its run of rows ends, for windows whose horizon may lie behind it; None where
    all of a sample's rows are there.
    """

    order: Rows
    places: Rows
    window: Window | None
    run_end: Rows | None = None

    @property
    def rows(self) -> Rows:
        """Return the source's row of each sample.

        Of a window, the first row of its horizon (of one that begins behind the last row of its
        run, the number of all rows), or without a horizon the last row of its input.
        """
        if self.window is None:
            return self.order[self.places]
        if self.window.horizon == 0:
            return self.last_rows
        at = self.places + self.window.gap
        if self.run_end is None:
            return self.order[at]
        beyond = at >= self.run_end[self.places - 1]
        return np.where(beyond, len(self.order), self.order[np.where(beyond, 0, at)])

    @property
    def last_rows(self) -> Rows:
        """Return the source's last row of each window's input."""
        return self.order[self.places - 1]


def samples_of_part(order: Rows, part: Rows, window: Window | None, breaks: Rows) -> Samples:
    """Return the samples of a part: its rows, or the windows that fit into it.

    Args:
        breaks: The places in the order of time before which no window begins that goes on.
    """
    places = part if window is None else window_anchors(part, window, breaks)
    return Samples(order, places, window)


def element_batches(
    fitted: Fitted, raw: Raw, samples: Samples, *, whole: bool = False
) -> Iterator[Array]:
    """Yield a feature's elements for all samples, some at a time; at least one array.

    Args:
        whole: Give all in one array.
    """
    steps = _series_step_offsets(fitted.feature)
    per_sample = max(1, math.prod(raw.row_shape) * len(steps))
    size = len(samples.places) if whole else max(1, _CHUNK_VALUES // per_sample)
    rows = samples.rows
    for start in range(0, max(len(samples.places), 1), max(size, 1)):
        places = samples.places[start : start + size]
        if fitted.feature.window is not None:
            at = samples.order[places[:, None] + steps]
        else:
            # Beside a series, other features are read at the last row of the input.
            at = samples.order[places if samples.window is None else places - 1]
        yield transform_feature(fitted, raw, at, rows=rows[start : start + size])


def _series_step_offsets(feature: Feature) -> Rows:
    if feature.window is not None:
        return np.arange(feature.window.first, feature.window.end, feature.window.step)
    return np.zeros(1, dtype=np.int64)


def feature_elements(
    fitted: Mapping[str, Fitted], raws: Mapping[str, Raw], samples: Samples
) -> dict[str, Array]:
    """Return all elements of some features in memory, by name."""
    return {
        name: next(element_batches(one, raws[name], samples, whole=True))
        for name, one in fitted.items()
    }
