"""A saved model as plain records in the terms of Keras 3, whatever generation wrote it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dlspec.backends.saved.document_parts import Path


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor: the `output`-th result of the `call`-th call of the layer `layer`."""

    layer: str
    call: int
    output: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a layer; tensors stand as `Ref` in arguments of any nesting."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def refs_read(self) -> Iterator[Ref]:
        """Yield the tensors that the call reads."""
        yield from refs_in(self.args)
        yield from refs_in(self.kwargs)


def refs_in(value: Any) -> Iterator[Ref]:  # noqa: ANN401 - arguments of any nesting
    """Yield the tensors in arguments of any nesting."""
    match value:
        case Ref():
            yield value
        case list() | tuple():
            for item in value:
                yield from refs_in(item)
        case Mapping():
            for item in value.values():
                yield from refs_in(item)


def with_earlier_calls(value: Any, before: Mapping[str, int]) -> Any:  # noqa: ANN401 - arguments of any nesting
    """Return arguments whose tensors count calls from those that came before their graph."""
    match value:
        case Ref():
            return replace(value, call=value.call - before.get(value.layer, 0))
        case list():
            return [with_earlier_calls(item, before) for item in value]
        case tuple():
            return tuple(with_earlier_calls(item, before) for item in value)
        case Mapping():
            return {key: with_earlier_calls(item, before) for key, item in value.items()}
        case Call():
            args = tuple(with_earlier_calls(item, before) for item in value.args)
            return Call(args, with_earlier_calls(value.kwargs, before))
    return value


@dataclass(frozen=True, slots=True)
class Place:
    """Where a layer stands: in which model, and where in the file."""

    model: str
    name: str
    class_name: str
    index: int
    path: Path


@dataclass(frozen=True, slots=True)
class SavedLayer:
    """A layer, an input, an operation, an inner model or what was refused, and how it is called.

    `class_name` is the class in Keras 3, of an operation the function of keras.ops. `config` holds
    constructor arguments by their Keras 3 names; a layer inside stands as `{"class_name",
    "config"}`, a model inside as a `SavedGraph`. `counted_axis` says that `axis` was counted from
    the front when the layer was built, whatever its author wrote. Layers of one number under
    `shared`, in whichever graphs, are one layer.
    """

    kind: Literal["layer", "input", "operation", "model", "refused"]
    class_name: str
    place: Place
    config: Mapping[str, Any]
    calls: tuple[Call, ...] = ()
    graph: "SavedGraph | None" = None
    trainable: bool = True
    counted_axis: bool = False
    shared: int | None = None

    @property
    def name(self) -> str:
        """Return the name by which calls refer to the layer."""
        return self.place.name


@dataclass(frozen=True, slots=True)
class SavedGraph:
    """A functional graph; `inputs` and `outputs` are structures of `Ref` as Keras takes them.

    The input of a Sequential model whose file does not tell its shape has no `batch_shape`; its
    first call tells it.
    """

    name: str
    place: Place
    layers: tuple[SavedLayer, ...]
    inputs: Any
    outputs: Any
    trainable: bool = True
