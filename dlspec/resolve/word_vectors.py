"""Embeddings that begin with vectors of words, each with the feature that knows its words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Help, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand.flat import FlatGraph, FlatNode, Use
from dlspec.language.features import CategoryFeature, Feature, TextFeature, TokensFeature
from dlspec.language.sample_draws import JoiningDraw
from dlspec.language.sections import is_free_of_poison
from dlspec.resolve.dead_nodes import sources_of, tensors_read_by
from dlspec.resolve.plan import Graph, LayerVectors, Node, NodeInputs, Reference
from dlspec.resolve.resolve import is_resolved_whole
from dlspec.syntax.moved_paths import path_from_folder


def resolve_word_vectors(
    spec: ModelSpec, whole: Graph, flat: FlatGraph, reporter: Reporter
) -> tuple[LayerVectors, ...]:
    """Return the embeddings that begin with vectors, after finding the feature that each reads."""
    found = []
    if not is_resolved_whole(whole, flat):
        return ()  # reported: what an embedding reads is not known
    for path in _paths_of_vectors(whole, flat, ()):
        feature = _feature_of(path, spec, reporter)
        written = path.written.vectors
        if feature is not None and written is not None:
            layer, models = path.written.name, tuple(name for name, _, _ in path.around)
            file, folder = str(written.file.value), written.folder
            source, home = written.file.span.source, Path(spec.places.whole.source.path).parent
            moved = file if source.taken else path_from_folder(file, Path(folder), home)
            folder = folder if moved == file else str(home)
            found.append(LayerVectors(layer, models, moved, feature, folder))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Path:
    """An embedding with vectors, and the models around it, the outermost first.

    `around` holds each inner model's name, the graph that calls it, and its own graph.
    """

    node: Node
    graph: Graph
    written: FlatNode
    around: tuple[tuple[str, Graph, Graph], ...]


def _paths_of_vectors(
    graph: Graph, flat: FlatGraph, around: tuple[tuple[str, Graph, Graph], ...]
) -> Iterator[_Path]:
    known = {node.name: node for node in graph.nodes}
    for written in flat.nodes:
        if written.vectors is not None and written.name in known:
            yield _Path(known[written.name], graph, written, around)
    for name, inner in flat.models.items():
        if name in graph.models and name not in graph.borrowed:
            below = (*around, (name, graph, graph.models[name]))
            yield from _paths_of_vectors(graph.models[name], inner, below)


def _feature_of(path: _Path, spec: ModelSpec, reporter: Reporter) -> str | None:
    """Return the input of the data whose words an embedding's rows stand for, or report it."""
    written = path.written.vectors
    data = spec.data
    assert written is not None
    if data is not None and not is_free_of_poison(data):
        return None
    with reporter.with_trail(*path.written.trail):
        place = (written.feature or written.file).span
        if data is None:
            _report_no_words(path, place, "there is no `data` section", "add `data`", reporter)
            return None
        if written.feature is not None:
            name = str(written.feature.value)
            if name not in data.inputs:
                near = replacement_word(name, data.inputs, work=reporter.work)
                label = f"the inputs of the data are {_quoted_features(data.inputs)}"
                _report_no_words(
                    path, place, label, near or _one_of_features(data.inputs), reporter
                )
                return None
        else:
            read = sorted(_inputs_read(path))
            if isinstance(data.sampling, JoiningDraw):
                # All that a draw hands in is of the one input.
                read = list(data.inputs) if read else []
            if len(read) != 1 or read[0] not in data.inputs:
                label = (
                    f"it reads {_quoted_features(read)}"
                    if read
                    else "it reads no input of the data"
                )
                first = next(iter([*read, *data.inputs]))
                form = f"{{file: {written.file.value}, feature: {first}}}"
                help_ = f"write `{form}`, with the input whose words they are"
                _report_no_words(path, place, label, help_, reporter)
                return None
            name = read[0]
        fault = _fault_of_feature(name, data.inputs[name])
        if fault is not None:
            _report_no_words(path, place, *fault, reporter)
            return None
    return name


def _fault_of_feature(name: str, feature: Feature) -> tuple[str, Help] | None:
    """Return why nobody knows the words of a feature's ids, and what to do; None where one does."""
    match feature:
        case TextFeature():
            return None
        case CategoryFeature() | TokensFeature():
            listed = not isinstance(feature.vocabulary, int)
            if listed or isinstance(feature, CategoryFeature):
                return None
            return (
                f"`vocabulary` of `{name}` counts its ids and tells no word",
                f"list the words under `vocabulary` of `{name}`, that of id 0 first",
            )
        case _:
            return (
                f"`{name}` is a `{feature.word}`, which has no words",
                "let it read a `text`, whose vocabulary holds words",
            )


def _report_no_words(path: _Path, place: Span, label: str, help_: Help, reporter: Reporter) -> None:
    reporter.error(
        Code.VECTORS_WITHOUT_WORDS,
        place,
        f"no words are known for the rows of `{path.node.name}`",
        label=label,
        help=help_,
    )


def _quoted_features(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _one_of_features(names: Iterable[str]) -> str:
    return f"write one of {_quoted_features(names)}"


def _inputs_read(path: _Path) -> set[str]:
    """Return the inputs of the outermost model that an embedding's ids come from."""
    names = _inputs_before(path.graph, [r.node for r in tensors_read_by(path.node)])
    for model, outer, inner in reversed(path.around):
        order = [declared.name for declared in inner.inputs]
        given = [
            reference
            for node in outer.nodes
            if node.operation == Use(model, "model")
            for reference in _given_to(node.inputs, order, names)
        ]
        names = _inputs_before(outer, [reference.node for reference in given])
    return names


def _given_to(inputs: NodeInputs, order: list[str], names: set[str]) -> Iterator[Reference]:
    """Yield what a call gives to some inputs of a model."""
    if isinstance(inputs, Reference):
        yield inputs
    elif isinstance(inputs, tuple):
        yield from (given for name, given in zip(order, inputs, strict=False) if name in names)
    else:
        yield from (given for name, given in inputs.items() if name in names)


def _inputs_before(graph: Graph, ends: list[str]) -> set[str]:
    """Return the inputs of a graph that some of its nodes, or inputs, depend on."""
    by_name = {node.name: node for node in graph.nodes}
    seen, waiting = set[str](), list(ends)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(sources_of(by_name[name]) if name in by_name else ())
    return seen & {declared.name for declared in graph.inputs}
