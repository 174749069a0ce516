"""Lists of a spec that are longer than a line."""

from collections.abc import Iterator, Sequence

from dlspec.syntax.flow_text import scalar_text

# Room beside it in an editor's half of a screen.
_WIDTH = 98


def folded_list(start: str, values: Sequence[object]) -> Iterator[str]:
    """Yield the lines of a list, broken after commas.

    Args:
        start: What stands before it, its key with the indent.
    """
    line, indent = f"{start}[", " " * (len(start) - len(start.lstrip()) + 2)
    for number, value in enumerate(values):
        last = number == len(values) - 1
        piece = scalar_text(value) + ("]" if last else ",")
        if len(line) + len(piece) > _WIDTH:
            yield line.rstrip()
            line = indent
        line += piece + ("" if last else " ")
    yield line
