"""A listing of the layers of a binary file: what a place in it can point at."""

from collections.abc import Iterator, Mapping
from typing import Any

from dlspec.backends.saved.document_parts import Path
from dlspec.diagnostics.source import Source, Span, span_at_offset

# NASNetMobile's file, of 771 layers, has 3,790 classes with their initializers.
_MOST_ROWS = 10_000


class Listing:
    """One row for each class in the file, `name: Class`, in the order and nesting of the file."""

    def __init__(self, path: str, data: Any) -> None:  # noqa: ANN401 - JSON is any of its types
        starts: dict[Path, tuple[int, int]] = {}
        rows: list[str] = []
        offset = 0
        for place, depth, row in _listing_rows(data, (), 0):
            starts[place] = (offset + 2 * depth, len(row))
            rows.append("  " * depth + row)
            offset += len(rows[-1]) + 1
            if len(rows) >= _MOST_ROWS:
                break
        self._starts = starts
        self._source = Source(path, "\n".join(rows))

    def locate(self, path: Path) -> Span:
        """Return the row of the class at `path`, or of the nearest one that holds it."""
        while path and path not in self._starts:
            path = path[:-1]
        start, length = self._starts.get(path, (0, 1))
        return span_at_offset(self._source, start, length=length)


def _listing_rows(value: Any, path: Path, depth: int) -> Iterator[tuple[Path, int, str]]:  # noqa: ANN401 - data of a saved model
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _listing_rows(item, (*path, index), depth)
    if not isinstance(value, Mapping):
        return
    config = value.get("config")
    if "class_name" in value and isinstance(config, Mapping | list):
        if not _is_listed_layer(value, config):
            return
        yield path, depth, f"{_listed_layer_name(value, config)}: {value['class_name']}"
        depth += 1
    for key, item in value.items():
        if key in ("config", "layers", "layer", "backward_layer", "cell", "cells"):
            yield from _listing_rows(item, (*path, key), depth)


def _is_listed_layer(value: Mapping[str, Any], config: Mapping[str, Any] | list[Any]) -> bool:
    return isinstance(config, list) or "name" in config or "name" in value


def _listed_layer_name(value: Mapping[str, Any], config: Mapping[str, Any] | list[Any]) -> Any:  # noqa: ANN401 - data of a saved model
    if isinstance(config, list):
        return value.get("name", "sequential")
    return config.get("name", value.get("name"))
