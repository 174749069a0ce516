"""docs/coverage.md: totals before and now, and a line for each example."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.coverage.examples import BEFORE, COLUMNS, Example

PAGE = Path(__file__).parents[2] / "docs/coverage.md"
_INTRODUCTION = """\
# Coverage: published examples as specs

The {count} code examples of keras.io, as of spring 2023, whose model is a CNN, an RNN, attention or
an MLP; reinforcement learning, graph networks and large pretrained language models are left out.
For each: whether its model, its data, its training and its evaluation can be said in a spec, and
what is missing where not. {specs} of them are written as specs in
[benchmarks/coverage](../benchmarks/coverage), from what each example is about and not from its
code. A test compiles them all; `python -m benchmarks.coverage --train` builds each and takes a
training step on generated data.

*yes* means that the spec says the essence of the example; *partly*, that a piece of it is left out
or needs a script before, which the last column names; *none*, that the example has no such part.
Made by `python -m benchmarks.coverage`.
"""


def coverage_page(examples: Sequence[Example]) -> str:
    """Return the whole page."""
    specs = [one for one in examples if one.spec_file.exists()]
    introduction = _INTRODUCTION.format(count=len(examples), specs=len(specs))
    parts = [introduction, _totals_table(examples), _length_line(specs), _common_lacks(examples)]
    for area in dict.fromkeys(one.area for one in examples):
        parts.append(f"## {area.replace('_', ' ').capitalize()}\n")
        parts.append(_area_table([one for one in examples if one.area == area]))
    return "\n".join(parts)


def _totals_table(examples: Sequence[Example]) -> str:
    now = {c: sum(one.verdicts[c] == "yes" for one in examples) for c in COLUMNS}
    now["all"] = sum(one.is_said for one in examples)
    lines = [f"| of {len(examples)} can be said | before | now |", "| --- | ---: | ---: |"]
    words = {"all": "all four together"}
    lines += [f"| {words.get(name, name)} | {BEFORE[name]} | {now[name]} |" for name in BEFORE]
    return "\n".join(lines) + "\n"


def _length_line(specs: Sequence[Example]) -> str:
    lengths = sorted(map(_lines_of_spec, specs))
    middle = lengths[len(lengths) // 2]
    return f"A spec has {lengths[0]} to {lengths[-1]} lines, half of them at most {middle}.\n"


def _common_lacks(examples: Sequence[Example]) -> str:
    """Return what is missing in more than one example, and in how many."""
    clauses = (clause for one in examples for clause in one.missing.rstrip(".").split("; "))
    counts = Counter(clause[:1].upper() + clause[1:] for clause in clauses if clause)
    lines = ["| missing in several | examples |", "| --- | ---: |"]
    lines += [f"| {clause} | {count} |" for clause, count in counts.most_common() if count > 1]
    return "\n".join(lines) + "\n"


def _lines_of_spec(example: Example) -> int:
    return len(example.spec_file.read_text("utf-8").splitlines())


def _area_table(examples: Sequence[Example]) -> str:
    lines = [
        f"| example | {' | '.join(COLUMNS)} | lines | what is missing |",
        f"| --- | {' | '.join('---' for _ in COLUMNS)} | ---: | --- |",
    ]
    lines += [_example_line(one) for one in examples]
    return "\n".join(lines) + "\n"


def _example_line(example: Example) -> str:
    name, lines = f"`{example.name}`", ""
    if example.spec_file.exists():
        name = f"[{name}](../benchmarks/coverage/{example.spec_file.name})"
        lines = str(_lines_of_spec(example))
    cells = [name, *(example.verdicts[column] for column in COLUMNS), lines, example.missing]
    return f"| {' | '.join(cells)} |"
