"""A plan for people: the layer table, its JSON, and the picture of the graph."""

from dlspec.resolve.costs import Cost, graph_cost, node_cost
from dlspec.tools.show.edges import is_chain
from dlspec.tools.show.layer_table import cost_notes, graph_rows, layer_table, plan_json
from dlspec.tools.show.picture import graph_svg
from dlspec.tools.show.words import bytes_text

__all__ = [
    "Cost",
    "bytes_text",
    "cost_notes",
    "graph_cost",
    "graph_rows",
    "graph_svg",
    "is_chain",
    "layer_table",
    "node_cost",
    "plan_json",
]
