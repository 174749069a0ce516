"""A declared block's params as catalogue parameters, so that its arguments are checked alike."""

from dataclasses import replace

from dlspec.decode.spec import BlockSpec
from dlspec.diagnostics.findings import Reporter
from dlspec.language.catalogue import OWN_LOSSES, ClassEntry, Parameter, Type
from dlspec.syntax.nodes import Entry, Scalar
from dlspec.syntax.substitution import Scope, plain_value, substitute_expressions

_TYPE_NAMES: dict[str, Type] = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "str": "text",
    "list": "list",
    "any": "any",
}


def block_entry(block: BlockSpec, scope: Scope, reporter: Reporter) -> ClassEntry:
    """Return what a block takes: a type name means required, any other value is the default."""
    items = block.params.entries if block.params else ()
    parameters = tuple(_block_parameter(item, scope, reporter) for item in items)
    return ClassEntry(str(block.name.value), "layer", "blocks", parameters)


def loss_entry(loss: BlockSpec, scope: Scope, reporter: Reporter) -> ClassEntry:
    """Return what a declared loss takes, as `block_entry` does of a block."""
    return replace(block_entry(loss, scope, reporter), kind="loss", module=OWN_LOSSES)


def _block_parameter(item: Entry, scope: Scope, reporter: Reporter) -> Parameter:
    node = item.value
    if isinstance(node, Scalar) and not node.quoted and node.value in _TYPE_NAMES:
        return Parameter(item.name, _TYPE_NAMES[str(node.value)], nullable=node.value == "any")
    default = plain_value(substitute_expressions(node, scope, reporter))
    return Parameter(item.name, "any", required=False, default=default, nullable=True)  # type: ignore[arg-type]  # a plain value
