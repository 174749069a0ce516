"""keras.Model -> spec text: as a person would write it, or flat with every name kept."""

import re

import keras

from dlspec.backends.lift.functional_graph import GraphLifter, Problem
from dlspec.backends.lift.shared_weights import shared_weights
from dlspec.backends.lower import global_keras_settings
from dlspec.backends.rolling import plain_title, recognised_text, rolled_text, same_graph
from dlspec.backends.spec_text import spec_text
from dlspec.compiler import loads
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source, span_at_offset

_NOT_IN_NAMES = re.compile(r"\W")


def decompile(
    model: keras.Model, *, name: str | None = None, flat: bool = False, recognise: bool = True
) -> str:
    """Return a spec that builds a model with the same weights and the same outputs.

    What comes again is written once, in blocks, `for` and `repeat`; a model that a packaged
    architecture gives exactly becomes the reference to it. Layers keep the names that a person
    gave them where they stand alone; the names of outputs are kept always, since targets are bound
    to them.

    Args:
        model: A Functional or Sequential model that knows its input shape.
        name: What the spec is called; default: the model's name, made fit.
        flat: Write one entry for each call instead, with all names.
        recognise: Look the model up among the packaged architectures.

    Raises:
        SpecError: If something in it cannot be said, every such layer listed with its place; or
            if the language refuses what Keras takes, at the place in the flat text.
    """
    title = _spec_name(name or (model.name if flat else plain_title(model.name)))
    text = _flat_text(model, title)
    # What the language refuses is told here, at its place in the flat text.
    graph = loads(text).graph
    if flat:
        return text
    packaged = recognised_text(title, graph) if recognise else None
    shorter = packaged or rolled_text(title, graph)
    same = same_graph(graph, loads(shorter).graph, named=packaged is None)
    assert same, f"{title}: the shorter form is another graph"
    return shorter


def _flat_text(model: keras.Model, title: str) -> str:
    # The spec will be lowered under the settings that a spec without `runtime` asks for.
    with global_keras_settings("float32"):
        lifter = GraphLifter(shared_weights(model))
        graph = lifter.graph(model)
    _raise_problems(model, lifter.problems)
    return spec_text(title, graph)


def _spec_name(name: str) -> str:
    fit = _NOT_IN_NAMES.sub("_", name)
    return fit if fit[:1].isalpha() or fit.startswith("_") else f"model_{fit}"


def _raise_problems(model: keras.Model, problems: list[Problem]) -> None:
    """Report each problem at its line of a listing of the model: the nearest to a place."""
    reporter = Reporter()
    rows = _operation_listing(model)
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
            span_at_offset(source, start, length=len(problem.operation.name)),
            f"`{problem.operation.name}` of `{problem.graph}` cannot be said in a spec",
            label=problem.reason,
            notes=[f"it is a `{type(problem.operation).__name__}`"],
        )
    reporter.raise_errors()


def _operation_listing(model: keras.Model) -> dict[int, str]:
    """Return one row for each operation by identity: its name, then its class."""
    rows: dict[int, str] = {}
    for operation in getattr(model, "operations", None) or [model]:
        rows[id(operation)] = f"{operation.name}: {type(operation).__name__}"
        if isinstance(operation, keras.Model) and operation is not model:
            rows |= _operation_listing(operation)
    return rows
