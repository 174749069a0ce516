"""Charts as SVG inside the page, coloured by the page's style; no script, no drawing library."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from dlspec.diagnostics.counts import counted
from dlspec_pipelines.steps.figure_texts import figure_text, round_ticks, tick_labels

Array = NDArray[Any]
Tone = Literal["accent", "muted"]

# In pixels; two beside each other fit the widest report.
WIDTH, HEIGHT = 460.0, 280.0
# Room for the ticks' numbers, a curve's name, what is said of a mark, and the axis' name.
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 76.0, 44.0, 42.0
# Points that a chart of this size can show.
_MAX_POINTS = 600
# Two labels at the right edge closer than this would overlap, in pixels.
_LABEL_HEIGHT = 13.0


@dataclass(frozen=True, slots=True)
class Line:
    """One curve; nan leaves a gap."""

    name: str
    tone: Tone
    x: Array
    y: Array


@dataclass(frozen=True, slots=True)
class Mark:
    """A place worth a look: a point, and what is said of it."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis: the numbers at its two ends, and the round ones that are written beside it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Return how far along the axis a number stands, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The axes of one chart, and the way from numbers to pixels."""

    across: _Axis
    up: _Axis
    right: float = 18.0

    def x(self, value: float) -> float:
        """Return the pixel of a number on the horizontal axis."""
        return _LEFT + self.across.share(value) * (WIDTH - _LEFT - self.right)

    def y(self, value: float) -> float:
        """Return the pixel of a number on the vertical axis."""
        return HEIGHT - _BOTTOM - self.up.share(value) * (HEIGHT - _TOP - _BOTTOM)


def line_chart(
    title: str,
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str = "",
    mark: Mark | None = None,
) -> Markup:
    """Return curves over one axis, each named at its right end.

    Args:
        mark: A point to stress, such as the epoch whose weights are kept.
    """
    x = np.concatenate([line.x for line in lines])
    y = np.concatenate([line.y for line in lines])
    frame = _Frame(_whole_number_axis(x), _rounded_axis(y), _RIGHT)
    body = [*_svg_axes(frame, x_label, y_label)]
    if mark is not None:
        body += _svg_mark(frame, mark)
    body += [_svg_curve(frame, line) for line in lines]
    body += _end_labels(frame, lines)
    described = ", ".join(f"{line.name} ends at {figure_text(float(line.y[-1]))}" for line in lines)
    return _svg_chart(title, f"{title}: {described}", body)


def scatter_chart(title: str, x: Array, y: Array, *, x_label: str, y_label: str) -> Markup:
    """Return points against the diagonal on which both are equal."""
    x, y = _thinned_points(x), _thinned_points(y)
    both = _rounded_axis(np.concatenate([x, y]))
    frame = _Frame(both, both)
    body = [*_svg_axes(frame, x_label, y_label), _svg_diagonal(frame)]
    body += [
        Markup('<circle class="point" cx="{:.1f}" cy="{:.1f}" r="2.2"/>').format(
            frame.x(float(a)), frame.y(float(b))
        )
        for a, b in zip(x, y, strict=True)
    ]
    return _svg_chart(title, f"{title}: {counted(len(x), 'point')}", body)


def histogram_chart(
    title: str, values: Array, *, x_label: str, y_label: str = "rows", bins: int = 30
) -> Markup:
    """Return how often values fall into bins of one width."""
    counts, edges = np.histogram(values, bins=bins)
    frame = _Frame(_rounded_axis(edges), _rounded_axis(np.array([0, counts.max()])))
    bars = [
        _svg_bar(frame, float(a), float(b), height=float(count))
        for a, b, count in zip(edges, edges[1:], counts, strict=False)
    ]
    body = [*_svg_axes(frame, x_label, y_label), *bars]
    return _svg_chart(title, f"{title}: mean {figure_text(float(values.mean()))}", body)


def bar_chart(title: str, values: Array, *, x_label: str, y_label: str, first: int = 1) -> Markup:
    """Return one bar for each value, counted from `first`."""
    numbers = np.arange(len(values)) + float(first)
    across = _Axis(numbers[0] - 0.6, numbers[-1] + 0.6, _whole_number_axis(numbers).ticks)
    frame = _Frame(across, _rounded_axis(np.array([0.0, float(values.max())])))
    drawn = [
        _svg_bar(frame, number - 0.38, number + 0.38, height=float(value))
        for number, value in zip(numbers, values, strict=True)
    ]
    described = f"{title}: from {figure_text(float(values[0]))} to {figure_text(float(values[-1]))}"
    return _svg_chart(title, described, [*_svg_axes(frame, x_label, y_label), *drawn])


def reliability_chart(title: str, confidence: Array, right: Array) -> Markup:
    """Return how often predictions of a stated probability come true, in ten bins."""
    bins = np.clip((confidence * 10).astype(int), 0, 9)
    unit = _rounded_axis(np.array([0.0, 1.0]))
    frame = _Frame(unit, unit)
    body = [*_svg_axes(frame, "probability stated", "share that is right")]
    for i in np.unique(bins):
        height = float(right[bins == i].mean())
        body.append(_svg_bar(frame, i / 10 + 0.006, i / 10 + 0.094, height=height))
        x, y = frame.x(i / 10 + 0.05), frame.y(height) - 4
        body.append(_svg_tick_text(x, y, str((bins == i).sum()), anchor="middle"))
    error = figure_text(calibration_error(confidence, right))
    described = f"{title}: expected calibration error {error}"
    return _svg_chart(title, described, [*body, _svg_diagonal(frame)])


def calibration_error(confidence: Array, right: Array) -> float:
    """Return the expected calibration error over ten bins of equal width, from 0 to 1.

    Source: Guo et al. (2017), "On calibration of modern neural networks", equation 3.
    """
    bins = np.clip((confidence * 10).astype(int), 0, 9)
    chosen = [bins == i for i in np.unique(bins)]
    gaps = [abs(float(right[bin_].mean()) - float(confidence[bin_].mean())) for bin_ in chosen]
    return sum(gap * float(bin_.mean()) for gap, bin_ in zip(gaps, chosen, strict=True))


def _svg_chart(title: str, described: str, body: Sequence[Markup]) -> Markup:
    head = Markup(
        '<svg class="chart" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">'
        '<text class="chart-title" x="{:.0f}" y="18">{}</text>'
    ).format(WIDTH, HEIGHT, described, 0, title)
    return head + Markup("").join(body) + Markup("</svg>")


def _svg_axes(frame: _Frame, x_label: str, y_label: str) -> Iterator[Markup]:
    right, bottom = WIDTH - frame.right, HEIGHT - _BOTTOM
    for value, text in zip(frame.up.ticks, tick_labels(frame.up.ticks), strict=True):
        y = frame.y(value)
        yield Markup('<path class="grid" d="M{:.1f} {:.1f}H{:.1f}"/>').format(_LEFT, y, right)
        yield _svg_tick_text(_LEFT - 7, y + 3.5, text, anchor="end")
    for value, text in zip(frame.across.ticks, tick_labels(frame.across.ticks), strict=True):
        yield _svg_tick_text(frame.x(value), bottom + 16, text, anchor="middle")
    yield Markup('<path class="axis" d="M{:.1f} {:.1f}H{:.1f}"/>').format(_LEFT, bottom, right)
    yield _svg_tick_text(right, HEIGHT - 8, x_label, anchor="end")
    yield _svg_tick_text(right, 18, y_label, anchor="end")


def _svg_tick_text(x: float, y: float, text: str, *, anchor: str) -> Markup:
    if not text:
        return Markup()
    return Markup('<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        x, y, anchor, text
    )


def _svg_diagonal(frame: _Frame) -> Markup:
    low, high = frame.up.low, frame.up.high
    return Markup('<path class="diagonal" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>').format(
        frame.x(low), frame.y(low), frame.x(high), frame.y(high)
    )


def _svg_curve(frame: _Frame, line: Line) -> Markup:
    pieces: list[str] = []
    gap = True
    for x, y in zip(_thinned_points(line.x), _thinned_points(line.y), strict=True):
        if np.isfinite(y):
            pieces.append(f"{'M' if gap else 'L'}{frame.x(float(x)):.1f} {frame.y(float(y)):.1f}")
        gap = not np.isfinite(y)
    if len(pieces) == 1:
        # A curve of one point shows as a dot: its line has a round end.
        pieces.append("h0.1")
    return Markup('<path class="line {}" d="{}"/>').format(line.tone, "".join(pieces))


def _end_labels(frame: _Frame, lines: Sequence[Line]) -> Iterator[Markup]:
    named = [(frame.y(float(line.y[np.isfinite(line.y)][-1])), line) for line in lines]
    # From the lowest up, each over the one before; none below the axis, where its ticks stand.
    lowest = HEIGHT - _BOTTOM - 4
    for place, line in sorted(named, key=lambda pair: -pair[0]):
        y = min(place, lowest)
        lowest = y - _LABEL_HEIGHT
        yield Markup('<text class="label {}" x="{:.1f}" y="{:.1f}">{}</text>').format(
            line.tone, WIDTH - frame.right + 7, y + 4, line.name
        )


def _svg_mark(frame: _Frame, mark: Mark) -> Iterator[Markup]:
    x, y = frame.x(mark.x), frame.y(mark.y)
    yield Markup('<path class="mark" d="M{:.1f} {:.1f}V{:.1f}"/>').format(x, _TOP, HEIGHT - _BOTTOM)
    yield Markup('<circle class="mark-point" cx="{:.1f}" cy="{:.1f}" r="3.6"/>').format(x, y)
    # Above the plot, where no curve runs.
    share = frame.across.share(mark.x)
    anchor = "start" if share < 0.3 else "middle" if share < 0.7 else "end"
    yield Markup('<text class="mark-text" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        x, _TOP - 5, anchor, mark.text
    )


def _svg_bar(frame: _Frame, left: float, right: float, *, height: float) -> Markup:
    x, y = frame.x(left), frame.y(height)
    return Markup(
        '<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
    ).format(x, y, max(frame.x(right) - x - 0.8, 0.6), max(frame.y(0.0) - y, 0.0))


def _rounded_axis(values: Array) -> _Axis:
    """Return an axis that ends at round numbers."""
    known = values[np.isfinite(values)]
    found = round_ticks(float(known.min()), float(known.max())) if len(known) else round_ticks(0, 1)
    return _Axis(found[0], found[-1], found)


def _whole_number_axis(values: Array) -> _Axis:
    """Return an axis that ends with its values and is marked at whole numbers only."""
    low, high = float(values.min()), float(values.max())
    if high == low:
        return _Axis(low - 1, high + 1, (low,))
    inside = [tick for tick in round_ticks(low, high, about=6) if low <= tick <= high]
    return _Axis(low, high, tuple(tick for tick in inside if tick == round(tick)))


def _thinned_points(values: Array) -> Array:
    if len(values) <= _MAX_POINTS:
        return values
    kept: Array = values[np.linspace(0, len(values) - 1, _MAX_POINTS).round().astype(int)]
    return kept
