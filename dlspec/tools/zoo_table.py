"""The packaged architectures as a table: how large each is, what it takes, and where it is from."""

import re
from dataclasses import dataclass

from dlspec.compiler import loads
from dlspec.expand.zoo import architecture_names, text_of
from dlspec.resolve.costs import Cost, graph_cost
from dlspec.resolve.plan import Plan
from dlspec.tools.aligned_table import aligned_table
from dlspec.tools.show.words import count_text, short_count

_PAPER = re.compile(r"\(([^()]*?) ([0-9]{4})")
_HEADINGS = ("name", "parameters", "FLOPs", "MACs", "input", "source")
# The columns of numbers.
_RIGHT = (1, 2, 3)
# More are "et al.".
_MOST_AUTHORS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One architecture, its costs as the defaults of its params give them; `source` is a paper."""

    name: str
    cost: Cost
    lines: int
    inputs: str
    source: str


def architecture_rows() -> tuple[Row, ...]:
    """Return the packaged architectures, sorted by name."""
    return tuple(_architecture_row(name) for name in architecture_names())


def catalogue_table(columns: int | None = None) -> str:
    """Return the packaged architectures as a table of text, at most 100 columns wide.

    Args:
        columns: Those of a terminal, into which names and papers are folded; None folds none.
    """
    cells = [_HEADINGS, *(_architecture_cells(row) for row in architecture_rows())]
    return aligned_table(cells, right=_RIGHT, columns=columns)


def source_of(description: str) -> str:
    """Return authors and year, which a description names in its first brackets."""
    found = _PAPER.search(description)
    assert found, f"no paper is named in: {description}"
    authors, year = found[1].split(", "), found[2]
    named = f"{authors[0]} et al." if len(authors) > _MOST_AUTHORS else ", ".join(authors)
    return f"{named} {year}"


def _architecture_row(name: str) -> Row:
    text = text_of(name)
    plan = loads(text, path=f"zoo/{name}.yaml")
    return Row(
        name=name,
        cost=graph_cost(plan.graph),
        lines=len(text.splitlines()),
        inputs=_architecture_inputs(plan),
        source=source_of(plan.description),
    )


def _architecture_inputs(plan: Plan) -> str:
    """Return the names of what goes in; for one input its shape too, without the batch axis."""
    if len(plan.graph.inputs) > 1:
        return ", ".join(declared.name for declared in plan.graph.inputs)
    (declared,) = plan.graph.inputs
    return f"{declared.name} {list(declared.shape[1:])}"


def _architecture_cells(row: Row) -> tuple[str, ...]:
    cost = row.cost
    counts = (count_text(cost.parameters), short_count(cost.flops), short_count(cost.macs))
    return (row.name, *counts, row.inputs, row.source)
