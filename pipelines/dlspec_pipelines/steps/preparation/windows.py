"""Windows over rows in order of time, none of which straddles the border of a part."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dlspec.language.features import Feature, SeriesFeature
from dlspec_pipelines.steps.datasets.table import Rows, unpreparable_data


@dataclass(frozen=True, slots=True)
class Window:
    """What one sample spans: `length` rows before its anchor, `horizon` rows from it on.

    `gap` counts the rows from the anchor on that nothing is forecast of.
    """

    length: int
    horizon: int
    stride: int
    gap: int = 0


def window_of(features: Iterable[Feature]) -> Window | None:
    """Return the window that all series of a spec share; None without a series.

    The longest input and the longest horizon count, so that all series of a sample meet at its
    anchor.

    Raises:
        StepError: If two series have different strides, or a target has no series to look at.
    """
    spans = [feature.window for feature in features if feature.window is not None]
    strides = {span.stride for span in spans if span.stride is not None}
    if not spans:
        return None
    if not strides:
        raise unpreparable_data(
            "a `series` target follows no `series` input", help="take a `series` as an input"
        )
    if len(strides) > 1:
        raise unpreparable_data(
            "the `series` inputs have several strides", help="write one `stride`"
        )
    longest = -min(span.first for span in spans)
    gap = min((span.first for span in spans if span.end > 0), default=0)
    return Window(longest, max(span.end for span in spans), strides.pop(), gap)


def group_of_series(features: Iterable[Feature]) -> str | None:
    """Return the column that tells series apart; None where all rows are one series."""
    named = (f.group for f in features if isinstance(f, SeriesFeature))
    return next((group for group in named if group is not None), None)


def window_anchors(positions: Rows, window: Window, breaks: Rows) -> Rows:
    """Return the anchors of the windows that lie in one part: the position after their input.

    Args:
        positions: The part's places in the order of time, ascending; each gap ends a run.
        breaks: The places before which time makes another step than the usual one.
    """
    if not positions.size:
        return positions
    run_start, run_end = runs_of_positions(positions, breaks)
    first_anchor = positions + window.length
    fits = first_anchor + window.horizon <= run_end
    on_stride = (positions - run_start) % window.stride == 0
    kept: Rows = first_anchor[fits & on_stride]
    return kept


def runs_of_positions(positions: Rows, breaks: Rows) -> tuple[Rows, Rows]:
    """Return where the run of each place begins, and the place behind its end.

    Args:
        positions: Ascending, at least one; each gap ends a run.
        breaks: The places that begin another run.
    """
    starts_run = np.diff(positions, prepend=positions[0] - 2) != 1
    starts_run |= np.isin(positions, breaks)
    run_start = np.maximum.accumulate(np.where(starts_run, positions, 0))
    ends_run = np.append(starts_run[1:], True)
    last = np.where(ends_run, positions, np.iinfo(np.int64).max)
    return run_start, np.minimum.accumulate(last[::-1])[::-1] + 1
