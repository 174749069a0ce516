"""Which layer of one graph is which of another, although names of layers move with their number."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from dlspec.expand.names import plain_head, snake_case
from dlspec.resolve.plan import Graph, Node, canonical_data, canonical_digest
from dlspec.tools.show.words import node_class_name


def matched_layer_names(before: Graph, after: Graph) -> dict[str, str]:
    """Return the new name of each layer that is in both graphs, by its old one.

    A layer that was given a name is found by it. The others, whose names count how many of their
    class stand above, are found by what they are and by their order.
    """
    found: dict[str, str] = {}
    old, new = list(before.nodes), list(after.nodes)
    _match_by_order(old, new, found)
    _match_by_name(old, new, found)
    for one, other in _unmatched_gaps(old, new, found):
        _match_by_class(one, other, found)
    return found


def _match_by_order(old: Sequence[Node], new: Sequence[Node], found: dict[str, str]) -> None:
    keys, others = ([_matching_key(node) for node in nodes] for nodes in (old, new))
    # What two versions of one graph share at both ends is most of it, and the search is quadratic.
    start, end = (
        _shared_prefix_length(keys, others),
        _shared_prefix_length(keys[::-1], others[::-1]),
    )
    end = min(end, min(len(keys), len(others)) - start)
    inner = keys[start : len(keys) - end], others[start : len(others) - end]
    blocks = SequenceMatcher(None, *inner, autojunk=False).get_matching_blocks()
    pairs = [(i + start + k, j + start + k) for i, j, size in blocks for k in range(size)]
    pairs += [(i, i) for i in range(start)]
    pairs += [(len(keys) - i, len(others) - i) for i in range(1, end + 1)]
    found.update((old[i].name, new[j].name) for i, j in pairs)


def _shared_prefix_length(keys: Sequence[object], others: Sequence[object]) -> int:
    pairs = enumerate(zip(keys, others, strict=False))
    return next((i for i, (one, other) in pairs if one != other), min(len(keys), len(others)))


def _matching_key(node: Node) -> tuple[str, str, str]:
    given = "" if _has_automatic_name(node) else node.name
    return given, node_class_name(node), canonical_digest(canonical_data(node.operation))


def _has_automatic_name(node: Node) -> bool:
    last = node.name.rpartition(".")[2]
    base, _, number = last.rpartition("_")
    own = snake_case(plain_head(node_class_name(node)).removeprefix("use "))
    return own in (last, base if number.isdecimal() else None)


def _match_by_name(old: Sequence[Node], new: Sequence[Node], found: dict[str, str]) -> None:
    taken = set(found.values())
    named = {node.name for node in new if node.name not in taken and not _has_automatic_name(node)}
    for node in old:
        if node.name not in found and node.name in named:
            found[node.name] = node.name


def _unmatched_gaps(
    old: Sequence[Node], new: Sequence[Node], found: Mapping[str, str]
) -> list[tuple[list[Node], list[Node]]]:
    """Return the layers without a partner between each two that have one, in both graphs."""
    places = {node.name: i for i, node in enumerate(new)}
    taken = set(found.values())
    gaps, waiting, start = [], [], 0
    for node in old:
        if node.name not in found:
            waiting.append(node)
            continue
        end = places[found[node.name]]
        if end >= start:
            gaps.append((waiting, [n for n in new[start:end] if n.name not in taken]))
            waiting, start = [], end + 1
    gaps.append((waiting, [n for n in new[start:] if n.name not in taken]))
    return gaps


def _match_by_class(old: Sequence[Node], new: Sequence[Node], found: dict[str, str]) -> None:
    free = list(new)
    for node in old:
        partner = next((n for n in free if node_class_name(n) == node_class_name(node)), None)
        if partner is not None:
            found[node.name] = partner.name
            free.remove(partner)
