"""Flat graph -> Graph: names to edges, every shape, dtype, weight and cost that text can tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Help, Replacement, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import suggest
from dlspec.expand.flat import FlatArgument, FlatGraph, FlatNode, FlatOp, Pointer, Use
from dlspec.expand.graph_nodes import NODE_STEPS
from dlspec.language.catalogue import FreeWeight, Object
from dlspec.resolve.batch_input import inferred_weight
from dlspec.resolve.dead_nodes import references_within, report_dead
from dlspec.resolve.model_calls import inputs_of_declared_model, report_unknown_models
from dlspec.resolve.output_names import BY_CONVENTION, RETURNED_ON_DEMAND
from dlspec.resolve.plan import (
    Argument,
    Graph,
    Node,
    NodeInputs,
    Op,
    Reference,
    walk_graph_nodes,
    weights_of,
)
from dlspec.resolve.shapes import (
    Inferred,
    Inputs,
    Shape,
    ShapeError,
    Tensor,
    infer_layer,
    infer_op,
    op_cost,
    sum_if_known,
)
from dlspec.syntax.scalars import Poison

_T = TypeVar("_T")

_COMPUTE_DTYPE = {
    "float32": "float32",
    "mixed_bfloat16": "bfloat16",
    "mixed_float16": "float16",
}
UNKNOWN = Tensor(None, None)
# Each use of a model asks each of its nodes for weights and costs: about a microsecond each.
_READING_STEPS = 2


def resolve(flat: FlatGraph, reporter: Reporter, *, precision: str = "float32") -> Graph:
    """Return the graph of what could be resolved; nodes with a reported mistake are left out.

    Args:
        precision: `runtime.precision`, Keras's global dtype policy.
    """
    return _resolve_within(flat, reporter, precision, {})


def _resolve_within(
    flat: FlatGraph, reporter: Reporter, precision: str, around: Mapping[str, Graph]
) -> Graph:
    models: dict[str, Graph] = {}
    for name, inner in flat.models.items():
        known = name in flat.borrowed
        models[name] = (
            around[name] if known else _resolve_within(inner, reporter, precision, models)
        )
    return _Resolver(flat, models, reporter, _COMPUTE_DTYPE[precision]).graph()


def is_resolved_whole(graph: Graph, flat: FlatGraph) -> bool:
    """Return whether no node of a graph, or of its models, was left out for a reported mistake."""
    return len(graph.nodes) == len(flat.nodes) and all(
        is_resolved_whole(graph.models[name], inner) for name, inner in flat.models.items()
    )


@dataclass(slots=True)
class _Resolver:
    """Walks one flat graph in order, knowing what each name above gives."""

    flat: FlatGraph
    models: Mapping[str, Graph]
    reporter: Reporter
    dtype: str
    outputs: dict[str, tuple[tuple[str, Tensor], ...] | None] = field(default_factory=dict)
    flat_nodes: dict[str, FlatNode] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    # A layer asked for states it does not return is one mistake, however many are asked for.
    short_of_outputs: set[tuple[str, str]] = field(default_factory=set)
    # What declared models become on inputs of other extents than their own.
    called: dict[tuple[str, tuple[Shape, ...]], Graph] = field(default_factory=dict)

    def graph(self) -> Graph:
        for declared in self.flat.inputs:
            self.outputs[declared.name] = (("out", Tensor(declared.shape, declared.dtype)),)
        for declared in self.flat.targets:
            self.outputs[declared.name] = (("out", Tensor(declared.shape, declared.dtype)),)
        for flat in self.flat.nodes:
            self.flat_nodes[flat.name] = flat
            with self.reporter.with_trail(*flat.trail):
                node = self._resolved_node(flat)
            self.outputs[flat.name] = node.outputs if node else None
            axes = sum(len(tensor.shape or ()) for _, tensor in node.outputs) if node else 0
            self.reporter.spend(axes, flat.head)
            if node:
                self.nodes.append(node)
        outputs = self._graph_outputs()
        graph = Graph(
            name=self.flat.name,
            inputs=self.flat.inputs,
            nodes=tuple(self.nodes),
            outputs=outputs,
            inputs_as=self.flat.inputs_as,
            outputs_as=self.flat.outputs_as,
            models=self.models,
            borrowed=self.flat.borrowed,
        )
        complete = len(self.nodes) == len(self.flat.nodes)
        # A name given twice leads elsewhere than the author meant: what is dead is not known.
        named = not self.reporter.has_code(Code.DUPLICATE_NAME)
        whole = not isinstance(self.flat.outputs, Poison) and not isinstance(
            self.flat.terms, Poison
        )
        if complete and named and whole:
            report_dead(graph, self.flat, self.reporter)
        return graph

    def _graph_outputs(self) -> tuple[tuple[str, Reference], ...]:
        if isinstance(self.flat.outputs, Poison):
            return ()
        found = ((name, self._reference_of_pointer(p)) for name, p in self.flat.outputs)
        return tuple((name, reference) for name, reference in found if reference)

    # -- references --------------------------------------------------------------------------

    def _reference_of_pointer(self, pointer: Pointer) -> Reference | None:
        """Return the tensor a pointer means; None where a reported mistake hides it."""
        outputs = self.outputs.get(pointer.node)
        if outputs is None:
            return None
        if pointer.pick is None:
            return Reference(pointer.node)
        names = [name for name, _ in outputs]
        if pointer.pick in names:
            return Reference(pointer.node, names.index(pointer.pick))
        if pointer.pick.isdecimal() and int(pointer.pick) < len(names):
            return Reference(pointer.node, int(pointer.pick))
        said = self._output_names_of_model(pointer.node)
        if pointer.pick in said:
            return Reference(pointer.node, said.index(pointer.pick))
        if outputs == (("out", UNKNOWN),):
            # Only Keras knows how many there are, as with the parts of `ops.split`.
            by_convention = BY_CONVENTION.get(pointer.pick)
            position = int(pointer.pick) if pointer.pick.isdecimal() else by_convention
            if position is not None:
                return Reference(pointer.node, position)
        self._report_output(pointer, names)
        return None

    def _output_names_of_model(self, node: str) -> list[str]:
        """Return what a declared model calls its outputs, where a node is a call of one."""
        flat = self.flat_nodes.get(node)
        called = flat.operation if flat else None
        if not isinstance(called, Use) or called.of != "model":
            return []
        return [name for name, _ in self.models[called.target].outputs]

    def _report_output(self, pointer: Pointer, names: list[str]) -> None:
        names = self._output_names_of_model(pointer.node) or names
        near = suggest(pointer.pick or "", names, work=self.reporter.work)
        flat = self.flat_nodes.get(pointer.node)
        layer = flat.operation if flat else None
        meant = f"{pointer.node}.{near}" if near else pointer.node
        help_: Help = Replacement(meant, certain=near is not None)
        if isinstance(layer, Object) and pointer.pick in RETURNED_ON_DEMAND:
            if (pointer.node, layer.class_name) in self.short_of_outputs:
                return
            self.short_of_outputs.add((pointer.node, layer.class_name))
            help_ = "add " + RETURNED_ON_DEMAND[pointer.pick].format(layer.class_name)
        self.reporter.error(
            Code.UNKNOWN_OUTPUT,
            pointer.span,
            f"`{pointer.node}` has no output `{pointer.pick}`",
            label=f"its outputs are {', '.join(names)}",
            help=help_,
        )

    def _resolved_node_inputs(self, flat: FlatNode) -> NodeInputs | None:
        flow = flat.inputs
        if isinstance(flow, Poison):
            return None
        if isinstance(flow, Pointer):
            return self._reference_of_pointer(flow)
        if isinstance(flow, Mapping):
            named = {name: self._reference_of_pointer(pointer) for name, pointer in flow.items()}
            found = {name: reference for name, reference in named.items() if reference}
            return found if len(found) == len(named) else None
        listed = tuple(self._reference_of_pointer(pointer) for pointer in flow)
        whole = tuple(reference for reference in listed if reference)
        return whole if len(whole) == len(listed) else None

    def _referenced_tensor(self, reference: Reference) -> Tensor:
        outputs = self.outputs[reference.node]
        assert outputs is not None
        known = outputs[reference.output] if reference.output < len(outputs) else outputs[0]
        return known[1] if reference.output < len(outputs) else UNKNOWN

    def _incoming_tensors(self, inputs: NodeInputs) -> Inputs:
        if isinstance(inputs, Reference):
            return self._referenced_tensor(inputs)
        if isinstance(inputs, tuple):
            return tuple(self._referenced_tensor(reference) for reference in inputs)
        return {name: self._referenced_tensor(reference) for name, reference in inputs.items()}

    def _resolved_argument(self, value: FlatArgument) -> tuple[Argument, bool]:
        """Return an argument with references in the place of names, and whether it is whole."""
        if isinstance(value, Poison):
            return None, False
        if isinstance(value, Pointer):
            reference = self._reference_of_pointer(value)
            return reference, reference is not None
        if isinstance(value, tuple):
            items = [self._resolved_argument(item) for item in value]
            return tuple(item for item, _ in items), all(ok for _, ok in items)  # type: ignore[return-value]  # nested alike
        return value, True

    def _resolved_arguments(self, values: Mapping[str, FlatArgument]) -> dict[str, Argument] | None:
        found = {name: self._resolved_argument(value) for name, value in values.items()}
        if not all(ok for _, ok in found.values()):
            return None
        return {name: value for name, (value, _) in found.items()}

    # -- nodes -------------------------------------------------------------------------------

    def _resolved_node(self, flat: FlatNode) -> Node | None:
        call = self._resolved_arguments(flat.call)
        inputs = self._resolved_node_inputs(flat)
        operation = flat.operation
        if inputs is None or call is None or isinstance(operation, Poison):
            return None
        if isinstance(operation, FlatOp):
            return self._resolved_op_node(flat, operation)
        try:
            inferred = self._infer_node(flat, operation, inputs, call)
        except ShapeError as error:
            self._report_shape(error, flat, inputs)
            return None
        shared = isinstance(operation, Use)
        return Node(
            name=flat.name,
            operation=operation,
            inputs=inputs,
            call=call,
            outputs=inferred.outputs if inferred else (("out", UNKNOWN),),
            weights=() if shared else inferred.weights if inferred else None,
            flops=inferred.flops if inferred else None,
            trainable=flat.trainable,
            place=flat.head,
            macs=inferred.macs if inferred else None,
        )

    def _infer_node(
        self,
        flat: FlatNode,
        operation: Object | Use,
        inputs: NodeInputs,
        call: Mapping[str, Argument],
    ) -> Inferred | None:
        tensors = self._incoming_tensors(inputs)
        if isinstance(operation, Use) and operation.of == "model":
            if not self.models[operation.target].inputs:
                # An architecture that could not be read: what is wrong with it is reported.
                raise _Reported
            return self._inferred_model(operation.target, tensors)
        if isinstance(operation, FreeWeight):
            return inferred_weight(operation, self.flat.inputs, self.dtype)
        layer = self._layer_of_operation(operation)
        if layer is None or _has_unknown_shape(tensors):
            return None
        if not report_unknown_models(layer, flat, self.models, self.reporter):
            raise _Reported
        arguments = {name: self._call_tensors(value) for name, value in call.items()}
        return infer_layer(
            layer,
            tensors,
            call=arguments,
            models=lambda ref, given: self._inferred_held_model(ref.name, given),
            dtype=self.dtype,
        )

    def _layer_of_operation(self, operation: Object | Use) -> Object | None:
        if isinstance(operation, Object):
            return operation
        first = self.flat_nodes.get(operation.target)
        return first.operation if first and isinstance(first.operation, Object) else None

    def _call_tensors(self, value: Argument) -> object:
        if isinstance(value, Reference):
            return self._referenced_tensor(value)
        if isinstance(value, tuple):
            return tuple(self._call_tensors(item) for item in value)
        return value

    def _inferred_held_model(self, name: str, given: Inputs) -> Inferred | None:
        """Return what a model inside a wrapper gives; None where a layer's weights are unknown."""
        known = all(node.weights is not None for node in walk_graph_nodes(self.models[name]))
        return self._inferred_model(name, given) if known else None

    def _inferred_model(self, name: str, given: Inputs) -> Inferred:
        """Return what a declared model gives, after comparing `given` inputs with its own."""
        graph = self.models[name]
        self.reporter.spend(_READING_STEPS * _count_graph_nodes(graph))
        tensors = inputs_of_declared_model(graph, given, self.reporter)
        graph = self._called_on(name, tensors)
        return Inferred(
            outputs=tuple(
                ("out" if not index else str(index), _settled_extents(graph.tensor(one), tensors))
                for index, (_, one) in enumerate(graph.outputs)
            )
            or (("out", UNKNOWN),),
            weights=tuple(weights_of(graph)),
            macs=sum_if_known(*(node.macs for node in graph.nodes)),
            flops=sum_if_known(*(node.flops for node in graph.nodes)),
        )

    def _called_on(self, name: str, tensors: tuple[Tensor, ...]) -> Graph:
        """Return a declared model with the extents of these inputs in the place of its own.

        Raises:
            ShapeError: If a layer of the model cannot take what becomes of them.
        """
        graph, flat = self.models[name], self.flat.models[name]
        own = tuple(declared.shape for declared in graph.inputs)
        shapes = tuple(t.shape or shape for t, shape in zip(tensors, own, strict=True))
        if shapes == own or len(graph.nodes) < len(flat.nodes):
            return graph
        if (name, shapes) not in self.called:
            inputs = tuple(replace(i, shape=s) for i, s in zip(flat.inputs, shapes, strict=True))
            reporter = Reporter(work=self.reporter.work)
            reporter.spend(NODE_STEPS * _count_graph_nodes(graph))
            inner = _Resolver(replace(flat, inputs=inputs), graph.models, reporter, self.dtype)
            self.called[name, shapes] = inner.graph()
            found = next(iter(reporter.diagnostics), None)
            if found is not None:
                raise ShapeError(found.code, f"{found.message}: {found.label}", field="from")
        return self.called[name, shapes]

    def _resolved_op_node(self, flat: FlatNode, operation: FlatOp) -> Node | None:
        keywords = self._resolved_arguments(operation.keywords)
        arguments, whole = self._resolved_argument(operation.arguments)
        if keywords is None or not whole:
            return None
        assert isinstance(arguments, tuple)
        made = Op(operation.name, arguments, keywords)
        given = tuple(self._call_tensors(item) for item in arguments)
        named = {name: self._call_tensors(value) for name, value in keywords.items()}
        try:
            output = infer_op(made.name, given, named)
        except ShapeError as error:
            self._report_shape(error, flat, tuple(references_within(arguments)))
            return None
        outputs = (("out", output or UNKNOWN),)
        macs, flops = op_cost(made.name, (*given, *named.values()), output)
        return Node(flat.name, made, (), {}, outputs, (), flops, place=flat.head, macs=macs)

    def _report_shape(self, error: ShapeError, flat: FlatNode, inputs: NodeInputs) -> None:
        if isinstance(error, _Reported):
            return
        read = _inputs_as_list(inputs) if not isinstance(inputs, Reference) else [inputs]
        merge = len(read) > 1
        shown = {_referenced_output_text(one): self._referenced_tensor(one).shape for one in read}
        notes = [f"`{name}` has shape {shape}" for name, shape in shown.items()]
        source = f"the output of `{_referenced_output_text(read[0])}`" if read else "its operands"
        self.reporter.error(
            error.code,
            self._place_of_field(error.field, flat),
            f"`{flat.name}` cannot take {'these inputs' if merge else source}",
            label=error.message,
            notes=notes,
            help=self._sequences_help(error, read) or error.help,
        )

    def _sequences_help(self, error: ShapeError, read: list[Reference]) -> str | None:
        """Return the help where a layer over steps follows one that gives its last step only."""
        flat = self.flat_nodes.get(read[0].node) if len(read) == 1 else None
        layer = flat.operation if flat else None
        if error.code is not Code.RANK or not isinstance(layer, Object):
            return None
        inner = layer.arguments.get("layer", layer)
        if not isinstance(inner, Object) or not inner.traits.recurrent:
            return None
        if inner["return_sequences"] is True:
            return None
        return f"add `return_sequences: true` to `{inner.class_name}` above"

    def _place_of_field(self, name: str | None, flat: FlatNode) -> Span:
        if name is None:
            return flat.head
        return flat.places.get(name) or flat.places.get(f"call.{name}") or flat.head


def _count_graph_nodes(graph: Graph) -> int:
    return len(graph.nodes) + sum(map(_count_graph_nodes, graph.models.values()))


class _Reported(ShapeError):  # noqa: N818 - a signal: the mistake has a diagnostic already
    """Ends the inference of a node whose mistake is reported."""

    def __init__(self) -> None:
        super().__init__(Code.UNKNOWN_NAME, "reported")


def _inputs_as_list(inputs: tuple[_T, ...] | Mapping[str, _T]) -> list[_T]:
    return list(inputs.values() if isinstance(inputs, Mapping) else inputs)


def _referenced_output_text(reference: Reference) -> str:
    return f"{reference.node}.{reference.output}" if reference.output else reference.node


def _settled_extents(output: Tensor, given: tuple[Tensor, ...]) -> Tensor:
    """Return what a model gives, of unknown shape where Keras may know more of what comes in."""
    open_ = output.shape is not None and None in output.shape[1:]
    return Tensor(None, output.dtype) if open_ and _has_unknown_shape(given) else output


def _has_unknown_shape(inputs: Inputs) -> bool:
    tensors = [inputs] if isinstance(inputs, Tensor) else _inputs_as_list(inputs)
    return any(tensor.shape is None for tensor in tensors)
