"""The packaged architectures as a table: what each takes, how large it is, and where it is from."""

import re
from dataclasses import dataclass

from dlspec.compiler import loads
from dlspec.expressions import is_expression
from dlspec.render.costs import graph_cost
from dlspec.zoo import architectures, params_of, text_of

_PAPER = re.compile(r"\(([^()]*?[0-9]{4})")
_HEADINGS = ("name", "parameters", "lines", "source", "params and their defaults")


@dataclass(frozen=True, slots=True)
class Row:
    """One architecture; `parameters` counts the weights that the defaults of its params give."""

    name: str
    parameters: int | None
    lines: int
    source: str
    params: dict[str, object]


def rows() -> tuple[Row, ...]:
    """Return the packaged architectures, sorted by name."""
    return tuple(_row(name) for name in architectures())


def catalogue_table() -> str:
    """Return the packaged architectures as a table of text."""
    cells = [_HEADINGS, *(_cells(row) for row in rows())]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    return "\n".join(_line(line, widths) for line in cells)


def _row(name: str) -> Row:
    text = text_of(name)
    plan = loads(text, path=f"zoo/{name}.yaml")
    return Row(
        name=name,
        parameters=graph_cost(plan.graph).parameters,
        lines=len(text.splitlines()),
        source=_source(plan.description),
        params={n: v for n, v in params_of(name).items() if not _is_derived(v)},
    )


def _source(description: str) -> str:
    """Return authors and year, which a description names in its first brackets."""
    found = _PAPER.search(description)
    assert found, f"no paper is named in: {description}"
    return found[1]


def _is_derived(value: object) -> bool:
    return isinstance(value, str) and is_expression(value)


def _cells(row: Row) -> tuple[str, ...]:
    params = ", ".join(f"{name}: {_shown(value)}" for name, value in row.params.items())
    return (row.name, f"{row.parameters:,}", str(row.lines), row.source, params)


def _shown(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    name, parameters, lines, source, params = cells
    left = f"{name:{widths[0]}}  {parameters:>{widths[1]}}  {lines:>{widths[2]}}"
    return f"{left}  {source:{widths[3]}}  {params}"
