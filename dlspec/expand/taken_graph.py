"""A graph that stands elsewhere, with the params it is to be expanded with."""

from dataclasses import dataclass

from dlspec.decode.spec import GraphSpec
from dlspec.syntax.substitution import Scope


@dataclass(frozen=True, slots=True)
class TakenGraph:
    """The graph of a packaged architecture or of another spec, and its params."""

    graph: GraphSpec
    scope: Scope
