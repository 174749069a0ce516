"""A resolved graph -> the spec of it that a person would write: blocks, loops and branches."""

from dlspec.backends.rolling.automatic_names import plain_title
from dlspec.backends.rolling.recognition import recognised_text
from dlspec.backends.rolling.roll import rolled_text
from dlspec.backends.rolling.same_graph import same_graph

__all__ = ["plain_title", "recognised_text", "rolled_text", "same_graph"]
