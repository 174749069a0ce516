"""The tensors of a block's use: what comes in under the names of its inputs, and what it gives."""

from collections.abc import Mapping

from dlspec.decode.spec import BlockSpec, EntrySpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.expand.flat import Flow, Pointer
from dlspec.expand.inputs_outputs import written_outputs
from dlspec.expand.names import Frame
from dlspec.syntax.nodes import Node, Scalar
from dlspec.syntax.scalars import POISON, Poison
from dlspec.syntax.substitution import Scope

# A name given by each use of a block is one more text in the frame around it.
_NAME_STEPS = 6


def bind_block_inputs(block: BlockSpec, inner: Frame, flow: Flow, entry: EntrySpec) -> Flow | None:
    """Bind the names of a block's inputs, and return what its first entry takes.

    Args:
        flow: What comes in where the block is used, by `entry`.
    """
    if block.inputs is None:
        return flow
    if isinstance(block.inputs, Scalar):
        return _bind_all(block.inputs, inner, flow)
    names = [str(name.value) for name in block.inputs]
    flows: tuple[Flow, ...] = flow if isinstance(flow, tuple) else (flow,)
    if isinstance(flow, Poison):
        flows = (POISON,) * len(names)
    elif isinstance(flow, Mapping) or len(flows) != len(names):
        inner.reporter.error(
            Code.INPUT_COUNT,
            entry.span,
            f"the block `{entry.word.value}` takes {counted(len(names), 'input')}",
            label=f"{len(flows)} come in",
            help=f"add `from` with a list of {len(names)}: {', '.join(names)}",
        )
        flows = (POISON,) * len(names)
    for name, one in zip(block.inputs, flows, strict=True):
        inner.declare_name(str(name.value), name.span)
        inner.bind(str(name.value), one)
    return flows[0] if len(flows) == 1 else None


def _bind_all(name: Scalar, inner: Frame, flow: Flow) -> Flow:
    """Let one name mean all that comes into a block, as a list; `name.0` is the first."""
    inner.declare_name(str(name.value), name.span)
    taken = (flow,) if isinstance(flow, Pointer) else flow
    inner.bind(str(name.value), taken)
    if isinstance(taken, tuple):
        inner.given[str(name.value)] = {str(place): one for place, one in enumerate(taken)}
    return taken


def block_outputs(
    written: Node, inner: Frame, scope: Scope
) -> tuple[Flow, Mapping[str, Flow] | None]:
    """Return what flows on from a use of a block, its first output, and all outputs by name.

    The names are None where there is but one, or a mistake hides them.
    """
    found, form = written_outputs(written, None, inner, scope, inner.reporter)
    if isinstance(found, Poison) or not found:
        return POISON, None
    inner.reporter.spend(_NAME_STEPS * len(found), written.span)
    return found[0][1], dict(found) if form != "single" else None
