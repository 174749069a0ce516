"""What the rules look at: a spec, its graph and the heads of its model."""

from dataclasses import dataclass

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.findings import Reporter
from dlspec.expand.flat import FlatGraph
from dlspec.language.catalogue.target import Target
from dlspec.language.sections import Data, Evaluation, Training, is_free_of_poison
from dlspec.resolve.plan import Graph
from dlspec.rules.heads import Head, model_heads
from dlspec.syntax.substitution import Scope


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rules look at; a section that holds a reported mistake is None."""

    spec: ModelSpec
    target: Target
    scope: Scope
    graph: Graph
    flat: FlatGraph
    data: Data | None
    training: Training | None
    evaluation: Evaluation | None
    heads: tuple[Head, ...]
    reporter: Reporter

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """Return the names of the model's outputs; None when a mistake hides them."""
        return tuple(name for name, _ in self.graph.outputs) or None


def checked_spec(
    spec: ModelSpec,
    target: Target,
    scope: Scope,
    graph: Graph,
    flat: FlatGraph,
    reporter: Reporter,
) -> Checked:
    """Gather what the rules look at, as far as the sections could be read."""
    data = spec.data if spec.data is not None and is_free_of_poison(spec.data) else None
    training = (
        spec.training if spec.training is not None and is_free_of_poison(spec.training) else None
    )
    asked = spec.evaluation
    evaluation = asked if asked is not None and is_free_of_poison(asked) else None
    # A broken training section hides the loss, which decides how wide a head may be.
    readable = training is not None or spec.training is None
    heads = tuple(model_heads(spec, graph, flat, data, training)) if readable else ()
    return Checked(spec, target, scope, graph, flat, data, training, evaluation, heads, reporter)
