"""keras.Model -> spec text: the graph of a model in memory, in the flat form, names kept."""

import re

import keras

from dlspec.backends.emission import spec_text
from dlspec.backends.graph_lifting import GraphLifter, Problem
from dlspec.diagnostics import Code, Reporter
from dlspec.source import Source, point

_NOT_IN_NAMES = re.compile(r"\W")


def decompile(model: keras.Model, *, name: str | None = None) -> str:
    """Return a spec that builds a model with the same weights and the same outputs.

    Args:
        model: A Functional or Sequential model that knows its input shape.
        name: What the spec is called; default: the model's name, made fit.

    Raises:
        SpecError: If something in it cannot be said; every such layer is listed with its place.
    """
    before = keras.config.dtype_policy()
    # The spec will be lowered under the policy that a spec without `runtime` asks for.
    keras.config.set_dtype_policy("float32")
    try:
        lifter = GraphLifter({})
        graph = lifter.graph(model)
    finally:
        keras.config.set_dtype_policy(before)
    _raise_problems(model, lifter.problems)
    return spec_text(_spec_name(name or model.name), graph)


def _spec_name(name: str) -> str:
    fit = _NOT_IN_NAMES.sub("_", name)
    return fit if fit[:1].isalpha() or fit.startswith("_") else f"model_{fit}"


def _raise_problems(model: keras.Model, problems: list[Problem]) -> None:
    """Report each problem at its line of a listing of the model: the nearest to a place."""
    reporter = Reporter()
    rows = _listing(model)
    source = Source(f"<{model.name}>", "\n".join(rows.values()))
    starts: dict[int, int] = {}
    offset = 0
    for key, row in rows.items():
        starts[key] = offset
        offset += len(row) + 1
    for problem in problems:
        start = starts.get(id(problem.operation), 0)
        reporter.error(
            Code.FORBIDDEN_CLASS,
            point(source, start, length=len(problem.operation.name)),
            f"`{problem.operation.name}` of `{problem.graph}` cannot be said in a spec",
            label=problem.reason,
            notes=[f"it is a `{type(problem.operation).__name__}`"],
        )
    reporter.raise_errors()


def _listing(model: keras.Model) -> dict[int, str]:
    """Return one row for each operation by identity: its name, then its class."""
    rows: dict[int, str] = {}
    for operation in getattr(model, "operations", None) or [model]:
        rows[id(operation)] = f"{operation.name}: {type(operation).__name__}"
        if isinstance(operation, keras.Model) and operation is not model:
            rows |= _listing(operation)
    return rows
