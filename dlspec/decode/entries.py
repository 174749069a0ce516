"""The entries of a graph as records: each with exactly one head and its structure keys."""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Literal

from dlspec.decode.arguments_beside import head_with_arguments, head_without_structure
from dlspec.decode.catalogue_objects import STRUCTURE_KEYS, near_class
from dlspec.decode.spec import EntrySpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Help, Replacement, Reporter
from dlspec.diagnostics.suggest import replacement_word, unknown_key_help
from dlspec.language import catalogue
from dlspec.language.catalogue import WEIGHT_OPTIONS, ClassEntry
from dlspec.language.catalogue.target import Target
from dlspec.syntax.nodes import Entry, Node, Scalar, Sequence, is_poison_node, names_beside
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.scalars import POISON, Poison
from dlspec.syntax.substitution import describe_node

# What other tools call these keys.
_SYNONYMS = {"layers": "graph", "params": "with", "input": "inputs", "input_shape": "inputs"}
_HEADS = ("for", "use", "weight")
# It reads no tensor and is called with none.
_BESIDE_A_WEIGHT = ("name", "if", "trainable", *WEIGHT_OPTIONS)
# The layer whose rows may begin with those of a file.
_TABLE = "Embedding"
_BESIDE_A_TABLE = (*STRUCTURE_KEYS, "weights")
# It joins and calls nothing itself, and its lists say how often.
_BESIDE_A_FOR = ("name", "from", "if", "trainable", "do")
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "weight": _BESIDE_A_WEIGHT,
    "for": _BESIDE_A_FOR,
    _TABLE: _BESIDE_A_TABLE,
}
# The longest in Keras's own applications has 40; each node repeats those of the blocks around it.
MOST_NAME_LETTERS = 200
# Enough of it to know it again: a name that is offered in its place.
_SHOWN_NAME = 20
# Not `.`: it separates the parts of a node's path. Not `/`: Keras refuses it.
_NODE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def decode_entries(
    node: Node | None, what: str, target: Target, reporter: Reporter
) -> tuple[EntrySpec, ...]:
    """Return the entries of a list such as `graph`, `do` or a branch."""
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return ()
    if not isinstance(node, Sequence):
        report_wrong(
            node,
            f"`{what}` takes a list of entries",
            reporter,
            help="begin each entry with `- `, on a line of its own",
        )
        return ()
    return tuple(_decode_graph_entry(item, target, reporter) for item in node.items)


def _decode_graph_entry(node: Node, target: Target, reporter: Reporter) -> EntrySpec:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return EntrySpec(_kind_of_head(node.value), node, None, node.span)
    if not isinstance(node, MappingNode):
        report_wrong(
            node, "an entry of a graph is a layer: a name, or a name with arguments", reporter
        )
        return _broken_entry(node, None)
    heads = [entry for entry in node if _is_head(entry.name)]
    unknown = [e for e in node if not _is_head(e.name) and e.name not in _keys_beside(node)]
    if len(heads) != 1:
        _report_heads(node, heads, unknown, target, reporter)
        return _broken_entry(node, node.get("name"))
    head = heads[0]
    if unknown and _stand_too_far_left(head, unknown, target):
        _report_left(head, unknown[0], reporter)
        arguments = MappingNode(
            tuple(unknown), unknown[0].key.span.extended_to(unknown[-1].value.span)
        )
        return _with_structure(node, Entry(head.key, arguments), target, reporter)
    layer = target.find("layer", head.name)
    if isinstance(layer, ClassEntry):
        head, inside = head_without_structure(head, layer, reporter)
        node = MappingNode((*(e for e in node if e.name != head.name), *inside, head), node.span)
        beside = [entry for entry in unknown if layer.parameter_named(entry.name)]
        if beside:
            head = head_with_arguments(head, beside, layer, reporter)
            node = MappingNode(tuple(e for e in node if e not in beside), node.span)
    keys = _BESIDE.get(head.name, STRUCTURE_KEYS)
    known = checked_graph_keys(node, (*keys, head.name), f"an entry with `{head.name}`", reporter)
    if unknown and _kind_of_head(head.name) == "op" and _is_empty_head(head):
        # Its operands stood under what is no key, so nothing above is meant.
        return _broken_entry(node, node.get("name"))
    return _with_structure(known, head, target, reporter)


def _keys_beside(node: MappingNode) -> tuple[str, ...]:
    """Return the keys that may stand beside a head, those of any head that is there included."""
    beside = [_BESIDE[entry.name] for entry in node if entry.name in _BESIDE]
    return tuple(dict.fromkeys((*STRUCTURE_KEYS, *chain.from_iterable(beside))))


def _is_empty_head(head: Entry) -> bool:
    return isinstance(head.value, Scalar) and head.value.value is None


def _stand_too_far_left(head: Entry, unknown: list[Entry], target: Target) -> bool:
    """Tell `Dense:` with its arguments on the next lines, but not indented, from mistyped keys."""
    found = target.find("layer", head.name)
    if not _is_empty_head(head) or not isinstance(found, ClassEntry):
        return False
    return all(found.parameter_named(e.name) for e in unknown)


def _report_left(head: Entry, first: Entry, reporter: Reporter) -> None:
    reporter.error(
        Code.UNKNOWN_KEY,
        first.key.span,
        f"`{first.name}` stands beside `{head.name}`, not below it",
        label=f"an argument of `{head.name}` is indented further",
        help=f"write `{head.name}: {{{first.name}: ...}}`, or indent its arguments by two more",
    )


def _broken_entry(node: Node, name: Node | None) -> EntrySpec:
    """Return an entry that holds the place, and the name, of one that could not be read."""
    word = Scalar(POISON, node.span)  # type: ignore[arg-type]  # poison in a value's place
    return EntrySpec("layer", word, node, node.span, name if isinstance(name, Scalar) else None)


def _with_structure(
    node: MappingNode, head: Entry, target: Target, reporter: Reporter
) -> EntrySpec:
    kind = _kind_of_head(head.name)
    name = node.get("name")
    if name is not None and not isinstance(name, Scalar):
        report_wrong(name, "`name` takes text", reporter)
        name = None
    if name is not None:
        check_node_name(name, reporter)
    body = node.get("do")
    if (kind == "for") != (body is not None):
        _report_do(head, node, reporter)
        if body is None:
            return _broken_entry(node, name)
    branches = _decode_branches(node.get("branches"), target, reporter)
    if branches is POISON:
        return _broken_entry(node, name)
    return EntrySpec(
        kind=kind,
        word=head.key,
        argument=_weight_arguments(head, node) if kind == "weight" else head.value,
        span=head.key.span,
        name=name,
        source=node.get("from"),
        call=mapping_of(node.get("call"), "call", reporter),
        repeat=node.get("repeat"),
        condition=node.get("if"),
        trainable=node.get("trainable"),
        weights=node.get("weights"),
        branches=branches,  # type: ignore[arg-type]  # no poison by the check above
        body=decode_entries(body, "do", target, reporter),
    )


def _weight_arguments(head: Entry, node: MappingNode) -> MappingNode:
    """Return the shape of a `weight` and what stands beside it as arguments by name."""
    beside = tuple(entry for entry in node if entry.name in WEIGHT_OPTIONS)
    if isinstance(head.value, Scalar) and head.value.value is None:
        return MappingNode(beside, head.value.span)
    shape = Entry(Scalar("shape", head.key.span), head.value)
    return MappingNode((shape, *beside), head.value.span)


def _report_do(head: Entry, node: MappingNode, reporter: Reporter) -> None:
    do = next((entry for entry in node if entry.name == "do"), None)
    reporter.error(
        Code.MISSING_KEY if do is None else Code.UNKNOWN_KEY,
        head.key.span if do is None else do.key.span,
        "`for` needs `do`" if do is None else f"`{head.name}` takes no `do`",
        label="`do` is not there" if do is None else "`do` belongs to `for`",
        help="write `do:` and a list of layers beside `for`",
    )


def _decode_branches(
    node: Node | None, target: Target, reporter: Reporter
) -> tuple[tuple[EntrySpec, ...], ...] | Poison | None:
    if node is None:
        return None
    items = node.items if isinstance(node, Sequence) else (node,)
    wrong = [item for item in items if not isinstance(item, Sequence)]
    if wrong or not items:
        help_ = "write `branches: [[{Dense: 8}], []]`: an empty one passes its input through"
        report_wrong(
            wrong[0] if wrong else node, "`branches` is a list of lists", reporter, help=help_
        )
        return POISON
    return tuple(decode_entries(branch, "branches", target, reporter) for branch in items)


def _kind_of_head(word: str) -> Literal["layer", "use", "op", "for", "weight"]:
    if word == "for":
        return "for"
    if word == "use":
        return "use"
    if word == "weight":
        return "weight"
    return "op" if word.startswith("ops.") else "layer"


def _is_head(word: str) -> bool:
    return word[:1].isupper() or _kind_of_head(word) != "layer"


def _report_heads(
    node: MappingNode, heads: list[Entry], unknown: list[Entry], target: Target, reporter: Reporter
) -> None:
    if unknown and not heads:
        _report_no_layer(unknown[0].key, target, reporter)
        return
    shown = heads[1:] or list(node.entries)
    reporter.error(
        Code.NOT_ONE_HEAD,
        shown[0].key.span if shown else node.span,
        f"an entry has one head, this one has {len(heads) or 'none'}",
        label=f"`{heads[0].name}` is the head already" if heads else "no layer is named here",
        help="give each layer an entry of its own" if heads else _ANY_LAYER,
    )


def _report_no_layer(word: Scalar, target: Target, reporter: Reporter) -> None:
    text = str(word.value)
    help_ = catalogue.help_for_foreign_word("layer", text) or near_class(
        "layer", text, target, reporter
    )
    near = replacement_word(text, _HEADS, work=reporter.work)
    reporter.error(
        Code.UNKNOWN_CLASS,
        word.span,
        f"unknown layer `{text}`",
        label="layers are spelled as Keras spells them",
        help=help_ or near or _ANY_LAYER,
    )


_ANY_LAYER = "write a layer's class, such as `Dense: 10`"


def check_node_name(name: Scalar, reporter: Reporter) -> None:
    """Report a name that has other characters than a node's name may have."""
    if isinstance(name.value, Poison):
        return
    if isinstance(name.value, str) and len(name.value) > MOST_NAME_LETTERS:
        reporter.error(
            Code.BAD_NAME,
            name.span,
            f"a name has at most {MOST_NAME_LETTERS} letters",
            label=f"this one has {len(name.value)}",
            help=f"write `{sound_name(name.value[:_SHOWN_NAME])}`",
        )
    elif not isinstance(name.value, str) or not _NODE_NAME.match(name.value):
        reporter.error(
            Code.BAD_NAME,
            name.span,
            f"`{name.value}` cannot be a name",
            label="letters, digits, `_` and `-`, not beginning with a digit",
            help=Replacement(sound_name(str(name.value)), certain=False),
        )


def mapping_of(node: Node | None, what: str, reporter: Reporter) -> MappingNode | None:
    """Return a mapping as it is; anything else is reported and left out."""
    if node is None or isinstance(node, MappingNode):
        return node
    report_wrong(node, f"`{what}` takes a mapping", reporter)
    return None


def sound_name(text: str) -> str:
    """Return the name nearest to a text that cannot be one."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")
    return name if name and not name[0].isdigit() else f"n{name}"


def report_wrong(node: Node, message: str, reporter: Reporter, *, help: Help | None = None) -> None:
    """Report a value of a wrong type; poison is reported already."""
    if is_poison_node(node):
        return
    reporter.error(
        Code.WRONG_TYPE, node.span, message, label=f"this is {describe_node(node)}", help=help
    )


def checked_graph_keys(
    node: MappingNode, known: tuple[str, ...], what: str, reporter: Reporter
) -> MappingNode:
    """Report unknown keys, and return the mapping with what slips were meant to be."""
    entries = {entry.name: entry for entry in node if entry.name in known}
    for entry in node:
        if entry.name in known:
            continue
        synonym = _SYNONYMS.get(entry.name)
        meant = (
            Replacement(synonym)
            if synonym in known
            else replacement_word(entry.name, known, work=reporter.work)
        )
        shown = [key for key in known if not key[:1].isupper()]
        reporter.error(
            Code.UNKNOWN_KEY,
            entry.key.span,
            f"unknown key `{entry.name}`",
            label=f"{what} has no such key",
            help=unknown_key_help(meant, shown, beside=names_beside(entry.key, entries.values())),
        )
        if meant:
            entries.setdefault(meant.text, Entry(Scalar(meant.text, entry.key.span), entry.value))
    return MappingNode(tuple(entries.values()), node.span)


def written_entry_names(model: Node | None) -> frozenset[str]:
    """Return the names that the entries of a model's text are given, read before it is decoded."""
    graph = model.get("graph") if isinstance(model, MappingNode) else None
    entries = graph.items if isinstance(graph, Sequence) else ()
    names = (entry.get("name") for entry in entries if isinstance(entry, MappingNode))
    return frozenset(str(name.value) for name in names if isinstance(name, Scalar))
