"""Models whose weights follow those of another, against what they follow."""

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand.flat import FlatGraph
from dlspec.language.sections import Training, is_free_of_poison
from dlspec.language.turns import Following
from dlspec.resolve.costs import graph_cost
from dlspec.resolve.plan import Graph, walk_graph_nodes, weights_of
from dlspec.resolve.resolve import is_resolved_whole
from dlspec.resolve.shapes.tensor import Weight


def report_followers(spec: ModelSpec, graph: Graph, flat: FlatGraph, reporter: Reporter) -> None:
    """Report models that cannot follow what they are to follow."""
    training = spec.training
    if not isinstance(training, Training) or not is_free_of_poison(training.follow):
        return
    follow = training.follow or {}
    for name, following in follow.items():
        path = f"training.follow.{name}"
        known = _is_model(name, spec, path, reporter, key=True)
        if not _is_model(following.model, spec, f"{path}.model", reporter, key=False) or not known:
            continue
        if following.model in follow:
            reporter.error(
                Code.CONFLICT,
                spec.places.value(f"{path}.model"),
                f"`{following.model}` follows another itself",
                label="it is not trained",
                help="name a model that is trained",
            )
        elif graph.models[name].borrowed:
            _report_shared(name, graph.models[name].borrowed, path, spec, reporter)
        elif all(
            is_resolved_whole(graph.models[one], flat.models[one])
            for one in (name, following.model)
        ):
            _compare(name, following, graph, spec, reporter)


def _report_shared(
    name: str, borrowed: tuple[str, ...], path: str, spec: ModelSpec, reporter: Reporter
) -> None:
    """Report a follower that shares weights: it would freeze those of others."""
    shared = " and ".join(f"`{one}`" for one in borrowed)
    reporter.error(
        Code.CONFLICT,
        spec.places.key(path),
        f"`{name}` follows another, and not all of its weights are its own",
        label=f"it uses {shared}, whose weights others may use",
        help=f"write the layers of {shared} out in `{name}`",
    )


def _is_model(name: str, spec: ModelSpec, path: str, reporter: Reporter, *, key: bool) -> bool:
    """Return whether a model of the name is declared; one that is not is reported."""
    if name in spec.model.models:
        return True
    training = spec.training
    follow = training.follow if isinstance(training, Training) and key else None
    names = [model for model in spec.model.models if model not in (follow or {})]
    near = replacement_word(name, names, work=reporter.work)
    reporter.error(
        Code.UNKNOWN_NAME,
        spec.places.key(path) if key else spec.places.value(path),
        f"there is no model `{name}`",
        label="not declared under `models`",
        help=near or "declare it under `models`",
    )
    return False


def _compare(
    name: str, following: Following, graph: Graph, spec: ModelSpec, reporter: Reporter
) -> None:
    """Report a follower with other weights, one that is trained, and one of what is not."""
    follower, followed = graph.models[name], graph.models[following.model]
    place = spec.places.key(f"training.follow.{name}")
    if graph_cost(follower).trainable:
        reporter.error(
            Code.CONFLICT,
            place,
            f"`{name}` follows `{following.model}`, and is trained",
            label="`trainable: true` stands in it",
            help=f"leave `trainable: true` out of `{name}`",
        )
    elif not graph_cost(followed).may_be_trained:
        reporter.error(
            Code.NOTHING_LEARNS,
            spec.places.value(f"training.follow.{name}.model"),
            f"`{following.model}` is not trained",
            label=f"`{name}` stays as it begins",
            help="name a model that is trained",
        )
    elif _all_known(follower) and _all_known(followed):
        own, other = ([_said(weight) for weight in weights_of(one)] for one in (follower, followed))
        if own != other:
            reporter.error(
                Code.FOLLOWER_WEIGHTS,
                place,
                f"`{name}` has other weights than `{following.model}`",
                label=_first_difference(own, other, following.model),
                help=f"write `{name}` as `{following.model}`",
            )


def _all_known(graph: Graph) -> bool:
    return all(node.weights is not None for node in walk_graph_nodes(graph))


def _said(weight: Weight) -> str:
    return f"{weight.name} {weight.shape}"


def _first_difference(own: list[str], other: list[str], followed: str) -> str:
    for i in range(max(len(own), len(other))):
        here = own[i] if i < len(own) else "no more weights"
        there = other[i] if i < len(other) else "no more"
        if here != there:
            return f"{here}, and in `{followed}` {there}"
    raise AssertionError("they are the same")
