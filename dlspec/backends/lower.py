"""Plan -> keras.Model: decides nothing, asserts that Keras sees what the Plan says."""

import re
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import takewhile
from operator import attrgetter
from traceback import walk_tb
from typing import Any

import keras
import numpy as np

from dlspec.backends.blank_steps import name_figures_as_before, with_blank_steps
from dlspec.backends.draw import Draw, expected_value
from dlspec.backends.keras_objects import Models, build_object
from dlspec.backends.torch_names import allow_dots
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Diagnostic, SpecError
from dlspec.diagnostics.source import Span
from dlspec.expand.flat import Use
from dlspec.language import catalogue
from dlspec.language.catalogue import FreeWeight, Object
from dlspec.language.indexing import ELLIPSIS, slice_of
from dlspec.language.tensors import Tensor
from dlspec.resolve.batch_input import batch_input
from dlspec.resolve.plan import (
    Argument,
    Graph,
    Node,
    NodeInputs,
    Op,
    Reference,
    drawing,
    draws_within,
    own_models,
)
from dlspec.resolve.shapes.op_arguments import TENSORS, constant_tensor

_AROUND = re.compile(r"\AException encountered when calling .*\n|\x1b\[\d+m")


class NoOutputError(ValueError):
    """A node gives fewer tensors than are asked of it, which Keras alone could know."""


@contextmanager
def global_keras_settings(precision: str) -> Iterator[None]:
    """Give Keras the global settings under which a spec says what it says: channels stand last."""
    policy, data_format = keras.config.dtype_policy(), keras.config.image_data_format()
    keras.config.set_dtype_policy(precision)
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        keras.config.set_image_data_format(data_format)


@dataclass(slots=True)
class Lowered:
    """What a graph has become: lowered again with it, the graph calls the same layers.

    `models` are those that it declares, `inner` what became of theirs; `draws` are the layers that
    draw at random, those of its models included.
    """

    layers: dict[str, keras.Layer] = field(default_factory=dict)
    models: dict[str, keras.Model] = field(default_factory=dict)
    inner: dict[str, "Lowered"] = field(default_factory=dict)
    draws: list[Draw] = field(default_factory=list)


def lower_graph(
    graph: Graph,
    lowered: Lowered | None = None,
    *,
    seed: int | None = None,
    aligned: Collection[str] = (),
    around: Models | None = None,
) -> keras.Model:
    """Return a graph as a functional model; node names become layer names.

    Args:
        lowered: What it has become before, if it has.
        seed: That of what it draws at random; None puts the mean of each draw in its place.
        aligned: The outputs whose steps a loss aligns with ids.
        around: What the models have become that the graph around it declares.
    """
    allow_dots()
    tensors = declared_input_tensors(graph)
    inputs = dict(tensors)
    ends = lower_nodes(graph, tensors, lowered, seed=seed, around=around)
    outputs = {name: end for (name, _), end in zip(graph.outputs, ends, strict=True)}
    model = keras.Model(
        tensors_in_form(inputs, graph.inputs_as),
        tensors_in_form(with_blank_steps(outputs, aligned), graph.outputs_as),
        name=graph.name,
    )
    if aligned:
        name_figures_as_before(model, outputs)
    return model


def declared_input_tensors(graph: Graph) -> dict[str, Any]:
    """Return a Keras tensor for each input of a graph, by name."""
    return {
        declared.name: keras.Input(
            batch_shape=declared.shape,
            dtype=declared.dtype,
            sparse=declared.sparse,
            name=declared.name,
        )
        for declared in graph.inputs
    }


def lower_nodes(
    graph: Graph,
    tensors: dict[str, Any],
    lowered: Lowered | None = None,
    *,
    seed: int | None = None,
    around: Models | None = None,
) -> list[Any]:
    """Call the layers of a graph, and return what its outputs are.

    Args:
        tensors: Those of its inputs by name; those of its nodes are added.
        lowered: What the graph has become before, if it has; what it becomes now is added.
        seed: That of what it draws at random; None puts the mean of each draw in its place.
        around: What the models have become that the graph around it declares.
    """
    made = Lowered() if lowered is None else lowered
    models: dict[str, keras.Model] = {name: (around or {})[name] for name in graph.borrowed}
    for name, inner in own_models(graph):
        models[name] = _lowered_model(name, inner, made, seed, models)
    layers = (n.name for n in graph.nodes if not isinstance(n.operation, Op) or drawing(n))
    named = {*tensors, *layers}
    for node in graph.nodes:
        if drawing(node) is not None:
            steps = _drawn_tensors(node, graph, tensors, made, seed)
            _keep_names_apart(node, steps, named)
            result = steps[-1]
        else:
            called = node
            if isinstance(node.operation, FreeWeight):
                called = _with_ones(node, graph, tensors, named)
            result = _built_call(called, tensors, made.layers, models)
            if isinstance(node.operation, Op):
                _keep_names_apart(node, result, named)
        tensors[node.name] = result
        _assert_as_planned(node, result, made.layers.get(node.name))
    return [_output_tensor(reference, graph, tensors) for _, reference in graph.outputs]


def _lowered_model(
    name: str, inner: Graph, made: Lowered, seed: int | None, around: Models
) -> keras.Model:
    """Return a model that a graph declares; one that draws is another without its draws."""
    first = name not in made.models
    if not first and not draws_within(inner):
        return made.models[name]
    below = made.inner.setdefault(name, Lowered())
    model = lower_graph(inner, below, seed=seed, around=around)
    if first:
        made.models[name] = model
        made.draws += below.draws
    return model


def _drawn_tensors(
    node: Node, graph: Graph, tensors: dict[str, Any], made: Lowered, seed: int | None
) -> list[Any]:
    """Return what a node draws; where nothing is drawn, the mean of it after the steps to it."""
    operation = node.operation
    assert isinstance(operation, Op)
    entry = catalogue.find_entry("op", operation.name)
    assert entry is not None
    said: dict[str, Any] = {p.name: p.default for p in entry.parameters}
    said |= dict(zip(said, operation.arguments, strict=False)) | dict(operation.keywords)
    (operand,) = entry.tensors
    x = lowered_tensor(said.pop(operand), tensors)
    # torch draws no gamma of a whole number.
    said |= {p.name: float(said[p.name]) for p in entry.parameters if p.type == "number"}
    planned = graph.tensor(Reference(node.name))
    if seed is None:
        return expected_value(operation.name, x, said, planned.dtype)
    if node.name not in made.layers:
        draw = Draw(node.name, operation.name, said, planned, seed=seed)
        made.layers[node.name] = draw
        made.draws.append(draw)
    return [made.layers[node.name](x)]


def _with_ones(node: Node, graph: Graph, tensors: dict[str, Any], named: set[str]) -> Node:
    """Return a weight's node as one that reads ones, a number for each sample of the batch."""
    taken = batch_input(graph.inputs)
    assert taken is not None, f"{node.name} has no batch"
    tensor = tensors[taken.name]
    if len(taken.shape) > 1:
        tensor = tensor[(slice(None), *(0 for _ in taken.shape[1:]))]
        _rename_operation(tensor, f"{node.name}_batch", named)
    ones = keras.ops.ones_like(tensor, dtype="float32")
    name = _rename_operation(ones, f"{node.name}_ones", named)
    tensors[name] = ones
    return replace(node, inputs=Reference(name))


def _rename_operation(tensor: Any, name: str, named: set[str]) -> str:  # noqa: ANN401 - a Keras tensor
    """Give the operation that made a tensor the same name in every process, and return it."""
    while name in named:
        name += "_"
    named.add(name)
    tensor._keras_history.operation.name = name
    return name


def _keep_names_apart(node: Node, result: Any, named: set[str]) -> None:  # noqa: ANN401 - a Keras tensor or several
    """Rename a function's operation that Keras has called as a layer of the spec is called.

    Keras calls the first `ops.mean` of a process `mean`, and refuses a model in which two are.
    """
    for i, tensor in enumerate(keras.tree.flatten(result)):
        operation = tensor._keras_history.operation
        if operation.name in named and not isinstance(operation, Draw):
            operation.name = f"{node.name}_operation_{i}" if i else f"{node.name}_operation"


def _output_tensor(reference: Reference, graph: Graph, tensors: dict[str, Any]) -> Any:  # noqa: ANN401 - a Keras tensor
    """Return an output; that there is no such output of a node may be known to Keras alone."""
    try:
        return lowered_tensor(reference, tensors)
    except NoOutputError as error:
        node = graph.node(reference.node)
        if node.place is None:
            raise
        raise SpecError((_refusal_at_node(node, node.place, error),)) from error


def tensors_in_form(tensors: dict[str, Any], form: str) -> Any:  # noqa: ANN401 - as Keras takes it
    """Return tensors as one, a list or a mapping from their names."""
    values = list(tensors.values())
    if form == "mapping":
        return tensors
    return values[0] if form == "single" and len(values) == 1 else values


def _built_call(
    node: Node, tensors: dict[str, Any], layers: dict[str, keras.Layer], models: Models
) -> Any:  # noqa: ANN401 - a Keras tensor or several
    """Call a node's layer; what Keras alone can refuse becomes a finding at the node."""
    try:
        result = _call_node(node, tensors, layers, models)
    except SpecError:
        raise
    except Exception as error:
        if node.place is None or (_is_raised_here(error) and not isinstance(error, NoOutputError)):
            raise
        raise SpecError((_refusal_at_node(node, node.place, error),)) from error
    if node.place is not None and not isinstance(node.operation, Op):
        _require_new(result, node, tensors)
    return result


def _is_raised_here(error: Exception) -> bool:
    """Return whether the compiler itself raised, and not Keras: that is a mistake of ours.

    What the standard library raises is the doing of whoever called it, even inside Keras.
    """
    modules = [str(f.f_globals.get("__name__", "")) for f, _ in walk_tb(error.__traceback__)]
    raising = [m for m in modules if m.partition(".")[0] not in sys.stdlib_module_names]
    return raising[-1].startswith("dlspec.")


def _require_new(result: Any, node: Node, tensors: dict[str, Any]) -> None:  # noqa: ANN401 - a layer's result
    """Refuse a layer that gives back the tensor it takes: Keras sees a cycle there."""
    known = {id(leaf) for leaf in keras.tree.flatten(list(tensors.values()))}
    if node.place is not None and any(id(leaf) in known for leaf in keras.tree.flatten(result)):
        error = ValueError("it gives back the very tensor it takes, a cycle in a graph of Keras")
        raise SpecError((_refusal_at_node(node, node.place, error),))


def _refusal_at_node(node: Node, place: Span, error: Exception) -> Diagnostic:
    # Around what went wrong Keras says in which call, in bold, and with which arguments.
    said = _AROUND.sub("", str(error).partition("\n\nArguments received by ")[0])
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return Diagnostic(
        Code.KERAS_REFUSES,
        f"Keras refuses `{node.name}`",
        place,
        label=lines[0] if lines else type(error).__name__,
        notes=tuple(lines[1:4]),
    )


def _call_node(
    node: Node, tensors: dict[str, Any], layers: dict[str, keras.Layer], models: Models
) -> Any:  # noqa: ANN401 - a Keras tensor or several
    operation = node.operation
    if isinstance(operation, Op):
        return _call_operation(operation, tensors)
    if isinstance(operation, Use):
        layer = models[operation.target] if operation.of == "model" else layers[operation.target]
    elif node.name in layers:
        layer = layers[node.name]
    elif isinstance(operation, FreeWeight):
        layer = build_object(operation.layer, name=node.name)
    else:
        layer = build_object(operation, models, name=node.name)
    layers[node.name] = layer
    call = {name: _lowered_call_argument(value, tensors) for name, value in node.call.items()}
    result = _apply_layer(layer, node.inputs, call, tensors)
    if not node.trainable:
        # Once it is built: variables of layers that it makes while building are trained otherwise.
        layer.trainable = False
    return result


def _call_operation(operation: Op, tensors: dict[str, Any]) -> Any:  # noqa: ANN401 - a Keras tensor or several
    entry = catalogue.find_entry("op", operation.name)
    assert entry is not None, operation.name
    types = {parameter.name: parameter.type for parameter in entry.parameters}
    order = [*types.values(), *[entry.parameters[-1].type] * len(operation.arguments)]
    positional = [
        _lowered_operand(value, type_, tensors)
        for value, type_ in zip(operation.arguments, order, strict=False)
    ]
    named = {
        n: _lowered_operand(value, types[n], tensors) for n, value in operation.keywords.items()
    }
    # The tensors of `from` stand behind what a function takes ahead of them: einsum's equation.
    ahead = list(takewhile(lambda name: types[name] not in TENSORS, types))
    if positional and all(name in named for name in ahead):
        positional = [*(named.pop(name) for name in ahead), *positional]
    return attrgetter(operation.name)(keras.ops)(*positional, **named)


def _lowered_operand(value: Argument, type_: str, tensors: dict[str, Any]) -> Any:  # noqa: ANN401 - as Keras takes it
    """Return an argument of a function; lists of numbers are an array where it takes a tensor."""
    if type_ == "index":
        return _python_index(value)
    if type_ == "tensors" and isinstance(value, tuple):
        return [_lowered_operand(item, "tensor", tensors) for item in value]
    made = constant_tensor(value) if type_ == "tensor" and isinstance(value, tuple) else None
    return _lowered_call_argument(value, tensors) if made is None else np.array(value, made.dtype)


def _python_index(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - what Python's brackets take
    """Return what `x[...]` takes for an index of a spec."""
    items = value if isinstance(value, tuple) else (value,)
    return tuple(_python_index_item(item) for item in items)


def _python_index_item(item: int | str | None) -> Any:  # noqa: ANN401 - a slice, an ellipsis, ...
    if isinstance(item, str):
        return ... if item == ELLIPSIS else slice_of(item)
    return item


def _apply_layer(
    layer: keras.Layer, inputs: NodeInputs, call: dict[str, Any], tensors: dict[str, Any]
) -> Any:  # noqa: ANN401 - a Keras tensor or several
    if isinstance(layer, keras.Model):
        result = layer(_model_inputs(layer, inputs, tensors), **call)
        # In the order of the text: what comes out is told apart by position.
        return [result[n] for n in layer._outputs_struct] if isinstance(result, dict) else result
    if isinstance(inputs, Reference):
        return layer(lowered_tensor(inputs, tensors), **call)
    if isinstance(inputs, tuple):
        return layer([lowered_tensor(reference, tensors) for reference in inputs], **call)
    named = {name: lowered_tensor(reference, tensors) for name, reference in inputs.items()}
    return layer(**named, **call)


def _model_inputs(model: Any, inputs: NodeInputs, tensors: dict[str, Any]) -> Any:  # noqa: ANN401 - as it takes them
    """Return what comes into a declared model in the form it takes, whatever form `from` has."""
    struct = model._inputs_struct
    names = list(struct) if isinstance(struct, Mapping) else [t.name for t in model.inputs]
    if isinstance(inputs, Mapping):
        listed = [inputs[name] for name in names]
    else:
        listed = [inputs] if isinstance(inputs, Reference) else list(inputs)
    given = {
        n: lowered_tensor(reference, tensors) for n, reference in zip(names, listed, strict=True)
    }
    if isinstance(struct, Mapping):
        return given
    return list(given.values()) if isinstance(struct, list | tuple) else given[names[0]]


def lowered_tensor(reference: Reference, tensors: dict[str, Any]) -> Any:  # noqa: ANN401 - a Keras tensor
    """Return the Keras tensor of a reference.

    Raises:
        NoOutputError: If the node gives fewer.
    """
    # Flat, as a spec counts them: the states of several cells come in lists of their own.
    values = keras.tree.flatten(tensors[reference.node])
    if reference.output >= len(values):
        raise NoOutputError(
            f"`{reference.node}` has no output {reference.output}: {len(values)} come out"
        )
    return values[reference.output]


def _lowered_call_argument(value: Argument, tensors: dict[str, Any]) -> Any:  # noqa: ANN401 - tensors or literals
    if isinstance(value, Reference):
        return lowered_tensor(value, tensors)
    if isinstance(value, tuple):
        return [_lowered_call_argument(item, tensors) for item in value]
    return value


def _assert_as_planned(node: Node, result: Any, layer: keras.Layer | None) -> None:  # noqa: ANN401 - Keras ships no types
    values = keras.tree.flatten(result)
    for (name, planned), value in zip(node.outputs, values, strict=False):
        if _is_announced_wrong(node, name):
            continue
        _assert_tensor(node.name, name, planned, value)
    if layer is not None and node.weights is not None and not isinstance(node.operation, Use):
        # Keras orders the layers of a model inside a wrapper by their depth.
        shapes = sorted(tuple(weight.shape) for weight in layer.weights)
        assert shapes == sorted(w.shape for w in node.weights), f"{node.name}: {shapes}"


def _is_announced_wrong(node: Node, output: str) -> bool:
    """Tell where Keras's symbolic shape is not the one it computes; ours is settled by a run."""
    made = node.operation
    return isinstance(made, Object) and (
        (made.class_name == "MultiHeadAttention" and output == "scores")
        or (made.class_name == "Bidirectional" and made["backward_layer"] is not None)
        or (made.traits.fitted == ("vocabulary",) and made["output_mode"] != "int")
    )


def _assert_tensor(node: str, output: str, planned: Tensor, value: Any) -> None:  # noqa: ANN401 - Keras ships no types
    if planned.shape is not None:
        seen = tuple(value.shape)
        assert seen == planned.shape, f"{node}.{output}: {seen} != {planned.shape}"
    if planned.dtype is not None:
        dtype = keras.backend.standardize_dtype(value.dtype)
        # Whole numbers through a layer that defines only its shape: Keras announces floats there.
        announced = "float" in dtype and "float" not in planned.dtype
        assert announced or dtype == planned.dtype, f"{node}.{output}: {dtype} != {planned.dtype}"
