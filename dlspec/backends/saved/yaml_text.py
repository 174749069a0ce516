"""The YAML that Keras wrote until 2021 -> plain data; of its Python tags only tuples are read.

Source: PyYAML 3.x, `yaml.dump` of what `Container._updated_config` of Keras 1 and 2 returns.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml

from dlspec.backends.saved.document_parts import Path
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source, Span
from dlspec.syntax.yaml_refusals import report_refusal

# A model takes ten levels and three for each model around it: 30 models inside each other.
MAX_DEPTH = 100
# NASNetMobile, of 771 layers, has 77,506 keys and values: five times that.
MAX_NODES = 400_000
# YAML 1.1 has numbers to the base 60, whose reading takes the square of their length.
MAX_DIGITS = 400
# PyYAML 5 and older write text that is no ASCII, and Python 2's `unicode`, with these tags.
_PLAIN_TAGS = {
    "tag:yaml.org,2002:python/tuple": "list",
    "tag:yaml.org,2002:python/unicode": "text",
    "tag:yaml.org,2002:python/str": "text",
    "tag:yaml.org,2002:python/int": "scalar",
    "tag:yaml.org,2002:python/long": "scalar",
    "tag:yaml.org,2002:python/float": "scalar",
    "tag:yaml.org,2002:python/bool": "scalar",
    "tag:yaml.org,2002:python/none": "scalar",
}
# Words that YAML 1.1 gives a meaning of which a saved model knows nothing.
_TEXTS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("merge", "timestamp", "value"))
_NUMBERS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("float", "int"))
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_RESOLVER = yaml.SafeLoader("")


class _StoppedError(Exception):
    """Reading stopped at something that has been reported."""


@dataclass(slots=True)
class _Open:
    is_mapping: bool
    path: Path
    anchor: str | None
    items: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class YamlText:
    """Reads one document by its events; `places` keeps where every value stands."""

    source: Source
    reporter: Reporter
    places: dict[Path, Span] = field(default_factory=dict)
    root: Any = None
    _stack: list[_Open] = field(default_factory=list)
    _anchors: dict[str, Any] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def read(self) -> Any:  # noqa: ANN401 - YAML is any of its types
        """Return what the text says; None when it is reported."""
        try:
            for event in yaml.parse(self.source.text, Loader=_LOADER):
                self._take_yaml_event(event)
        except yaml.YAMLError as error:
            report_refusal(self.source, error, self.reporter)
            return None
        except _StoppedError:
            return None
        return self.root

    def locate(self, path: Path) -> Span:
        """Return the place of the value at `path`, or of the nearest one that holds it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places[path]

    def _take_yaml_event(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._add_yaml_value(event, self._yaml_scalar_value(event))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin_yaml_collection(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end_yaml_collection(event)
        elif isinstance(event, yaml.AliasEvent):
            self._add_aliased_value(event)

    def _begin_yaml_collection(self, event: yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            self._check_yaml_tag(event, ("list",))
        if len(self._stack) >= MAX_DEPTH:
            self._stop_yaml_reading(
                event, Code.TOO_LARGE, f"more than {MAX_DEPTH} levels of nesting"
            )
        path = self._path_of_next_value()
        self.places[path] = self._yaml_event_span(event)
        self._stack.append(_Open(isinstance(event, yaml.MappingStartEvent), path, event.anchor))

    def _end_yaml_collection(self, event: yaml.CollectionEndEvent) -> None:
        done = self._stack.pop()
        value: Any = done.items
        if done.is_mapping:
            value = dict(zip(done.items[::2], done.items[1::2], strict=True))
        if done.anchor is not None:
            self._anchors[done.anchor] = value
            self._sizes[done.anchor] = _count_yaml_values(value)
        self._put_in_parent(event, value)

    def _add_aliased_value(self, event: yaml.AliasEvent) -> None:
        name = event.anchor or ""
        if name not in self._anchors:
            self._stop_yaml_reading(event, Code.ALIAS, f"no whole `&{name}` above")
        self._count += self._sizes[name]
        self._add_yaml_value(event, self._anchors[name])

    def _add_yaml_value(self, event: yaml.Event, value: Any) -> None:  # noqa: ANN401 - YAML data
        if not (self._stack and self._stack[-1].is_mapping and len(self._stack[-1].items) % 2 == 0):
            self.places[self._path_of_next_value()] = self._yaml_event_span(event)
        self._put_in_parent(event, value)

    def _put_in_parent(self, event: yaml.Event, value: Any) -> None:  # noqa: ANN401 - YAML data
        self._count += 1
        if self._count > MAX_NODES:
            self._stop_yaml_reading(event, Code.TOO_LARGE, f"more than {MAX_NODES:_} values")
        if not self._stack:
            self.root = value
            return
        parent = self._stack[-1]
        if parent.is_mapping and len(parent.items) % 2 == 0 and not isinstance(value, str):
            self._stop_yaml_reading(event, Code.KEY_NOT_TEXT, "a key that is not text")
        parent.items.append(value)

    def _path_of_next_value(self) -> Path:
        if not self._stack:
            return ()
        parent = self._stack[-1]
        if not parent.is_mapping:
            return (*parent.path, len(parent.items))
        return (*parent.path, parent.items[-1] if len(parent.items) % 2 else "")

    def _yaml_scalar_value(self, event: yaml.ScalarEvent) -> Any:  # noqa: ANN401 - YAML data
        kind = None
        if event.tag is not None and not event.tag.startswith("tag:yaml.org,2002:python/"):
            kind = "text" if event.tag.endswith(":str") else "scalar"
        elif event.tag is not None:
            kind = self._check_yaml_tag(event, ("text", "scalar"))
        value: Any = event.value
        plain = not event.style or kind == "scalar"
        if kind != "text" and plain:
            try:
                value = _resolved_yaml_scalar(event.value)
            except ValueError:
                self._stop_yaml_reading(event, Code.HUGE_NUMBER, "a number that cannot be read")
        if event.anchor is not None:
            self._anchors[event.anchor], self._sizes[event.anchor] = value, 1
        return value

    def _check_yaml_tag(
        self, event: yaml.CollectionStartEvent | yaml.ScalarEvent, kinds: tuple[str, ...]
    ) -> str:
        tag = str(event.tag)
        kind = _PLAIN_TAGS.get(tag, "")
        is_own = tag in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
        if kind not in kinds and not is_own:
            written = tag.replace("tag:yaml.org,2002:", "!!")[:60]
            self.reporter.error(
                Code.TAG,
                self._yaml_event_span(event),
                f"the tag `{written}` is not taken",
                label="it asks for a Python object",
                help="of Python's tags only those of plain values, such as `!!python/tuple`, are",
            )
            raise _StoppedError
        return kind

    def _stop_yaml_reading(self, event: yaml.Event, code: Code, label: str) -> None:
        message = f"`{self.source.path}` cannot be read as a saved model"
        self.reporter.error(code, self._yaml_event_span(event), message, label=label)
        raise _StoppedError

    def _yaml_event_span(self, event: yaml.Event) -> Span:
        start, end = event.start_mark, event.end_mark
        assert start, "every event of a text is marked"
        assert end, "every event of a text is marked"
        last = max(end.column, start.column + 1) if end.line == start.line else start.column + 1
        line = start.line + 1
        return Span(self.source, line, start.column + 1, line, last + 1)


def _resolved_yaml_scalar(text: str) -> Any:  # noqa: ANN401 - a scalar of YAML 1.1
    """Return a scalar as PyYAML's safe loader does, which is what wrote it.

    Raises:
        ValueError: If it looks like a number, and is none or is too long.
    """
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # PyYAML
    if tag in _TEXTS:
        return text
    if len(text) > MAX_DIGITS and tag in _NUMBERS:
        raise ValueError("too long a number")
    return _RESOLVER.construct_object(yaml.ScalarNode(tag, text))


def _count_yaml_values(value: Any) -> int:  # noqa: ANN401 - YAML data
    """Return the values from here down; aliases inside were bounded when they were read."""
    if isinstance(value, list):
        return 1 + sum(_count_yaml_values(item) for item in value)
    if isinstance(value, dict):
        return 1 + sum(_count_yaml_values(item) for item in value.values())
    return 1
