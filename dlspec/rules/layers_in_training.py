"""Layers that a training over samples in any order cannot serve: unfitted, or stateful."""

from collections.abc import Iterator

from dlspec.diagnostics.codes import Code
from dlspec.language.catalogue import Object
from dlspec.resolve.plan import Node, walk_graph_nodes
from dlspec.rules.backend import nested_layers
from dlspec.rules.subject import Checked

# What a feature does in the place of a layer that lacks this argument.
_BY_FEATURE = {
    "mean": "`standardize: true` at the feature",
    "vocabulary": "a feature `category`",
}


def report_unfitted_layers(checked: Checked) -> None:
    """Report a layer that Keras would fit with `adapt`, and that has nothing fitted."""
    for node, layer in _trained_layers(checked):
        fitted = layer.traits.fitted
        if fitted and any(layer.arguments.get(name) is None for name in fitted):
            names = " and ".join(f"`{name}`" for name in fitted)
            instead = _BY_FEATURE.get(fitted[0])
            _report_layer(
                checked,
                node,
                code=Code.UNFITTED_LAYER,
                message=f"`{node.name}` has nothing fitted to data",
                label=f"`{layer.class_name}` needs {names}, and training fits no layer",
                help_=f"write {names}" + (f", or take {instead} in its place" if instead else ""),
            )


def report_state_across_samples(checked: Checked) -> None:
    """Report a layer whose state goes from one sample to another."""
    for node, layer in _trained_layers(checked):
        if layer.arguments.get("stateful") is True:
            _report_layer(
                checked,
                node,
                code=Code.STATE_ACROSS_SAMPLES,
                message=f"`{node.name}` goes on from the state of other samples",
                label="training visits samples in an order of its own, `predict` in any number",
                help_="leave `stateful` out",
            )


def _trained_layers(checked: Checked) -> Iterator[tuple[Node, Object]]:
    """Yield each node with each layer of it, where there is a training."""
    if checked.spec.training is None:
        return
    for node in walk_graph_nodes(checked.graph):
        for layer in nested_layers(node.operation):
            yield node, layer


def _report_layer(
    checked: Checked, node: Node, *, code: Code, message: str, label: str, help_: str
) -> None:
    flat_node = checked.flat.node(node.name)
    assert node.place is not None
    with checked.reporter.with_trail(*(flat_node.trail if flat_node else ())):
        checked.reporter.error(code, node.place, message, label=label, help=help_)
