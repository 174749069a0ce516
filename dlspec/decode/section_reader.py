"""Nodes of a section -> typed records: every key known, present, typed and in range."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from dlspec.decode.argument_values import CHOSEN_BY_KERAS
from dlspec.decode.catalogue_objects import head_of, nested_object
from dlspec.decode.gate_words import (
    GatedFigures,
    comparison_help,
    example_comparison,
    is_gate_name,
    known_gate_names,
    read_gate,
)
from dlspec.decode.inherited_values import with_values_of
from dlspec.decode.key_forms import may_hold
from dlspec.decode.scalar_reader import Decoded, ScalarReader, describe_value_path, is_null_node
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word, suggest, unknown_key_help
from dlspec.language import catalogue, kinds
from dlspec.language.catalogue import ClassEntry, Object
from dlspec.language.catalogue.target import Target
from dlspec.language.figures import figure_name
from dlspec.language.kinds import Key, Kind, keys_of
from dlspec.language.sections import Training, is_free_of_poison, minimised_as_read
from dlspec.syntax.nodes import Entry, Node, Scalar, Sequence, is_poison_node, names_beside
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.scalars import POISON
from dlspec.syntax.substitution import describe_node, plain_value


class RecordReader(ScalarReader):
    """Reads the values of a file's sections, noting where each value and each key stands."""

    def __init__(self, target: Target, reporter: Reporter) -> None:
        self.values: dict[str, Span] = {}
        self.keys: dict[str, Span] = {}
        super().__init__(reporter)
        self._target = target
        self._terms: tuple[str, ...] = ()
        # What mistyped terms mean: rules know whether a gate on one of them waits for the term.
        self._meant_terms: tuple[str, ...] = ()
        self._measured: dict[str, Object] = {}
        # Of figures called after what turns train, rules know.
        self._has_turns = False
        # A figure that is not known waits for what could not be read: a metric of Keras, terms.
        self._has_unread_figure = False

    def declare_losses(self, losses: Iterable[ClassEntry]) -> None:
        """Let the names of a file's own losses mean them from here on."""
        self._target = replace(self._target, losses=tuple(losses))

    def declare_terms(self, training: object, entries: Collection[str]) -> None:
        """Let gates ask for what the training minimises beside its losses.

        Args:
            training: The section, or poison.
            entries: The names of the model's entries: a mistyped term means one of them.
        """
        self._terms = minimised_as_read(training)
        near = (
            suggest(t, entries, work=self._reporter.work) for t in self._terms if t not in entries
        )
        self._meant_terms = tuple(name for name in near if name is not None)
        if not isinstance(training, Training):
            self._has_unread_figure = True
            return
        self._has_turns = bool(training.turns)
        # Of terms that are a mapping the names are known, whatever their weights.
        asked = (training.terms, training.turns)
        self._has_unread_figure = not all(
            isinstance(one, Mapping) or is_free_of_poison(one) for one in asked
        )

    def value(self, kind: Kind, node: Node, path: str) -> Decoded:  # noqa: C901, PLR0912 - one line per kind
        """Return the value of a node without expressions, or report it and return poison."""
        self.values[path] = node.span
        if is_poison_node(node):
            return POISON
        match kind:
            case kinds.Boolean():
                return self.read_boolean_value(node, path)
            case kinds.Integer():
                return self.read_integer_value(kind, node, path)
            case kinds.Number():
                return self.read_number_value(kind, node, path)
            case kinds.Text():
                return self.read_text_value(kind, node, path)
            case kinds.Choice():
                return self.read_choice_value(kind, node, path)
            case kinds.MemorySize():
                return self.read_memory_size(kind, node, path)
            case kinds.Literal_():
                return plain_value(node)
            case kinds.ListOf():
                return self._read_list_value(kind, node, path)
            case kinds.MapOf():
                return self._read_map_value(kind, node, path)
            case kinds.Record():
                return self._read_record_value(kind.type, node, path)
            case kinds.Tagged():
                return self._read_tagged_value(kind, node, path)
            case kinds.Variants():
                return self._read_variant_value(kind, node, path)
            case kinds.PerOutput() | kinds.PerInput():
                return self._read_value_or_map(kind, node, path)
            case kinds.Gates():
                return self._read_gate_values(kind, node, path)
            case kinds.MetricChoice():
                return self._read_metric_choice(kind, node, path)
            case kinds.FigureChoice():
                return self._read_figure_choice(kind, node, path)
            case kinds.Graphs():
                return None
            case kinds.CatalogueObject():
                return self._read_catalogue_object(kind, node, path)
            case kinds.Augmentation():
                return self._read_augmentation(node, path)
            case kinds.Either():
                return self._read_either_value(kind, node, path)

    def _read_list_value(self, kind: kinds.ListOf, node: Node, path: str) -> Decoded:
        if not isinstance(node, Sequence):
            if kind.or_one:
                return (self.value(kind.item, node, path),)
            return self.wrong(path, "a list", node, help=_list_of_one_help(node))
        if kind.length is not None and len(node.items) != kind.length:
            return self.wrong(path, f"a list of {kind.length}", node)
        return tuple(
            self.value(kind.item, item, f"{path}.{index}") for index, item in enumerate(node.items)
        )

    def _read_map_value(self, kind: kinds.MapOf, node: Node, path: str) -> Decoded:
        if not isinstance(node, MappingNode):
            return self.wrong(path, "a mapping", node)
        decoded = {}
        for entry in node:
            inner = f"{path}.{entry.name}"
            self.keys[inner] = entry.key.span
            decoded[entry.name] = self.value(kind.value, entry.value, inner)
        return decoded

    def _read_either_value(self, kind: kinds.Either, node: Node, path: str) -> Decoded:
        match node:
            case Scalar():
                form = kind.scalar
            case Sequence():
                form = kind.sequence
            case MappingNode():
                form = kind.mapping
        if form is None:
            forms = (
                ("a value", kind.scalar),
                ("a list", kind.sequence),
                ("a mapping", kind.mapping),
            )
            return self.wrong(path, " or ".join(word for word, k in forms if k), node)
        return self.value(form, node, path)

    def _read_value_or_map(
        self, kind: kinds.PerOutput | kinds.PerInput, node: Node, path: str
    ) -> Decoded:
        if isinstance(node, MappingNode) and not _is_class_mapping(kind.value, node):
            return self._read_map_value(kinds.MapOf(kind.value), node, path)
        return self.value(kind.value, node, path)

    def _read_catalogue_object(self, kind: kinds.CatalogueObject, node: Node, path: str) -> Decoded:
        if kind.kind == "metric" and isinstance(node, Scalar) and node.value in CHOSEN_BY_KERAS:
            return Object("metric", str(node.value), {})
        self.values.update(_argument_places(kind.kind, node, path, self._target))
        return nested_object(kind.kind, node, self._reporter, target=self._target)

    def _read_augmentation(self, node: Node, path: str) -> Decoded:
        """Return a layer that varies samples at random; any other is reported."""
        word, _ = head_of(node)
        entry = self._target.find("layer", str(word.value)) if word is not None else None
        known = isinstance(entry, ClassEntry) and not entry.forbidden
        is_model = word is not None and word.value == "model"
        if word is None or not (known or is_model):
            return self._read_catalogue_object(kinds.CatalogueObject("layer"), node, path)
        if isinstance(entry, ClassEntry) and entry.traits.augments is not None:
            return self._read_catalogue_object(kinds.CatalogueObject("layer"), node, path)
        self._reporter.error(
            Code.NOT_AN_AUGMENTATION,
            word.span,
            f"`{word.value}` is no augmentation",
            label="it does not vary samples at random",
            help="leave it out: what every sample goes through stands in the model's graph",
        )
        return POISON

    def _read_metric_choice(self, kind: kinds.MetricChoice, node: Node, path: str) -> Decoded:
        """Return a metric: those that gates and a championship may then ask for by their names."""
        word, argument = head_of(node)
        name = "" if word is None else str(word.value)
        if word is not None and name in kind.words:
            if argument is None and isinstance(node, Scalar):
                return name
            self._reporter.error(
                Code.UNKNOWN_ARGUMENT,
                node.span,
                f"`{name}` takes no arguments",
                label="a metric of this language is its name alone",
                help=Replacement(name),
            )
            return POISON
        if not name[:1].isupper() and self._target.find("metric", name) is None:
            return self._report_no_metric(kind, node, path, name)
        found = self._read_catalogue_object(kinds.CatalogueObject("metric"), node, path)
        if isinstance(found, Object):
            self._measured[figure_name(found)] = found
        else:
            self._has_unread_figure = True
        return found

    def _report_no_metric(
        self, kind: kinds.MetricChoice, node: Node, path: str, word: str
    ) -> Decoded:
        known = (*kind.words, *catalogue.names_of_kind("metric"))
        listed = ", ".join(f"`{one}`" for one in kind.words)
        self._reporter.error(
            Code.NOT_A_CHOICE,
            node.span,
            f"{describe_value_path(path)} is one of {listed}, or a metric of Keras",
            label=f"this is {describe_node(node)}",
            help=replacement_word(word, known, work=self._reporter.work)
            if isinstance(node, Scalar)
            else None,
        )
        return POISON

    def _read_figure_choice(self, kind: kinds.FigureChoice, node: Node, path: str) -> Decoded:
        if self._has_unread_figure and isinstance(node, Scalar) and node.value not in kind.words:
            return POISON
        words = kinds.Choice((*kind.words, *self._measured))
        return self.read_choice_value(words, node, path)

    def _read_gate_values(self, kind: kinds.Gates, node: Node, path: str) -> Decoded:
        if not isinstance(node, MappingNode):
            return self.wrong(path, 'a mapping such as `{accuracy: ">= 0.97"}`', node)
        gates = []
        for entry in node:
            inner = f"{path}.{entry.name}"
            self.keys[inner], self.values[inner] = entry.key.span, entry.value.span
            figures = GatedFigures(self._terms, self._measured)
            if not is_gate_name(entry.name, kind, figures):
                if self._has_unread_figure:
                    continue
                of_turn = self._has_turns and entry.name.endswith("_loss")
                if entry.name not in self._meant_terms and not of_turn:
                    meant = GatedFigures(self._meant_terms or self._terms, self._measured)
                    known = known_gate_names(entry.name, kind, meant, self._reporter.work)
                    self._report_unknown_record_key(entry.key, "`gates`", known)
                    continue
            written = entry.value.value if isinstance(entry.value, Scalar) else None
            gate = read_gate(entry.name, written) if isinstance(written, str) else None
            if gate is None:
                help_ = comparison_help(entry.name, written, figures)
                example = example_comparison(entry.name, figures)
                self.wrong(inner, f"a comparison such as `{example}`", entry.value, help=help_)
                continue
            gates.append(gate)
        return tuple(gates)

    # -- records -----------------------------------------------------------------------------

    def _read_record_value(self, record: type, node: Node, path: str) -> Decoded:
        if not isinstance(node, MappingNode):
            return self.wrong(path, "a mapping", node)
        keys = keys_of(record)
        node = self.checked_record_keys(
            node, keys, path, describe_value_path(path), self.keys.get(path, node.span)
        )
        decoded = {}
        for key in keys:
            child = node.get(key.name)
            if child is None:
                decoded[key.name] = POISON if key.required else key.default
            elif not key.required and key.default is None and is_null_node(child):
                decoded[key.name] = None
            else:
                decoded[key.name] = self.value(key.kind, child, f"{path}.{key.name}")
                if isinstance(key.kind, kinds.Tagged) and key.kind.like is not None:
                    decoded[key.name] = with_values_of(
                        decoded[key.kind.like], decoded[key.name], said=child
                    )
        return record(
            **{_record_field_name(record, name): value for name, value in decoded.items()}
        )

    def checked_record_keys(
        self, node: MappingNode, keys: Iterable[Key], path: str, what: str, where: Span
    ) -> MappingNode:
        """Report unknown and missing keys, and return the mapping with what slips were meant to be.

        Args:
            what: Who has the keys, for messages.
            where: The place of a missing key.
        """
        known = {key.name: key for key in keys}
        entries = {entry.name: entry for entry in node if entry.name in known}
        for entry in node:
            if entry.name not in known:
                near = self._report_unknown_record_key(
                    entry.key,
                    what,
                    known,
                    beside=entries.values(),
                    fitting=[k.name for k in known.values() if may_hold(k.kind, entry.value)],
                )
                if near:
                    entries.setdefault(near, Entry(Scalar(near, entry.key.span), entry.value))
        for name, entry in entries.items():
            self.keys[f"{path}.{name}".lstrip(".")] = entry.key.span
        for key in known.values():
            if key.required and key.name not in entries:
                self._reporter.error(
                    Code.MISSING_KEY,
                    where,
                    f"{what} needs `{key.name}`",
                    label=f"`{key.name}` is not there",
                    help=f"add `{key.name}`: {key.doc[0].lower()}{key.doc[1:].rstrip('.')}",
                )
        return MappingNode(tuple(entries.values()), node.span)

    def _report_unknown_record_key(
        self,
        key: Scalar,
        what: str,
        known: Iterable[str],
        *,
        beside: Iterable[Entry] = (),
        fitting: Iterable[str] = (),
    ) -> str | None:
        """Report a key that is not known and return the one that it is near to.

        Args:
            fitting: Those of the known keys that can hold the value: one of them is meant first.
        """
        word, work = str(key.value), self._reporter.work
        near = replacement_word(word, fitting, work=work)
        near = near or replacement_word(word, known, work=work)
        self._reporter.error(
            Code.UNKNOWN_KEY,
            key.span,
            f"unknown key `{key.value}`",
            label=f"{what} has no such key",
            help=unknown_key_help(near, sorted(known), beside=names_beside(key, beside)),
        )
        return near.text if near else None

    def _read_tagged_value(self, kind: kinds.Tagged, node: Node, path: str) -> Decoded:
        if not isinstance(node, MappingNode):
            return self.wrong(path, f"a mapping with one of {', '.join(kind.types)}", node)
        tags = [entry for entry in node if entry.name in kind.types]
        if not tags:
            return self._report_no_tag(kind, node, path)
        if len(tags) > 1:
            self._reporter.error(
                Code.CONFLICT,
                tags[1].key.span,
                f"`{tags[0].name}` and `{tags[1].name}` exclude each other",
                label=f"a {kind.what} is one of the two",
            )
            return POISON
        record = kind.types[tags[0].name]
        if isinstance(record, type):
            return self._read_record_value(record, node, path)
        words = kinds.Choice(tuple(record))
        word = self.read_choice_value(words, tags[0].value, f"{path}.{tags[0].name}")
        return POISON if word is POISON else self._read_record_value(record[word], node, path)

    def _report_no_tag(self, kind: kinds.Tagged, node: MappingNode, path: str) -> Decoded:
        first = node.entries[0] if node.entries else None
        near = replacement_word(first.name, kind.types, work=self._reporter.work) if first else None
        self._reporter.error(
            Code.UNKNOWN_KEY if first else Code.MISSING_KEY,
            first.key.span if first else self.keys.get(path, node.span),
            f"unknown {kind.what} `{first.name}`" if first else f"a {kind.what} is missing",
            label=f"no {kind.what} is called so" if first else "nothing is written here",
            help=near or f"it is one of {', '.join(kind.types)}",
        )
        if first is None or near is None:
            return POISON
        meant = Entry(Scalar(near.text, first.key.span), first.value)
        return self._read_tagged_value(
            kind, MappingNode((meant, *node.entries[1:]), node.span), path
        )

    def _read_variant_value(self, kind: kinds.Variants, node: Node, path: str) -> Decoded:
        if not isinstance(node, MappingNode):
            return self.wrong(path, "a mapping", node)
        known = {key.name: None for type_ in kind.types for key in keys_of(type_)}
        keys: dict[str, object] = {}
        for entry in node:
            # A slip in the key that chooses would choose another record.
            near = suggest(entry.name, known, work=self._reporter.work)
            value = entry.value.value if isinstance(entry.value, Scalar) else None
            keys[entry.name if entry.name in known or near is None else near] = value
        return self._read_record_value(kind.choose(keys), node, path)


def _list_of_one_help(node: Node) -> Replacement | None:
    text = node.span.text
    is_one = isinstance(node, Scalar | MappingNode) and text and "\n" not in text
    return Replacement(f"[{text}]") if is_one else None


def _is_class_mapping(kind: Kind, node: MappingNode) -> bool:
    """Tell `{Huber: {delta: 2}}`, a class, from `{price: mse}`, a map of outputs."""
    word, argument = head_of(node)
    kind = kind.item if isinstance(kind, kinds.ListOf) else kind
    if word is None or not isinstance(kind, kinds.CatalogueObject | kinds.Augmentation):
        return False
    if str(word.value)[:1].isupper():
        return True
    if isinstance(kind, kinds.Augmentation):
        return False
    names_keys = isinstance(argument, MappingNode) and head_of(argument)[0] is None
    keywords = names_keys or (
        isinstance(argument, MappingNode) and not argument.entries[0].name[:1].isupper()
    )
    return keywords and catalogue.find_entry(kind.kind, str(word.value)) is not None


def _record_field_name(record: type, name: str) -> str:
    """Return a key's field: `class_` of `class`, where the bare word is Python's or a fact's."""
    return f"{name}_" if f"{name}_" in getattr(record, "__dataclass_fields__", ()) else name


def _argument_places(
    kind: catalogue.Kind, node: Node, path: str, target: Target
) -> dict[str, Span]:
    """Return where the arguments of a Keras object stand, those by position included."""
    word, argument = head_of(node)
    entry = target.find(kind, str(word.value)) if word is not None else None
    items = argument.items if isinstance(argument, Sequence) else (argument,)
    names = [p.name for p in entry.parameters] if isinstance(entry, ClassEntry) else []
    places = {
        name: item.span
        for name, item in zip(names, items, strict=False)
        if isinstance(item, Scalar)
    }
    last = items[-1] if items else None
    if isinstance(last, MappingNode):
        places |= {keyword.name: keyword.value.span for keyword in last.entries}
    return {f"{path}.{name}": place for name, place in places.items()}
