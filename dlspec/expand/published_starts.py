"""`weights: imagenet`: what Keras publishes of a packaged architecture that a spec takes."""

from collections.abc import Mapping, Sequence

from dlspec.decode.spec import GraphSpec
from dlspec.diagnostics.codes import Code
from dlspec.expand import zoo
from dlspec.expand.graph_nodes import Expansion
from dlspec.expand.zoo.published_weights import (
    PUBLISHED,
    PublishedStart,
    PublishedWeights,
    published_of,
)
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
    others = [{n: v for n, v in one.params.items() if params.get(n) != v} for one in known]
    nearest = min(others, key=len)
    wanted = ", ".join(f"{param}: {_param_value_text(value)}" for param, value in nearest.items())
    label = f"it has them with {_known_params_text(known)}"
    _report_unpublished(weights, message, label, f"write `{wanted}` under `with`", state)
    return None


def _known_params_text(known: Sequence[PublishedWeights]) -> str:
    """Return each param with all values that it has among these."""
    values: dict[str, list[str]] = {}
    for one in known:
        for param, value in one.params.items():
            told = values.setdefault(param, [])
            if _param_value_text(value) not in told:
                told.append(_param_value_text(value))
    return "; ".join(f"{param}: {_either_text(told)}" for param, told in values.items())


def _param_value_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _either_text(values: Sequence[str]) -> str:
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def _report_unpublished(
    weights: Scalar, message: str, label: str, help_: str, state: Expansion
) -> None:
    state.reporter.error(Code.REFERENCE_NOT_FOUND, weights.span, message, label=label, help=help_)
