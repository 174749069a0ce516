"""The picture of a graph as SVG: no script, no font or address from elsewhere, all text escaped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Literal

from dlspec.resolve.costs import called_model, models_of, node_cost
from dlspec.resolve.plan import Graph, Node
from dlspec.tools.show.edges import edges_into, output_name
from dlspec.tools.show.layout import Layout, lay_out
from dlspec.tools.show.words import (
    arguments_of,
    count_text,
    node_class_name,
    shape_text,
    short_count,
)

# All in pixels, chosen by eye at the size a report shows a graph.
_MARGIN = 16.0
_HEIGHT = 46.0
_ROW = 78.0
_GAP = 26.0
_PASSAGE = 10.0
_PANEL_GAP = 48.0
_TITLE = 28.0
_PADDING = 12.0
_MIN_WIDTH, _MAX_WIDTH = 168.0, 330.0
# Widths of a character in pixels, on the generous side: fonts differ between machines.
_NAME_CHARACTER, _DETAIL_CHARACTER, _SHAPE_CHARACTER = 7.4, 6.2, 6.7
# Ports stand this far apart, so that the tensors of a merge arrive side by side.
_PORT = 18.0
_LABELLED_PORT = 80.0

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

Kind = Literal["end", "weights", "plain", "model"]


@dataclass(frozen=True, slots=True)
class _Box:
    """One box: what stands in its two lines, and what pointing at it says."""

    kind: Kind
    name: str
    detail: str
    shape: str
    tooltip: str


@dataclass(frozen=True, slots=True)
class _Ports:
    """Where an edge leaves and arrives, as distances from the centres of its two boxes.

    `first` says that it is the leftmost of those that arrive.
    """

    leaves: float
    arrives: float
    first: bool


@dataclass(frozen=True, slots=True)
class _Panel:
    """One graph, laid out, with its size."""

    title: str
    boxes: tuple[_Box, ...]
    labels: Mapping[tuple[int, int], str]
    layout: Layout
    box_width: float

    @property
    def width(self) -> float:
        """Return the width in pixels."""
        return self.layout.width

    @property
    def height(self) -> float:
        """Return the height in pixels, title included."""
        rows = max(self.layout.rows.values(), default=0)
        return (_TITLE if self.title else 0.0) + rows * _ROW + _HEIGHT


def graph_svg(graph: Graph) -> str:
    """Return a drawing of a graph from top to bottom, the models it calls beside it.

    A box says the node's name and the shape of its first output, batch axis first, then its class
    and arguments; a strong frame has weights, a coloured one is an input or an output.
    """
    panels = [
        _graph_panel(graph, ""),
        *(_graph_panel(g, f"model {name}") for name, g in _nested_models(graph)),
    ]
    width = 2 * _MARGIN + sum(p.width for p in panels) + _PANEL_GAP * (len(panels) - 1)
    height = 2 * _MARGIN + max(panel.height for panel in panels)
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    title = f"Graph of {graph.name}: {len(graph.nodes)} layers"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dlspec-graph" role="img" {size}>',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
    ]
    left = _MARGIN
    for panel in panels:
        lines.append(f'<g transform="translate({left:.0f},{_MARGIN:.0f})">')
        lines.extend(_draw_graph_panel(panel))
        lines.append("</g>")
        left += panel.width + _PANEL_GAP
    return "\n".join([*lines, "</svg>"]) + "\n"


def _nested_models(graph: Graph) -> Iterator[tuple[str, Graph]]:
    for name, inner in graph.models.items():
        yield name, inner
        yield from _nested_models(inner)


def _graph_panel(graph: Graph, title: str) -> _Panel:
    boxes = [_input_box(declared.name, str(declared.shape)) for declared in graph.inputs]
    at = {declared.name: i for i, declared in enumerate(graph.inputs)}
    labels: dict[tuple[int, int], str] = {}
    for node in graph.nodes:
        labels.update(
            ((at[source], len(boxes)), label)
            for source, label in _reading_labels(node, graph).items()
        )
        at[node.name] = len(boxes)
        boxes.append(_node_box(node, graph))
    for name, reference in graph.outputs:
        labels[at[reference.node], len(boxes)] = output_name(reference, graph)
        shape = shape_text(graph.tensor(reference))
        boxes.append(_Box("end", name, "output", shape, f"output {name} {shape}"))
    width = min(max(map(_needed_box_width, boxes), default=_MIN_WIDTH), _MAX_WIDTH)
    layout = lay_out(len(boxes), list(labels), width=width, passage=_PASSAGE, gap=_GAP)
    return _Panel(title, tuple(boxes), labels, layout, width)


def _reading_labels(node: Node, graph: Graph) -> dict[str, str]:
    """Return for each node that is read how: `initial_state h, c`, or "" for its first output."""
    found: dict[str, dict[str, list[str]]] = {}
    for edge in edges_into(node):
        outputs = found.setdefault(edge.source.node, {}).setdefault(edge.keyword, [])
        outputs.append(output_name(edge.source, graph))
    return {
        source: ", ".join(
            filter(
                None, (f"{word} {', '.join(filter(None, o))}".strip() for word, o in how.items())
            )
        )
        for source, how in found.items()
    }


def _input_box(name: str, shape: str) -> _Box:
    return _Box("end", name, "input", shape, f"input {name} {shape}")


def _node_box(node: Node, graph: Graph) -> _Box:
    cost = node_cost(node, graph)
    shape = shape_text(node.outputs[0][1])
    outputs = ", ".join(f"{name} {shape_text(tensor)}" for name, tensor in node.outputs)
    arguments = arguments_of(node)
    detail = " ".join([node_class_name(node), ", ".join(arguments)]).strip()
    facts = [
        f"{node.name}: {detail}",
        f"outputs: {outputs}",
        f"parameters: {count_text(cost.parameters)}",
        f"FLOPs: {short_count(cost.flops)}",
    ]
    if not node.trainable:
        facts.append("not trainable")
    calls = called_model(node, graph) is not None or models_of(node)
    kind: Kind = "model" if calls else "plain" if cost.parameters == 0 else "weights"
    return _Box(kind, node.name, detail, shape, "\n".join(facts))


def _needed_box_width(box: _Box) -> float:
    first = len(box.name) * _NAME_CHARACTER + 14 + len(box.shape) * _SHAPE_CHARACTER
    second = len(box.detail) * _DETAIL_CHARACTER
    return max(_MIN_WIDTH, max(first, second) + 2 * _PADDING)


def _draw_graph_panel(panel: _Panel) -> Iterator[str]:
    top = _TITLE if panel.title else 0.0
    if panel.title:
        yield f'<text class="title" x="0" y="12">{escape(panel.title)}</text>'
    ports = _edge_ports(panel)
    for edge in panel.labels:
        yield from _draw_edge(panel, edge, ports[edge], top=top)
    for edge, label in panel.labels.items():
        yield from _draw_edge_label(panel, edge, label, ports=ports[edge], top=top)
    for i, box in enumerate(panel.boxes):
        x = panel.layout.x[i] - panel.box_width / 2
        yield from _draw_box(box, x, top + panel.layout.rows[i] * _ROW, width=panel.box_width)


def _edge_ports(panel: _Panel) -> dict[tuple[int, int], _Ports]:
    x = panel.layout.x
    leaving: dict[int, list[tuple[int, int]]] = {}
    arriving: dict[int, list[tuple[int, int]]] = {}
    for edge in panel.labels:
        leaving.setdefault(edge[0], []).append(edge)
        arriving.setdefault(edge[1], []).append(edge)
    leaves, arrives = {}, {}
    for edges in leaving.values():
        edges.sort(key=lambda edge: [*panel.layout.routes[edge], x[edge[1]]][0])
        leaves.update(_spread_ports(edges, panel, wish=_PORT))
    for edges in arriving.values():
        edges.sort(key=lambda edge: [x[edge[0]], *panel.layout.routes[edge]][-1])
        labelled = any(panel.labels[edge] for edge in edges)
        arrives.update(_spread_ports(edges, panel, wish=_LABELLED_PORT if labelled else _PORT))
    return {
        edge: _Ports(leaves[edge], arrives[edge], first=arriving[edge[1]][0] == edge)
        for edge in panel.labels
    }


def _spread_ports(
    edges: Sequence[tuple[int, int]], panel: _Panel, *, wish: float
) -> dict[tuple[int, int], float]:
    step = min(wish, (panel.box_width - 2 * _PADDING) / len(edges))
    return {edge: (k - (len(edges) - 1) / 2) * step for k, edge in enumerate(edges)}


def _draw_edge(panel: _Panel, edge: tuple[int, int], ports: _Ports, *, top: float) -> Iterator[str]:
    source, target = edge
    rows, x = panel.layout.rows, panel.layout.x
    end = (x[target] + ports.arrives, top + rows[target] * _ROW)
    points = [(x[source] + ports.leaves, top + rows[source] * _ROW + _HEIGHT)]
    for step, at in enumerate(panel.layout.routes[edge], start=1):
        y = top + (rows[source] + step) * _ROW
        # Straight through the row, so that a long edge keeps clear of its neighbours' boxes.
        points += [(at, y - 2), (at, y + _HEIGHT + 2)]
    points.append((end[0], end[1] - 5))
    yield f'<path class="edge" d="{_curve_path(points)}"/>'
    yield f'<path class="head" d="M{end[0]:.1f} {end[1]:.1f}l-4 -7h8z"/>'


def _draw_edge_label(
    panel: _Panel, edge: tuple[int, int], label: str, *, ports: _Ports, top: float
) -> Iterator[str]:
    if label:
        x = panel.layout.x[edge[1]] + ports.arrives
        y = top + panel.layout.rows[edge[1]] * _ROW - 5
        side, anchor = (-7, "end") if ports.first else (7, "start")
        where = f'x="{x + side:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
        yield f'<text class="label" {where}>{escape(label)}</text>'


def _curve_path(points: Sequence[tuple[float, float]]) -> str:
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        if abs(x - to_x) < 0.5:
            path.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            middle = (y + to_y) / 2
            path.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(path)


def _draw_box(box: _Box, x: float, y: float, *, width: float) -> Iterator[str]:
    room = width - 2 * _PADDING
    shape = _clip_box_text(box.shape, room * 0.75, _SHAPE_CHARACTER)
    left = int((room - 14 - len(shape) * _SHAPE_CHARACTER) / _NAME_CHARACTER)
    # Of a path such as `stage2.block1.conv` the end tells most.
    name = box.name if len(box.name) <= left else "…" + box.name[-max(left - 1, 1) :]
    detail = _clip_box_text(box.detail, room, _DETAIL_CHARACTER)
    size = f'width="{width:.1f}" height="{_HEIGHT:.0f}" rx="{22 if box.kind == "end" else 7}"'
    yield f'<g transform="translate({x:.1f},{y:.1f})"><title>{escape(box.tooltip)}</title>'
    if box.kind == "model":
        yield f'<rect class="stack" x="4" y="4" {size}/>'
    strength = {"end": "box end", "plain": "box"}.get(box.kind, "box weights")
    yield f'<rect class="{strength}" {size}/>'
    yield f'<text class="name" x="{_PADDING}" y="19">{escape(name)}</text>'
    yield (
        f'<text class="shape" x="{width - _PADDING:.1f}" y="19" text-anchor="end">'
        f"{escape(shape)}</text>"
    )
    yield f'<text class="detail" x="{_PADDING}" y="36">{escape(detail)}</text></g>'


def _clip_box_text(text: str, room: float, character: float) -> str:
    most = max(int(room / character), 4)
    return text if len(text) <= most else text[: most - 1] + "…"
