"""`$` expressions: arithmetic over names, and nothing else. Nothing of them is run by Python."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.work import Work
from dlspec.syntax.expression_grammar import (
    MAX_CHARACTERS,
    WORDS,
    Expression,
    ExpressionError,
    parse_expression,
    place_of,
    unknown_name_error,
)

__all__ = [
    "MAX_CHARACTERS",
    "Expression",
    "ExpressionError",
    "evaluate_expression",
    "is_expression_text",
    "parse_expression",
    "unescape_dollar",
]

# More than any extent or count; powers and products stay cheap.
MAX_INTEGER = 10**12
# As many as a graph may have nodes: no list is longer, those inside it counted too.
MAX_LENGTH = 10_000
# What a double holds.
MAX_DIGITS = 15

_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[float, float], float]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
}
_ORDER: dict[type[ast.cmpop], tuple[str, Callable[[float, float], bool]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}


def is_expression_text(text: str) -> bool:
    """Return whether a text scalar is an expression: it begins with one `$`."""
    return text.startswith("$") and not text.startswith("$$")


def unescape_dollar(text: str) -> str:
    """Return a text scalar without the `$` that escapes a leading `$`."""
    return text[1:] if text.startswith("$$") else text


def evaluate_expression(
    expression: Expression,
    names: Mapping[str, object],
    *,
    work: Work | None = None,
) -> object:
    """Return the value of an expression where `names` says what its names stand for.

    Args:
        work: Counts one step for each part of the text, and for each item looked at or made.

    Raises:
        ExpressionError: If a name is unknown (EXPRESSION_NAME), or if a part has no value: wrong
            types, a division by zero, a result out of bounds (EXPRESSION_VALUE).
    """
    return _Evaluation(expression.text, names, work or Work()).value(expression.tree)


def count_parts(value: object) -> int:
    """Return how many values a value holds, itself and those inside each list counted."""
    if isinstance(value, Mapping):
        return 1 + sum(map(count_parts, value.values()))
    if isinstance(value, tuple | list):
        return 1 + sum(map(count_parts, value))
    return 1


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """One walk over a tree; holds what every error message needs."""

    text: str
    names: Mapping[str, object]
    work: Work

    def value(self, node: ast.expr) -> object:
        self.work.spend(1)
        if isinstance(node, ast.Constant):
            return self._require_bounded_result(node.value, node)
        if isinstance(node, ast.Name):
            return self._evaluate_name(node)
        return _RULES[type(node)](self, node)

    def _evaluate_name(self, node: ast.Name) -> object:
        if node.id in WORDS:
            return WORDS[node.id]
        if node.id not in self.names:
            place = place_of(self.text, node)
            self.work.spend(len(self.names))
            raise unknown_name_error("name", node.id, self.names, place=place, work=self.work)
        found = self.names[node.id]
        return tuple(found) if isinstance(found, list) else found

    def _evaluate_list(self, node: ast.List) -> object:
        return self._require_bounded_result(tuple(self.value(item) for item in node.elts), node)

    def _evaluate_conditional(self, node: ast.IfExp) -> object:
        return self.value(node.body if self.value(node.test) else node.orelse)

    def _evaluate_connective(self, node: ast.BoolOp) -> object:
        stop_at = isinstance(node.op, ast.Or)
        value: object = None
        for operand in node.values:
            value = self.value(operand)
            if bool(value) is stop_at:
                break
        return value

    def _evaluate_unary_operation(self, node: ast.UnaryOp) -> object:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return not value
        number = self._require_number_operand(value, node.operand)
        return -number if isinstance(node.op, ast.USub) else number

    def _evaluate_arithmetic(self, node: ast.BinOp) -> object:
        left, right = self.value(node.left), self.value(node.right)
        symbol, apply = _ARITHMETIC[type(node.op)]
        joined = self._joined_sequences(symbol, left, right, node)
        if joined is not None:
            return self._require_bounded_result(joined, node)
        a, b = (
            self._require_number_operand(left, node.left),
            self._require_number_operand(right, node.right),
        )
        if symbol in ("/", "//", "%") and b == 0:
            raise self._expression_value_error(
                node.right, f"{_describe_operand(left)} {symbol} 0 has no value"
            )
        if symbol == "**":
            self._check_power(a, b, node)
        try:
            result = apply(a, b)
        except OverflowError:
            raise self._expression_value_error(
                node, "the result is too large for a number"
            ) from None
        if symbol == "/" and abs(result) <= MAX_INTEGER and result == int(result):
            return int(result)
        return self._require_bounded_result(result, node)

    def _joined_sequences(
        self, symbol: str, left: object, right: object, node: ast.BinOp
    ) -> str | tuple[object, ...] | None:
        """Return text or lists put together by `+` or repeated by `*`; None for other operands."""
        if symbol == "+":
            if isinstance(left, str) and isinstance(right, str):
                return left + right
            if isinstance(left, tuple) and isinstance(right, tuple):
                return left + right
        if symbol == "*" and isinstance(left, str | tuple) and _is_integer_operand(right):
            items = len(left) if isinstance(left, str) else self._count_items(left)
            if items * right > MAX_LENGTH:
                raise self._too_long_error(node)
            return left * right
        return None

    def _check_power(self, base: float, exponent: float, node: ast.BinOp) -> None:
        if base == 0 and exponent < 0:
            raise self._expression_value_error(node, "a negative power of 0 has no value")
        if base < 0 and exponent != int(exponent):
            raise self._expression_value_error(
                node, "a broken power of a negative number has no value"
            )
        if abs(base) > 1 and exponent * math.log2(abs(base)) > 1100:
            raise self._expression_value_error(node, "the result is too large for a number")

    def _evaluate_comparison(self, node: ast.Compare) -> bool:
        left, left_node = self.value(node.left), node.left
        for operation, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.value(right_node)
            if not self._comparison_holds(operation, (left, left_node), (right, right_node)):
                return False
            left, left_node = right, right_node
        return True

    def _comparison_holds(
        self, operation: ast.cmpop, left: tuple[object, ast.expr], right: tuple[object, ast.expr]
    ) -> bool:
        a, b = left[0], right[0]
        match operation:
            case ast.Eq():
                return a == b
            case ast.NotEq():
                return a != b
            case ast.In() | ast.NotIn():
                return self._sequence_contains(a, b, right[1]) is isinstance(operation, ast.In)
        _, apply = _ORDER[type(operation)]
        return apply(
            self._require_number_operand(a, left[1]), self._require_number_operand(b, right[1])
        )

    def _sequence_contains(self, item: object, whole: object, node: ast.expr) -> bool:
        if isinstance(whole, tuple):
            self.work.spend(len(whole))
            return item in whole
        if isinstance(whole, str) and isinstance(item, str):
            return item in whole
        raise self._expression_value_error(
            node, f"`in` looks into a list, not into {_describe_operand(whole)}"
        )

    def _evaluate_subscript(self, node: ast.Subscript) -> object:
        whole, index = self.value(node.value), self.value(node.slice)
        if not isinstance(whole, str | tuple):
            raise self._expression_value_error(
                node.value, f"{_describe_operand(whole)} has no items"
            )
        if not _is_integer_operand(index):
            raise self._expression_value_error(
                node.slice, f"an index is an integer, not {_describe_operand(index)}"
            )
        if not -len(whole) <= index < len(whole):
            raise self._expression_value_error(
                node.slice, f"item {index} of {len(whole)}, counted from 0"
            )
        return whole[index]

    def _evaluate_call(self, node: ast.Call) -> object:
        assert isinstance(node.func, ast.Name), "the grammar lets no other callee through"
        name = node.func.id
        values = tuple(self.value(argument) for argument in node.args)
        if name in ("min", "max"):
            return self._evaluate_extreme(name, values, node)
        if name == "len":
            return self._evaluate_length(values, node)
        if not 1 <= len(values) <= (2 if name == "round" else 1):
            raise self._expression_value_error(
                node, f"`{name}` takes one number, here {len(values)}"
            )
        number = self._require_number_operand(values[0], node.args[0])
        if not math.isfinite(number):
            raise self._expression_value_error(
                node.args[0], f"{_describe_operand(number)} has no nearest integer"
            )
        if name == "round":
            return self._evaluate_rounding(number, values[1:], node)
        return math.floor(number) if name == "floor" else math.ceil(number)

    def _evaluate_extreme(self, name: str, values: tuple[object, ...], node: ast.Call) -> object:
        whole = values[0] if len(values) == 1 else values
        if not isinstance(whole, tuple) or not whole:
            raise self._expression_value_error(
                node, f"`{name}` takes several numbers or a list of them"
            )
        self.work.spend(len(whole))
        numbers = [self._require_number_operand(v, node) for v in whole]
        return min(numbers) if name == "min" else max(numbers)

    def _evaluate_length(self, values: tuple[object, ...], node: ast.Call) -> int:
        if len(values) != 1 or not isinstance(values[0], str | tuple):
            raise self._expression_value_error(node, "`len` takes one list or text")
        return len(values[0])

    def _evaluate_rounding(self, number: float, rest: tuple[object, ...], node: ast.Call) -> float:
        if not rest:
            return round(number)
        digits = rest[0]
        if not _is_integer_operand(digits) or abs(digits) > MAX_DIGITS:
            raise self._expression_value_error(
                node.args[1], f"`round` keeps an integer of at most {MAX_DIGITS}"
            )
        return round(number, digits)

    def _require_number_operand(self, value: object, node: ast.expr) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._expression_value_error(node, f"{_describe_operand(value)} is not a number")
        return value

    def _require_bounded_result(self, value: object, node: ast.expr) -> object:
        if isinstance(value, str) and len(value) > MAX_LENGTH:
            raise self._too_long_error(node)
        if isinstance(value, tuple) and self._count_items(value) > MAX_LENGTH:
            raise self._too_long_error(node)
        if isinstance(value, float) and not math.isfinite(value):
            raise self._expression_value_error(node, "the result is too large for a number")
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise self._expression_value_error(node, f"an integer here is at most {MAX_INTEGER:_}")
        return value

    def _count_items(self, items: tuple[object, ...]) -> int:
        """Return how many values stand in a list, those of the lists inside it counted too."""
        items_inside = count_parts(items) - 1
        self.work.spend(items_inside)
        return items_inside

    def _too_long_error(self, node: ast.expr) -> ExpressionError:
        return self._expression_value_error(node, f"the result is longer than {MAX_LENGTH:_}")

    def _expression_value_error(self, node: ast.expr, message: str) -> ExpressionError:
        offset, length = place_of(self.text, node)
        return ExpressionError(Code.EXPRESSION_VALUE, message, offset=offset, length=length)


_RULES: dict[type[ast.expr], Callable[[_Evaluation, Any], object]] = {
    ast.List: _Evaluation._evaluate_list,
    ast.IfExp: _Evaluation._evaluate_conditional,
    ast.BoolOp: _Evaluation._evaluate_connective,
    ast.UnaryOp: _Evaluation._evaluate_unary_operation,
    ast.BinOp: _Evaluation._evaluate_arithmetic,
    ast.Compare: _Evaluation._evaluate_comparison,
    ast.Subscript: _Evaluation._evaluate_subscript,
    ast.Call: _Evaluation._evaluate_call,
}


def _is_integer_operand(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _describe_operand(value: object) -> str:
    match value:
        case None:
            return "`null`"
        case bool():
            return "`true`" if value else "`false`"
        case tuple():
            return f"a list of {len(value)}"
        case int() | float():
            return f"{value}"
        case str():
            return f"`{value}`" if len(value) <= 30 else f"`{value[:27]}...`"
        case _:
            return "a mapping"
