"""Windows over rows in order of time, none of which straddles the border of a part."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dlspec.language.features import Feature
from dlspec_pipelines.steps.datasets.table import Rows, unpreparable_data


@dataclass(frozen=True, slots=True)
class Window:
    """What one sample spans: `length` rows before its anchor, `horizon` rows from it on."""

    length: int
    horizon: int
    stride: int


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
    return Window(longest, max(span.end for span in spans), strides.pop())


def window_anchors(positions: Rows, window: Window, breaks: Rows) -> Rows:
    """Return the anchors of the windows that lie in one part: the position after their input.

    Args:
        positions: The part's places in the order of time, ascending; each gap ends a run.
        breaks: The places before which time makes another step than the usual one.
    """
    if not positions.size:
        return positions
    starts_run = np.diff(positions, prepend=positions[0] - 2) != 1
    starts_run |= np.isin(positions, breaks)
    run_start = np.maximum.accumulate(np.where(starts_run, positions, 0))
    ends_run = np.append(starts_run[1:], True)
    last = np.where(ends_run, positions, np.iinfo(np.int64).max)
    run_end = np.minimum.accumulate(last[::-1])[::-1] + 1
    first_anchor = positions + window.length
    fits = first_anchor + window.horizon <= run_end
    on_stride = (positions - run_start) % window.stride == 0
    kept: Rows = first_anchor[fits & on_stride]
    return kept
