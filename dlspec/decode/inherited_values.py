"""A record that takes what its text does not say from the record beside it."""

from dataclasses import is_dataclass, replace
from typing import Any

from dlspec.language.kinds import keys_of
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.nodes import Node


def with_values_of(model: Any, record: Any, *, said: Node) -> Any:  # noqa: ANN401 - a record of the language or poison
    """Return `record` with the values of `model`, of the same class, where `said` has no key."""
    if type(model) is not type(record) or not is_dataclass(model):
        return record
    written = {entry.name for entry in said} if isinstance(said, MappingNode) else set()
    silent = [key.name for key in keys_of(type(model)) if key.name not in written]
    return replace(record, **{name: getattr(model, name) for name in silent})
