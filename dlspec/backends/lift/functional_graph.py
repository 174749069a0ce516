"""A functional graph in memory -> entries of a spec: calls, edges, shared layers, inner models."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from dlspec.backends.lift.layers import CannotSayError, Lifter, layer_entry
from dlspec.backends.lift.operation_names import function_name
from dlspec.backends.lift.operations import (
    are_tensors,
    array_as_lists,
    function_and_arguments,
    index_text,
    leading_tensor_parameters,
)
from dlspec.backends.lift.shared_weights import SharedWeights, input_of_shared_layer
from dlspec.backends.lift.structures import (
    as_declared,
    functional_of,
    require_flat,
    require_own_weights,
    training_by_default,
    written_position,
)
from dlspec.backends.spec_text import EntryText, GraphText, written_arguments, written_value
from dlspec.expand.calls import VARIADIC
from dlspec.expand.names import plain_head
from dlspec.language import catalogue
from dlspec.language.keras_names import snake_case

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
# Keras notes these in every call; False is what they are without being said.
_OFF = ("use_causal_mask", "return_attention_scores")


@dataclass(frozen=True, slots=True)
class Problem:
    """An operation that cannot be said, in which graph, and why."""

    graph: str
    operation: Any
    reason: str


@dataclass(slots=True)
class GraphLifter:
    """Lifts one model and the models inside it.

    `walks` are those through the graphs around the one that is lifted, by the identity of each.
    """

    shared: SharedWeights
    problems: list[Problem] = field(default_factory=list)
    walks: "dict[int, _Walk]" = field(default_factory=dict)

    def home_of(self, operation: Any, walk: "_Walk") -> "_Walk":  # noqa: ANN401 - a layer or a model
        """Return the walk whose graph declares a model: of what graphs share, one for all."""
        return self.walks.get(self.shared.homes.get(id(operation), 0), walk)

    def graph(self, model: keras.Model, *, frozen_above: bool = False) -> GraphText:
        """Return the graph of a model; what cannot be said is noted in `problems`.

        Args:
            frozen_above: Whether the entry that uses the model says that nothing in it is trained.
        """
        functional = functional_of(model)
        if functional is None:
            known = isinstance(model, keras.Sequential)
            reason = "its input shape is not known yet" if known else "it is no functional model"
            self.problems.append(Problem(model.name, model, reason))
            return GraphText()
        try:
            require_flat(functional)
            require_own_weights(model)
        except CannotSayError as error:
            self.problems.append(Problem(model.name, model, str(error)))
            return GraphText()
        walk = _Walk(functional, model.name, self)
        walk.frozen, walk.frozen_above = not model.trainable, frozen_above
        self.walks[id(model)] = walk
        return walk.text()


@dataclass(slots=True)
class _Walk:
    """One functional graph, from its outputs back to its inputs, then written in order."""

    model: Any
    title: str
    lifter: GraphLifter
    result: GraphText = field(default_factory=GraphText)
    names: dict[int, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)
    calls: dict[int, str] = field(default_factory=dict)
    model_names: dict[int, str] = field(default_factory=dict)
    automatic: dict[str, int] = field(default_factory=dict)
    last: str | None = None
    frozen: bool = False
    frozen_above: bool = False
    layers: Lifter = field(init=False)

    def __post_init__(self) -> None:
        self.layers = Lifter(self._model_name)

    def text(self) -> GraphText:
        order = _nodes_in_call_order(self.model)
        struct = self.model._inputs_struct
        if isinstance(struct, Mapping):
            for key, tensor in struct.items():
                self._declare_input(tensor, str(key))
        else:
            for tensor in self.model.inputs:
                self._declare_input(tensor, tensor._keras_history.operation.name)
        if len(self.model.inputs) == 1:
            self.last = next(iter(self.result.inputs))
        for node in order:
            self._claim_node_name(node)
        for node in order:
            try:
                self._write_node_entry(node)
            except CannotSayError as error:
                self.lifter.problems.append(Problem(self.title, node.operation, str(error)))
                self.last = self.names[id(node)]
        self._write_graph_ends()
        return self.result

    # -- names -----------------------------------------------------------------------------------

    def _claim_free_name(self, wanted: str) -> str:
        base = _NOT_IN_NAMES.sub("_", wanted)
        base = base if base[:1].isalpha() or base[:1] == "_" else f"_{base}"
        name, count = base, 0
        while name in self.taken:
            count += 1
            name = f"{base}_{count}"
        self.taken.add(name)
        return name

    def _claim_node_name(self, node: Any) -> None:  # noqa: ANN401 - a Keras node
        operation = node.operation
        # Keras counts the names of functions through the whole process; they carry no weights.
        is_layer = isinstance(operation, keras.Layer)
        wanted = operation.name if is_layer else function_name(type(operation).__name__)
        self.names[id(node)] = self._claim_free_name(wanted)

    def _is_default_entry_name(self, word: str, name: str) -> bool:
        """Return whether an entry of this class would get `name` without being told."""
        base = snake_case(word)
        count = self.automatic.get(base, 0)
        while (found := f"{base}_{count}" if count else base) in self.declared:
            count += 1
        if found == name:
            self.automatic[base] = count + 1
        return found == name

    def _model_name(self, model: keras.Model, *, frozen_above: bool = False) -> str:
        """Return the name of an inner model, which is lifted when it is met first."""
        home = self.lifter.home_of(model, self)
        if id(model) not in home.model_names:
            name = home._unused_model_name(model)
            home.model_names[id(model)] = name
            above = frozen_above and id(model) not in self.lifter.shared.homes
            home.result.models[name] = self.lifter.graph(model, frozen_above=above)
        return home.model_names[id(model)]

    def _unused_model_name(self, operation: Any) -> str:  # noqa: ANN401 - a layer or a model
        base = _NOT_IN_NAMES.sub("_", operation.name)
        if id(operation) in self.lifter.shared.homes:
            base = self.lifter.shared.name_for(operation)
        names = [base, *(f"{base}_{n}" for n in range(2, len(self.model_names) + 3))]
        return next(name for name in names if name not in self.model_names.values())

    def _shared_layer_name(self, layer: keras.Layer) -> str:
        """Return the name of the model that stands for a layer which graphs share."""
        home = self.lifter.home_of(layer, self)
        if id(layer) not in home.model_names:
            extents, dtype = input_of_shared_layer(layer)
            made = home.layers.layer(layer)
            name = home._unused_model_name(layer)
            home.model_names[id(layer)] = name
            word, given = made.class_name, "x" if layer.name != "x" else "taken"
            beside = {} if snake_case(word) == layer.name else {"name": layer.name}
            frozen = {} if layer.trainable else {"trainable": False}
            described = extents if dtype == "float32" else {"shape": extents, "dtype": dtype}
            entry = EntryText(word, written_arguments(made), {**beside, **frozen})
            home.result.models[name] = GraphText({given: described}, entries=[entry])
        return home.model_names[id(layer)]

    # -- inputs and outputs ----------------------------------------------------------------------

    def _declare_input(self, tensor: Any, wanted: str) -> None:  # noqa: ANN401 - a Keras tensor
        layer = tensor._keras_history.operation
        batch, *extents = layer.batch_shape
        name = self._claim_free_name(wanted)
        self.names[id(layer._inbound_nodes[0])] = name
        self.declared.add(name)
        described: dict[str, Any] = {"shape": extents}
        if layer.dtype != "float32":
            described["dtype"] = str(layer.dtype)
        if layer.sparse:
            described["sparse"] = True
        if batch is not None:
            described["batch"] = batch
        self.result.inputs[name] = extents if len(described) == 1 else described

    def _write_graph_ends(self) -> None:
        inputs, outputs = self.model._inputs_struct, self.model._outputs_struct
        if isinstance(inputs, Mapping):
            self.result.inputs_as = "mapping"
        elif isinstance(inputs, list | tuple) and len(inputs) == 1:
            self.result.inputs_as = "list"
        if isinstance(outputs, Mapping):
            self.result.outputs = {key: self._written_tensor_name(t) for key, t in outputs.items()}
        elif isinstance(outputs, list | tuple):
            self.result.outputs = [
                self._written_tensor_name(tensor) for tensor in self.model.outputs
            ]
        elif self._written_tensor_name(outputs) != self.last or not self.result.entries:
            self.result.outputs = self._written_tensor_name(outputs)

    def _written_tensor_name(self, tensor: Any) -> str:  # noqa: ANN401 - a Keras tensor
        history = tensor._keras_history
        name = self.names[id(history.operation._inbound_nodes[history.node_index])]
        position = written_position(history.operation, history.tensor_index)
        if not position:
            return name
        entry = catalogue.find_entry("layer", type(history.operation).__name__)
        words = ("out", *(entry.traits.outputs if entry else ()))
        return f"{name}.{words[position] if position < len(words) else position}"

    # -- entries ---------------------------------------------------------------------------------

    def _write_node_entry(self, node: Any) -> None:  # noqa: ANN401 - a Keras node
        operation, name = node.operation, self.names[id(node)]
        if not isinstance(operation, keras.Layer):
            self._append_entry(node, *self._op_call_parts(node))
        elif id(operation) in self.calls:
            self._write_use(node, self.calls[id(operation)])
        elif isinstance(operation, keras.Model):
            beside = self._trainable_key(operation)
            name = self._model_name(operation, frozen_above=bool(beside))
            self._write_use(node, name, beside)
            self.calls[id(operation)] = name
        elif id(operation) in self.lifter.shared.homes:
            name = self._shared_layer_name(operation)
            self._write_use(node, name, self._trainable_key(operation))
            self.calls[id(operation)] = name
        else:
            self.calls[id(operation)] = name
            made = self.layers.layer(operation)
            beside = self._from_and_call(node, layer_entry(operation)) | self._trainable_key(
                operation
            )
            self._append_entry(node, made.class_name, written_arguments(made), beside)

    def _trainable_key(self, operation: Any) -> dict[str, Any]:  # noqa: ANN401 - a layer or a model
        """Return `trainable: false` where nothing around an entry says it already."""
        if self.frozen_above:
            return {}
        frozen = not operation.trainable or (self.frozen and operation.weights)
        return {"trainable": False} if frozen else {}

    def _write_use(self, node: Any, target: str, beside: Mapping[str, Any] | None = None) -> None:  # noqa: ANN401 - a Keras node
        operation = node.operation
        entry = None if isinstance(operation, keras.Model) else layer_entry(operation)
        given = self._from_and_call(node, entry)
        if entry is not None and "call" in given and id(operation) in self.lifter.shared.homes:
            raise CannotSayError("graphs share it, and a call says more than one tensor")
        self._append_entry(node, "use", target, given | dict(beside or {}))

    def _append_entry(self, node: Any, head: str, argument: Any, beside: dict[str, Any]) -> None:  # noqa: ANN401 - Keras ships no types
        name = self.names[id(node)]
        word = argument if head == "use" else plain_head(head)
        named = {} if self._is_default_entry_name(str(word), name) else {"name": name}
        self.declared.add(name)
        self.result.entries.append(EntryText(head, argument, {**named, **beside}))
        self.last = name

    def _from_and_call(self, node: Any, entry: catalogue.ClassEntry | None) -> dict[str, Any]:  # noqa: ANN401 - Keras ships no types
        """Return `from` and `call` of a layer's call."""
        positions = entry.call if entry else ("inputs", "training", "mask")
        named = dict(zip(positions, node.arguments.args, strict=False)) | node.arguments.kwargs
        masks = _implicit_masks(named)
        call = {n: v for n, v in named.items() if not _is_unsaid(n, v, masks)}
        if call.get("training") is training_by_default(node.operation):
            del call["training"]
        required = entry.required_tensors if entry else ()
        if len(required) > 1:
            operands = {n: v for n, v in call.items() if _is_operand(n, v)}
            names = {name: self._written_tensor_name(tensor) for name, tensor in operands.items()}
            # A cell takes its states as a list, so that one tensor is all that `from` brings.
            alone = list(operands) == [positions[0]]
            beside = self._from_of_call(operands[positions[0]]) if alone else {"from": names}
            call = {n: v for n, v in call.items() if n not in operands}
        else:
            beside = self._from_of_call(as_declared(node.operation, call.pop(positions[0])))
        if call:
            beside["call"] = {n: self._call_argument_data(value) for n, value in call.items()}
        return beside

    def _from_of_call(self, first: Any) -> dict[str, Any]:  # noqa: ANN401 - what a layer is called on
        if isinstance(first, Mapping):
            if not are_tensors(list(first.values())):
                raise CannotSayError("it is called on something that is no tensor")
            return {
                "from": {
                    str(key): self._written_tensor_name(tensor) for key, tensor in first.items()
                }
            }
        if isinstance(first, list | tuple):
            if not are_tensors(first):
                raise CannotSayError("it is called on something that is no tensor")
            return {"from": [self._written_tensor_name(tensor) for tensor in first]}
        if not isinstance(first, keras.KerasTensor):
            raise CannotSayError("it is called on something that is no tensor")
        name = self._written_tensor_name(first)
        return {} if name == self.last else {"from": name}

    def _op_call_parts(self, node: Any) -> tuple[str, Any, dict[str, Any]]:  # noqa: ANN401 - Keras ships no types
        """Return head, arguments and structure of a keras.ops call."""
        entry, given = function_and_arguments(node)
        head = f"ops.{entry.name}"
        first = leading_tensor_parameters(entry, given)
        values = [given.pop(parameter.name) for parameter in first]
        written = {name: self._op_keyword_data(entry, name, value) for name, value in given.items()}
        many = [parameter for parameter in first if parameter.type == "tensors"]
        if len(first) == 1 and many and isinstance(values[0], list | tuple):
            if are_tensors(values[0]):
                return head, _shortest_op_arguments(entry, written), self._from_of_call(values[0])
            if entry.name in VARIADIC:
                values = list(values[0])
        elif values and not many and are_tensors(values):
            beside = self._from_of_call(values if len(values) > 1 else values[0])
            return head, _shortest_op_arguments(entry, written), beside
        return head, {"args": [self._call_argument_data(value) for value in values], **written}, {}

    def _op_keyword_data(self, entry: catalogue.ClassEntry, name: str, value: Any) -> Any:  # noqa: ANN401 - Keras ships no types
        parameter = entry.parameter_named(name)
        if parameter is not None and parameter.type == "index":
            return index_text(value)
        if isinstance(value, keras.dtype_policies.DTypePolicy):
            return value.name
        return self._call_argument_data(value)

    def _call_argument_data(self, value: Any) -> Any:  # noqa: ANN401 - a tensor, or a literal
        if isinstance(value, keras.KerasTensor):
            return self._written_tensor_name(value)
        if isinstance(value, list | tuple):
            return [self._call_argument_data(item) for item in value]
        if value is None or isinstance(value, bool | int | float | str):
            return written_value(value)
        return array_as_lists(value)


def _nodes_in_call_order(model: Any) -> list[Any]:  # noqa: ANN401 - a functional model and its nodes
    """Return the nodes that the outputs need, each after those it reads, chains unbroken."""
    order: list[Any] = []
    seen = {id(t._keras_history.operation._inbound_nodes[0]) for t in model.inputs}
    open_: list[tuple[Any, Iterator[Any]]] = []

    def enter(tensor: Any) -> None:  # noqa: ANN401 - a Keras tensor
        history = tensor._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        if id(node) not in seen:
            seen.add(id(node))
            open_.append((node, iter(_tensors_read_by_call(node))))

    for output in model.outputs:
        enter(output)
        while open_:
            node, tensors = open_[-1]
            tensor = next(tensors, None)
            if tensor is None:
                order.append(node)
                open_.pop()
            else:
                enter(tensor)
    return order


def _tensors_read_by_call(node: Any) -> list[Any]:  # noqa: ANN401 - a Keras node
    """Return the tensors a call reads, but for masks that Keras hands on by itself."""
    positional = {str(position): value for position, value in enumerate(node.arguments.args)}
    named = positional | node.arguments.kwargs
    masks = _implicit_masks(named)
    said = [value for name, value in named.items() if not _is_unsaid(name, value, masks)]
    return [tensor for value in said for tensor in _symbolic_tensors_in(value)]


def _implicit_masks(named: Mapping[str, Any]) -> set[int]:
    """Return the masks that the tensors of a call bring along, by identity."""
    tensors = [tensor for value in named.values() for tensor in _symbolic_tensors_in(value)]
    return {id(getattr(tensor, "_keras_mask", None)) for tensor in tensors}


def _symbolic_tensors_in(value: Any) -> list[Any]:  # noqa: ANN401 - an argument of a call
    return [leaf for leaf in keras.tree.flatten(value) if isinstance(leaf, keras.KerasTensor)]


def _is_unsaid(name: str, value: Any, masks: set[int]) -> bool:  # noqa: ANN401 - Keras ships no types
    """Return whether a call says an argument only because Keras adds it."""
    if value is None or (value is False and name in _OFF):
        return True
    said = [leaf for leaf in keras.tree.flatten(value) if leaf is not None]
    return name.endswith("mask") and all(id(leaf) in masks for leaf in said)


def _is_operand(name: str, value: Any) -> bool:  # noqa: ANN401 - Keras ships no types
    return isinstance(value, keras.KerasTensor) and not name.endswith("mask")


def _shortest_op_arguments(entry: catalogue.ClassEntry, written: Mapping[str, Any]) -> Any:  # noqa: ANN401 - Keras ships no types
    """Return `-1` for `{axis: -1}` of a function whose only other parameter that is."""
    index = [p.name for p in entry.parameters if p.type == "index"]
    if list(written) == index and index:
        return written[index[0]]
    return dict(written) or None
