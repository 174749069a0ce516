"""Calls of the models that a spec declares: whether there is such a model, and what fits it."""

from collections.abc import Mapping
from dataclasses import replace

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import agreed, counted
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.suggest import replacement_word, suggest
from dlspec.expand.flat import FlatNode
from dlspec.language.catalogue import ModelRef, Object
from dlspec.resolve.plan import Graph
from dlspec.resolve.shapes import Inputs, ShapeError, Tensor


def report_unknown_models(
    layer: Object, flat: FlatNode, models: Mapping[str, Graph], reporter: Reporter
) -> bool:
    """Return whether every model that a layer holds is declared; one that is not is reported."""
    for name, value in layer.arguments.items():
        if isinstance(value, Object) and not report_unknown_models(value, flat, models, reporter):
            return False
        if isinstance(value, ModelRef) and value.name not in models:
            near = replacement_word(value.name, models, work=reporter.work)
            written = replace(near, text=f"{{model: {near.text}}}") if near else None
            reporter.error(
                Code.UNKNOWN_NAME,
                flat.places.get(name, flat.head),
                f"there is no model `{value.name}`",
                label="not declared under `models`",
                help=written or "declare it under `models`",
            )
            return False
    return True


def inputs_of_declared_model(graph: Graph, given: Inputs, reporter: Reporter) -> tuple[Tensor, ...]:
    """Return what comes into a declared model, in the order of its inputs.

    Raises:
        ShapeError: If there are more or fewer, one has another name, or another shape.
    """
    tensors = _tensors_in_input_order(graph, given, reporter)
    if len(tensors) != len(graph.inputs):
        raise ShapeError(
            Code.LAYER_INPUTS,
            f"`{graph.name}` takes {counted(len(graph.inputs), 'input')}, "
            f"{len(tensors)} {agreed(len(tensors), 'come')} in",
            field="from",
            help=f"name them with `from`: {', '.join(i.name for i in graph.inputs)}",
        )
    for declared, tensor in zip(graph.inputs, tensors, strict=True):
        if tensor.shape is not None and not _fits_declared_shape(declared.shape, tensor.shape):
            raise ShapeError(
                Code.MERGE,
                f"`{declared.name}` of the model `{graph.name}` has shape {declared.shape}",
                field="from",
                help="give it that shape, or change the model's `inputs`",
            )
    return tensors


def _tensors_in_input_order(graph: Graph, given: Inputs, reporter: Reporter) -> tuple[Tensor, ...]:
    if isinstance(given, Tensor):
        return (given,)
    if not isinstance(given, Mapping):
        return tuple(given)
    names = [declared.name for declared in graph.inputs]
    unknown = next((name for name in given if name not in names), None)
    if unknown is not None:
        # What is marked is all of `from`, so no program can put the one word in its place.
        near = suggest(unknown, names, work=reporter.work)
        raise ShapeError(
            Code.LAYER_INPUTS,
            f"`{graph.name}` has no input `{unknown}`",
            field="from",
            help=f"write `{near}`" if near else f"its inputs are {', '.join(names)}",
        )
    return tuple(given[name] for name in names if name in given)


def _fits_declared_shape(declared: tuple[int | None, ...], given: tuple[int | None, ...]) -> bool:
    return len(declared) == len(given) and all(
        a is None or b is None or a == b for a, b in zip(declared[1:], given[1:], strict=True)
    )
