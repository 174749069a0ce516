"""Which packaged architectures a graph may be, told from the classes of its layers alone."""

from dataclasses import dataclass
from functools import cache

from dlspec.decode.spec import EntrySpec, GraphSpec
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source, span_at_offset
from dlspec.expand import zoo
from dlspec.expand.flat import Use
from dlspec.language.catalogue.target import Target
from dlspec.resolve.plan import Graph, Node, Op
from dlspec.syntax.nodes import Scalar


@dataclass(frozen=True, slots=True)
class _Heads:
    """The heads that an architecture always has, and those that it may have."""

    needed: frozenset[str]
    possible: frozenset[str]


def heads_of(graph: Graph) -> frozenset[str]:
    """Return the classes and functions that a graph has."""
    return frozenset(_node_head(node) for node in graph.nodes)


def _node_head(node: Node) -> str:
    match node.operation:
        case Op(name=name):
            return f"ops.{name}"
        case Use():
            return "use"
        case made:
            return made.class_name


def may_be(word: str, heads: frozenset[str]) -> bool:
    """Return whether an architecture could have exactly these heads."""
    known = _architecture_heads(word)
    return known.needed <= heads <= known.possible


@cache
def _architecture_heads(word: str) -> _Heads:
    scalar = Scalar(word, span_at_offset(Source("zoo", word), 0, length=len(word)))
    found = zoo.read_architecture(scalar, {}, Target(), Reporter())
    assert found is not None
    needed: set[str] = set()
    possible: set[str] = set()
    _collect_entry_heads(found.graph.entries, found.graph, needed, possible)
    return _Heads(frozenset(needed), frozenset(possible))


def _collect_entry_heads(
    entries: tuple[EntrySpec, ...], graph: GraphSpec, needed: set[str], possible: set[str]
) -> None:
    """Gather the heads of entries; what stands under `if` or `repeat` is not needed."""
    for entry in entries:
        sure: set[str] = set()
        word = str(entry.word.value)
        if entry.kind == "for":
            _collect_entry_heads(entry.body, graph, sure, possible)
        elif word in graph.blocks:
            _collect_entry_heads(graph.blocks[word].entries, graph, sure, possible)
        else:
            sure.add(word)
            possible.add(word)
        for branch in entry.branches or ():
            _collect_entry_heads(branch, graph, sure, possible)
        if entry.condition is None and entry.repeat is None:
            needed |= sure
