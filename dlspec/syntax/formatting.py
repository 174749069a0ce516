"""The canonical layout of a spec: lines are moved and indented, what stands in them is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source
from dlspec.syntax.formatted_lines import Line, indented_lines
from dlspec.syntax.nodes import Mapping, Node, Scalar
from dlspec.syntax.nodes import Sequence as SequenceNode
from dlspec.syntax.parse import parse

_HEAD = ("dlspec", "name", "extends", "description", "tags", "owners")
_SECTIONS = (
    "params",
    "data",
    "model",
    "training",
    "evaluation",
    "prediction",
    "retraining",
    "runtime",
    "study",
)
_RANKS = {key: rank for rank, key in enumerate((*_HEAD, *_SECTIONS))}


@dataclass(frozen=True, slots=True)
class _Part:
    """A key at the top of a file with its value and the comments above it.

    `apart` says whether a blank line stands before it; `rank` where the key belongs.
    """

    key: str
    rank: int
    lines: tuple[Line, ...]
    apart: bool

    @property
    def is_head(self) -> bool:
        return self.rank < len(_HEAD)

    @property
    def is_long(self) -> bool:
        return sum(1 for line in self.lines if line.text) > 1


def formatted_spec(source: Source, reporter: Reporter) -> str | None:
    """Return a spec in the canonical layout of docs/editors.md; comments and meaning are kept.

    Keys at the top stand in the order of docs/language.md, blank lines between sections, two spaces
    for each level. Flow mappings, quotes and the order of all other keys stay as they are written.

    Returns:
        The text; None when `source` cannot be read, which has been reported.
    """
    tree = parse(source, reporter)
    if tree is None or reporter.failed:
        return None
    lines = indented_lines(source)
    text = _text_of_lines(_arranged_lines(tree, lines))
    assert _is_same_spec_tree(tree, parse(Source(source.path, text), Reporter())), (
        "the layout changed a value"
    )
    return text


def _arranged_lines(tree: Mapping, lines: Sequence[Line]) -> list[Line]:
    """Return the lines in canonical order, with the canonical blank lines between them."""
    starts = [line.number for line in lines if line.top_key]
    if not starts:
        # One flow mapping holds everything: there is no line that belongs to a key.
        return _without_double_blanks(lines)
    header, parts, footer = _split_at_top_keys([entry.name for entry in tree], lines)
    if not any(line.pinned for line in lines):
        parts.sort(key=lambda part: part.rank)
    spaced = _is_spaced(parts)
    arranged = [*header]
    for before, part in zip((None, *parts), parts, strict=False):
        if before is not None and spaced and _needs_blank(before, part):
            arranged.append(Line.blank_line())
        arranged += part.lines
    return _without_double_blanks([*arranged, *footer])


def _split_at_top_keys(
    keys: Sequence[str], lines: Sequence[Line]
) -> tuple[list[Line], list[_Part], list[Line]]:
    """Cut a file into what stands above the first key, its keys, and the comments at its end."""
    firsts = [i for i, line in enumerate(lines) if line.top_key]
    begins = [firsts[0], *(_with_comments(lines, i) for i in firsts[1:])]
    ends = [*begins[1:], _before_footer(lines, firsts[-1])]
    parts, rank = [], 0
    for key, begin, end in zip(keys, begins, ends, strict=True):
        # An unknown key, which `check` reports, stays behind the key it stands behind.
        rank = _RANKS.get(key, rank)
        inner = _without_trailing_blanks(lines[begin:end])
        apart = begin > 0 and not lines[begin - 1].text
        parts.append(_Part(key, rank, tuple(inner), apart))
    return list(lines[: begins[0]]), parts, list(lines[ends[-1] :])


def _with_comments(lines: Sequence[Line], first: int) -> int:
    """Return where the comments at the margin above a key begin."""
    begin = first
    for i in range(first - 1, -1, -1):
        if lines[i].is_comment and lines[i].indent_width == 0:
            begin = i
        elif lines[i].text:
            break
    return begin


def _before_footer(lines: Sequence[Line], last: int) -> int:
    """Return where the comments at the end of a file begin, or the blank lines above them."""
    end = max(_with_comments(lines, len(lines)), last + 1)
    while end > last + 1 and not lines[end - 1].text and not lines[end - 1].is_value:
        end -= 1
    return end


def _without_trailing_blanks(lines: Sequence[Line]) -> list[Line]:
    kept = list(lines)
    while kept and not kept[-1].text and not kept[-1].is_value:
        kept.pop()
    return kept


def _is_spaced(parts: Sequence[_Part]) -> bool:
    """Tell a spec from a bare model written without any blank line, which stays so."""
    return any(part.apart or part.key == "data" for part in parts)


def _needs_blank(before: _Part, part: _Part) -> bool:
    if part.is_head:
        return False
    # Short sections of one line each may stand together.
    return part.apart or before.is_head or before.is_long or part.is_long


def _without_double_blanks(lines: Sequence[Line]) -> list[Line]:
    kept: list[Line] = []
    for line in lines:
        after_blank = not kept or (not kept[-1].text and not kept[-1].is_value)
        if line.text or line.is_value or not after_blank:
            kept.append(line)
    return _without_trailing_blanks(kept)


def _text_of_lines(lines: Sequence[Line]) -> str:
    return "".join(line.text + line.ending for line in lines)


def _is_same_spec_tree(one: Node | None, other: Node | None) -> bool:
    """Compare two trees in all but their places and the order of the keys at the top."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return False
    tops = [{e.name: _comparable_node(e.value) for e in tree} for tree in (one, other)]
    return tops[0] == tops[1]


def _comparable_node(node: Node) -> object:
    """Return a node without its places; a float as text, since nan differs from itself."""
    match node:
        case Scalar(value=value, quoted=quoted):
            return (type(value).__name__, repr(value), quoted)
        case SequenceNode(items=items):
            return [_comparable_node(item) for item in items]
        case Mapping(entries=entries):
            return [(entry.name, _comparable_node(entry.value)) for entry in entries]
