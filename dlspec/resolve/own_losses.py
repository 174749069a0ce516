"""The losses that a spec declares -> a graph for each output that has one, shapes included."""

from collections.abc import Iterator, Mapping

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Related, Reporter
from dlspec.expand.flat import FlatGraph, Input
from dlspec.expand.loss_graphs import LossExpansion
from dlspec.language.catalogue import OwnLoss
from dlspec.language.catalogue.target import Target
from dlspec.language.sections import Data, Training, is_free_of_poison
from dlspec.resolve.dead_nodes import sources_of
from dlspec.resolve.gradients import nodes_moved_by
from dlspec.resolve.one_number import report_not_one_number
from dlspec.resolve.plan import Graph, drawing
from dlspec.resolve.resolve import resolve
from dlspec.syntax.scalars import Poison
from dlspec.syntax.substitution import Scope


def resolve_losses(
    spec: ModelSpec, graph: Graph, scope: Scope, target: Target, reporter: Reporter
) -> dict[str, Graph]:
    """Return the graph of each output whose loss the spec declares, by output.

    A graph is over `target`, with the shape and dtype of the feature, and over `prediction`, which
    is the output; a loss computes in float32 whatever the precision, as Keras's losses do.
    """
    expansion = LossExpansion(spec.losses, scope, target, reporter)
    found = {}
    for output, path, made in _own_losses_of_outputs(spec, graph):
        tensors = _tensors_of_loss(spec, graph, output)
        if tensors is None:
            # What hides them is reported: an output without a target, or no shape.
            expansion.used.add(made.class_name)
            continue
        use = Related(
            spec.places.value(path), f"`{made.class_name}` is used here, as the loss of `{output}`"
        )
        with reporter.with_trail(use):
            flat = expansion.expand_loss(made, tensors)
        # Each node of it carries that place.
        found[output] = resolve(flat, reporter)
        if len(found[output].nodes) == len(flat.nodes) and found[output].outputs:
            _report_weights_and_draws(found[output], flat, reporter)
            with reporter.with_trail(use):
                _check_loss_graph(found[output], flat, reporter)
    if isinstance(spec.training, Training) and is_free_of_poison(spec.training.loss):
        written = spec.training.loss
        heads = written.values() if isinstance(written, Mapping) else (written,)
        named = {made.class_name for made in heads if isinstance(made, OwnLoss)}
        # What a loss uses is seen as it is expanded, which takes an output whose shape is known.
        if named <= {graph.name for graph in found.values()}:
            expansion.report_unused_losses()
    return found


def _own_losses_of_outputs(spec: ModelSpec, graph: Graph) -> Iterator[tuple[str, str, OwnLoss]]:
    """Yield output, path in the text and loss wherever a declared loss is used."""
    if not isinstance(spec.training, Training):
        return
    written = spec.training.loss
    for output, _ in graph.outputs:
        per_output = isinstance(written, Mapping)
        made = written.get(output) if isinstance(written, Mapping) else written
        if isinstance(made, OwnLoss):
            yield output, f"training.loss.{output}" if per_output else "training.loss", made


def _tensors_of_loss(spec: ModelSpec, graph: Graph, output: str) -> tuple[Input, Input] | None:
    if not isinstance(spec.data, Data) or not isinstance(spec.data.targets, Mapping):
        return None
    if isinstance(spec.data.sampling, Poison):
        return None
    feature = spec.data.model_targets.get(output)
    if feature is None or not is_free_of_poison(feature):
        return None
    element = feature.element
    shape = graph.tensor(dict(graph.outputs)[output]).shape
    batch = shape[0] if shape else None
    assert element.shape is not None
    assert element.dtype is not None
    return (
        Input("target", (batch, *element.shape), element.dtype),
        Input("prediction", shape),  # type: ignore[arg-type]  # None: Keras knows it once it is built
    )


def _check_loss_graph(graph: Graph, flat: FlatGraph, reporter: Reporter) -> None:
    """Report a loss that ends in other than a number per sample, or that nothing can change."""
    (_, end), (target, _) = graph.outputs[0], graph.inputs
    last = flat.node(end.node)
    place = last.head if last is not None else flat.output_place
    read = {name for node in graph.nodes for name in sources_of(node)} | {end.node}
    if "prediction" not in read:
        reporter.error(
            Code.NOTHING_LEARNS,
            flat.output_place,
            f"the loss `{flat.name}` does not read `prediction`",
            label="whatever the model says, it stays as it is",
            help="compare `prediction` with `target` in its graph",
        )
        return
    if "target" not in read:
        reporter.error(
            Code.DEAD_NODE,
            flat.output_place,
            f"the loss `{flat.name}` does not read `target`",
            label="what is right makes no difference to it",
            help="compare `prediction` with `target` in its graph",
        )
    if end.node not in nodes_moved_by(graph, ["prediction"]):
        reporter.error(
            Code.NOTHING_LEARNS,
            place,
            f"the loss `{flat.name}` does not change smoothly with `prediction`",
            label="no gradient comes back from here",
            help="leave out the rounding, the comparison, the `argmax` or the `stop_gradient` "
            "between them",
        )
        return
    batch = target.shape[0]
    report_not_one_number(
        f"the loss `{flat.name}`", graph.tensor(end), place, batch=batch, reporter=reporter
    )


def _report_weights_and_draws(graph: Graph, flat: FlatGraph, reporter: Reporter) -> None:
    for node in graph.nodes:
        written = flat.node(node.name)
        if node.weights and written is not None:
            with reporter.with_trail(*written.trail):
                reporter.error(
                    Code.UNTRAINED_WEIGHTS,
                    written.head,
                    f"`{node.name}` has weights, and a loss trains none",
                    label=f"{sum(weight.size for weight in node.weights)} of them",
                    help="put the layer into the model, or leave it out",
                )
        if drawing(node) is not None and written is not None:
            with reporter.with_trail(*written.trail):
                reporter.error(
                    Code.MISPLACED_DRAW,
                    written.head,
                    f"`{node.name}` draws at random, and a loss draws nothing",
                    label="a loss compares what it is given",
                    help="draw in the model, and minimise one of its entries under `terms`",
                )
