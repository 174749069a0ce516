"""The picture of a graph as SVG: no script, no font or address from elsewhere, all text escaped."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from dlspec.diagnostics.counts import counted
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

# Both schemes are legible on either background: boxes are filled, lines are of middle grey.
_STYLE = """
.dlspec-graph{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.dlspec-graph .box{fill:#fff;stroke:#a9b3c1}
.dlspec-graph .weights{stroke:#56647a;stroke-width:1.5}
.dlspec-graph .end{fill:#e9effd;stroke:#2f5bd3;stroke-width:1.5}
.dlspec-graph .stack{fill:#f4f6f9;stroke:#a9b3c1}
.dlspec-graph .name{font-size:13px;font-weight:600;fill:#1b2330}
.dlspec-graph .detail{fill:#566173}
.dlspec-graph .shape{fill:#1f47b4;
font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.dlspec-graph .edge{fill:none;stroke:#7f8a9c;stroke-width:1.4}
.dlspec-graph .head{fill:#7f8a9c}
.dlspec-graph .label{fill:#566173;font-style:italic;
paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
.dlspec-graph .title{font-size:14px;font-weight:600;fill:#7f8a9c}
@media (prefers-color-scheme:dark){
.dlspec-graph .box{fill:#1c232e;stroke:#55617a}
.dlspec-graph .weights{stroke:#93a1b8}
.dlspec-graph .end{fill:#1d2a4a;stroke:#86a5ff}
.dlspec-graph .stack{fill:#151b24;stroke:#55617a}
.dlspec-graph .name{fill:#eef2f8}
.dlspec-graph .detail{fill:#a9b4c5}
.dlspec-graph .shape{fill:#a3bbff}
.dlspec-graph .label{fill:#a9b4c5;stroke:#161d27}
}
"""


def graph_svg(graph: Graph, *, fold: bool = False) -> str:
    """Return a drawing of a graph from top to bottom, the models it calls beside it.

    A box says the node's name and the shape of its first output, batch axis first, then its class
    and arguments; a strong frame has weights, a coloured one is an input or an output.

    Args:
        fold: Draw a block, a row of equal entries and a model that is called as one box each.
    """
    panels = graph_panels(graph, fold=fold)
    width, height = picture_size(panels)
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    title = f"Graph of {graph.name}: {counted(len(graph.nodes), 'layer')}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dlspec-graph" role="img" {size}>',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
    ]
    left = MARGIN
    for panel in panels:
        lines.append(f'<g transform="translate({left:.0f},{MARGIN:.0f})">')
        lines.extend(_draw_graph_panel(panel))
        lines.append("</g>")
        left += panel.width + PANEL_GAP
    return "\n".join([*lines, "</svg>"]) + "\n"


def _draw_graph_panel(panel: Panel) -> Iterator[str]:
    if panel.title:
        yield f'<text class="title" x="0" y="12">{escape(panel.title)}</text>'
    ports = edge_ports(panel)
    for edge in panel.labels:
        yield from _draw_edge(edge_points(panel, edge, ports[edge]))
    for edge, label in panel.labels.items():
        if label:
            x, y, anchor = label_place(panel, edge, ports[edge])
            where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
            yield f'<text class="label" {where}>{escape(label)}</text>'
    for i, box in enumerate(panel.boxes):
        x = panel.layout.x[i] - panel.box_width / 2
        yield from _draw_box(box, x, panel.top + panel.layout.rows[i] * ROW, width=panel.box_width)


def _draw_edge(points: Sequence[tuple[float, float]]) -> Iterator[str]:
    x, y = points[-1]
    yield f'<path class="edge" d="{_curve_path(points)}"/>'
    yield f'<path class="head" d="M{x:.1f} {y + 5:.1f}l-4 -7h8z"/>'


def _curve_path(points: Sequence[tuple[float, float]]) -> str:
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        if abs(x - to_x) < 0.5:
            path.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            middle = (y + to_y) / 2
            path.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(path)


def _draw_box(box: Box, x: float, y: float, *, width: float) -> Iterator[str]:
    name, shape, detail = box_texts(box, width)
    size = f'width="{width:.1f}" height="{HEIGHT:.0f}" rx="{22 if box.kind == "end" else 7}"'
    yield f'<g transform="translate({x:.1f},{y:.1f})"><title>{escape(box.tooltip)}</title>'
    if box.kind == "model":
        yield f'<rect class="stack" x="4" y="4" {size}/>'
    strength = {"end": "box end", "plain": "box"}.get(box.kind, "box weights")
    yield f'<rect class="{strength}" {size}/>'
    yield f'<text class="name" x="{PADDING}" y="19">{escape(name)}</text>'
    yield (
        f'<text class="shape" x="{width - PADDING:.1f}" y="19" text-anchor="end">'
        f"{escape(shape)}</text>"
    )
    yield f'<text class="detail" x="{PADDING}" y="36">{escape(detail)}</text></g>'
