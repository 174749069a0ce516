"""The kinds of value a key of the language takes: one table for decoding, docs and JSON Schema."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Literal

from dlspec.language.catalogue import Kind as CatalogueKind


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number within bounds, both inclusive; with `or_null` null too, which is a value."""

    minimum: int | None = None
    maximum: int | None = None
    or_null: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number; `above` and `below` exclude the bound, the others include it."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Any text that is not empty; with `characters` of that length, blanks included.

    With `blank` it may be empty too.
    """

    characters: int | None = None
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; with `or_number` any number too."""

    words: tuple[str, ...]
    or_number: bool = False


@dataclass(frozen=True, slots=True)
class MemorySize:
    """An amount of memory such as `2GB`, decoded to bytes, as its two bounds are."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Literal_:  # noqa: N801 - `Literal` is typing's
    """Any scalar, or a list or mapping of them."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list; with `or_one` a single item stands for a list of one."""

    item: "Kind"
    or_one: bool = False
    length: int | None = None


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping from names that the author chooses."""

    value: "Kind"


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with fixed keys, decoded to a record class."""

    type: type


@dataclass(frozen=True, slots=True)
class Tagged:
    """A mapping whose kind is the one key it shares with `types`, such as `{csv: data.csv}`.

    Where one key stands for several records, as `synthetic` does, its value tells them apart.
    A record of the same class under the key `like`, beside it, gives the values that are not said.
    """

    what: str
    types: Mapping[str, "type | Mapping[str, type]"]
    like: str | None = None


@dataclass(frozen=True, slots=True)
class Variants:
    """A mapping decoded to one of several records, told apart by the keys that are there."""

    types: tuple[type, ...]
    choose: Callable[[Mapping[str, object]], type]


@dataclass(frozen=True, slots=True)
class PerOutput:
    """One value for the model, or a mapping from output names to values."""

    value: "Kind"


@dataclass(frozen=True, slots=True)
class PerInput:
    """One value for a model of one input, or a mapping from input names to values."""

    value: "Kind"


@dataclass(frozen=True, slots=True)
class Gates:
    """A mapping from metrics to requirements such as `">= 0.97"`.

    Those of `by_target` may have a target's name before them, `<target>_<metric>`, those of
    `by_layer` a layer's; which targets and layers there are is not known here. What metrics of
    Keras that are asked for are called may be a gate, too, and have a target's name before it.
    """

    metrics: tuple[str, ...]
    by_target: tuple[str, ...] = ()
    by_layer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """A metric of the language, one of `words`, or one of Keras by name or with arguments."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FigureChoice:
    """A figure: one of `words`, or what a metric of Keras that is asked for is called."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Graphs:
    """A mapping from CapWords to graphs with params of their own, as `blocks` has them.

    It is read apart from the values beside it: `$` in a graph sees its own params first.
    """

    what: str


@dataclass(frozen=True, slots=True)
class CatalogueObject:
    """A Keras class of one kind, by name or with arguments."""

    kind: CatalogueKind


@dataclass(frozen=True, slots=True)
class Augmentation:
    """A Keras layer that varies samples of a training, by name or with arguments."""


@dataclass(frozen=True, slots=True)
class Either:
    """One of several kinds, told apart by the form of the node: scalar, list or mapping."""

    scalar: "Kind | None" = None
    sequence: "Kind | None" = None
    mapping: "Kind | None" = None


Kind = (
    Boolean
    | Integer
    | Number
    | Text
    | Choice
    | MemorySize
    | Literal_
    | ListOf
    | MapOf
    | Record
    | Tagged
    | Variants
    | PerOutput
    | PerInput
    | Gates
    | MetricChoice
    | FigureChoice
    | Graphs
    | CatalogueObject
    | Augmentation
    | Either
)


def spec_key(
    kind: Kind,
    doc: str,
    *,
    default: Any = MISSING,  # noqa: ANN401 - as `field`
    compare: bool = True,
) -> Any:  # noqa: ANN401 - as `field`
    """Declare a key of a record; without a default the key must be present.

    Args:
        compare: Whether a plan's digests cover it; not where another part of the plan says it.
    """
    return field(default=default, compare=compare, metadata={"kind": kind, "doc": doc})


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record as the decoder and the schema see it."""

    name: str
    kind: Kind
    doc: str
    required: bool
    default: object


def keys_of(record: type) -> tuple[Key, ...]:
    """Return the keys of a record class; a field `class_` is spelled `class` in text."""
    return tuple(_key_of_field(f) for f in fields(record) if "kind" in f.metadata)


def _key_of_field(declared: "Field[Any]") -> Key:
    required = declared.default is MISSING
    return Key(
        declared.name.rstrip("_"),
        declared.metadata["kind"],
        declared.metadata["doc"],
        required,
        None if required else declared.default,
    )


Form = Literal["single", "list", "mapping"]
