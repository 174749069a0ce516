"""The `model` section as records: inputs, blocks, models, and the entries of each graph."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from dlspec.decode.entries import (
    check_node_name,
    checked_graph_keys,
    decode_entries,
    mapping_of,
    report_wrong,
)
from dlspec.decode.spec import BlockSpec, GraphSpec, InputSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.diagnostics.source import Span
from dlspec.language.catalogue import find_entry
from dlspec.language.catalogue.target import Target
from dlspec.syntax.nodes import Entry, Node, Scalar, Sequence, is_poison_node
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.scalars import POISON
from dlspec.syntax.substitution import describe_node

MODEL_KEYS = ("inputs", "graph", "outputs", "inputs_as", "defaults", "blocks", "models")
_TAKEN_KEYS = ("until", "outputs", "trainable")
_TAKEN_FROM = {
    "zoo": "`zoo` takes the name of a packaged architecture",
    "spec": "`spec` takes the path of another spec",
    "file": "`file` takes the path of a saved Keras model",
}
_EXAMPLES = {
    "inputs": "write `inputs: {x: [28, 28, 1]}`",
    "graph": "write `graph:` and a list of layers",
}
_INPUT_KEYS = ("shape", "dtype", "sparse", "batch")
_BLOCK_KEYS = ("params", "inputs", "graph", "outputs")
_LOSS_KEYS = ("params", "graph")
# What the graph of a loss is over, in the order in which Keras hands them over.
LOSS_INPUTS = ("target", "prediction")
_CAPITALS = {"block": "layers", "loss": "Keras's losses"}


def decode_model(
    node: Node,
    target: Target,
    reporter: Reporter,
    *,
    implied: Callable[[], tuple[InputSpec, ...]] | None = None,
) -> GraphSpec:
    """Return the `model` section as records; what is wrong in it is reported and left out.

    Args:
        implied: Makes the inputs of a model that names none; None where no data gives them.
    """
    if not isinstance(node, MappingNode):
        report_wrong(node, "`model` takes a mapping with `inputs` and `graph`", reporter)
        return GraphSpec(node.span)
    if node.get("model") is None and node.get("graph") is None and node.get("dlspec") is not None:
        return GraphSpec(node.span)  # the missing `model` is reported with the other missing keys
    return _decode_model_mapping(node, "`model`", target, reporter, implied=implied)


def _decode_model_mapping(
    node: MappingNode,
    what: str,
    target: Target,
    reporter: Reporter,
    *,
    where: Span | None = None,
    implied: Callable[[], tuple[InputSpec, ...]] | None = None,
) -> GraphSpec:
    # Only an entry of `models` has a key of its own, at which it is told.
    sources = ("zoo",) if where is None else ("zoo", "spec", "file")
    weights = () if where is None else ("weights",)
    for source in sources:
        if node.get(source) is not None:
            return _decode_taken_model(node, source, what, reporter, where)
    node = checked_graph_keys(node, (*MODEL_KEYS, *sources, *weights), what, reporter)
    where = where or (node.entries[0].key.span if node.entries else node.span)
    for key, help_ in _EXAMPLES.items():
        given = node.get(key)
        if key == "inputs" and given is None and implied is not None:
            continue
        if given is None or _is_empty(given):
            reporter.error(
                Code.MISSING_KEY,
                where if given is None else given.span,
                f"{what} needs `{key}`",
                label=f"`{key}` is not there" if given is None else "nothing is written here",
                help=help_,
            )
    return GraphSpec(
        span=where,
        inputs=implied()
        if node.get("inputs") is None and implied is not None
        else _decode_model_inputs(node.get("inputs"), reporter),
        entries=decode_entries(node.get("graph"), "graph", target, reporter),
        outputs=node.get("outputs"),
        inputs_as=_decode_inputs_as(node.get("inputs_as"), reporter),
        defaults=mapping_of(node.get("defaults"), "defaults", reporter),
        blocks={
            e.name: _decode_block(e, "block", _BLOCK_KEYS, target, reporter)
            for e in _entries_of_mapping(node.get("blocks"), "blocks", reporter)
        },
        models={
            e.name: _decode_inner_model(e, target, reporter)
            for e in _entries_of_mapping(node.get("models"), "models", reporter)
        },
        weights=_text_of_key(node, "weights", _WEIGHTS, reporter),
    )


_WEIGHTS = "`weights` takes a run or a file of weights"


def _decode_taken_model(
    node: MappingNode, source: str, what: str, reporter: Reporter, where: Span | None
) -> GraphSpec:
    # A saved model has no params.
    params = () if source == "file" else ("with",)
    keys = (source, *params, *_TAKEN_KEYS, *(() if where is None else ("weights",)))
    node = checked_graph_keys(node, keys, f"{what} with `{source}`", reporter)
    word = _text_of_key(node, source, _TAKEN_FROM[source], reporter)
    if word is None:
        return GraphSpec(node.span)
    return GraphSpec(
        span=where or node.entries[0].key.span,
        zoo=word if source == "zoo" else None,
        spec=word if source == "spec" else None,
        file=word if source == "file" else None,
        weights=_text_of_key(node, "weights", _WEIGHTS, reporter),
        until=_text_of_key(node, "until", "`until` takes the name of a layer", reporter),
        trainable=node.get("trainable"),
        arguments=mapping_of(node.get("with"), "with", reporter),
        outputs=node.get("outputs"),
    )


def _text_of_key(node: MappingNode, key: str, message: str, reporter: Reporter) -> Scalar | None:
    value = node.get(key)
    if value is None or (isinstance(value, Scalar) and isinstance(value.value, str)):
        return value
    report_wrong(value, message, reporter)
    return None


def _decode_inner_model(entry: Entry, target: Target, reporter: Reporter) -> GraphSpec:
    check_node_name(entry.key, reporter)
    if not isinstance(entry.value, MappingNode):
        report_wrong(entry.value, f"the model `{entry.name}` takes a mapping", reporter)
        return GraphSpec(entry.value.span)
    return _decode_model_mapping(
        entry.value, f"the model `{entry.name}`", target, reporter, where=entry.key.span
    )


def _decode_model_inputs(node: Node | None, reporter: Reporter) -> tuple[InputSpec, ...]:
    return tuple(
        _decode_model_input(entry, reporter)
        for entry in _entries_of_mapping(node, "inputs", reporter)
    )


def _decode_model_input(entry: Entry, reporter: Reporter) -> InputSpec:
    check_node_name(entry.key, reporter)
    value = entry.value
    if not isinstance(value, MappingNode):
        return InputSpec(entry.key, value)
    value = checked_graph_keys(value, _INPUT_KEYS, f"the input `{entry.name}`", reporter)
    shape = value.get("shape")
    if shape is None:
        reporter.error(
            Code.MISSING_KEY,
            entry.key.span,
            f"the input `{entry.name}` needs `shape`",
            label="`shape` is not there",
            help="write `shape: [28, 28, 1]`, without the batch axis",
        )
    return InputSpec(
        entry.key,
        shape if shape is not None else Scalar(POISON, value.span),  # type: ignore[arg-type]  # reported
        value.get("dtype"),
        value.get("sparse"),
        value.get("batch"),
    )


def _decode_inputs_as(node: Node | None, reporter: Reporter) -> Literal["list", "mapping"] | None:
    if node is None or is_poison_node(node):
        return None
    value = node.value if isinstance(node, Scalar) else None
    if value == "list":
        return "list"
    if value == "mapping":
        return "mapping"
    reporter.error(
        Code.NOT_A_CHOICE,
        node.span,
        "`inputs_as` is one of `list`, `mapping`",
        label=f"this is {describe_node(node)}",
        help=Replacement("mapping", because=" for a model called with a dictionary")
        if value == "dict"
        else None,
    )
    return None


def decode_losses(node: Node | None, target: Target, reporter: Reporter) -> dict[str, BlockSpec]:
    """Return what `training.losses` declares: blocks over `target` and `prediction`."""
    entries = _entries_of_mapping(node, "losses", reporter)
    for entry in entries:
        if _is_loss_of_keras(entry):
            reporter.error(
                Code.DUPLICATE_NAME,
                entry.key.span,
                f"`{entry.name}` is a loss of Keras already",
                label="this name means Keras's",
                help="give the loss another name",
            )
    return {
        entry.name: replace(
            _decode_block(entry, "loss", _LOSS_KEYS, target, reporter),
            inputs=tuple(Scalar(name, entry.key.span) for name in LOSS_INPUTS),
        )
        for entry in entries
        if not _is_loss_of_keras(entry)
    }


def _is_loss_of_keras(entry: Entry) -> bool:
    return find_entry("loss", entry.name) is not None


def _decode_block(
    entry: Entry, kind: str, keys: tuple[str, ...], target: Target, reporter: Reporter
) -> BlockSpec:
    if not entry.name[:1].isupper():
        reporter.error(
            Code.BAD_NAME,
            entry.key.span,
            f"`{entry.name}` cannot be a {kind}'s name",
            label=f"a {kind} begins with a capital, as {_CAPITALS[kind]} do",
            help=f"write `{entry.name.title().replace('_', '')}`",
        )
    value = entry.value
    if not isinstance(value, MappingNode):
        report_wrong(value, f"the {kind} `{entry.name}` takes a mapping with `graph`", reporter)
        return BlockSpec(entry.key, None, None, ())
    value = checked_graph_keys(value, keys, f"the {kind} `{entry.name}`", reporter)
    if value.get("graph") is None:
        reporter.error(
            Code.MISSING_KEY,
            entry.key.span,
            f"the {kind} `{entry.name}` needs `graph`",
            label="`graph` is not there",
            help="write `graph:` and a list of layers",
        )
    outputs = value.get("outputs")
    if outputs is not None and _is_empty(outputs):
        report_wrong(outputs, "a block's `outputs` is a name, a list or a mapping", reporter)
        outputs = Scalar(POISON, outputs.span)  # type: ignore[arg-type]  # reported
    return BlockSpec(
        entry.key,
        mapping_of(value.get("params"), "params", reporter),
        _decode_block_inputs(value.get("inputs"), reporter),
        decode_entries(value.get("graph"), "graph", target, reporter),
        outputs,
    )


def _decode_block_inputs(
    node: Node | None, reporter: Reporter
) -> tuple[Scalar, ...] | Scalar | None:
    if node is None or is_poison_node(node):
        return None
    if isinstance(node, Scalar) and isinstance(node.value, str):
        check_node_name(node, reporter)
        return node
    items = node.items if isinstance(node, Sequence) else ()
    names = tuple(i for i in items if isinstance(i, Scalar) and isinstance(i.value, str))
    if not isinstance(node, Sequence) or len(names) != len(items):
        report_wrong(node, "a block's `inputs` is a list of names, or one name for all", reporter)
        return names or None
    return names


def _entries_of_mapping(node: Node | None, what: str, reporter: Reporter) -> tuple[Entry, ...]:
    mapping = mapping_of(node, what, reporter)
    return mapping.entries if mapping else ()


def _is_empty(node: Node) -> bool:
    match node:
        case Scalar():
            return node.value is None
        case Sequence():
            return not node.items
        case MappingNode():
            return not node.entries
