"""A plan for people: the layer table, its JSON, and the picture of the graph."""

from dlspec.render.costs import Cost, graph_cost, node_cost
from dlspec.render.edges import is_chain
from dlspec.render.picture import graph_svg
from dlspec.render.tables import graph_rows, layer_table, notes, plan_json
from dlspec.render.words import bytes_text

__all__ = [
    "Cost",
    "bytes_text",
    "graph_cost",
    "graph_rows",
    "graph_svg",
    "is_chain",
    "layer_table",
    "node_cost",
    "notes",
    "plan_json",
]
