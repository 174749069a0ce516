"""Nodes in words: what they are called, what they compute, and numbers as people read them."""

from collections.abc import Iterator, Mapping

from dlspec.expand.flat import Use
from dlspec.language.catalogue import ModelRef, Object
from dlspec.language.tensors import Tensor
from dlspec.resolve.plan import Node, Op, Reference

# From here on a count has a letter: 1.2 k, 3.4 M.
_THOUSAND = 1000


def node_class_name(node: Node) -> str:
    """Return the class, operation or model of a node, in one word."""
    operation = node.operation
    if isinstance(operation, Object):
        return operation.class_name
    if isinstance(operation, Op):
        return f"ops.{operation.name}"
    return f"use {operation.target}"


def arguments_of(node: Node) -> tuple[str, ...]:
    """Return the given arguments in short: `filters 32`, `same`, `return_sequences`."""
    operation = node.operation
    if isinstance(operation, Use):
        return ("model",) if operation.of == "model" else ("shared weights",)
    if isinstance(operation, Op):
        literals = [value for value in operation.arguments if not _has_reference(value)]
        named = {name: v for name, v in operation.keywords.items() if not _has_reference(v)}
        return (*(_argument_value_text(value) for value in literals), *_named_argument_texts(named))
    return tuple(_named_argument_texts(operation.arguments))


def object_text(made: Object) -> str:
    """Return a class with its given arguments in short: `RandomTranslation(height_factor 0.1)`."""
    inner = ", ".join(_named_argument_texts(made.arguments))
    return f"{made.class_name}({inner})" if inner else made.class_name


def shape_text(tensor: Tensor) -> str:
    """Return a shape as a Python tuple, `?` for an unknown rank."""
    return "?" if tensor.shape is None else str(tensor.shape)


def count_text(number: int | None) -> str:
    """Return a count with thousands separated, `?` when it is not known."""
    return "?" if number is None else f"{number:,}"


def short_count(number: int | None) -> str:
    """Return a count in three digits and a unit: 61.7 k, 1.81 M, 3.86 G; `?` when not known."""
    if number is None:
        return "?"
    if number < _THOUSAND:
        return str(number)
    return _scaled_count(float(number), ("k", "M", "G", "T", "P"))


def bytes_text(number: int | None) -> str:
    """Return bytes in three digits and a decimal unit: 512 B, 8.19 kB, 1.2 MB."""
    if number is None:
        return "?"
    if number < _THOUSAND:
        return f"{number} B"
    return _scaled_count(float(number), ("kB", "MB", "GB", "TB", "PB"))


def _scaled_count(number: float, units: tuple[str, ...]) -> str:
    number /= _THOUSAND
    # 999.5 would round up to four digits.
    if number >= _THOUSAND - 0.5 and len(units) > 1:
        return _scaled_count(number, units[1:])
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{digits}f} {units[0]}"


def _named_argument_texts(arguments: Mapping[str, object]) -> Iterator[str]:
    for name, value in arguments.items():
        if isinstance(value, bool):
            yield name if value else f"no {name}"
        elif isinstance(value, str | Object | ModelRef):
            yield _argument_value_text(value)
        else:
            yield f"{name} {_argument_value_text(value)}"


def _argument_value_text(value: object) -> str:
    if isinstance(value, Object):
        return object_text(value)
    if isinstance(value, ModelRef):
        return f"model {value.name}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_argument_value_text(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return (
            "{"
            + ", ".join(f"{name}: {_argument_value_text(item)}" for name, item in value.items())
            + "}"
        )
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _has_reference(value: object) -> bool:
    if isinstance(value, tuple):
        return any(_has_reference(item) for item in value)
    return isinstance(value, Reference)
