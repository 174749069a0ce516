"""The catalogue's reader: which classes Keras has and what each of them takes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from dlspec.diagnostics.findings import Help, Replacement
from dlspec.diagnostics.source import Span
from dlspec.language.catalogue.traits import NO_TRAITS, MetricTraits, Traits

Kind = Literal[
    "layer",
    "loss",
    "metric",
    "optimizer",
    "schedule",
    "callback",
    "initializer",
    "regularizer",
    "constraint",
    "activation",
    "op",
]
Type = Literal[
    "integer",
    "number",
    "boolean",
    "text",
    "choice",
    "extents",
    "padding_extents",
    "shape",
    "axis",
    "axes",
    "integers",
    "numbers",
    "bounds",
    "values",
    "activation",
    "initializer",
    "regularizer",
    "constraint",
    "layer",
    "layers",
    "loss",
    "metric",
    "optimizer",
    "schedule",
    "dtype",
    "list",
    "index",
    "mapping",
    "seed",
    "callable",
    "tensor",
    "tensors",
    "any",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a Keras constructor or function.

    `type` is a word of `Type`:
    `extents` is an integer or a list of `rank` integers (of any length when `rank` is None);
    `padding_extents` an integer, a list of `rank`, or `rank` lists of two;
    `integers` and `numbers` are lists, of `rank` items when that is known;
    `bounds` is a number or a list of two, `values` a number or a list of numbers;
    `schedule` is a number or a schedule, `seed` an integer or null;
    `index` is what stands in the brackets of `x[:, 0]`, slices as text;
    `shape` is a list of integers and nulls, of which one integer stands for a list of one;
    `callable` only Python can give, so a spec cannot say it; `tensor` and `tensors` are operands.

    The limits hold for the value, or for each item of a list. `choices` lists what a `choice` may
    be; with any other type it lists words that are allowed as well. `since` is the Keras version
    that brought the parameter, None when the oldest supported one has it; `choices_since` holds
    those of the choices that came later than the parameter, each with its version.
    """

    name: str
    type: Type
    required: bool = True
    default: "Value" = None
    nullable: bool = False
    minimum: float | None = None
    exclusive_minimum: float | None = None
    maximum: float | None = None
    exclusive_maximum: float | None = None
    choices: tuple["Value", ...] = ()
    rank: int | None = None
    since: str | None = None
    choices_since: tuple[tuple["Value", str], ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a class of the project stands, and from where it is imported.

    Attributes:
        module: The module that the project lists, and `name` the class in it.
        defined: The name in the file that holds the class's text.
        file: That file.
        roots: The folders that go first on the import path.
        code: The digest of the class's text and of the project's text that it uses.
        place: Where the project lists it.
    """

    module: str
    name: str
    defined: str
    file: Path
    roots: tuple[Path, ...]
    code: str
    place: Span


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """A Keras class or function: where it is and what it takes, in the constructor's order.

    `bases` are its Keras base classes below the kind's own, nearest first (`BaseConv`, `Merge`).
    Of a layer, `call` names the arguments of a call, `tensors` those that carry tensors and
    `required_tensors` those that must be given. `forbidden` says why no spec may name it. `since`
    is the Keras version that brought it, None when the oldest supported one has it. `origin` is
    None but for a layer of the project's own. `traits` is what a layer does with what it is given,
    which of a callback's arguments are files and addresses, `measures` what a metric compares with
    what.
    """

    name: str
    kind: Kind
    module: str
    parameters: tuple[Parameter, ...]
    bases: tuple[str, ...] = ()
    call: tuple[str, ...] = ()
    tensors: tuple[str, ...] = ()
    required_tensors: tuple[str, ...] = ()
    forbidden: str | None = None
    since: str | None = None
    origin: Origin | None = None
    traits: Traits = NO_TRAITS
    measures: MetricTraits | None = None
    # A block may have thousands of params, each of which is looked for.
    _by_name: Mapping[str, Parameter] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Keep the parameters by their names; of two of one name the first counts."""
        object.__setattr__(self, "_by_name", {p.name: p for p in reversed(self.parameters)})

    def parameter_named(self, name: str) -> Parameter | None:
        """Return the parameter called `name`, or None when there is none."""
        return self._by_name.get(name)


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model of the spec in the place of a layer: `TimeDistributed: {layer: {model: encoder}}`."""

    name: str


@dataclass(frozen=True, slots=True)
class Object:
    """A catalogue class with checked arguments: what `Conv2D: {filters: 8}` becomes.

    `arguments` holds only what was given, by name; lists are tuples, classes are nested Objects.
    """

    entry_kind: Kind
    class_name: str
    arguments: Mapping[str, "Value"]

    @property
    def entry(self) -> ClassEntry | None:
        """Return what the class takes; None for a word that Keras chooses a class for."""
        return find_entry(self.entry_kind, self.class_name)

    @property
    def traits(self) -> Traits:
        """Return what the class does with what it is given, as far as that is known."""
        entry = self.entry
        return entry.traits if entry else NO_TRAITS

    def __getitem__(self, name: str) -> "Value":
        """Return the argument `name`, or Keras's default when it was not given.

        Raises:
            KeyError: If the class takes no such parameter, or requires it and it was not given.
        """
        if name in self.arguments:
            return self.arguments[name]
        entry = self.entry
        parameter = entry.parameter_named(name) if entry else None
        if parameter is None or parameter.required:
            raise KeyError(f"`{self.class_name}` has no value for `{name}`")
        return parameter.default


@dataclass(frozen=True, slots=True)
class ListedObject(Object):
    """A layer of the project's own, with checked arguments.

    `code` is the digest of its code: a plan differs when the layer's code does.
    """

    listed: ClassEntry = field(compare=False, repr=False)
    code: str

    @property
    def entry(self) -> ClassEntry:
        """Return what the class takes."""
        return self.listed


@dataclass(frozen=True, slots=True)
class OwnLoss(Object):
    """A loss that the spec declares, with checked arguments; its graph stands in the plan."""

    declared: ClassEntry = field(compare=False, repr=False)

    @property
    def entry(self) -> ClassEntry:
        """Return what the loss takes."""
        return self.declared


# The module of what a spec declares itself under `training.losses`.
OWN_LOSSES = "losses"


def made_object(entry: ClassEntry, arguments: Mapping[str, "Value"]) -> Object:
    """Return a class with its checked arguments as an object."""
    if entry.module == OWN_LOSSES:
        return OwnLoss(entry.kind, entry.name, arguments, entry)
    if entry.origin is None:
        return Object(entry.kind, entry.name, arguments)
    return ListedObject(entry.kind, entry.name, arguments, entry, entry.origin.code)


Value = (
    None
    | bool
    | int
    | float
    | str
    | tuple["Value", ...]
    | Mapping[str, "Value"]
    | Object
    | ModelRef
)


@cache
def find_entry(kind: Kind, word: str) -> ClassEntry | None:
    """Return the class that `word` means: a class name, another public name or a string identifier.

    Forbidden classes are found too, so that an error can say why.
    """
    section = _classes_of_kind(kind)
    name = word if word in section else _load_catalogue()["aliases"].get(kind, {}).get(word)
    return None if name is None else _class_entry(kind, name, section[name])


@cache
def names_of_kind(kind: Kind, *, forbidden: bool = False) -> tuple[str, ...]:
    """Return the canonical names of a kind, sorted; with `forbidden` also those no spec may say."""
    section = _classes_of_kind(kind)
    return tuple(sorted(n for n in section if forbidden or "forbidden" not in section[n]))


@cache
def aliases_of_kind(kind: Kind) -> Mapping[str, str]:
    """Return the other public names and string identifiers of a kind, with what each means."""
    found: dict[str, str] = _load_catalogue()["aliases"].get(kind, {})
    return found


def generated_from() -> str:
    """Return the Keras version the catalogue was generated from."""
    return str(_load_catalogue()["keras"])


@cache
def help_for_foreign_word(kind: Kind | Literal["parameter"], word: str) -> Help | None:
    """Return what to write in the place of a word from PyTorch or Ludwig, as a help sentence.

    Returns:
        A statement without full stop, or None when the word is not known from there.
    """
    meaning = _foreign_words().get(kind, {}).get(word)
    if meaning is None:
        return None
    if "say" in meaning:
        return str(meaning["say"])
    return Replacement(meaning["keras"], say=f"Keras calls it `{meaning['keras']}`")


@cache
def _foreign_words() -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = _load_overlay()["foreign"]
    return found


@cache
def _load_overlay() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((_HERE / "overlay.json").read_text("utf-8"))
    return loaded


@cache
def _load_catalogue() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((_HERE / "keras.json").read_text("utf-8"))
    return loaded


@cache
def _classes_of_kind(kind: Kind) -> dict[str, Any]:
    section: dict[str, Any] = _load_catalogue()["classes"][kind]
    return section | _load_overlay()["draws"] if kind == "op" else section


def _class_entry(kind: Kind, name: str, fields: dict[str, Any]) -> ClassEntry:
    said = {n: _frozen_json(v) for n, v in fields.get("traits", {}).items()}
    return ClassEntry(
        name=name,
        kind=kind,
        module=fields["module"],
        parameters=tuple(_parameter_from_fields(p) for p in fields.get("parameters", ())),
        bases=tuple(fields.get("bases", ())),
        call=tuple(fields.get("call", ())),
        tensors=tuple(fields.get("tensors", ())),
        required_tensors=tuple(fields.get("required_tensors", ())),
        forbidden=fields.get("forbidden"),
        since=fields.get("since"),
        traits=NO_TRAITS if kind == "metric" else Traits(**said),
        measures=MetricTraits(**said) if kind == "metric" and said else None,
    )


def _parameter_from_fields(fields: dict[str, Any]) -> Parameter:
    required = "default" not in fields
    return Parameter(
        required=required, **{name: _frozen_json(value) for name, value in fields.items()}
    )


def _frozen_json(value: Any) -> Any:  # noqa: ANN401 - JSON is any of its types
    """Return a JSON value with tuples in the place of lists."""
    return tuple(_frozen_json(item) for item in value) if isinstance(value, list) else value
