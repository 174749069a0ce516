"""Draws at random: who predicts gets the mean of them, where there is one."""

from collections.abc import Iterator

from dlspec.diagnostics.codes import Code
from dlspec.expand.flat import Use
from dlspec.resolve.costs import models_of
from dlspec.resolve.plan import Graph, Node, drawing, draws_within, models_reached
from dlspec.rules.subject import Checked


def report_draws_in_outputs(checked: Checked) -> None:
    """Report draws that lead to an output and have no mean to stand in their place."""
    for node, label, help_ in _draws_without_mean(checked.graph):
        written = checked.flat.node(node.name)
        with checked.reporter.with_trail(*(written.trail if written is not None else ())):
            assert node.place is not None
            checked.reporter.error(
                Code.MISPLACED_DRAW,
                node.place,
                f"`{node.name}` draws at random and leads to an output",
                label=label,
                help=help_,
            )


def _draws_without_mean(graph: Graph) -> Iterator[tuple[Node, str, str]]:
    """Yield nodes that draw what has no mean, and layers that hold a model which draws."""
    entered: set[str] = set()
    for node in graph.nodes:
        drawn = drawing(node)
        if drawn is not None and drawn.expected is None:
            yield node, "what it draws has no mean for who predicts", "let it lead to terms alone"
        for name in sorted(models_of(node)):
            if not isinstance(node.operation, Use) and draws_within(graph.models[name]):
                label = f"the model `{name}` draws, and a layer holds it"
                yield node, label, "draw outside of the layer, and hand in what is drawn"
                continue
            # What models share is entered where it is declared, once.
            for reached in sorted(models_reached(name, graph) - entered - {*graph.borrowed}):
                entered.add(reached)
                yield from _draws_without_mean(graph.models[reached])
