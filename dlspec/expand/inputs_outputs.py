"""Where a graph begins and ends: its declared inputs and what `outputs` says leaves it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from dlspec.decode.spec import GraphSpec, InputSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.expand.flat import Flow, Input, Pointer
from dlspec.expand.names import Frame
from dlspec.language.dtypes import DTYPES
from dlspec.language.kinds import Form
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.nodes import Node, Scalar, Sequence, is_poison_node
from dlspec.syntax.scalars import POISON, Poison
from dlspec.syntax.substitution import Scope, describe_node, plain_value, substitute_expressions

_WIDTHS = {"float": "float32", "double": "float64", "int": "int32", "long": "int64"}


def declared_inputs(
    spec: GraphSpec, frame: Frame, scope: Scope, reporter: Reporter
) -> tuple[Input, ...]:
    """Return the inputs that could be read and bind every name, to poison if it could not."""
    inputs = []
    for declared in spec.inputs:
        made = _read_graph_input(declared, scope, reporter)
        name = str(declared.name.value)
        frame.declare_name(name, declared.name.span)
        frame.bind(name, Pointer(name, None, declared.name.span) if made else POISON)
        if made:
            inputs.append(made)
    return tuple(inputs)


def _read_graph_input(declared: InputSpec, scope: Scope, reporter: Reporter) -> Input | None:
    shape = _read_input_shape(declared, scope, reporter)
    dtype = _read_input_dtype(declared, scope, reporter)
    batch = _read_input_batch(declared, scope, reporter)
    sparse = (
        plain_value(substitute_expressions(declared.sparse, scope, reporter))
        if declared.sparse
        else False
    )
    if declared.sparse is not None and not isinstance(sparse, bool):
        _report_wrong_node_type(declared.sparse, "`sparse` takes true or false", reporter)
        return None
    if shape is None or dtype is None or isinstance(batch, Poison):
        return None
    return Input(str(declared.name.value), (batch, *shape), dtype, sparse)  # type: ignore[arg-type]  # a bool by the check above


def _read_input_shape(
    declared: InputSpec, scope: Scope, reporter: Reporter
) -> tuple[int | None, ...] | None:
    node = substitute_expressions(declared.shape, scope, reporter)
    if not isinstance(node, Sequence):
        if not is_poison_node(node):
            value = plain_value(node)
            help_ = f"write `{declared.name.value}: [{value}]`" if isinstance(value, int) else None
            message = f"the shape of `{declared.name.value}` is a list of extents"
            _report_wrong_node_type(node, message, reporter, help=help_)
        return None
    extents = [_read_input_extent(item, reporter) for item in node.items]
    whole = [extent for extent in extents if not isinstance(extent, Poison)]
    return tuple(whole) if len(whole) == len(extents) else None


def _read_input_extent(node: Node, reporter: Reporter) -> int | Poison | None:
    value = node.value if isinstance(node, Scalar) else node
    if isinstance(value, Poison):
        return POISON
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        reporter.error(
            Code.OUT_OF_RANGE,
            node.span,
            "an extent is at least 1",
            label=f"{value} is outside of that",
            help=Replacement("null", because=" for any length", certain=False),
        )
    else:
        _report_wrong_node_type(
            node, "an extent is a whole number, or null for any length", reporter
        )
    return POISON


def _read_input_dtype(declared: InputSpec, scope: Scope, reporter: Reporter) -> str | None:
    if declared.dtype is None:
        return "float32"
    node = substitute_expressions(declared.dtype, scope, reporter)
    value = plain_value(node)
    if value in DTYPES:
        return str(value)
    if not isinstance(value, Poison):
        reporter.error(
            Code.NOT_A_CHOICE,
            node.span,
            f"`dtype` is one of {', '.join(f'`{name}`' for name in DTYPES)}",
            label=f"this is {describe_node(node)}",
            help=Replacement(_WIDTHS[str(value)]) if str(value) in _WIDTHS else None,
        )
    return None


def _read_input_batch(declared: InputSpec, scope: Scope, reporter: Reporter) -> int | Poison | None:
    if declared.batch is None:
        return None
    return _read_input_extent(substitute_expressions(declared.batch, scope, reporter), reporter)


def written_outputs(
    node: Node | None, last: Flow | None, frame: Frame, scope: Scope, reporter: Reporter
) -> tuple[tuple[tuple[str, Pointer], ...] | Poison, Form]:
    """Return what leaves a graph, by name, and whether as one tensor, a list or a mapping."""
    node = substitute_expressions(node, scope, reporter) if node is not None else None
    match node:
        case None:
            return _last_flow_outputs(last), "single"
        case Scalar(value=str()):
            return _outputs_or_poison(
                [(str(node.value), _find_output_tensor(node, frame, reporter))]
            ), "single"
        case Sequence():
            flows = [_find_output_tensor(item, frame, reporter) for item in node.items]
            names = _unique_output_names(str(plain_value(item)) for item in node.items)
            return _outputs_or_poison(list(zip(names, flows, strict=True))), "list"
        case MappingNode():
            named = [(item.name, _find_output_tensor(item.value, frame, reporter)) for item in node]
            return _outputs_or_poison(named), "mapping"
    if isinstance(node.value, Poison):
        return POISON, "single"
    _report_wrong_node_type(node, "`outputs` takes a name, a list or a mapping of names", reporter)
    return POISON, "single"


def _unique_output_names(names: Iterable[str]) -> list[str]:
    """Return each name once: a tensor that leaves again is `x_1`, as Keras numbers its names."""
    listed = tuple(names)
    # Numbers are tried in order, each once, however often a name comes again.
    given, taken, numbers = set(listed), dict[str, None](), dict[str, Iterator[int]]()
    for name in listed:
        again = (f"{name}_{number}" for number in numbers.setdefault(name, count(1)))
        free = (other for other in again if other not in given and other not in taken)
        taken[next(free) if name in taken else name] = None
    return list(taken)


def _find_output_tensor(node: Node, frame: Frame, reporter: Reporter) -> Flow:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return frame.find_one(node)
    if is_poison_node(node):
        return POISON
    _report_wrong_node_type(node, "an output is the name of an entry", reporter)
    return POISON


def _last_flow_outputs(last: Flow | None) -> tuple[tuple[str, Pointer], ...] | Poison:
    if isinstance(last, Pointer):
        return ((last.node, last),)
    if last is None or isinstance(last, Poison):
        return POISON
    pointers = last.values() if isinstance(last, Mapping) else last
    return tuple((pointer.node, pointer) for pointer in pointers)


def _outputs_or_poison(found: list[tuple[str, Flow]]) -> tuple[tuple[str, Pointer], ...] | Poison:
    whole = tuple((name, flow) for name, flow in found if isinstance(flow, Pointer))
    return whole if len(whole) == len(found) else POISON


def _report_wrong_node_type(
    node: Node, message: str, reporter: Reporter, *, help: str | None = None
) -> None:
    reporter.error(
        Code.WRONG_TYPE, node.span, message, label=f"this is {describe_node(node)}", help=help
    )
