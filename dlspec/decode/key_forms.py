"""Which keys can hold a value, by its form alone: `losses` holds graphs, and `loss` no list."""

from dlspec.language import kinds
from dlspec.syntax.nodes import Mapping, Node, Scalar, Sequence


def may_hold(kind: kinds.Kind, node: Node) -> bool:  # noqa: C901 - one line per kind
    """Return whether a value of this form can be one of the kind."""
    match kind:
        case kinds.Graphs():
            return isinstance(node, Mapping) and all(
                isinstance(entry.value, Mapping) and entry.value.get("graph") is not None
                for entry in node
            )
        case kinds.MapOf():
            return isinstance(node, Mapping) and all(may_hold(kind.value, e.value) for e in node)
        case kinds.Tagged():
            return isinstance(node, Mapping) and any(entry.name in kind.types for entry in node)
        case kinds.Record() | kinds.Variants() | kinds.Gates():
            return isinstance(node, Mapping)
        case kinds.ListOf():
            return kind.or_one or isinstance(node, Sequence)
        case kinds.Boolean() | kinds.Integer() | kinds.Number() | kinds.Text() | kinds.Choice():
            return isinstance(node, Scalar)
        case kinds.MemorySize() | kinds.FigureChoice():
            return isinstance(node, Scalar)
        case kinds.MetricChoice():
            return isinstance(node, Scalar | Mapping)
        case kinds.CatalogueObject() | kinds.Augmentation():
            return True
        case kinds.Literal_() | kinds.PerOutput() | kinds.PerInput() | kinds.Either():
            return True
