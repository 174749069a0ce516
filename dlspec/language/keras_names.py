"""Names as Keras makes them of classes."""

import re

_BEFORE_CAPITAL = re.compile(r"(.)([A-Z][a-z]+)")
_AFTER_LOWER = re.compile(r"([a-z])([A-Z])")


def snake_case(class_name: str) -> str:
    """Return a class name as Keras writes it in automatic names: `max_pooling2d`."""
    name = re.sub(r"\W+", "", class_name)
    return _AFTER_LOWER.sub(r"\1_\2", _BEFORE_CAPITAL.sub(r"\1_\2", name)).lower()
