"""`weights: imagenet`: what Keras publishes of a packaged architecture that a spec takes."""

from collections.abc import Mapping

from dlspec.decode.spec import GraphSpec
from dlspec.diagnostics.codes import Code
from dlspec.expand import zoo
from dlspec.expand.graph_nodes import Expansion
from dlspec.expand.zoo.published_weights import PUBLISHED, PublishedStart, published_of
from dlspec.language.sections import is_free_of_poison
from dlspec.syntax.nodes import Scalar
from dlspec.syntax.substitution import plain_value, substitute_expressions


def published_start(graph: GraphSpec, weights: Scalar, state: Expansion) -> PublishedStart | None:
    """Return the weights that Keras publishes of what a spec takes; report where it has none."""
    if graph.zoo is None:
        _report_unpublished(
            weights,
            "Keras publishes weights of packaged architectures alone",
            "this model is none of the zoo",
            "name a run whose weights they are",
            state,
        )
        return None
    name = str(graph.zoo.value)
    written = (
        substitute_expressions(graph.arguments, state.file, state.reporter)
        if graph.arguments
        else None
    )
    given = plain_value(written) if written is not None else {}
    if name not in zoo.architecture_names() or not isinstance(given, Mapping):
        return None
    if not is_free_of_poison(given):
        return None  # reported: which it is is not known
    known = published_of(name)
    params = {**zoo.architecture_params(name), **given}
    for one in known:
        if all(params.get(param) == value for param, value in one.params.items()):
            return PublishedStart(one, given)
    message = f"Keras publishes no weights of this `{name}`"
    if not known:
        names = ", ".join(dict.fromkeys(one.architecture for one in PUBLISHED))
        _report_unpublished(weights, message, f"it has those of {names}", "leave it out", state)
        return None
    wanted = {n: v for n, v in known[0].params.items() if params.get(n) != v}
    label = "it has them with " + "; ".join(_params_text(one.params) for one in known)
    _report_unpublished(
        weights, message, label, f"write `{_params_text(wanted)}` under `with`", state
    )
    return None


def _params_text(params: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in params.items())


def _report_unpublished(
    weights: Scalar, message: str, label: str, help_: str, state: Expansion
) -> None:
    state.reporter.error(Code.REFERENCE_NOT_FOUND, weights.span, message, label=label, help=help_)
