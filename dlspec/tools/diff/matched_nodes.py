"""Which layer of one graph is which of another, although names of layers move with their number."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import NamedTuple

from dlspec.expand.names import plain_head
from dlspec.language.keras_names import snake_case
from dlspec.resolve.plan import Graph, Node, canonical_data, canonical_digest
from dlspec.tools.show.words import node_class_name


class MatchedNames(NamedTuple):
    """The new names of what two graphs share, by the old ones.

    `layers` holds every layer that is in both, `inputs` and `outputs` those alone that have
    another name.
    """

    layers: dict[str, str]
    inputs: dict[str, str]
    outputs: dict[str, str]


def matched_names(before: Graph, after: Graph) -> MatchedNames:
    """Return which layer, input and output of one graph is which of another."""
    layers = _matched_layers(before, after)
    inputs = _renamed_inputs(before, after)
    return MatchedNames(layers, inputs, _renamed_outputs(before, after, layers | inputs))


def _matched_layers(before: Graph, after: Graph) -> dict[str, str]:
    """Return the new name of each layer that is in both graphs, by its old one.

    A layer that was given a name is found by it, one that makes an output also by the output's
    name or place. The others, whose names count how many of their class stand above, are found by
    what they are and by their order.
    """
    found = _heads_of_one_output(before, after)
    old, new = list(before.nodes), list(after.nodes)
    _match_by_order(*_without_partners(old, new, found), found)
    _match_by_name(old, new, found)
    _match_heads_by_place(before, after, found)
    for one, other in _unmatched_gaps(old, new, found):
        _match_by_class(one, other, found)
    return found


def _renamed_inputs(before: Graph, after: Graph) -> dict[str, str]:
    kept = {one.name for one in before.inputs} & {one.name for one in after.inputs}
    return {
        old.name: new.name
        for old, new in zip(before.inputs, after.inputs, strict=False)
        if not {old.name, new.name} & kept and replace(old, name=new.name) == new
    }


def _renamed_outputs(before: Graph, after: Graph, names: Mapping[str, str]) -> dict[str, str]:
    """Return the new name of each output that has another one for the same tensor."""
    kept = {name for name, _ in before.outputs} & {name for name, _ in after.outputs}
    free = [(name, reference) for name, reference in after.outputs if name not in kept]
    found = {}
    for name, reference in before.outputs:
        if name not in kept:
            moved = replace(reference, node=names.get(reference.node, reference.node))
            same = next((one for one in free if one[1] == moved), None)
            if same is not None:
                found[name] = same[0]
                free.remove(same)
    return found


def _heads_of_one_output(before: Graph, after: Graph) -> dict[str, str]:
    """Return the layers of one class, without a name of their own, that make the same output."""
    others = dict(after.outputs)
    pairs = [(ref.node, others[name].node) for name, ref in before.outputs if name in others]
    nodes, new = _nodes_by_name(before), _nodes_by_name(after)
    found: dict[str, str] = {}
    for name, other in pairs:
        if name not in nodes or other not in new or name in found or other in found.values():
            continue
        sides = nodes[name], new[other]
        if all(map(_has_automatic_name, sides)) and _is_one_class(*sides):
            found[name] = other
    return found


def _match_heads_by_place(before: Graph, after: Graph, found: dict[str, str]) -> None:
    if len(before.outputs) != len(after.outputs):
        return
    old, new = (
        {node.name: node for node in side}
        for side in _without_partners(before.nodes, after.nodes, found)
    )
    for (_, reference), (_, other) in zip(before.outputs, after.outputs, strict=True):
        head, new_head = old.pop(reference.node, None), new.pop(other.node, None)
        if head is not None and new_head is not None and _is_one_class(head, new_head):
            found[head.name] = new_head.name


def _nodes_by_name(graph: Graph) -> dict[str, Node]:
    return {node.name: node for node in graph.nodes}


def _is_one_class(one: Node, other: Node) -> bool:
    return node_class_name(one) == node_class_name(other)


def _without_partners(
    old: Sequence[Node], new: Sequence[Node], found: Mapping[str, str]
) -> tuple[list[Node], list[Node]]:
    taken = set(found.values())
    return [n for n in old if n.name not in found], [n for n in new if n.name not in taken]


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
    """Match layers of one class in order; what both sides named, or neither, before the others."""
    for same_naming in (True, False):
        free = _without_partners([], new, found)[1]
        for node in old:
            named = _has_automatic_name(node)
            alike = (
                other
                for other in free
                if _is_one_class(node, other)
                and (_has_automatic_name(other) == named or not same_naming)
            )
            partner = None if node.name in found else next(alike, None)
            if partner is not None:
                found[node.name] = partner.name
                free.remove(partner)
