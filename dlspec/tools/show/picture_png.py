"""The picture of a graph as PNG: the boxes and edges of the SVG, drawn by Pillow."""

from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from dlspec.resolve.plan import Graph
from dlspec.tools.show.panels import (
    HEIGHT,
    MARGIN,
    PADDING,
    PANEL_GAP,
    ROW,
    Box,
    Panel,
    box_texts,
    edge_points,
    edge_ports,
    graph_panels,
    label_place,
    picture_size,
)

# Pixels of the file for one of the layout: sharp on a screen of today and in print.
_SCALE = 2
# Points on each half of a curve; more are not seen at this scale.
_STEPS = 12
_EDGE, _TEXT, _GREY, _SHAPE, _TITLE = "#7f8a9c", "#1b2330", "#566173", "#1f47b4", "#7f8a9c"
# Fill, frame and its width by the kind of a box, as in the light scheme of the SVG.
_FRAMES = {
    "end": ("#e9effd", "#2f5bd3", 1.5),
    "weights": ("#ffffff", "#56647a", 1.5),
    "model": ("#ffffff", "#56647a", 1.5),
    "plain": ("#ffffff", "#a9b3c1", 1.0),
}

Point = tuple[float, float]


def graph_png(graph: Graph, *, fold: bool = False) -> bytes:
    """Return a drawing of a graph, as `graph_svg` has it, on white.

    Args:
        fold: Draw a block, a row of equal entries and a model that is called as one box each.
    """
    panels = graph_panels(graph, fold=fold)
    width, height = picture_size(panels)
    image = Image.new("RGB", (round(width * _SCALE), round(height * _SCALE)), "white")
    left = MARGIN
    for panel in panels:
        _Pen(ImageDraw.Draw(image), left, MARGIN).draw_panel(panel)
        left += panel.width + PANEL_GAP
    written = BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


class _Pen:
    """Draws in the pixels of the layout, from the corner of a panel; a pen has a place."""

    def __init__(self, draw: ImageDraw.ImageDraw, left: float, top: float) -> None:
        self._draw, self._left, self._top = draw, left, top

    def draw_panel(self, panel: Panel) -> None:
        """Draw edges, their labels, and the boxes above them."""
        self._write((0, 12), panel.title, 14, _TITLE)
        ports = edge_ports(panel)
        for edge in panel.labels:
            self._paint_edge(edge_points(panel, edge, ports[edge]))
        for edge, label in panel.labels.items():
            x, y, end = label_place(panel, edge, ports[edge])
            self._write((x, y), label, 11, _GREY, anchor="rs" if end == "end" else "ls")
        for i, box in enumerate(panel.boxes):
            x = panel.layout.x[i] - panel.box_width / 2
            self._paint_box(box, x, panel.top + panel.layout.rows[i] * ROW, panel.box_width)

    def _paint_box(self, box: Box, x: float, y: float, width: float) -> None:
        name, shape, detail = box_texts(box, width)
        radius = 22 if box.kind == "end" else 7
        if box.kind == "model":
            self._frame((x + 4, y + 4), width, radius, ("#f4f6f9", "#a9b3c1", 1.0))
        self._frame((x, y), width, radius, _FRAMES[box.kind])
        self._write((x + PADDING, y + 19), name, 13, _TEXT)
        self._write((x + width - PADDING, y + 19), shape, 11, _SHAPE, anchor="rs")
        self._write((x + PADDING, y + 36), detail, 11, _GREY)

    def _frame(self, at: Point, width: float, radius: float, paint: tuple[str, str, float]) -> None:
        fill, outline, line = paint
        corners = (*self._place(at), *self._place((at[0] + width, at[1] + HEIGHT)))
        self._draw.rounded_rectangle(corners, radius * _SCALE, fill, outline, round(line * _SCALE))

    def _paint_edge(self, points: Sequence[Point]) -> None:
        x, y = points[-1]
        line = [self._place(point) for point in _curve_points(points)]
        self._draw.line(line, _EDGE, round(1.4 * _SCALE), "curve")
        head = ((x, y + 5), (x - 4, y - 2), (x + 4, y - 2))
        self._draw.polygon([self._place(point) for point in head], _EDGE)

    def _write(self, at: Point, text: str, size: int, color: str, *, anchor: str = "ls") -> None:
        if text:
            font = ImageFont.load_default(size * _SCALE)
            self._draw.text(self._place(at), text, color, font, anchor)

    def _place(self, point: Point) -> Point:
        return (self._left + point[0]) * _SCALE, (self._top + point[1]) * _SCALE


def _curve_points(points: Sequence[Point]) -> list[Point]:
    """Return points on the curves of the SVG: upright where they begin and where they end."""
    found = [points[0]]
    for (x, y), (to_x, to_y) in pairwise(points):
        for step in range(1, _STEPS + 1):
            t = step / _STEPS
            # A cubic whose two controls are at half the height.
            across = 3 * t * t - 2 * t**3
            down = 1.5 * t * (1 - t) + t**3
            found.append((x + (to_x - x) * across, y + (to_y - y) * down))
    return found
