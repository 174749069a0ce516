"""What one backend cannot run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Related
from dlspec.language.catalogue import Object
from dlspec.resolve.plan import Graph, Node, Reference, own_models
from dlspec.rules.augmentation import augment_entries
from dlspec.rules.subject import Checked
from dlspec.syntax.scalars import Poison


@dataclass(frozen=True, slots=True)
class Limit:
    """One node that a backend cannot run, and the fact that keeps it from it."""

    node: Node
    backend: str
    reason: str

    @property
    def message(self) -> str:
        """Return what is wrong, as a clause."""
        return f"`{self.node.name}` cannot run on {self.backend}"


def backend_limits(graph: Graph, backend: str) -> Iterator[Limit]:
    """Yield what `backend` cannot run of a graph and of the models it calls."""
    if backend == "tensorflow":
        return
    for node in graph.nodes:
        reasons = [_of_layer(layer, backend) for layer in nested_layers(node.operation)]
        reasons.append(_on_jax(node, graph) if backend == "jax" else _on_torch(node, graph))
        for reason in filter(None, reasons):
            yield Limit(node, backend, reason)
    for _, inner in own_models(graph):
        yield from backend_limits(inner, backend)


def augmentation_limit(layer: Object, backend: str) -> str | None:
    """Return why `backend` cannot run a layer of `training.augment`; None where it can."""
    return _of_layer(layer, backend)


def nested_layers(value: object) -> Iterator[Object]:
    """Yield a layer and those that it holds."""
    if isinstance(value, Object) and value.entry_kind == "layer":
        yield value
        for argument in value.arguments.values():
            yield from nested_layers(argument)
    elif isinstance(value, tuple):
        for item in value:
            yield from nested_layers(item)


def _of_layer(layer: Object, backend: str) -> str | None:
    only_on = layer.traits.only_on
    if only_on not in (None, backend):
        return f"`{layer.class_name}` runs on {only_on} only"
    if layer.traits.not_on == backend:
        return f"Keras cannot compile `{layer.class_name}` on {backend}"
    if layer.arguments.get("sparse") is True:
        return "`sparse: true` works on tensorflow only"
    cells = layer.arguments.get("cells", layer.arguments.get("cell"))
    if backend == "jax" and isinstance(cells, tuple) and len(cells) == 1:
        return "Keras 3.15 cannot scan a stack of one cell on jax; the cell itself runs"
    return None


def _on_jax(node: Node, graph: Graph) -> str | None:
    layer = node.operation
    if not isinstance(layer, Object) or layer.class_name != "MultiHeadAttention":
        return None
    # Keras computes these itself, and hands others to JAX, which wants one width for both.
    itself = layer["dropout"] or node.call.get("return_attention_scores")
    query = next(_references_taken(node))
    shape = graph.tensor(query).shape
    if itself or shape is None or len(shape) != 3:
        return None
    if layer["value_dim"] in (None, layer["key_dim"]):
        return None
    return f"`value_dim` is not {layer['key_dim']}, the `key_dim`, which JAX's attention asks for"


def _on_torch(node: Node, graph: Graph) -> str | None:
    sparse = {declared.name for declared in graph.inputs if declared.sparse}
    if any(reference.node in sparse for reference in _references_taken(node)):
        return "torch has no sparse inputs"
    layer = node.operation
    if isinstance(layer, Object) and layer.class_name == "LayerNormalization":
        shape = graph.tensor(next(_references_taken(node))).shape
        if shape is not None and _inner_axis(layer["axis"], rank=len(shape)):
            return "Keras 3.15 normalizes the last axis on torch, whatever `axis` says"
    return None


def _references_taken(node: Node) -> Iterator[Reference]:
    """Yield what a node takes, in order."""
    given = node.inputs
    if isinstance(given, Reference):
        yield given
    else:
        yield from given.values() if isinstance(given, Mapping) else given


def _inner_axis(axis: object, *, rank: int) -> bool:
    """Tell neighbouring axes of which the last axis is none; Keras itself takes any others."""
    given = axis if isinstance(axis, tuple) else (axis,)
    axes = sorted(a % rank for a in given if isinstance(a, int))
    return axes == list(range(axes[0], axes[-1] + 1)) and axes[-1] != rank - 1


def report_backend_limits(checked: Checked) -> None:
    """Report what the backend that the spec names cannot run."""
    runtime = checked.spec.runtime
    backend = None if isinstance(runtime, Poison) else runtime.backend
    if not isinstance(backend, str):
        return
    chosen = Related(checked.spec.places.value("runtime.backend"), "the backend is named here")
    for limit in backend_limits(checked.graph, backend):
        flat_node = checked.flat.node(limit.node.name)
        assert limit.node.place is not None
        with checked.reporter.with_trail(*(flat_node.trail if flat_node else ())):
            checked.reporter.error(
                Code.NOT_ON_BACKEND,
                limit.node.place,
                limit.message,
                label=limit.reason,
                help="write `backend: tensorflow` under `runtime`",
                related=(chosen,),
            )
    for entry in augment_entries(checked):
        reason = augmentation_limit(entry.layer, backend)
        if reason is not None:
            checked.reporter.error(
                Code.NOT_ON_BACKEND,
                checked.spec.places.value(entry.path),
                f"`{entry.layer.class_name}` cannot run on {backend}",
                label=reason,
                help="write `backend: tensorflow` under `runtime`",
                related=(chosen,),
            )
