"""A graph as boxes and edges with their places: what a picture of it draws, in whatever form."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dlspec.diagnostics.counts import counted
from dlspec.resolve.costs import called_model, models_of, node_cost
from dlspec.resolve.plan import Graph, Node, own_models
from dlspec.tools.show.edges import edges_into, output_name
from dlspec.tools.show.folded_graph import Group, graph_groups
from dlspec.tools.show.layout import Layout, lay_out
from dlspec.tools.show.words import (
    arguments_of,
    count_text,
    node_class_name,
    shape_text,
    short_count,
)

# All in pixels, chosen by eye at the size a report shows a graph.
MARGIN = 16.0
# Two lines of text, on 19 and 36, and ten below.
HEIGHT = 46.0
# A box and, between two rows, 32 for edges and their labels.
ROW = HEIGHT + 32.0
# Between two things in a row, boxes or passing edges.
_GAP = 26.0
# The width that a long edge takes in a row that it crosses.
_PASSAGE = 10.0
# Models beside each other stand wider apart than boxes do.
PANEL_GAP = 48.0
# One line of text and the room below it.
TITLE = 28.0
# From the edge of a box to its text.
PADDING = 12.0
# Of a box: 23 characters of a detail fit the narrowest, 49 the widest.
_MIN_WIDTH, _MAX_WIDTH = 168.0, 330.0
# Widths of a character in pixels, on the generous side: fonts differ between machines.
NAME_CHARACTER, DETAIL_CHARACTER, SHAPE_CHARACTER = 7.4, 6.2, 6.7
# Ports stand this far apart, so that the tensors of a merge arrive side by side.
_PORT = 18.0
# As wide as the label `initial_state`: thirteen characters of a detail.
_LABELLED_PORT = 80.0

Kind = Literal["end", "weights", "plain", "model"]


@dataclass(frozen=True, slots=True)
class Box:
    """One box: what stands in its two lines, and what pointing at it says."""

    kind: Kind
    name: str
    detail: str
    shape: str
    tooltip: str


@dataclass(frozen=True, slots=True)
class Ports:
    """Where an edge leaves and arrives, as distances from the centres of its two boxes.

    `first` says that it is the leftmost of those that arrive.
    """

    leaves: float
    arrives: float
    first: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph, laid out, with its size."""

    title: str
    boxes: tuple[Box, ...]
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
        return self.top + rows * ROW + HEIGHT

    @property
    def top(self) -> float:
        """Return the height of the title in pixels."""
        return TITLE if self.title else 0.0


def picture_size(panels: Sequence[Panel]) -> tuple[float, float]:
    """Return the width and the height of panels beside each other, in pixels."""
    width = 2 * MARGIN + sum(panel.width for panel in panels) + PANEL_GAP * (len(panels) - 1)
    return width, 2 * MARGIN + max(panel.height for panel in panels)


def _nested_models(graph: Graph) -> Iterator[tuple[str, Graph]]:
    for name, inner in own_models(graph):
        yield name, inner
        yield from _nested_models(inner)


def graph_panels(graph: Graph, *, fold: bool) -> list[Panel]:
    """Return a graph and, beside it, the models that it calls; folded, a model is one box."""
    if fold:
        return [_graph_panel(graph, "", graph_groups(graph))]
    single = [Group((node,)) for node in graph.nodes]
    inner = [
        _graph_panel(model, f"model {name}", [Group((node,)) for node in model.nodes])
        for name, model in _nested_models(graph)
    ]
    return [_graph_panel(graph, "", single), *inner]


def _graph_panel(graph: Graph, title: str, groups: Sequence[Group]) -> Panel:
    boxes = [_input_box(declared.name, str(declared.shape)) for declared in graph.inputs]
    at = {declared.name: i for i, declared in enumerate(graph.inputs)}
    labels: dict[tuple[int, int], str] = {}
    for group in groups:
        inside = {node.name for node in group.nodes}
        for node in group.nodes:
            for source, label in _reading_labels(node, graph).items():
                if source not in inside:
                    labels.setdefault((at[source], len(boxes)), label)
        at.update(dict.fromkeys(inside, len(boxes)))
        boxes.append(_group_box(group, graph))
    for name, reference in graph.outputs:
        labels[at[reference.node], len(boxes)] = output_name(reference, graph)
        shape = shape_text(graph.tensor(reference))
        boxes.append(Box("end", name, "output", shape, f"output {name} {shape}"))
    width = min(max(map(_needed_box_width, boxes), default=_MIN_WIDTH), _MAX_WIDTH)
    layout = lay_out(len(boxes), list(labels), width=width, passage=_PASSAGE, gap=_GAP)
    return Panel(title, tuple(boxes), labels, layout, width)


def _group_box(group: Group, graph: Graph) -> Box:
    if len(group.nodes) == 1:
        return _node_box(group.nodes[0], graph)
    costs = [node_cost(node, graph) for node in group.nodes]
    parameters = sum(cost.parameters or 0 for cost in costs)
    shape = shape_text(group.nodes[-1].outputs[0][1])
    each = len(group.nodes) // group.times
    layers = counted(each, "layer")
    detail = f"{group.times} x {layers}" if group.times > 1 else layers
    detail += f", {short_count(parameters)} parameters"
    names = "\n".join(node.name for node in group.nodes)
    return Box("model", group.name, detail, shape, f"{group.name}: {detail}\n{names}")


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


def _input_box(name: str, shape: str) -> Box:
    return Box("end", name, "input", shape, f"input {name} {shape}")


def _node_box(node: Node, graph: Graph) -> Box:
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
    return Box(kind, node.name, detail, shape, "\n".join(facts))


def _needed_box_width(box: Box) -> float:
    first = len(box.name) * NAME_CHARACTER + 14 + len(box.shape) * SHAPE_CHARACTER
    second = len(box.detail) * DETAIL_CHARACTER
    return max(_MIN_WIDTH, max(first, second) + 2 * PADDING)


def edge_ports(panel: Panel) -> dict[tuple[int, int], Ports]:
    """Return where each edge leaves and arrives, so that those of one box stand apart."""
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
        edge: Ports(leaves[edge], arrives[edge], first=arriving[edge[1]][0] == edge)
        for edge in panel.labels
    }


def _spread_ports(
    edges: Sequence[tuple[int, int]], panel: Panel, *, wish: float
) -> dict[tuple[int, int], float]:
    step = min(wish, (panel.box_width - 2 * PADDING) / len(edges))
    return {edge: (k - (len(edges) - 1) / 2) * step for k, edge in enumerate(edges)}


def edge_points(panel: Panel, edge: tuple[int, int], ports: Ports) -> list[tuple[float, float]]:
    """Return the points that an edge goes through, from the foot of a box to the top of another."""
    source, target = edge
    rows, x = panel.layout.rows, panel.layout.x
    points = [(x[source] + ports.leaves, panel.top + rows[source] * ROW + HEIGHT)]
    for step, at in enumerate(panel.layout.routes[edge], start=1):
        y = panel.top + (rows[source] + step) * ROW
        # Straight through the row, so that a long edge keeps clear of its neighbours' boxes.
        points += [(at, y - 2), (at, y + HEIGHT + 2)]
    points.append((x[target] + ports.arrives, panel.top + rows[target] * ROW - 5))
    return points


def label_place(panel: Panel, edge: tuple[int, int], ports: Ports) -> tuple[float, float, str]:
    """Return where a label stands, and which of its ends is there: `start` or `end`."""
    x = panel.layout.x[edge[1]] + ports.arrives
    y = panel.top + panel.layout.rows[edge[1]] * ROW - 5
    return (x - 7, y, "end") if ports.first else (x + 7, y, "start")


def box_texts(box: Box, width: float) -> tuple[str, str, str]:
    """Return name, shape and detail of a box, clipped to its width."""
    room = width - 2 * PADDING
    shape = _clip_box_text(box.shape, room * 0.75, SHAPE_CHARACTER)
    left = int((room - 14 - len(shape) * SHAPE_CHARACTER) / NAME_CHARACTER)
    # Of a path such as `stage2.block1.conv` the end tells most.
    name = box.name if len(box.name) <= left else "…" + box.name[-max(left - 1, 1) :]
    return name, shape, _clip_box_text(box.detail, room, DETAIL_CHARACTER)


def _clip_box_text(text: str, room: float, character: float) -> str:
    most = max(int(room / character), 4)
    return text if len(text) <= most else text[: most - 1] + "…"
