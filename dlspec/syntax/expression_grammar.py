"""What an expression may say: text -> a tree of the parts that `_ALLOWED` lists."""

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Help
from dlspec.diagnostics.suggest import replacement_word
from dlspec.diagnostics.work import Work

# No formula of a model is that long; the parser is linear in it.
MAX_CHARACTERS = 500
# More names than one line holds are not read; the nearest one is told in any case.
_MOST_LISTED = 12
# Far below Python's recursion limit of 1,000 at three calls a level.
MAX_DEPTH = 100

WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
FUNCTIONS = ("ceil", "floor", "len", "max", "min", "round")
_GRAMMAR = (
    "an expression holds numbers, text, names, lists and their items, `+ - * / // % **`, "
    "comparisons, `and or not in`, `x if c else y`, and min, max, round, ceil, floor, len"
)
_ALLOWED = (
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow),
    *(ast.UnaryOp, ast.UAdd, ast.USub, ast.Not, ast.BoolOp, ast.And, ast.Or),
    *(ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.In, ast.NotIn),
    *(ast.IfExp, ast.List, ast.Subscript, ast.Name, ast.Load),
)


class ExpressionError(Exception):
    """An expression that cannot be read or has no value.

    Args:
        offset: Where the fault begins, in characters of the text after the `$`.
        length: How many characters it spans; at least 1.
    """

    def __init__(
        self, code: Code, message: str, *, offset: int, length: int, help: Help | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.offset = offset
        self.length = max(length, 1)
        self.help = help


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that keeps to the grammar; `names` is all it reads."""

    text: str
    names: frozenset[str]
    tree: ast.expr = field(compare=False, repr=False)


def parse_expression(text: str) -> Expression:
    """Read an expression, given without its `$`.

    Raises:
        ExpressionError: If the text is not an expression (EXPRESSION_SYNTAX).
    """
    tree = _parse_python_expression(text)
    return Expression(text, frozenset(_names_in_expression(text, tree, place=tree, depth=0)), tree)


def _parse_python_expression(text: str) -> ast.expr:
    if not text.strip():
        raise ExpressionError(Code.EXPRESSION_SYNTAX, "nothing follows the `$`", offset=0, length=1)
    if len(text) > MAX_CHARACTERS:
        message = f"an expression has at most {MAX_CHARACTERS} characters"
        raise ExpressionError(Code.EXPRESSION_SYNTAX, message, offset=0, length=len(text))
    for offset, character in enumerate(text):
        if character in "\\#" or not (character.isprintable() or character in "\n\r\t"):
            raise _unreadable_expression_error(offset, 1)
    # Text folded over lines stands on one line here, so that columns are offsets.
    line = text.translate({ord(c): " " for c in "\n\r\t"})
    start = len(line) - len(line.lstrip())
    try:
        with warnings.catch_warnings():
            # Python warns about `1if x`; read as an error, it is one here.
            warnings.simplefilter("error")
            tree = ast.parse(line[start:], mode="eval").body
    except SyntaxError as error:
        raise _python_syntax_refusal(line, start, error) from None
    except (MemoryError, RecursionError):
        raise _unreadable_expression_error(0, len(text)) from None
    return _shifted_expression_tree(tree, start)


def _shifted_expression_tree(tree: ast.expr, start: int) -> ast.expr:
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            node.col_offset += start
            node.end_col_offset = (node.end_col_offset or 0) + start
    return tree


def _python_syntax_refusal(line: str, start: int, error: SyntaxError) -> ExpressionError:
    """Return the error for what Python cannot read; it counts from 1, and 0 is the end."""
    if not error.offset:
        message, offset = "the expression ends too early", len(line.rstrip()) - 1
        return ExpressionError(Code.EXPRESSION_SYNTAX, message, offset=offset, length=1)
    offset = min(start + error.offset - 1, len(line) - 1)
    if "never closed" in error.msg:
        message = f"this `{line[offset]}` is not closed"
        return ExpressionError(Code.EXPRESSION_SYNTAX, message, offset=offset, length=1)
    return _unreadable_expression_error(offset, 1)


def _unreadable_expression_error(offset: int, length: int) -> ExpressionError:
    message = "this is not part of an expression"
    return ExpressionError(
        Code.EXPRESSION_SYNTAX, message, offset=offset, length=length, help=_GRAMMAR
    )


def place_of(text: str, node: ast.expr) -> tuple[int, int]:
    """Return offset and length in characters; Python counts the bytes of UTF-8."""
    line = text.encode()
    start = len(line[: node.col_offset].decode())
    return start, len(line[node.col_offset : node.end_col_offset].decode())


def _names_in_expression(text: str, node: ast.AST, *, place: ast.expr, depth: int) -> Iterator[str]:
    place = node if isinstance(node, ast.expr) else place
    if depth > MAX_DEPTH or not _is_allowed(node):
        offset, length = place_of(text, place)
        raise _unreadable_expression_error(offset, length)
    if isinstance(node, ast.Name):
        yield from {node.id} - set(WORDS)
    elif isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name), "allowed calls name their function"
        if node.func.id not in FUNCTIONS:
            spot = place_of(text, node.func)
            raise unknown_name_error("function", node.func.id, FUNCTIONS, place=spot)
    for child in node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node):
        yield from _names_in_expression(text, child, place=place, depth=depth + 1)


def _is_allowed(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=value):
            return value is None or isinstance(value, bool | int | float | str)
        case ast.Call(func=function, keywords=keywords):
            return isinstance(function, ast.Name) and not keywords
        case _:
            return isinstance(node, _ALLOWED)


def unknown_name_error(
    what: str,
    name: str,
    known: Iterable[str],
    *,
    place: tuple[int, int],
    work: Work | None = None,
) -> ExpressionError:
    """Return the error for a name that stands for nothing, with the nearest known one."""
    known = sorted(known)
    near = replacement_word(name, known, work=work)
    help_text: Help | None = near
    if near is None and known:
        help_text = f"known here: {', '.join(f'`{k}`' for k in known[:_MOST_LISTED])}"
    return ExpressionError(
        Code.EXPRESSION_NAME,
        f"no {what} `{name}` here",
        offset=place[0],
        length=place[1],
        help=help_text,
    )
