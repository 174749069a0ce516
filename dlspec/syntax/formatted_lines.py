"""The lines of a YAML text, each moved to the column that its depth asks for."""

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml

from dlspec.diagnostics.source import Source

# The indentation of YAML's own examples.
STEP = 2

_LINE = re.compile("([^\n\r\x85\u2028\u2029]*)(\r\n|[\n\r\x85\u2028\u2029]|\\Z)")
# YAML tells these apart from a line feed, in text over several lines.
_KEPT_BREAKS = ("\x85", "\u2028", "\u2029")
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_BLOCK_HEAD = re.compile(r"[|>][+-]?([1-9])?[+-]?")
# An alias repeats what stands above it, and the end of a document is its end.
_PINS = (yaml.AnchorToken, yaml.DocumentEndToken)
_STARTS = (
    yaml.ScalarToken,
    yaml.AliasToken,
    yaml.AnchorToken,
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.ValueToken,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its break.

    Attributes:
        is_value: Whether it is a part of a scalar of several lines, so that a blank one counts.
        top_key: Whether a key at the top of the file begins here.
        pinned: Whether it must stay where it is, and with it the order of the file.
    """

    number: int
    text: str
    ending: str = "\n"
    is_value: bool = False
    top_key: bool = False
    pinned: bool = False

    @staticmethod
    def blank_line() -> "Line":
        """Return an empty line that no text had."""
        return Line(-1, "")

    @property
    def indent_width(self) -> int:
        """Return the spaces at the start of the line."""
        return len(self.text) - len(self.text.lstrip(" "))

    @property
    def is_comment(self) -> bool:
        """Return whether the line holds a comment and nothing else."""
        return self.text.lstrip(" \t").startswith("#") and not self.is_value


def indented_lines(source: Source) -> list[Line]:
    """Return the lines of a text that parses, two spaces for each level, no spaces at their ends.

    A list under a key is indented. What goes on over several lines moves with its first line.
    """
    found = [(line[1], line[2]) for line in _LINE.finditer(source.text)]
    if found[-1] == ("", ""):
        found.pop()
    layout = _Layout([text for text, _ in found], [ending for _, ending in found])
    layout.read(source.text)
    return list(layout.lines())


@dataclass(slots=True)
class _Block:
    """A block mapping or list: the column it stands in and the one it is given."""

    old: int
    new: int
    is_list: bool
    # A list in its key's column has no end of its own: YAML ends it with the next key.
    implied: bool = False


@dataclass(slots=True)
class _Layout:
    """Follows the tokens of a text and notes where each line begins anew; state, as tokens nest."""

    texts: Sequence[str]
    endings: Sequence[str]
    # By line: pairs of an old and a new column, from left to right.
    _starts: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    # By line: the columns to move by and the least column, for lines inside a value.
    _inner: dict[int, tuple[int, int]] = field(default_factory=dict)
    # Lines of `|` and `>`, of quoted text and of any text over several lines.
    _literal: set[int] = field(default_factory=set)
    _quoted: set[int] = field(default_factory=set)
    _values: set[int] = field(default_factory=set)
    # A comment below a literal text must not stand as deep as the text.
    _most: dict[int, int] = field(default_factory=dict)
    _tops: set[int] = field(default_factory=set)
    _pinned: set[int] = field(default_factory=set)
    _rows: list[int] = field(default_factory=list)
    _blocks: list[_Block] = field(default_factory=list)
    _flows: list[tuple[int, int]] = field(default_factory=list)

    def read(self, text: str) -> None:
        """Take in all tokens."""
        for token in yaml.scan(text, Loader=_LOADER):
            mark = token.start_mark
            self._lay_out_token(token, mark.line, mark.column)
        self._rows = sorted(self._starts)

    def _lay_out_token(self, token: yaml.Token, line: int, column: int) -> None:  # noqa: C901 - one case per kind
        if isinstance(token, _PINS):
            self._pinned.add(line)
        if isinstance(token, yaml.BlockMappingStartToken | yaml.BlockSequenceStartToken):
            is_list = isinstance(token, yaml.BlockSequenceStartToken)
            self._blocks.append(_Block(column, self._column_inside_block(), is_list))
        elif isinstance(token, yaml.BlockEndToken):
            self._end_implied()
            self._blocks.pop()
        elif isinstance(token, yaml.BlockEntryToken):
            self._lay_out_list_entry(line, column)
        elif isinstance(token, yaml.KeyToken) and not self._flows:
            self._end_implied()
            self._place_token(line, column, self._blocks[-1].new)
            if len(self._blocks) == 1:
                self._tops.add(line)
        elif isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
            first, delta = self._flows.pop()
            if not self._flows:
                self._shift_inner_lines(
                    range(first + 1, token.end_mark.line + 1), delta, self._column_of_block()
                )
        elif isinstance(token, _STARTS):
            self._lay_out_value_start(token, line, column)

    def _column_inside_block(self) -> int:
        """Return the column of what stands inside the innermost block."""
        return self._blocks[-1].new + STEP if self._blocks else 0

    def _column_of_block(self) -> int:
        return self._blocks[-1].new if self._blocks else 0

    def _end_implied(self) -> None:
        if self._blocks and self._blocks[-1].implied:
            self._blocks.pop()

    def _lay_out_list_entry(self, line: int, column: int) -> None:
        if not self._blocks[-1].is_list:
            self._blocks.append(
                _Block(column, self._column_inside_block(), is_list=True, implied=True)
            )
        self._place_token(line, column, self._blocks[-1].new)

    def _lay_out_value_start(self, token: yaml.Token, line: int, column: int) -> None:
        if not self._flows and not isinstance(token, yaml.ValueToken):
            self._place_token(line, column, self._column_inside_block())
        elif not self._flows:
            self._place_token(line, column, self._column_of_block())
        delta = self._column_shift_of_line(line)
        if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
            self._flows.append((line, delta))
        elif isinstance(token, yaml.ScalarToken):
            self._lay_out_scalar(token, line, delta)

    def _place_token(self, line: int, column: int, new: int) -> None:
        """Give a token its column when nothing but `- ` stands to the left of it on its line."""
        left = self.texts[line][:column]
        if not left.replace("-", " ").strip(" ") and not left.startswith("---"):
            placed = self._starts.setdefault(line, [])
            if not placed or placed[-1][0] < column:
                placed.append((column, new))

    def _column_shift_of_line(self, line: int) -> int:
        placed = self._starts.get(line)
        return placed[-1][1] - placed[-1][0] if placed else 0

    def _lay_out_scalar(self, token: yaml.ScalarToken, line: int, delta: int) -> None:
        if token.style in ("|", ">"):
            self._lay_out_block_scalar(line, token.start_mark.column)
            return
        rest = range(line + 1, token.end_mark.line + 1)
        self._values.update(rest)
        if token.style:
            self._quoted.update(range(line, token.end_mark.line))
        if not self._flows:
            self._shift_inner_lines(rest, delta, self._column_inside_block())

    def _shift_inner_lines(self, lines: range, delta: int, least: int) -> None:
        for line in lines:
            self._inner.setdefault(line, (delta, least))

    def _lay_out_block_scalar(self, line: int, column: int) -> None:
        """Move the lines of `|` and `>` so that they stand one level inside their key."""
        block = self._blocks[-1] if self._blocks else _Block(-STEP, -STEP, is_list=False)
        head = _BLOCK_HEAD.match(self.texts[line], column)
        digit = head and head[1]
        below = [i for i in range(line + 1, len(self.texts)) if self.texts[i].strip(" ")]
        old = _count_leading_spaces(self.texts[below[0]]) if below else 0
        new = block.new + STEP
        if digit:
            old, new = block.old + int(digit), block.new + int(digit)
        if not below or old <= block.old:
            return
        end = next(
            (i for i in below if _count_leading_spaces(self.texts[i]) < old), len(self.texts)
        )
        if head is None or "+" not in head[0]:
            # Blank lines at the end are no part of the text.
            end = max(i for i in below if i < end) + 1
        self._literal.update(range(line + 1, end))
        self._shift_inner_lines(range(line + 1, end), new - old, 0)
        for i in range(end, len(self.texts)):
            if self.texts[i].strip(" ") and not self.texts[i].lstrip(" ").startswith("#"):
                break
            self._most[i] = block.new

    def lines(self) -> Iterator[Line]:
        """Yield the lines in their new columns."""
        for number, text in enumerate(self.texts):
            yield Line(
                number,
                self._laid_out_line(number, text),
                ending=self._kept_line_ending(number),
                is_value=number in self._literal or number in self._values,
                top_key=number in self._tops,
                pinned=number in self._pinned or self._kept_line_ending(number) == "",
            )

    def _kept_line_ending(self, number: int) -> str:
        """Return the break after a line: YAML takes some kinds for one another, others not."""
        ending = self.endings[number]
        if ending in _KEPT_BREAKS or (not ending and number in self._literal):
            return ending
        return "\n"

    def _laid_out_line(self, number: int, text: str) -> str:
        if number not in self._literal and number not in self._quoted:
            text = text.rstrip(" \t")
        if not text:
            return text
        if number in self._starts:
            return _line_with_placed_tokens(text, self._starts[number])
        if number in self._inner:
            return _shifted_line(text, *self._inner[number])
        if text.lstrip(" ").startswith("#"):
            most = self._most.get(number, len(text))
            return " " * min(self._comment_column(number), most) + text.lstrip(" ")
        return text

    def _comment_column(self, number: int) -> int:
        """Return the new column of a comment: that of a line beside it in the same old column."""
        old = _count_leading_spaces(self.texts[number])
        at = bisect(self._rows, number)
        after = self._starts[self._rows[at]] if at < len(self._rows) else []
        before = self._starts[self._rows[at - 1]] if at else []
        for column, new in (*after, *before):
            if column == old:
                return new
        if after and after[0][0] > 0:
            return after[0][1]
        return max(old + before[-1][1] - before[-1][0], 0) if old and before else 0


def _count_leading_spaces(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _shifted_line(text: str, delta: int, least: int) -> str:
    bare = text.lstrip(" ")
    return " " * max(len(text) - len(bare) + delta, least) + bare


def _line_with_placed_tokens(text: str, starts: Sequence[tuple[int, int]]) -> str:
    """Return a line whose first tokens, each `-` and what follows, stand in their new columns."""
    line = ""
    for i, (old, new) in enumerate(starts):
        last = i == len(starts) - 1
        line = line.ljust(new) + (text[old:] if last else "-")
    return line
