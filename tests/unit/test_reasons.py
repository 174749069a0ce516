"""What silences a tool says which rule, and why; a number in a name says why it is that one."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    file
    for room in ("dlspec", "pipelines", "benchmarks", "docs")
    for file in sorted((ROOT / room).rglob("*.py"))
    if "mistakes" not in file.parts
]
_SILENCED = re.compile(r"#\s*(noqa|type:\s*ignore)\b.*")
_WITH_REASON = re.compile(r"# (noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S|type: ignore\[[a-z-]+\]  # \S).*")


def test_there_are_files():
    assert len(FILES) > 300


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_silenced_warning_has_its_rule_and_a_reason(file):
    lines = file.read_text("utf-8").splitlines()
    found = {i: _SILENCED.search(line) for i, line in enumerate(lines, start=1)}
    silent = [i for i, match in found.items() if match and not _WITH_REASON.match(match[0])]
    assert silent == []


# -- numbers -------------------------------------------------------------------------------------

CONSTANT_FILES = [
    file for file in FILES if file.relative_to(ROOT).parts[0] in ("dlspec", "pipelines")
]


def is_numeric(value: ast.expr) -> bool:
    """Return whether an expression is a number, arithmetic of numbers or a tuple of both."""
    match value:
        case ast.Constant(value=bool()):
            return False
        case ast.Constant(value=int() | float()):
            return True
        case ast.UnaryOp(operand=operand):
            return is_numeric(operand)
        case ast.BinOp(left=left, right=right):
            return is_numeric(left) and is_numeric(right)
        case ast.Tuple(elts=items):
            return bool(items) and all(map(is_numeric, items))
    return False


def numeric_constants(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.stmt | None]]:
    """Yield the assignments of numbers to names in capitals, each with the statement below it."""
    for statement, below in pairwise([*body, None]):
        match statement:
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
            ):
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                capitals = all(isinstance(name, ast.Name) and name.id.isupper() for name in names)
                if capitals and is_numeric(value):
                    yield statement, below


def has_reason(statement: ast.stmt, below: ast.stmt | None, lines: list[str]) -> bool:
    """Return whether a comment stands above or beside a statement, or a text right below it."""
    match below:
        case ast.Expr(value=ast.Constant(value=str())) if below.lineno == statement.end_lineno + 1:
            return True
    above = lines[statement.lineno - 2] if statement.lineno > 1 else ""
    own = lines[statement.lineno - 1 : statement.end_lineno]
    return above.startswith("#") or any("  # " in line for line in own)


def numbers_without_reason(text: str) -> list[int]:
    lines = text.splitlines()
    found = numeric_constants(ast.parse(text).body)
    return [one.lineno for one, below in found if not has_reason(one, below, lines)]


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("MOST = 3", [1]),
        ("_MOST: int = -3", [1]),
        ("SIZE = 2 * 1_000", [1]),
        ("EDGES = (0.5, 2)", [1]),
        ("LEAST, MOST = 0.5, 1.5", [1]),
        ("# why\nONE = 1\nTWO = 2", [3]),
        ("# why\n\nMOST = 3", [3]),
        ("MOST = 3  # why", []),
        ('MOST = 3\n"""why"""', []),
        ("HALF = MOST // 2\nlower = 3\nWORD = 'a'\nON = True", []),
    ],
)
def test_a_number_without_reason_is_found(text, lacking):
    assert numbers_without_reason(text) == lacking


@pytest.mark.parametrize("file", CONSTANT_FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_number_with_a_name_has_a_reason(file):
    assert numbers_without_reason(file.read_text("utf-8")) == []
