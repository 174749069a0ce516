"""What Keras's docstrings say about arguments."""

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

_SECTION = re.compile(r"^(?P<indent> *)(Args|Arguments):\s*$")
_ITEM = re.compile(
    r"^\s*`?(?P<names>\*{0,2}\w+(?:, *\w+)*)`?(?: \((?P<type>[^)]*)\))?:(?P<text>.*)$"
)


@cache
def documented_arguments(target: Callable[..., Any]) -> dict[str, str]:
    """Return what the docstrings of a class, its Keras bases or a function say, by argument."""
    said: dict[str, str] = {}
    for text in _docstring_texts(target):
        said |= dict(_section_items(text))
    return said


def _docstring_texts(target: Callable[..., Any]) -> Iterator[str]:
    if not inspect.isclass(target):
        yield target.__doc__ or ""
        return
    for base in reversed(target.__mro__):
        if base.__module__.startswith("keras"):
            yield base.__doc__ or ""
            yield vars(base).get("__init__", base).__doc__ or ""


def _section_items(text: str) -> Iterator[tuple[str, str]]:
    lines = inspect.cleandoc(text).splitlines()
    for start, line in enumerate(lines):
        if header := _SECTION.match(line):
            yield from _argument_items(lines[start + 1 :], outer=len(header["indent"]))


def _argument_items(lines: list[str], outer: int) -> Iterator[tuple[str, str]]:
    names: tuple[str, ...] = ()
    inner, text = None, ""
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent <= outer:
            break
        inner = inner or indent or None
        item = _ITEM.match(line) if indent == inner else None
        if item:
            yield from ((name, _flat_description(text)) for name in names)
            names = tuple(re.findall(r"\w+", item["names"]))
            text = f"{item['type'] or ''} {item['text']}"
        else:
            text = f"{text} {line}"
    yield from ((name, _flat_description(text)) for name in names)


def _flat_description(text: str) -> str:
    """Return the text on one line, without the words that only say it may be left out."""
    flat = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"^\(?optional\)?[.:,;]? *", "", flat, flags=re.IGNORECASE)
