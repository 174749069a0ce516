"""One argument of a Keras class: its written value against the catalogue's type and range."""

import math
from collections.abc import Callable
from functools import cache

from dlspec.decode.keras_version import check_choice
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language import catalogue
from dlspec.language.catalogue import Kind, ModelRef, Object, Parameter, Value
from dlspec.language.catalogue.target import Target
from dlspec.language.dtypes import DTYPES, POLICIES, is_dtype
from dlspec.language.indexing import is_index
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.nodes import Node, Scalar, Sequence
from dlspec.syntax.scalars import POISON, Poison
from dlspec.syntax.substitution import describe_node, plain_value, scalar_help

# Keras chooses the class for these from the shapes of the target and the output.
CHOSEN_BY_KERAS = ("accuracy", "acc")

Nested = Callable[[Kind, Node, Reporter], "Object | ModelRef | Poison"]

_KINDS: dict[str, Kind] = {
    "initializer": "initializer",
    "regularizer": "regularizer",
    "constraint": "constraint",
    "loss": "loss",
    "metric": "metric",
    "optimizer": "optimizer",
    "layer": "layer",
}
_NAMED = frozenset({"callable", "choice", "activation", "layers", "schedule", "dtype"})
_EXPECTED = {
    "integer": "a whole number",
    "seed": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "text": "text",
    "axis": "a whole number",
    "dtype": "the name of a dtype",
    "shape": "a list of whole numbers or null",
    "integers": "a list of whole numbers",
    "numbers": "a list of numbers",
    "axes": "a whole number or a list of them",
    "bounds": "a number or a list of two",
    "values": "a number or a list of numbers",
    "mapping": "a mapping",
    "list": "a list",
    "index": "a whole number, a slice as text (`1:5`), `...`, null, or a list of these",
    "layers": "a list of layers",
}


@cache
def known_words(kind: Kind) -> tuple[str, ...]:
    """Return the names of a kind that a spec may use."""
    return (
        (*CHOSEN_BY_KERAS, *catalogue.names_of_kind(kind))
        if kind == "metric"
        else catalogue.names_of_kind(kind)
    )


def argument_value(
    parameter: Parameter, node: Node, owner: str, target: Target, reporter: Reporter, nested: Nested
) -> Value | Poison:
    """Return the value of one argument, or report what is wrong with it and return poison.

    Args:
        owner: The class that takes the argument, for the message.
        nested: Makes the object of an argument that names a class.
    """
    if _holds_poison(node):
        return POISON
    if isinstance(node, Scalar):
        if node.value is None and (parameter.nullable or _is_null_by_default(parameter)):
            return None
        if any(type(word) is type(node.value) and word == node.value for word in parameter.choices):
            check_choice(parameter, node, owner, target, reporter)
            return node.value
    if parameter.type in _NAMED or parameter.type in _KINDS:
        return _named_argument_value(parameter, node, owner, reporter, nested)
    value = plain_value(node)
    if parameter.type == "shape" and _is_integer(value):
        value = (value,)
    if value is None or not _fits_parameter(parameter, value):
        return _report_wrong_argument_type(parameter, node, owner, reporter)
    return _range_checked_argument(parameter, value, node, owner, reporter)


def _is_null_by_default(parameter: Parameter) -> bool:
    return parameter.default is None and not parameter.required


def _named_argument_value(
    parameter: Parameter, node: Node, owner: str, reporter: Reporter, nested: Nested
) -> Value | Poison:
    """Return the value of a parameter that takes words or classes."""
    match parameter.type:
        case "callable":
            return _report_callable(parameter, node, owner, reporter)
        case "choice":
            return _report_choice(parameter, node, owner, reporter)
        case "activation":
            return _activation_argument_value(node, reporter, nested)
        case "layers":
            return _layers_argument_value(parameter, node, owner, reporter, nested)
        case "schedule":
            return _schedule_argument_value(parameter, node, owner, reporter, nested)
        case "dtype":
            return _dtype_argument_value(parameter, node, owner, reporter)
        case other if isinstance(node, Sequence) or _is_number(plain_value(node)):
            return _report_wrong_argument_type(parameter, node, owner, reporter)
        case other:
            return nested(_KINDS[other], node, reporter)


def _dtype_argument_value(
    parameter: Parameter, node: Node, owner: str, reporter: Reporter
) -> Value | Poison:
    value = node.value if isinstance(node, Scalar) else None
    if not isinstance(value, str):
        return _report_wrong_argument_type(parameter, node, owner, reporter)
    policy = not owner.startswith("ops.")
    if is_dtype(value, policy=policy):
        return value
    near = replacement_word(value, (*DTYPES, *POLICIES) if policy else DTYPES, work=reporter.work)
    reporter.error(
        Code.NOT_A_CHOICE,
        node.span,
        f"Keras has no dtype `{value}`",
        label=f"this is the `{parameter.name}` of `{owner}`",
        help=near or f"it has {', '.join(DTYPES)}",
    )
    return POISON


def _holds_poison(node: Node) -> bool:
    match node:
        case Scalar():
            return isinstance(node.value, Poison)
        case Sequence():
            return any(_holds_poison(item) for item in node.items)
        case MappingNode():
            return any(_holds_poison(entry.value) for entry in node.entries)


def _activation_argument_value(node: Node, reporter: Reporter, nested: Nested) -> Value | Poison:
    if isinstance(node, MappingNode) or _is_activation_layer(node):
        return nested("layer", node, reporter)
    found = nested("activation", node, reporter)
    return found if isinstance(found, Poison) else plain_value(node)  # type: ignore[return-value]  # an activation's word


def _is_activation_layer(node: Node) -> bool:
    """Return whether a node names one of Keras's activation layers, such as `LeakyReLU`."""
    word = node.value if isinstance(node, Scalar) else None
    if not isinstance(word, str) or catalogue.find_entry("activation", word):
        return False
    entry = catalogue.find_entry("layer", word)
    return entry is not None and ".layers.activations." in entry.module


def _layers_argument_value(
    parameter: Parameter, node: Node, owner: str, reporter: Reporter, nested: Nested
) -> Value | Poison:
    if not isinstance(node, Sequence):
        return _report_wrong_argument_type(parameter, node, owner, reporter)
    cells = [nested("layer", item, reporter) for item in node.items]
    made = tuple(cell for cell in cells if not isinstance(cell, Poison))
    return made if len(made) == len(cells) else POISON


def _schedule_argument_value(
    parameter: Parameter, node: Node, owner: str, reporter: Reporter, nested: Nested
) -> Value | Poison:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _range_checked_argument(parameter, value, node, owner, reporter)
    return nested("schedule", node, reporter)


def _fits_parameter(parameter: Parameter, value: object) -> bool:
    if parameter.type in ("extents", "padding_extents"):
        return _fits_extents(parameter, value)
    fits = _FITTING.get(parameter.type)
    return fits is None or fits(value, parameter.rank)


def _fits_extents(parameter: Parameter, value: object) -> bool:
    pairs = parameter.type == "padding_extents"
    length = 2 if pairs and parameter.rank == 1 else parameter.rank
    if _is_integer(value) or _is_list_of(value, _is_integer, length):
        return True
    if not pairs or parameter.rank == 1:
        return False
    return _is_list_of(value, lambda pair: _is_list_of(pair, _is_integer, 2), parameter.rank)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    finite = isinstance(value, int | float) and not isinstance(value, bool)
    return finite and not math.isnan(value)  # type: ignore[arg-type]  # a number by the line above


def _is_list_of(value: object, fits: Callable[[object], bool], length: int | None) -> bool:
    if not isinstance(value, tuple) or length not in (None, len(value)):
        return False
    return all(fits(item) for item in value)


# What fits each type that takes a plain value: (value, number of items or None) -> bool. A type
# that is not here takes anything.
_FITTING: dict[str, Callable[[object, int | None], bool]] = {
    "integer": lambda value, _: _is_integer(value),
    "axis": lambda value, _: _is_integer(value),
    "seed": lambda value, _: _is_integer(value),
    "number": lambda value, _: _is_number(value),
    "boolean": lambda value, _: isinstance(value, bool),
    "text": lambda value, _: isinstance(value, str),
    "dtype": lambda value, _: isinstance(value, str),
    "shape": lambda value, _: _is_list_of(value, lambda v: v is None or _is_integer(v), None),
    "integers": lambda value, rank: _is_list_of(value, _is_integer, rank),
    "numbers": lambda value, rank: _is_list_of(value, _is_number, rank),
    "axes": lambda value, _: _is_integer(value) or _is_list_of(value, _is_integer, None),
    "bounds": lambda value, _: _is_number(value) or _is_list_of(value, _is_number, 2),
    "values": lambda value, _: _is_number(value) or _is_list_of(value, _is_number, None),
    "list": lambda value, _: isinstance(value, tuple),
    "index": lambda value, _: is_index(value),
    "mapping": lambda value, _: isinstance(value, dict),
}


def _expected_type_text(parameter: Parameter) -> str:
    if parameter.type in ("extents", "padding_extents"):
        if parameter.type == "padding_extents" and parameter.rank == 1:
            return "a whole number or a list of two"
        count = f"a list of {parameter.rank}" if parameter.rank else "a list"
        return f"a whole number or {count}"
    article = "an" if parameter.type[0] in "aio" else "a"
    expected = _EXPECTED.get(parameter.type, f"{article} {parameter.type} by its class name")
    if parameter.choices:
        expected += " or one of " + ", ".join(f"`{choice}`" for choice in parameter.choices)
    return expected


def _report_wrong_argument_type(
    parameter: Parameter, node: Node, owner: str, reporter: Reporter
) -> Poison:
    reporter.error(
        Code.WRONG_TYPE,
        node.span,
        f"`{parameter.name}` of `{owner}` takes {_expected_type_text(parameter)}",
        label=f"this is {describe_node(node)}",
        help=_type_help(parameter, node),
    )
    return POISON


def _type_help(parameter: Parameter, node: Node) -> Replacement | None:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, float) and value.is_integer() and parameter.type in ("integer", "extents"):
        return Replacement(str(int(value)))
    if parameter.type == "boolean":
        return scalar_help(node, wanted="boolean")
    numeric = parameter.type in ("integer", "number", "extents", "schedule")
    return scalar_help(node, wanted="number") if numeric else None


def _range_checked_argument(
    parameter: Parameter, value: object, node: Node, owner: str, reporter: Reporter
) -> Value | Poison:
    for number in _numbers_in_argument(value):
        bound = _broken_bound(parameter, number)
        if bound:
            reporter.error(
                Code.OUT_OF_RANGE,
                node.span,
                f"`{parameter.name}` of `{owner}` must be {bound}",
                label=f"{number} is outside of that",
            )
            return POISON
    return value  # type: ignore[return-value]  # `_fits_parameter` has seen to the type


def _numbers_in_argument(value: object) -> list[float]:
    if isinstance(value, tuple):
        return [number for item in value for number in _numbers_in_argument(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _broken_bound(parameter: Parameter, number: float) -> str | None:
    if parameter.minimum is not None and number < parameter.minimum:
        return f"at least {parameter.minimum:g}"
    if parameter.exclusive_minimum is not None and number <= parameter.exclusive_minimum:
        return f"above {parameter.exclusive_minimum:g}"
    if parameter.maximum is not None and number > parameter.maximum:
        return f"at most {parameter.maximum:g}"
    if parameter.exclusive_maximum is not None and number >= parameter.exclusive_maximum:
        return f"below {parameter.exclusive_maximum:g}"
    return None


def _report_choice(parameter: Parameter, node: Node, owner: str, reporter: Reporter) -> Poison:
    words = [str(choice) for choice in parameter.choices]
    near = (
        replacement_word(str(plain_value(node)), words, work=reporter.work)
        if isinstance(node, Scalar)
        else None
    )
    listed = ", ".join(f"`{word}`" for word in words)
    reporter.error(
        Code.NOT_A_CHOICE,
        node.span,
        f"`{parameter.name}` of `{owner}` is one of {listed}",
        label=f"this is {describe_node(node)}",
        help=near,
    )
    return POISON


def _report_callable(parameter: Parameter, node: Node, owner: str, reporter: Reporter) -> Poison:
    reporter.error(
        Code.FORBIDDEN_CLASS,
        node.span,
        f"`{parameter.name}` of `{owner}` takes a Python function, which a spec cannot say",
        label="only Python code can give this",
    )
    return POISON
