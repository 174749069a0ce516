"""Whose weights each turn of a training moves, judged against what the turn minimises."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand.flat import Use
from dlspec.language.sections import Training, is_free_of_poison
from dlspec.language.turns import Turn
from dlspec.resolve.costs import frozen_models, models_of, node_cost
from dlspec.resolve.gradients import nodes_moved_by
from dlspec.resolve.plan import (
    Graph,
    Node,
    Objective,
    PlannedTurn,
    WeightsOf,
    models_reached,
)


def resolve_turns(
    spec: ModelSpec, objective: Objective | None, reporter: Reporter
) -> tuple[PlannedTurn, ...]:
    """Return the turns of a training after judging them; nothing where a mistake hides them."""
    training = spec.training
    if not isinstance(training, Training) or not is_free_of_poison(training):
        return ()
    if not training.turns or objective is None:
        return ()
    judge = _Judge(spec, training, objective, reporter)
    turns = tuple(judge.planned(index, turn) for index, turn in enumerate(training.turns))
    if judge.all_known:
        judge.report_unmoved([unit for turn in turns for unit in turn.moves])
    return turns


@dataclass(slots=True)
class _Judge:
    """Compares the turns of one training with the graph that is trained."""

    spec: ModelSpec
    training: Training
    objective: Objective
    reporter: Reporter
    # Whether each name under `train` means weights that are trained.
    all_known: bool = True

    def planned(self, index: int, turn: Turn) -> PlannedTurn:
        """Return a turn with what its names mean; what it cannot change is reported."""
        path = f"training.turns.{index}"
        named = {
            name: self._units_named(name, f"{path}.train.{i}", alone=len(turn.train) == 1)
            for i, name in enumerate(turn.train)
        }
        # That a turn names nothing is told as a matter of keys.
        self.all_known = self.all_known and bool(named)
        trained = {name: units for name, units in named.items() if units}
        if trained:
            self._check_minimised(turn, path, trained)
        moves = tuple(dict.fromkeys(unit for units in named.values() for unit in units))
        return PlannedTurn(
            turn.title,
            moves,
            tuple((turn.terms or {}).items()),
            turn.loss,
            self.training.optimizers[index],
            turn.steps,
        )

    def _units_named(self, name: str, path: str, *, alone: bool) -> tuple[WeightsOf, ...]:
        """Return whose weights a name under `train` means, those that are trained."""
        graph, place = self.objective.graph, self.spec.places.value(path)
        if name not in graph.models and not _nodes_called(name, graph):
            self.all_known = False
            names = [*graph.models, *(node.name for node in graph.nodes)]
            known = f"the models are {', '.join(graph.models)}" if graph.models else None
            self.reporter.error(
                Code.UNKNOWN_NAME,
                place,
                f"there is no model and no entry `{name}` to train",
                label="nothing under `models` or in the graph is called so",
                help=replacement_word(name, names, work=self.reporter.work) or known,
            )
            return ()
        found = units_trained_by(name, graph)
        if not found:
            self.all_known = False
            self._report_untrained(name, path, alone=alone)
        return found

    def _report_untrained(self, name: str, path: str, *, alone: bool) -> None:
        follow = self.training.follow or {}
        self.reporter.error(
            Code.TURN_WITHOUT_WEIGHTS,
            self.spec.places.value(path),
            f"`{name}` has no weights that are trained",
            label=f"it follows `{follow[name].model}`" if name in follow else "no turn moves it",
            help=self._instead_of_the_turn() if alone else "leave it out of `train`",
        )

    def _instead_of_the_turn(self) -> str:
        """Return what to write for a turn that trains nothing: what no other turn trains."""
        graph, turns = self.objective.graph, self.training.turns or ()
        taken = {u for turn in turns for name in turn.train for u in units_trained_by(name, graph)}
        left = [unit for unit in trained_units(graph) if unit not in taken]
        return f"let it train `{left[0].name}`" if left else "leave the turn out"

    def _check_minimised(
        self, turn: Turn, path: str, trained: dict[str, tuple[WeightsOf, ...]]
    ) -> None:
        """Report terms and losses that the turn cannot change, and names that change none."""
        graph = self.objective.graph
        ends = {name: reference.node for name, reference, _ in self.objective.terms}
        told = {n: ends[n] for n, weight in (turn.terms or {}).items() if weight and n in ends}
        by_name = {name: _moved_by(graph, units) for name, units in trained.items()}
        moved = set().union(*by_name.values())
        # What no weight at all changes is told of the term itself.
        changing = _moved_by(graph, trained_units(graph))
        outputs = [reference.node for _, reference in graph.outputs] if turn.loss else []
        for name, end in told.items():
            if end in changing - moved:
                self._report_fixed(f"the term `{name}`", f"{path}.terms.{name}", turn)
        if outputs and not moved & set(outputs):
            self._report_fixed("the loss", f"{path}.loss", turn)
        wanted = {*told.values(), *outputs}
        if not wanted & moved:
            return
        for i, name in enumerate(turn.train):
            if name in by_name and not by_name[name] & wanted:
                self.reporter.error(
                    Code.NOTHING_LEARNS,
                    self.spec.places.value(f"{path}.train.{i}"),
                    f"`{name}` changes nothing that this turn minimises",
                    label="no gradient comes back to it",
                    help="leave it out of `train`, or minimise a term that depends on it",
                )

    def _report_fixed(self, what: str, path: str, turn: Turn) -> None:
        names = " and ".join(f"`{name}`" for name in turn.train)
        self.reporter.error(
            Code.NOTHING_LEARNS,
            self.spec.places.key(path),
            f"{what} does not change with {names}",
            label="no gradient comes back from it to what this turn trains",
            help="name under `train` what it depends on, or leave it out",
        )

    def report_unmoved(self, moves: Iterable[WeightsOf]) -> None:
        """Report weights that no turn moves, each model and entry once, where it is written.

        What only may have weights that are trained, once it is built, may well be moved by none.
        """
        graph, moved = self.objective.graph, set(moves)
        for unit in _units_of_all(n for n in graph.nodes if node_cost(n, graph).trainable):
            if unit in moved:
                continue
            model = self.spec.model.models.get(unit.name) if unit.of == "model" else None
            place = model.span if model is not None else graph.node(unit.name).place
            assert place is not None
            self.reporter.error(
                Code.UNMOVED_WEIGHTS,
                place,
                f"no turn trains `{unit.name}`",
                label="its weights stay as they begin",
                help=f"write `{unit.name}` under `train` of a turn"
                + ("" if model is not None else ", or `trainable: false` beside it"),
            )


def units_trained_by(name: str, graph: Graph) -> tuple[WeightsOf, ...]:
    """Return whose trained weights a name under `train` means; none where nothing is called so."""
    units = (
        (WeightsOf("model", name),)
        if name in graph.models
        else _units_of_all(_nodes_called(name, graph))
    )
    trained = set(trained_units(graph))
    for unit in [*trained]:
        # What a model shares with others can be moved by itself, too.
        trained |= {WeightsOf("model", n) for n in _shared_by(unit, graph) - frozen_models(graph)}
    return tuple(unit for unit in units if unit in trained)


def _shared_by(unit: WeightsOf, graph: Graph) -> frozenset[str]:
    """Return the models whose weights a unit holds, its own name left out."""
    known = models_reached(unit.name, graph) if unit.of == "model" else frozenset()
    return known - {unit.name}


def _nodes_called(name: str, graph: Graph) -> list[Node]:
    return [n for n in graph.nodes if n.name == name or n.name.startswith(f"{name}.")]


def units_of(node: Node) -> tuple[WeightsOf, ...]:
    """Return whose weights a call uses: those of models, of an earlier entry, or its own."""
    models = models_of(node)
    if models:
        return tuple(WeightsOf("model", name) for name in sorted(models))
    operation = node.operation
    return (WeightsOf("node", operation.target if isinstance(operation, Use) else node.name),)


def trained_units(graph: Graph) -> tuple[WeightsOf, ...]:
    """Return whose weights are trained, or may be once they are built, in the graph's order."""
    return _units_of_all(_trained_nodes(graph))


def _units_of_all(nodes: Iterable[Node]) -> tuple[WeightsOf, ...]:
    return tuple(dict.fromkeys(unit for node in nodes for unit in units_of(node)))


def _moved_by(graph: Graph, units: tuple[WeightsOf, ...]) -> set[str]:
    wanted = {unit.name for unit in units if unit.of == "model"}
    starts = (
        node.name
        for node in _trained_nodes(graph)
        if any(unit in units or _shared_by(unit, graph) & wanted for unit in units_of(node))
    )
    return nodes_moved_by(graph, starts)


def _trained_nodes(graph: Graph) -> Iterator[Node]:
    yield from (node for node in graph.nodes if node_cost(node, graph).may_be_trained)
