"""JSON text -> plain data, bounded; and the place of a value by its path."""

import json
import re
from typing import Any

from dlspec.backends.saved.document_parts import Path
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source, Span, span_at_offset

# A model takes ten levels and three for each model around it: 63 models inside each other.
MAX_DEPTH = 200
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def read_json(source: Source, reporter: Reporter) -> Any:  # noqa: ANN401 - JSON is any of its types
    """Return what a JSON text says; None when it is reported."""
    deepest = _position_too_deep(source.text)
    if deepest is not None:
        span = span_at_offset(source, deepest)
        reporter.error(
            Code.TOO_LARGE,
            span,
            f"`{source.path}` nests too deep",
            label=f"more than {MAX_DEPTH} levels",
        )
        return None
    try:
        return json.loads(source.text)
    except json.JSONDecodeError as error:
        reporter.error(
            Code.NOT_A_MODEL,
            span_at_offset(source, error.pos),
            f"`{source.path}` is no whole JSON text",
            label=error.msg[:1].lower() + error.msg[1:],
        )
    except ValueError as error:
        # A number of thousands of digits, which Python refuses to read.
        label = str(error).split(";")[0].lower()
        reporter.error(
            Code.HUGE_NUMBER,
            span_at_offset(source, 0),
            f"`{source.path}` holds a huge number",
            label=label,
        )
    return None


def _position_too_deep(text: str) -> int | None:
    depth = 0
    for found in _TOKEN.finditer(text):
        sign = found.group()
        if sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return found.start()
        elif sign in "]}":
            depth -= 1
    return None


def locate_json(source: Source, path: Path) -> Span:
    """Return the place of the value at `path`, or of the nearest one that holds it."""
    text = source.text
    start = _position_after_space(text, 0)
    for key in path:
        inner = _start_of_json_item(text, start, key)
        if inner is None:
            break
        start = inner
    if text[start] in "[{":
        return span_at_offset(source, start)
    _, end = _DECODER.raw_decode(text, start)
    return span_at_offset(source, start, length=end - start)


def _start_of_json_item(text: str, start: int, key: str | int) -> int | None:
    """Return where the value under a key or an index of the collection at `start` begins."""
    if text[start] != ("{" if isinstance(key, str) else "["):
        return None
    at, count = _position_after_space(text, start + 1), 0
    found = None
    while text[at] not in "]}":
        name: str | int = count
        if isinstance(key, str):
            name, at = _DECODER.raw_decode(text, at)
            at = _position_after_space(text, _position_after_space(text, at) + 1)
        if name == key:
            found = at
            if isinstance(key, int):
                return found
        # Of two equal keys the last one counts, as in what was read.
        _, at = _DECODER.raw_decode(text, at)
        at = _position_after_space(text, at)
        at = _position_after_space(text, at + 1) if text[at] == "," else at
        count += 1
    return found


def _position_after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found, "an empty match is a match"
    return found.end()
