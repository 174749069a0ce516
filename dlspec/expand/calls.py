"""Call arguments and keras.ops operands: literals and names of tensors, told apart."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from dlspec.decode.argument_values import argument_value
from dlspec.decode.catalogue_objects import WHOLE_LISTS, nested_object
from dlspec.decode.keras_version import check_parameter
from dlspec.decode.spec import EntrySpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand.flat import FlatArgument, FlatOp, Flow, Pointer
from dlspec.expand.names import Frame
from dlspec.language.catalogue import ClassEntry, Parameter
from dlspec.language.catalogue.target import Target
from dlspec.language.indexing import ELLIPSIS, is_index
from dlspec.syntax.nodes import Entry, Node, Scalar, Sequence, is_poison_node
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.scalars import POISON, Poison
from dlspec.syntax.substitution import (
    Scope,
    describe_node,
    plain_value,
    scalar_help,
    substitute_expressions,
)

_TENSORS = ("tensor", "tensors")
_NUMBERS = ("axes", "axis", "extents", "integer", "integers", "number", "numbers", "shape")
# These functions take their tensors one by one, however many they are.
VARIADIC = ("einsum", "meshgrid")
# These take texts for what they are.
_COMPARE_TEXTS = ("equal", "not_equal")
_NAME_OF_TENSOR = re.compile(r"[A-Za-z_][\w.-]*\Z")
# The call arguments of Keras's layers that are neither tensors nor numbers.
_SWITCHES = ("return_attention_scores", "training", "use_causal_mask")


@dataclass(frozen=True, slots=True)
class CallReader:
    """Reads what is handed to a layer or an op when it is called."""

    frame: Frame
    scope: Scope
    target: Target
    reporter: Reporter

    def call(self, node: MappingNode | None, entry: ClassEntry | None) -> dict[str, FlatArgument]:
        """Return the arguments under `call`; those that carry tensors are names.

        Args:
            entry: The layer's class; None for a second use of a layer, which knows its own.
        """
        arguments: dict[str, FlatArgument] = {}
        for item in node.entries if node else ():
            value = substitute_expressions(item.value, self.scope, self.reporter)
            if entry is None:
                arguments[item.name] = self.tensors_or_literal(value)
            elif item.name not in entry.call:
                self._report_unknown_call_argument(item.key, entry)
            elif item.name in entry.tensors:
                arguments[item.name] = self.tensors(value)
            elif item.name in _SWITCHES and not isinstance(plain_value(value), bool | Poison):
                self._report_switch(item.name, value)
                arguments[item.name] = POISON
            else:
                arguments[item.name] = plain_value(value)  # type: ignore[assignment]  # a plain value
        return arguments

    def _report_switch(self, name: str, node: Node) -> None:
        self.reporter.error(
            Code.WRONG_TYPE,
            node.span,
            f"`{name}` takes true or false",
            label=f"this is {describe_node(node)}",
            help=scalar_help(node, wanted="boolean"),
        )

    def _report_unknown_call_argument(self, key: Scalar, entry: ClassEntry) -> None:
        near = replacement_word(str(key.value), entry.call, work=self.reporter.work)
        self.reporter.error(
            Code.CALL_ARGUMENT,
            key.span,
            f"a call of `{entry.name}` takes no `{key.value}`",
            label="not a call argument of this class",
            help=near or f"it takes {', '.join(entry.call)}",
        )

    def tensors(self, node: Node) -> FlatArgument:
        """Return a name, or a list of names, as pointers."""
        match node:
            case Scalar(value=str()):
                flow = self.frame.find(node)
                if isinstance(flow, Pointer | Poison):
                    return flow
                return tuple(flow.values() if isinstance(flow, Mapping) else flow)
            case Sequence():
                return tuple(self.tensors(item) for item in node.items)
            case Scalar(value=None):
                return None
            case Scalar() if isinstance(node.value, Poison):
                return POISON
        self.reporter.error(
            Code.WRONG_TYPE,
            node.span,
            "this argument takes the name of a tensor",
            label=f"this is {describe_node(node)}",
        )
        return POISON

    def tensors_or_literal(self, node: Node) -> FlatArgument:
        """Return a pointer where the text is a name that is known here, else the literal."""
        match node:
            case Scalar(value=str()) if self.frame.lookup(node) is not None:
                return self.tensors(node)
            case Sequence():
                return tuple(self.tensors_or_literal(item) for item in node.items)
            case MappingNode():
                self.reporter.error(
                    Code.WRONG_TYPE,
                    node.span,
                    "an operand is the name of a tensor, a number, a word or a list",
                    label=f"this is {describe_node(node)}",
                )
                return POISON
        return plain_value(node)  # type: ignore[return-value]  # a plain value

    def operation(
        self, entry: ClassEntry, node: Node | None, flow: Flow | None, written: EntrySpec
    ) -> tuple[FlatOp | Poison, dict[str, Span]]:
        """Return a keras.ops call: operands from `args`, else from `from` or the entry above."""
        keywords, places, arguments = self._written_op_arguments(entry, node)
        operand = next((p.name for p in entry.parameters if p.type in _TENSORS), None)
        if arguments is None and operand in keywords:
            arguments = ()  # the first operand is named: what stands above is not meant
        elif any(entry.parameter_named(name) is None for name in keywords):
            return POISON, places  # a mistyped key, which may have held the operands
        elif arguments is None:
            arguments = self._from_flow(entry, flow, written)
        if (
            arguments is None
            or _contains_poison(arguments)
            or _contains_poison(tuple(keywords.values()))
        ):
            return POISON, places
        if not self._is_complete(entry, len(arguments), places, written):
            return POISON, places
        return FlatOp(entry.name, arguments, keywords), places

    def _is_complete(
        self,
        entry: ClassEntry,
        positions: int,
        places: Mapping[str, Span],
        written: EntrySpec,
    ) -> bool:
        """Report operands past the function's parameters, and parameters without a value."""
        word, names = f"`ops.{entry.name}`", [p.name for p in entry.parameters]
        keywords = {name: span.text or "..." for name, span in places.items() if name != "args"}
        given = {*names[:positions], *keywords}
        if positions and entry.name in VARIADIC:
            given |= {p.name for p in entry.parameters if p.type == "tensors"}
        missing = [p.name for p in entry.parameters if p.required and p.name not in given]
        twice = [name for name in names[:positions] if name in keywords]
        if twice and entry.name not in VARIADIC:
            self.reporter.error(
                Code.ARGUMENT_TWICE,
                written.span,
                f"`{twice[0]}` of {word} is given twice",
                label="by its name, and by its position",
                help="leave one of the two out",
            )
            return False
        if positions > len(names) and entry.name not in VARIADIC:
            self.reporter.error(
                Code.LAYER_INPUTS,
                written.span,
                f"{word} takes fewer operands",
                label=f"{positions} come in, it takes {', '.join(names)}",
            )
        elif missing:
            listed = " and ".join(f"`{name}`" for name in missing)
            shown = {**keywords, **dict.fromkeys(missing, "...")}
            keys = ", ".join(f"{name}: {text}" for name, text in shown.items())
            self.reporter.error(
                Code.MISSING_ARGUMENT,
                written.span,
                f"{word} needs {listed}",
                label=f"{listed} {'is' if len(missing) == 1 else 'are'} not given",
                help=f"write `ops.{entry.name}: {{{keys}}}`",
            )
        return not missing and (positions <= len(names) or entry.name in VARIADIC)

    def _written_op_arguments(
        self, entry: ClassEntry, node: Node | None
    ) -> tuple[dict[str, FlatArgument], dict[str, Span], tuple[FlatArgument, ...] | None]:
        keywords: dict[str, FlatArgument] = {}
        places: dict[str, Span] = {}
        arguments: tuple[FlatArgument, ...] | None = None
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return keywords, places, None
        if not isinstance(node, MappingNode):
            node = self._name_positional_literals(entry, node)
        for item in node:
            places[item.name] = item.value.span
            if item.name == "args" and isinstance(item.value, Sequence):
                for parameter, given in zip(entry.parameters, item.value.items, strict=False):
                    check_parameter(entry, parameter, given.span, self.target, self.reporter)
                arguments = self._positional_operands(entry, item.value)
            else:
                keywords[item.name] = self._read_op_keyword(entry, item.key, item.value)
        return keywords, places, arguments

    def _positional_operands(self, entry: ClassEntry, node: Sequence) -> tuple[FlatArgument, ...]:
        parameters = [*entry.parameters, *[None] * len(node.items)]
        return tuple(
            self._operand(entry, parameter, item)
            for parameter, item in zip(parameters, node.items, strict=False)
        )

    def _operand(self, entry: ClassEntry, parameter: Parameter | None, node: Node) -> FlatArgument:
        """Return an operand; a word without quotes where a tensor is taken is the name of one."""
        named = (
            isinstance(node, Scalar)
            and isinstance(node.value, str)
            and not node.quoted
            and _NAME_OF_TENSOR.match(node.value) is not None
        )
        takes = parameter is not None and parameter.type in _TENSORS
        one = parameter is not None and parameter.type == "tensor" and entry.name not in VARIADIC
        if one and isinstance(node, Scalar) and self._is_name(node):
            return self.frame.find_one(node)
        if named and takes and entry.name not in (*VARIADIC, *_COMPARE_TEXTS):
            return self.tensors(node)
        return self.tensors_or_literal(node)

    def _name_positional_literals(self, entry: ClassEntry, node: Node) -> MappingNode:
        """Name the literals of `ops.clip: [0, 1]`: the parameters beside the tensors, in order."""
        literals = [p for p in entry.parameters if p.type not in _TENSORS]
        whole = literals and literals[0].type in WHOLE_LISTS
        items = node.items if isinstance(node, Sequence) and not whole else (node,)
        entries = [
            Entry(Scalar(parameter.name, item.span), item)
            for parameter, item in zip(literals, items, strict=False)
        ]
        if len(items) > len(literals):
            self.reporter.error(
                Code.ARGUMENT_TWICE,
                items[len(literals)].span,
                f"`ops.{entry.name}` takes {counted(len(literals), 'argument')} beside its tensors",
                label="one too many",
            )
        return MappingNode(tuple(entries), node.span)

    def _read_op_keyword(self, entry: ClassEntry, key: Scalar, node: Node) -> FlatArgument:
        parameter = entry.parameter_named(str(key.value))
        if parameter is None:
            words = ["args", *(p.name for p in entry.parameters)]
            near = replacement_word(str(key.value), words, work=self.reporter.work)
            self.reporter.error(
                Code.UNKNOWN_ARGUMENT,
                key.span,
                f"`ops.{entry.name}` takes no `{key.value}`",
                label="not an argument of this function",
                help=near,
            )
            return POISON
        check_parameter(entry, parameter, key.span, self.target, self.reporter)
        if parameter.type in _TENSORS or (parameter.type in _NUMBERS and self._is_name(node)):
            return self._operand(entry, parameter, node)
        if parameter.type == "index" and not self._is_index(node, f"`ops.{entry.name}`"):
            return POISON
        return self._read_op_literal(parameter, node, entry)

    def _is_name(self, node: Node) -> bool:
        """Return whether a tensor stands where a number might: `start_indices` may be computed."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return False
        return self.frame.lookup(node) is not None

    def _is_index(self, node: Node, owner: str) -> bool:
        """Report what cannot stand between the brackets of `x[...]`, each item at its place."""
        items = node.items if isinstance(node, Sequence) else (node,)
        wrong = [
            item for item in items if not is_poison_node(item) and not is_index(plain_value(item))
        ]
        for item in wrong:
            self.reporter.error(
                Code.WRONG_TYPE,
                item.span,
                f"this is no index that {owner} takes",
                label=f"this is {describe_node(item)}",
                help="write a whole number, a slice as text such as `1:5` or `::2`, `...` or null",
            )
        whole = [item for item in items if plain_value(item) == ELLIPSIS]
        for item in whole[1:]:
            self.reporter.error(
                Code.ARGUMENT_TWICE,
                item.span,
                f"{owner} takes one `...`",
                label="it stands here again",
                help="write `:` for each axis that is taken whole",
            )
        return not wrong and len(whole) < 2

    def _read_op_literal(self, parameter: Parameter, node: Node, entry: ClassEntry) -> FlatArgument:
        return argument_value(
            parameter,
            node,
            f"ops.{entry.name}",
            self.target,
            self.reporter,
            partial(nested_object, target=self.target),
        )

    def _from_flow(
        self, entry: ClassEntry, flow: Flow | None, written: EntrySpec
    ) -> tuple[FlatArgument, ...] | None:
        if isinstance(flow, Poison):
            return None
        if flow is None:
            self.reporter.error(
                Code.INPUT_COUNT,
                written.span,
                f"`{written.word.value}` does not say which input it takes",
                label="nothing stands above it, and the model has several inputs",
                help="add `from` with the name of an input",
            )
            return None
        if isinstance(flow, Pointer):
            return (flow,)
        pointers = tuple(flow.values()) if isinstance(flow, Mapping) else flow
        first = entry.parameters[0] if entry.parameters else None
        as_list = first is not None and first.type == "tensors" and entry.name not in VARIADIC
        return (pointers,) if as_list else pointers


def _contains_poison(value: FlatArgument) -> bool:
    if isinstance(value, tuple):
        return any(_contains_poison(item) for item in value)
    return isinstance(value, Poison)
