"""What the layers of a model add to its loss: regularizers, and `add_loss` of a project's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dlspec.expand.flat import Use
from dlspec.language.catalogue import ListedObject, Object, Value
from dlspec.language.penalty_figures import ACTIVITY_REGULARIZER, ADD_LOSS, REGULARIZATION
from dlspec.resolve.plan import Graph


@dataclass(frozen=True, slots=True)
class Penalty:
    """What a layer may add to the loss whenever it is called.

    `figure` is what it is told as; `layer` the layer's name in the model that holds it, and
    `models` are the names of the models around that one, the outermost first. Whether a layer of
    the project's own adds anything shows when it is called.
    """

    figure: str
    layer: str
    models: tuple[str, ...]


def penalties_of_calls(graph: Graph) -> Iterator[Penalty]:
    """Yield what calls of layers may add to the loss, those in called models included."""
    yield from _penalties_unlike(graph, (), set(), {})


def _penalties_unlike(
    graph: Graph, models: tuple[str, ...], called: set[str], owned: Mapping[str, str]
) -> Iterator[Penalty]:
    """Yield penalties of models that are not called yet.

    Args:
        owned: The models of the graph around by name -> what they are called in `called`.
    """
    own = {name: ".".join((*models, name)) for name in graph.models}
    names = own | {name: owned[name] for name in graph.borrowed}
    for node in graph.nodes:
        made = node.operation
        if isinstance(made, Use) and made.of == "model" and names[made.target] not in called:
            called.add(names[made.target])
            inner, within = graph.models[made.target], (*models, made.target)
            yield from _penalties_unlike(inner, within, called, names)
        if isinstance(made, Object):
            ending = _kind_of_added(made)
            if ending is not None:
                path = ".".join((*models, node.name))
                yield Penalty(f"{path}_{ending}", node.name, models)


def penalty_figures(graph: Graph) -> tuple[str, ...]:
    """Return the names of all figures that may tell what the layers of a model add to its loss."""
    weighed = (REGULARIZATION,) if _may_regularize_weights(graph) else ()
    return (*weighed, *dict.fromkeys(penalty.figure for penalty in penalties_of_calls(graph)))


def _kind_of_added(made: Object) -> str | None:
    """Return what adds to the loss as a layer is called, a layer that it wraps included."""
    if made.entry_kind == "layer":
        if made.traits.penalizes or made.arguments.get(ACTIVITY_REGULARIZER) is not None:
            return ACTIVITY_REGULARIZER
        if isinstance(made, ListedObject):
            return ADD_LOSS
    kinds = (_kind_of_added(inner) for inner in _objects_within(made.arguments))
    return next((kind for kind in kinds if kind is not None), None)


def _may_regularize_weights(graph: Graph) -> bool:
    made = (node.operation for node in graph.nodes)
    own = any(isinstance(one, Object) and _regularizes_weights(one) for one in made)
    return own or any(_may_regularize_weights(inner) for inner in graph.models.values())


def _regularizes_weights(made: Object) -> bool:
    if isinstance(made, ListedObject):
        return True
    return any(
        inner.entry_kind == "regularizer" or _regularizes_weights(inner)
        for name, value in made.arguments.items()
        if name != ACTIVITY_REGULARIZER
        for inner in _objects_within({name: value})
    )


def _objects_within(values: Mapping[str, Value]) -> Iterator[Object]:
    """Yield the objects among arguments, those in lists included."""
    for value in values.values():
        if isinstance(value, Object):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Object))
        elif isinstance(value, Mapping):
            yield from _objects_within(value)
