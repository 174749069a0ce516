"""What the rules look at: a spec, its graph and the heads of its model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.findings import Reporter
from dlspec.expand.flat import FlatGraph
from dlspec.language.catalogue.target import Target
from dlspec.language.features import TargetKind, TextFeature, TokensFeature
from dlspec.language.metrics import target_kind
from dlspec.language.sample_draws import BalancedDraw, ContextsDraw, JoiningDraw
from dlspec.language.sections import Data, Evaluation, Training, is_free_of_poison
from dlspec.resolve.penalties import penalty_figures
from dlspec.resolve.plan import Graph, Objective
from dlspec.rules.heads import Head, model_heads
from dlspec.syntax.substitution import Scope


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rules look at; a section that holds a reported mistake is None.

    `data` has the inputs and targets of the model, which are those of `written_data` unless
    `sampling` makes others of them; None, too, where it cannot.
    """

    spec: ModelSpec
    target: Target
    scope: Scope
    graph: Graph
    flat: FlatGraph
    written_data: Data | None
    data: Data | None
    training: Training | None
    evaluation: Evaluation | None
    heads: tuple[Head, ...]
    reporter: Reporter
    objective: Objective | None = None

    @property
    def has_terms(self) -> bool:
        """Tell whether terms are minimised beside the losses, as far as they could be read."""
        return self.objective is not None and bool(self.objective.terms)

    @property
    def has_whole_graph(self) -> bool:
        """Tell whether no node was left out for a reported mistake."""
        whole = self.graph if self.objective is None else self.objective.graph
        return bool(self.graph.outputs) and len(whole.nodes) == len(self.flat.nodes)

    @property
    def penalties(self) -> tuple[str, ...]:
        """Return the figures that may tell what layers add to the loss."""
        return penalty_figures(self.graph if self.objective is None else self.objective.graph)

    @property
    def learned_outputs(self) -> tuple[str, ...] | None:
        """Return the outputs that have targets: all of them, but beside terms."""
        if not self.has_terms or self.data is None or self.output_names is None:
            return self.output_names
        return tuple(name for name in self.output_names if name in self.data.targets)

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """Return the names of the model's outputs; None when a mistake hides them."""
        return tuple(name for name, _ in self.graph.outputs) or None

    @property
    def aligned(self) -> frozenset[str]:
        """Return the targets that their loss aligns with the steps of their output."""
        return frozenset(head.name for head in self.heads if head.is_aligned)

    @property
    def target_kinds(self) -> Mapping[str, TargetKind]:
        """Return what the values of each target are to a metric; without data there are none."""
        targets = self.data.targets if self.data is not None else {}
        return {n: target_kind(one, aligned=n in self.aligned) for n, one in targets.items()}

    def inputs_of(self, feature: str) -> tuple[str, ...]:
        """Return the inputs of the model that an input of the data is given to."""
        drawn = self.written_data.sampling if self.written_data else None
        return drawn.input_names if isinstance(drawn, JoiningDraw) else (feature,)


def checked_spec(
    spec: ModelSpec,
    target: Target,
    scope: Scope,
    graph: Graph,
    flat: FlatGraph,
    reporter: Reporter,
) -> Checked:
    """Gather what the rules look at, as far as the sections could be read."""
    written = spec.data if spec.data is not None and is_free_of_poison(spec.data) else None
    data = None if written is None else _as_the_model_sees(written)
    training = (
        spec.training if spec.training is not None and is_free_of_poison(spec.training) else None
    )
    asked = spec.evaluation
    evaluation = asked if asked is not None and is_free_of_poison(asked) else None
    # A broken training section hides the loss, which decides how wide a head may be.
    readable = training is not None or spec.training is None
    heads = tuple(model_heads(spec, graph, flat, data, training)) if readable else ()
    return Checked(
        spec=spec,
        target=target,
        scope=scope,
        graph=graph,
        flat=flat,
        written_data=written,
        data=data,
        training=training,
        evaluation=evaluation,
        heads=heads,
        reporter=reporter,
    )


def beside_terms(checked: Checked, objective: Objective) -> Checked:
    """Return a spec with terms as rules look at it: what terms alone read is no target to them."""
    data = checked.data
    if data is None or checked.output_names is None or not objective.terms:
        return replace(checked, objective=objective)
    learned = {n: one for n, one in data.targets.items() if n in checked.output_names}
    return replace(checked, objective=objective, data=replace(data, targets=learned))


def _as_the_model_sees(data: Data) -> Data | None:
    """Return a data section with the inputs and targets of the model; None for a faulty draw."""
    if not can_draw(data):
        return None
    return replace(data, inputs=data.model_inputs, targets=data.model_targets)


def can_draw(data: Data) -> bool:
    """Tell whether `sampling` can make samples of the features; always without it."""
    drawn = data.sampling
    if drawn is None or isinstance(drawn, BalancedDraw):
        return True
    if isinstance(drawn, ContextsDraw):
        return not data.targets and list(data.inputs) == countable_texts(data) == [drawn.contexts]
    return len(data.inputs) == 1 and list(data.targets) == drawable_targets(data) == [drawn.named]


def countable_texts(data: Data) -> list[str]:
    """Return the inputs of ids whose number the text says."""
    return [
        name
        for name, one in data.inputs.items()
        if isinstance(one, TextFeature | TokensFeature) and one.num_ids is not None
    ]


def drawable_targets(data: Data) -> list[str]:
    """Return the targets whose classes a draw can go by."""
    return [name for name, one in data.targets.items() if target_kind(one) in _WITH_CLASSES]


_WITH_CLASSES = ("class", "binary")
