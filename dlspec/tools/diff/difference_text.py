"""A difference between two plans as text for people, and as JSON."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from dlspec.resolve.chain import STEPS
from dlspec.syntax.flow_text import flow_text
from dlspec.tools.diff.compare import ABOUT, Difference, LayerChange, Total
from dlspec.tools.diff.leaves import Change, Written
from dlspec.tools.show.words import bytes_text, count_text

_MARKS = {"added": "+", "removed": "-", "changed": "~", "renamed": ">"}
_COUNTS = ("parameters", "FLOPs")
# The width of `--help`.
_WIDTH = 100
# Room for a value and the one that it became; with less they go below.
_LEAST = 40
# Between facts in one cell, and for a space that no line may be broken at.
_BETWEEN = "\x00"
_HARD = "\x01"
_ABOVE_MODEL = (*ABOUT, "params", "data")

Row = tuple[str, str, str, str]


def difference_text(found: Difference, *, columns: int | None = None) -> str:
    """Return what changed, section by section, sums and steps to run again last.

    Args:
        columns: Those of a terminal; None is what a help text has.
    """
    width = columns or _WIDTH
    names = found.names
    head = names[0] if names[0] == names[1] else f"{names[0]} -> {names[1]}"
    if found.is_empty:
        return f"{head}: nothing changed in meaning\n"
    above = [c for c in found.changes if _section_of(c) in _ABOVE_MODEL]
    below = [c for c in found.changes if _section_of(c) not in _ABOVE_MODEL]
    graph = [
        *map(_change_row, found.wiring),
        *(row for layer in found.layers for row in _layer_change_rows(layer)),
    ]
    parts = [
        *_section_parts(above, width),
        *([_titled_rows_text("model", graph, width)] if graph else []),
        *_section_parts(below, width),
    ]
    if any(total.before != total.after for total in found.totals):
        parts.append(_totals_text(found.totals))
    kept = [step for step in STEPS if step not in found.rerun]
    steps = [f"must run again: {', '.join(found.rerun) or 'nothing'}"]
    if found.rerun and kept:
        steps.append(f"stays as it is: {', '.join(kept)}")
    return "\n\n".join([head, *parts, "\n".join(steps)]) + "\n"


def difference_json(found: Difference) -> dict[str, object]:
    """Return a difference as JSON data; null stands where nothing is."""
    return {
        "before": found.names[0],
        "after": found.names[1],
        "changes": [_change_json(change) for change in found.changes],
        "wiring": [_change_json(change) for change in found.wiring],
        "layers": [_layer_json(layer) for layer in found.layers],
        "totals": {t.what: {"before": t.before, "after": t.after} for t in found.totals},
        "rerun": list(found.rerun),
    }


def _change_json(change: Change) -> dict[str, object]:
    sides = {"before": change.before, "after": change.after}
    values = {name: None if side is None else side.value for name, side in sides.items()}
    defaults = [name for name, side in sides.items() if side is not None and side.by_default]
    return {
        "path": change.path,
        **({} if change.was is None else {"was": change.was}),
        **values,
        **({"default": defaults[0]} if defaults else {}),
    }


def _layer_json(layer: LayerChange) -> dict[str, object]:
    return {
        "kind": layer.kind,
        "name": layer.model + layer.name,
        "was": layer.model + layer.was if layer.was else None,
        "class": layer.class_name,
        "changes": [_change_json(change) for change in layer.changes],
    }


def _section_of(change: Change) -> str:
    return change.path.partition(".")[0]


def _section_parts(changes: Sequence[Change], width: int) -> Iterator[str]:
    about = [_change_row(change) for change in changes if _section_of(change) in ABOUT]
    if about:
        yield _titled_rows_text("about", about, width)
    others = [change for change in changes if _section_of(change) not in ABOUT]
    for name, inner in groupby(others, _section_of):
        yield _titled_rows_text(
            name,
            [_change_row(change, below=name) for change in _fold_one_sided_changes(list(inner))],
            width,
        )


def _fold_one_sided_changes(changes: Sequence[Change]) -> Iterator[Change]:
    """Yield changes with all that is new or gone under one path as one."""
    above = None
    for change in changes:
        if above is not None and change.path.startswith(above + "."):
            continue
        above = None
        side = change.after or change.before
        if change.was is None and side is not None and side.holds:
            above = change.path
            inside = [c for c in changes if c.path.startswith(above + ".")]
            text = _BETWEEN.join(
                _change_text(c, above=above) for c in inside if not _holds_mapping(c)
            )
            told = Written(text)
            change = Change(above, told if change.before else None, told if change.after else None)
        yield change


def _holds_mapping(change: Change) -> bool:
    return any(side is not None and side.holds for side in (change.before, change.after))


def _change_text(change: Change, *, above: str = "") -> str:
    return f"{change.path.removeprefix(above).removeprefix('.')} {_change_sides_text(change)}"


def _change_row(change: Change, *, below: str = "") -> Row:
    path = change.path.removeprefix(below).removeprefix(".")
    sides = "" if change.before == change.after else _change_sides_text(change)
    if change.was is None:
        mark = "+" if change.before is None else "-" if change.after is None else "~"
        return (mark, path, "", sides)
    was = f"was {change.was.removeprefix(below).removeprefix('.')}"
    return ("~" if sides else ">", path, "", f"{was}{_BETWEEN}{sides}" if sides else was)


def _layer_change_rows(layer: LayerChange) -> Iterator[Row]:
    """Yield the rows of a layer: one for one that is new or gone, else one for each fact."""
    name = layer.model + layer.name
    facts = [(change.path, _change_sides_text(change)) for change in layer.changes]
    if layer.kind in ("added", "removed"):
        rows = [_BETWEEN.join(_change_text(change) for change in layer.changes)]
    else:
        width = max((len(path) for path, _ in facts), default=0)
        rows = [f"{path.ljust(width)}  {sides}" for path, sides in facts]
    if layer.was not in (None, layer.name):
        rows.insert(0, f"was {layer.was}")
    yield (_MARKS[layer.kind], name, layer.class_name, rows[0] if rows else "")
    yield from (("", "", "", row) for row in rows[1:])


def _change_sides_text(change: Change) -> str:
    counts = change.path in _COUNTS
    texts = [
        _change_side_text(side, counts=counts) for side in (change.before, change.after) if side
    ]
    return " -> ".join(texts)


def _change_side_text(side: Written, *, counts: bool) -> str:
    if counts and isinstance(side.value, int):
        text = count_text(side.value)
    elif isinstance(side.value, str):
        text = side.value
    else:
        text = " ".join(flow_text(side.value, indent=0).split())
    return f"{text} (default)" if side.by_default else text


def _titled_rows_text(title: str, rows: Sequence[Row], width: int) -> str:
    """Return rows under a title; values that would make a line too long go on in the next."""
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    column = 4 + sum(width + 2 for width in widths[1:] if width) + 1
    lines = [title]
    for row in rows:
        cells = [cell.ljust(most) for cell, most in zip(row, widths, strict=False) if most]
        if column + _LEAST > width:
            # Long names leave no room beside them.
            lines.append(("  " + "  ".join(cells)).rstrip())
            lines += [" " * 6 + part for part in _wrap_facts(row[3], width - 6) if part]
            continue
        first, *others = _wrap_facts(row[3], width - column)
        lines.append(("  " + "  ".join([*cells, first])).rstrip())
        lines += [" " * column + other for other in others]
    return "\n".join(lines)


def _wrap_facts(text: str, width: int) -> list[str]:
    """Return lines broken behind commas; not inside a shape, nor between a fact and its value."""
    facts = text.split(_BETWEEN)
    if all(len(fact) <= width for fact in facts):
        text = ", ".join(fact.replace(" ", _HARD) for fact in facts)
    else:
        text = ", ".join(facts)
    lines = wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
    return [line.replace(_HARD, " ") for line in lines]


def _totals_text(totals: Sequence[Total]) -> str:
    head = ("total", "before", "after", "change")
    rows = [head, *(_total_row(total) for total in totals)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = []
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def _total_row(total: Total) -> Row:
    is_bytes = total.what == "activation bytes"
    say = bytes_text if is_bytes else count_text
    what = "activations" if is_bytes else total.what
    if total.before is None or total.after is None:
        return (what, say(total.before), say(total.after), "")
    by = total.after - total.before
    sign = "+" if by > 0 else "-" if by < 0 else ""
    share = f" ({by / total.before:+.1%})" if by and total.before else ""
    return (what, say(total.before), say(total.after), f"{sign}{say(abs(by))}{share}")
