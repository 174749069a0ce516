"""Learning curves: one chart for each figure of the history, and a picture for the Dagster UI."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dlspec.language.turns import is_learning_rate
from dlspec_pipelines.steps.figure_texts import figure_text, round_ticks, tick_labels
from dlspec_pipelines.steps.records import KeptWeights
from dlspec_pipelines.steps.reports.charts import Line, Mark, line_chart

Array = NDArray[Any]
History = Mapping[str, Array]

_NOT_FIGURES = frozenset({"epoch", "seconds"})
_VALIDATION = "val_"
_NOTHING = np.array([np.nan])

# The raster picture: drawn large, then made smaller, because Pillow's lines have hard edges.
_PANEL = (440, 240)
# Drawn three times as large and shrunk: smooth lines.
_FINE = 3
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_INK, _SOFT, _GRID, _ACCENT = "#1b2330", "#7f8a9c", "#e3e7ed", "#2f5bd3"


def learning_curves(history: History, kept: KeptWeights | None) -> tuple[Markup, ...]:
    """Return a chart for the loss, for each metric, and for a learning rate that changes."""
    return tuple(
        line_chart(
            name.replace("_", " "),
            _learning_lines(history, name),
            x_label="epoch",
            mark=_kept_epoch_mark(history, name, kept),
        )
        for name in _charted_figures(history)
    )


def compared_curves(first: History, second: History) -> tuple[Markup, ...]:
    """Return the curves of two trainings, A and B, over each other: of validation where both can.

    A figure of only one of them is left out.
    """
    charts = []
    for name in _charted_figures(first):
        if name not in _charted_figures(second):
            continue
        validated = _VALIDATION + name
        both = all(np.isfinite(h.get(validated, _NOTHING)).any() for h in (first, second))
        shown = validated if both else name
        lines = [
            Line("A", "muted", first["epoch"], first[shown]),
            Line("B", "accent", second["epoch"], second[shown]),
        ]
        part = "" if is_learning_rate(name) else "validation " if both else "training "
        title = f"{part}{name.replace('_', ' ')}"
        charts.append(line_chart(title, lines, x_label="epoch"))
    return tuple(charts)


def curves_png(history: History, kept: KeptWeights | None) -> bytes:
    """Return the first two charts side by side as a PNG on white, about 20 kB."""
    names = [name for name in _charted_figures(history) if not is_learning_rate(name)][:2]
    width, height = _PANEL
    fine = (width * len(names) * _FINE, height * _FINE)
    image = Image.new("RGB", fine, "white")
    draw = ImageDraw.Draw(image)
    for i, name in enumerate(names):
        _draw_panel(draw, history, name, left=i * width * _FINE, kept=kept)
    small = image.resize((width * len(names), height), Image.Resampling.LANCZOS)
    file = BytesIO()
    small.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()


def _charted_figures(history: History) -> list[str]:
    names = [n for n in history if n not in _NOT_FIGURES and not n.startswith(_VALIDATION)]
    names = [n for n in names if np.isfinite(history[n]).any()]
    return [n for n in names if not is_learning_rate(n) or np.ptp(history[n]) > 0]


def _learning_lines(history: History, name: str) -> list[Line]:
    epochs = history["epoch"]
    validation = history.get(_VALIDATION + name)
    if validation is None or not np.isfinite(validation).any():
        return [Line("" if is_learning_rate(name) else "training", "accent", epochs, history[name])]
    return [
        Line("training", "muted", epochs, history[name]),
        Line("validation", "accent", epochs, validation),
    ]


def _kept_epoch_mark(history: History, name: str, kept: KeptWeights | None) -> Mark | None:
    if kept is None or is_learning_rate(name):
        return None
    (index,) = np.flatnonzero(history["epoch"] == kept.epoch)
    value = float(_learning_lines(history, name)[-1].y[index])
    if not np.isfinite(value):
        return None
    return Mark(kept.epoch, value, f"weights of epoch {kept.epoch}: {figure_text(value)}")


def _draw_panel(
    draw: ImageDraw.ImageDraw, history: History, name: str, *, left: int, kept: KeptWeights | None
) -> None:
    lines = _learning_lines(history, name)
    values = np.concatenate([line.y for line in lines])
    known = values[np.isfinite(values)]
    first, last = float(history["epoch"][0]), float(history["epoch"][-1])
    across = round_ticks(first, last)
    up = round_ticks(float(known.min()), float(known.max()))
    plot = _Plot(left, across, up)
    plain, strong = ImageFont.load_default(10.5 * _FINE), ImageFont.load_default(13 * _FINE)
    draw.text((left + 10 * _FINE, 8 * _FINE), name.replace("_", " "), _INK, strong)
    _draw_grid(draw, plot, plain)
    if kept is not None:
        foot, head = plot.pixel_of_point(kept.epoch, up[0]), plot.pixel_of_point(kept.epoch, up[-1])
        draw.line((*foot, *head), _SOFT, _FINE)
        draw.text(
            (head[0], head[1] - 3 * _FINE), f"weights of {kept.epoch}", _SOFT, plain, anchor="mb"
        )
    for line in lines:
        points = [
            plot.pixel_of_point(x, y) for x, y in zip(line.x, line.y, strict=True) if np.isfinite(y)
        ]
        colour = _ACCENT if line.tone == "accent" else _SOFT
        draw.line(points, colour, 2 * _FINE, joint="curve")
        place = (plot.pixel_of_point(across[-1], up[0])[0] + 6 * _FINE, points[-1][1])
        draw.text(place, line.name, colour, plain, anchor="lm")


def _draw_grid(draw: ImageDraw.ImageDraw, plot: "_Plot", font: _Font) -> None:
    across, up = plot.across, plot.up
    for value, text in zip(up, tick_labels(up), strict=True):
        begin, end = plot.pixel_of_point(across[0], value), plot.pixel_of_point(across[-1], value)
        draw.line((*begin, *end), _GRID, _FINE)
        draw.text((begin[0] - 6 * _FINE, begin[1]), text, _SOFT, font, anchor="rm")
    for value, text in zip(across, tick_labels(across), strict=True):
        x, y = plot.pixel_of_point(value, up[0])
        draw.text((x, y + 6 * _FINE), text, _SOFT, font, anchor="ma")


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where one raster chart stands, and its axes' round numbers."""

    left: int
    across: tuple[float, ...]
    up: tuple[float, ...]

    def pixel_of_point(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point."""
        width, height = _PANEL
        right = (x - self.across[0]) / (self.across[-1] - self.across[0])
        high = (y - self.up[0]) / (self.up[-1] - self.up[0])
        plot_x = self.left + (48 + right * (width - 122)) * _FINE
        return plot_x, (height - 34 - high * (height - 68)) * _FINE
