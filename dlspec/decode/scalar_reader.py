"""Nodes that are one value -> what a key takes: booleans, numbers, text, a word of several."""

import math
from typing import Any

from dlspec.decode.number_bounds import (
    broken_bound,
    broken_memory_bound,
    memory_size_help,
    number_help,
    share_help,
)
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Help, Replacement, Reporter
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language import kinds
from dlspec.language.memory_sizes import bytes_of_size
from dlspec.syntax.nodes import Node, Scalar
from dlspec.syntax.scalars import POISON
from dlspec.syntax.substitution import describe_node, plain_value, scalar_help

# A value of the kind that was asked for, or poison: which one depends on `kind`.
Decoded = Any


class ScalarReader:
    """Reads single values, and reports those of another type or out of range."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def wrong(self, path: str, expected: str, node: Node, *, help: Help | None = None) -> Any:  # noqa: ANN401 - poison
        """Report a value of a wrong type."""
        self._reporter.error(
            Code.WRONG_TYPE,
            node.span,
            f"{describe_value_path(path)} takes {expected}",
            label=f"this is {describe_node(node)}",
            help=help,
        )
        return POISON

    def read_boolean_value(self, node: Node, path: str) -> Any:  # noqa: ANN401 - a boolean or poison
        """Return true or false, or report the value and return poison."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        return self.wrong(path, "true or false", node, help=scalar_help(node, wanted="boolean"))

    def read_text_value(self, kind: kinds.Text, node: Node, path: str) -> Any:  # noqa: ANN401 - text or poison
        """Return a text, or report the value and return poison."""
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        if kind.characters is None:
            blank = kind.blank and isinstance(node, Scalar) and isinstance(node.value, str)
            return text if text.strip() or blank else self.wrong(path, "text", node)
        if len(text) == kind.characters:
            return text
        return self.wrong(path, "a single character", node, help=_single_character_help(text))

    def read_integer_value(self, kind: kinds.Integer, node: Node, path: str) -> Decoded:
        """Return a whole number in range, or report the value and return poison."""
        value = node.value if isinstance(node, Scalar) else None
        if kind.or_null and is_null_node(node):
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            help_ = scalar_help(node, wanted="number")
            return self.wrong(path, "a whole number", node, help=help_)
        if kind.minimum is not None and value < kind.minimum:
            return self._report_out_of_range(path, f"at least {kind.minimum}", node)
        if kind.maximum is not None and value > kind.maximum:
            return self._report_out_of_range(path, f"at most {kind.maximum}", node)
        return value

    def read_number_value(self, kind: kinds.Number, node: Node, path: str) -> Decoded:
        """Return a finite number in range, or report the value and return poison."""
        value = node.value if isinstance(node, Scalar) else None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            return self.wrong(path, "a number", node, help=number_help(kind, node))
        bound = broken_bound(kind, value)
        if bound is None:
            return value
        return self._report_out_of_range(path, bound, node, help=share_help(kind, value))

    def read_memory_size(self, kind: kinds.MemorySize, node: Node, path: str) -> Decoded:
        """Return an amount of memory in bytes, or report the value and return poison."""
        text = str(node.value) if isinstance(node, Scalar) else ""
        size = bytes_of_size(text)
        if size is None:
            help_ = memory_size_help(kind, text)
            return self.wrong(path, "an amount of memory such as `2GB`", node, help=help_)
        bound = broken_memory_bound(kind, size)
        return size if bound is None else self._report_out_of_range(path, bound, node)

    def _report_out_of_range(
        self, path: str, bound: str, node: Node, *, help: Help | None = None
    ) -> Any:  # noqa: ANN401 - poison
        self._reporter.error(
            Code.OUT_OF_RANGE,
            node.span,
            f"{describe_value_path(path)} must be {bound}",
            label=f"{plain_value(node)} is outside of that",
            help=help,
        )
        return POISON

    def read_choice_value(self, kind: kinds.Choice, node: Node, path: str) -> Decoded:
        """Return one of the words, or report the value and return poison."""
        value = node.value if isinstance(node, Scalar) else None
        if value in kind.words:
            return value
        if kind.or_number and not isinstance(value, str):
            return self.read_number_value(kinds.Number(), node, path)
        slip = isinstance(value, str)
        near = replacement_word(str(value), kind.words, work=self._reporter.work) if slip else None
        listed = ", ".join(f"`{word}`" for word in kind.words)
        self._reporter.error(
            Code.NOT_A_CHOICE,
            node.span,
            f"{describe_value_path(path)} is one of {listed}",
            label=f"this is {describe_node(node)}",
            help=near,
        )
        return POISON


def describe_value_path(path: str) -> str:
    """Return what a path leads to, for a message: a key, or an item of a list."""
    parts = path.split(".")
    names = [part for part in parts if not part.isdecimal()]
    return f"`{names[-1]}`" if names[-1] == parts[-1] else f"an item of `{names[-1]}`"


def _single_character_help(text: str) -> Help:
    """Return what to write for a text of several characters, or of none."""
    if text == r"\t" or text.lower() == "tab":
        return Replacement(r'"\t"')
    if len(text.strip()) == 1:
        return Replacement(f'"{text.strip()}"', because="; blanks behind it are passed over")
    return r'write one character, such as `","` or `"\t"`, a tab'


def is_null_node(node: Node) -> bool:
    """Tell `null`, written or left out after its key."""
    return isinstance(node, Scalar) and node.value is None
