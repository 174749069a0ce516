"""One entry without its control flow -> a node: a layer, a second use, or a keras.ops call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dlspec.decode.catalogue_objects import checked_arguments, find_class
from dlspec.decode.spec import BlockSpec, EntrySpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Help, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word, suggest
from dlspec.diagnostics.work import CHARACTERS_IN_A_STEP
from dlspec.expand.calls import CallReader
from dlspec.expand.flat import (
    AskedTerms,
    FlatArgument,
    FlatGraph,
    FlatNode,
    FlatOp,
    Flow,
    Pointer,
    Use,
)
from dlspec.expand.left_out import count_written_values
from dlspec.expand.names import Frame, explicit_names, plain_head
from dlspec.expand.written_vectors import WrittenVectors, read_written_vectors
from dlspec.language.catalogue import (
    FREE_WEIGHT,
    MOST_AXES,
    ClassEntry,
    FreeWeight,
    ModelRef,
    Object,
    free_weight,
)
from dlspec.language.catalogue import made_object as object_of
from dlspec.language.catalogue.target import Target
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.nodes import Node, Scalar, is_poison_node
from dlspec.syntax.scalars import POISON, Poison
from dlspec.syntax.substitution import (
    Scope,
    describe_node,
    mark_all_read,
    scalar_help,
    substitute_expressions,
)

# Ten times NASNetLarge; still checked within a second.
MOST_NODES = 10_000
# Expanding, resolving and judging one node takes about 30 microseconds.
NODE_STEPS = 40
# Loops and conditions that make no node cost time too: ten for each node.
MOST_STEPS = 100_000


@dataclass(slots=True)
class Budget:
    """What is left of the nodes and steps that one file may expand to."""

    nodes: int = MOST_NODES
    steps: int = MOST_STEPS
    reported: bool = False

    @property
    def is_spent(self) -> bool:
        """Return whether nothing is left."""
        return self.nodes <= 0 or self.steps <= 0


@dataclass(slots=True)
class Expansion:
    """One model while it is expanded: what it declares, and the nodes made so far."""

    target: Target
    reporter: Reporter
    budget: Budget
    file: Scope
    blocks: Mapping[str, BlockSpec] = field(default_factory=dict)
    block_entries: Mapping[str, ClassEntry] = field(default_factory=dict)
    models: dict[str, FlatGraph] = field(default_factory=dict)
    # The models declared above this one, in the graphs around it, and those of them that it uses.
    around: Mapping[str, FlatGraph] = field(default_factory=dict)
    borrowed: set[str] = field(default_factory=set)
    # The models that are being read, this one last, and those that are declared below them.
    within: tuple[str, ...] = ()
    below: frozenset[str] = frozenset()
    defaults: Mapping[str, MappingNode] = field(default_factory=dict)
    nodes: list[FlatNode] = field(default_factory=list)
    # The class of the layer behind each name, None where it is not known: for a second use.
    layers: dict[str, ClassEntry | None] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    block_reads: dict[str, set[str]] = field(default_factory=dict)
    # What the blocks around say to the entries that say nothing themselves.
    trainable: bool = True
    # The files of the specs that are taken around this one.
    opened: tuple[Path, ...] = ()
    # Of the outermost model alone.
    asked: AskedTerms | None = None
    # By the identity of what they are of: entries live as long as the expansion.
    _names: dict[int, frozenset[str]] = field(default_factory=dict)
    _sizes: dict[int, int] = field(default_factory=dict)

    def names_inside(
        self, owner: EntrySpec | BlockSpec, entries: tuple[EntrySpec, ...]
    ) -> frozenset[str]:
        """Return the names that the entries of a block or a turn are given; gathered once."""
        if id(owner) not in self._names:
            self._names[id(owner)] = explicit_names(entries)
        return self._names[id(owner)]

    def size_of(self, entry: EntrySpec) -> int:
        """Return how many values an entry and those inside it are written with; counted once."""
        if id(entry) not in self._sizes:
            self._sizes[id(entry)] = count_written_values(entry)
        return self._sizes[id(entry)]

    def borrow(self, name: str) -> None:
        """Note that this model uses one that is declared around it, and what that one uses."""
        if name not in self.models and name in self.around and name not in self.borrowed:
            self.borrowed.add(name)
            for other in self.around[name].borrowed:
                self.borrow(other)

    @property
    def borrowed_names(self) -> tuple[str, ...]:
        """Return the models around this one that it uses, in the order of their declaration."""
        return tuple(name for name in self.around if name in self.borrowed)

    def wrong(self, node: Node, message: str, *, help: Help | None = None) -> None:
        """Report a value of a wrong type, unless a mistake is reported there already."""
        if not is_poison_node(node):
            label = f"this is {describe_node(node)}"
            self.reporter.error(Code.WRONG_TYPE, node.span, message, label=label, help=help)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is expanded: its names, its params, and the name it is to have."""

    frame: Frame
    scope: Scope
    name: str | None


@dataclass(frozen=True, slots=True)
class _Made:
    """A checked call, before it has a name."""

    word: str
    operation: Object | Use | FlatOp | Poison
    inputs: Flow = POISON
    call: Mapping[str, FlatArgument] = field(default_factory=dict)
    places: Mapping[str, Span] = field(default_factory=dict)


def make_node(entry: EntrySpec, place: Place, flow: Flow | None, state: Expansion) -> Flow:
    """Add the node of one entry and return its output.

    Args:
        flow: What comes in: from `from`, the branches, or the entry above; None for nothing.
    """
    if isinstance(entry.word.value, Poison):
        return poison_entry(entry, place)
    match entry.kind:
        case "use":
            made = _make_use_call(entry, place, flow, state)
        case "op":
            made = _make_op_call(entry, place, flow, state)
        case "weight":
            made = _make_weight(entry, place, state)
        case _:
            made = _make_layer_call(entry, place, flow, state)
    return _append_flat_node(entry, place, made, state)


def poison_entry(entry: EntrySpec, place: Place) -> Poison:
    """Let the name of an entry that cannot be read mean poison, and pass poison on."""
    mark_all_read(entry.argument, place.scope)
    if place.name is not None:
        place.frame.declare_name(place.name, entry.span)
        place.frame.bind(place.name, POISON)
    return POISON


def require_flow(flow: Flow | None, entry: EntrySpec, reporter: Reporter) -> Flow:
    """Return what comes into an entry, or report that nothing does."""
    if flow is not None:
        return flow
    reporter.error(
        Code.INPUT_COUNT,
        entry.span,
        f"`{entry.word.value}` does not say which input it takes",
        label="nothing stands above it, and the model has several inputs",
        help="add `from` with the name of an input",
    )
    return POISON


def _substituted_argument(entry: EntrySpec, place: Place, state: Expansion) -> Node | None:
    if entry.argument is None:
        return None
    return substitute_expressions(entry.argument, place.scope, state.reporter)


def _make_layer_call(entry: EntrySpec, place: Place, flow: Flow | None, state: Expansion) -> _Made:
    word = str(entry.word.value)
    state.used.add(word)
    written = _substituted_argument(entry, place, state)
    found = _find_layer_class(entry, state)
    if isinstance(found, Poison):
        return _Made(word, POISON)
    state.used.add(found.name)
    arguments = checked_arguments(
        found,
        written,
        head=entry.word.span,
        target=state.target,
        reporter=state.reporter,
        defaults=state.defaults.get(found.name),
    )
    made: Object | Poison = POISON
    if arguments.whole:
        made = object_of(found, arguments.values)  # type: ignore[arg-type]  # whole
        _mark_models(made, state)
    call = CallReader(place.frame, place.scope, state.target, state.reporter).call(
        entry.call, found
    )
    flow = require_flow(flow, entry, state.reporter)
    return _Made(found.name, made, flow, call, arguments.places)


def _find_layer_class(entry: EntrySpec, state: Expansion) -> ClassEntry | Poison:
    word = str(entry.word.value)
    known = not state.blocks or state.target.find("layer", word) is not None
    near = None if known else replacement_word(word, state.blocks, work=state.reporter.work)
    if near is None:
        return find_class("layer", entry.word, state.target, state.reporter)
    state.reporter.error(
        Code.UNKNOWN_CLASS,
        entry.word.span,
        f"unknown layer or block `{word}`",
        label="neither Keras nor `blocks` has it",
        help=near,
    )
    return POISON


def _mark_models(made: Object, state: Expansion) -> None:
    for value in made.arguments.values():
        if isinstance(value, ModelRef):
            state.used.add(value.name)
            state.borrow(value.name)
        elif isinstance(value, Object):
            _mark_models(value, state)


def _make_use_call(entry: EntrySpec, place: Place, flow: Flow | None, state: Expansion) -> _Made:
    target = entry.argument
    flow = require_flow(flow, entry, state.reporter)
    if not isinstance(target, Scalar) or not isinstance(target.value, str):
        state.wrong(target or entry.word, "`use` takes the name of a model or of an entry above")
        return _Made("use", POISON)
    made: Use | Poison
    used: ClassEntry | None = None
    if _means_model(target.value, place.frame, target, state):
        state.used.add(target.value)
        state.borrow(target.value)
        made, used = Use(target.value, "model"), _MODEL
    else:
        found = _find_use_target(target, place.frame, state)
        made = Use(found.node, "node") if isinstance(found, Pointer) else POISON
        used = state.layers.get(found.node) if isinstance(found, Pointer) else None
    call = CallReader(place.frame, place.scope, state.target, state.reporter).call(entry.call, used)
    return _Made(target.value.rpartition(".")[2], made, flow, call, {"use": target.span})


# What a call of a declared model takes beside its inputs.
_MODEL = ClassEntry("Model", "layer", "models", (), call=("training", "mask"), tensors=("mask",))


def _class_of(operation: Object | Use | FlatOp | Poison, state: Expansion) -> ClassEntry | None:
    """Return the class of the layer that a node is, or uses again."""
    if isinstance(operation, Object):
        return operation.entry
    again = isinstance(operation, Use) and operation.of == "node"
    return state.layers.get(operation.target) if again else None  # type: ignore[union-attr]  # a Use


def _means_model(name: str, frame: Frame, target: Scalar, state: Expansion) -> bool:
    """Tell whether `use` means a model; an entry hides what is declared around its model."""
    if name in state.models or name in state.borrowed:
        return True
    return name in state.around and frame.lookup(target) is None


def _report_undeclared_model(target: Scalar, state: Expansion) -> bool:
    """Report a model that uses itself, or one that is declared below; return whether it does."""
    name, own = str(target.value), state.within[-1] if state.within else ""
    if name in state.within:
        state.reporter.error(
            Code.RECURSION,
            target.span,
            f"the model `{name}` uses itself",
            label=" -> ".join((*state.within[state.within.index(name) :], name)),
            help="use another model, or write its layers out",
        )
    elif name in state.below:
        state.reporter.error(
            Code.USED_BEFORE_DECLARED,
            target.span,
            f"`{own}` uses `{name}`, which is declared below it",
            label="a model may use those that are declared above it",
            help=f"declare `{name}` above `{own}`",
        )
    else:
        return False
    # It is meant, and so it is used.
    state.used.add(name)
    state.borrowed.add(name)
    return True


def _find_use_target(target: Scalar, frame: Frame, state: Expansion) -> Flow | None:
    found = frame.lookup(target)
    if found is None and _report_undeclared_model(target, state):
        return POISON
    if found is None:
        near = replacement_word(
            str(target.value),
            [*state.models, *state.around, *frame.visible],
            work=state.reporter.work,
        )
        state.reporter.error(
            Code.UNKNOWN_NAME,
            target.span,
            f"there is no model and no entry `{target.value}` to use",
            label="not declared above",
            help=near or "declare it under `models`",
        )
        # A model that is meant by its name is used.
        meant = suggest(str(target.value), state.models, work=state.reporter.work)
        if meant is not None:
            state.used.add(meant)
    if isinstance(found, Pointer) and found.node not in state.layers:
        state.reporter.error(
            Code.UNKNOWN_NAME,
            target.span,
            f"`{target.value}` is no layer to use again",
            label="an input, a function or a weight, which takes no tensor",
            help="name a layer or a model; write a function again, and name a weight in `from`",
        )
        return POISON
    return found


def _make_op_call(entry: EntrySpec, place: Place, flow: Flow | None, state: Expansion) -> _Made:
    head = str(entry.word.value)
    word = Scalar(head.removeprefix("ops."), entry.word.span)
    argument = _substituted_argument(entry, place, state)
    found = find_class("op", word, state.target, state.reporter)
    if isinstance(found, Poison) or is_poison_node(argument):
        return _Made(plain_head(head), POISON)
    reader = CallReader(place.frame, place.scope, state.target, state.reporter)
    made, places = reader.operation(found, argument, flow, entry)
    return _Made(plain_head(head), made, () if isinstance(made, FlatOp) else POISON, {}, places)


def _make_weight(entry: EntrySpec, place: Place, state: Expansion) -> _Made:
    head, written = str(entry.word.value), _substituted_argument(entry, place, state)
    if not isinstance(written, MappingNode) or written.get("shape") is None:
        state.reporter.error(
            Code.MISSING_ARGUMENT,
            entry.word.span,
            "`weight` needs a shape",
            label="no shape is given",
            help="write `weight: [1, 64]`, its extents without the batch axis",
        )
        return _Made(head, POISON)
    arguments = checked_arguments(
        FREE_WEIGHT,
        written,
        head=entry.word.span,
        target=state.target,
        reporter=state.reporter,
    )
    shape = arguments.values["shape"]
    if isinstance(shape, tuple) and not 0 < len(shape) <= MOST_AXES:
        state.reporter.error(
            Code.OUT_OF_RANGE,
            arguments.places["shape"],
            f"a weight has 1 to {MOST_AXES} axes",
            label=f"this is a list of {len(shape)}",
            help="write its extents without the batch axis, such as `[1, 64]`",
        )
    elif arguments.whole:
        return _Made(head, free_weight(arguments.values), (), {}, arguments.places)  # type: ignore[arg-type]  # whole
    return _Made(head, POISON)


def _append_flat_node(entry: EntrySpec, place: Place, made: _Made, state: Expansion) -> Pointer:
    state.budget.nodes -= 1
    local = place.name if place.name is not None else place.frame.automatic(made.word)
    full = place.frame.declare_name(
        local, entry.name.span if entry.name is not None else entry.span
    )
    if not isinstance(made.operation, FlatOp | FreeWeight):
        state.layers[full] = _class_of(made.operation, state)
    state.reporter.spend(NODE_STEPS + len(full) // CHARACTERS_IN_A_STEP, entry.span)
    state.nodes.append(
        FlatNode(
            name=full,
            operation=made.operation,
            inputs=made.inputs,
            call=made.call,
            trainable=_is_trainable(entry, place, made.operation, state),
            head=entry.word.span,
            places={**made.places, **_structure_places(entry)},
            trail=state.reporter.related,
            vectors=_vectors_beside(entry, place, state),
        )
    )
    pointer = Pointer(full, None, entry.span)
    place.frame.bind(full.removeprefix(place.frame.prefix), pointer)
    return pointer


def _vectors_beside(entry: EntrySpec, place: Place, state: Expansion) -> WrittenVectors | None:
    if entry.weights is None:
        return None
    node = substitute_expressions(entry.weights, place.scope, state.reporter)
    return read_written_vectors(node, state.reporter)


def _is_trainable(
    entry: EntrySpec, place: Place, made: Object | Use | FlatOp | Poison, state: Expansion
) -> bool:
    if isinstance(made, FlatOp) or (isinstance(made, Use) and made.of == "node"):
        if entry.trainable is not None:
            _report_no_weights(entry, made, state)
        return True
    # Keras takes it as an argument of the layer too.
    argued = isinstance(made, Object) and made.arguments.get("trainable") is False
    return trainable_of(entry, place.scope, state) and not argued


def _report_no_weights(entry: EntrySpec, made: FlatOp | Use, state: Expansion) -> None:
    assert entry.trainable is not None
    again = isinstance(made, Use)
    state.reporter.error(
        Code.UNKNOWN_KEY,
        entry.trainable.span,
        "`trainable` stands at a second use" if again else "a function has nothing to train",
        label="the weights are those of the first use" if again else "it holds no weights",
        help="write `trainable` beside the layer itself" if again else "leave it out",
    )


def trainable_of(entry: EntrySpec, scope: Scope, state: Expansion) -> bool:
    """Return what an entry says of training, or what the blocks around it say."""
    if entry.trainable is None:
        return state.trainable
    return whether_trainable(entry.trainable, scope, state)


def whether_trainable(written: Node, scope: Scope, state: Expansion) -> bool:
    """Return the value of a `trainable`; another than true or false is reported."""
    node = substitute_expressions(written, scope, state.reporter)
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    state.wrong(node, "`trainable` takes true or false", help=scalar_help(node, wanted="boolean"))
    return True


def _structure_places(entry: EntrySpec) -> dict[str, Span]:
    places = {}
    if entry.source is not None:
        places["from"] = entry.source.span
    if entry.call is not None:
        for item in entry.call:
            places[f"call.{item.name}"] = item.value.span
    return places
