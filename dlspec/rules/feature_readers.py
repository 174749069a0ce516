"""What reads a feature against what the feature gives: ids, pixels, their range."""

from collections.abc import Iterator
from itertools import chain

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Replacement
from dlspec.diagnostics.source import Span
from dlspec.language.catalogue import Object, Traits
from dlspec.language.features import Feature, ImageFeature
from dlspec.resolve.plan import Node, Reference
from dlspec.rules.augmentation import augment_entries
from dlspec.rules.subject import Checked


def report_small_embeddings(checked: Checked) -> None:
    """Report an embedding with fewer rows than its feature has ids."""
    for node, feature in _reading_features(checked):
        layer, ids = node.operation, feature.num_ids
        if ids is None or not isinstance(layer, Object) or layer.class_name != "Embedding":
            continue
        rows = layer["input_dim"]
        if isinstance(rows, int) and rows < ids:
            flat_node = checked.flat.node(node.name)
            assert flat_node is not None
            with checked.reporter.with_trail(*flat_node.trail):
                checked.reporter.error(
                    Code.EMBEDDING_TOO_SMALL,
                    flat_node.places.get("input_dim", flat_node.head),
                    f"`{node.name}` has {counted(rows, 'row')} for {counted(ids, 'id')}",
                    label="ids past the last row have no vector",
                    help=Replacement(
                        str(ids), say=f"write `{ids}` as its `input_dim`", certain=False
                    )
                    if "input_dim" in flat_node.places
                    else f"write `input_dim: {ids}`",
                )


def _reading_features(checked: Checked) -> Iterator[tuple[Node, Feature]]:
    """Yield each node that reads a feature directly, with the feature."""
    for node in checked.graph.nodes if checked.data else ():
        assert checked.data is not None
        if isinstance(node.inputs, Reference) and node.inputs.node in checked.data.inputs:
            yield node, checked.data.inputs[node.inputs.node]


def warn_of_pixels(checked: Checked) -> None:
    """Warn of pixels from 0 to 255 that nothing scales."""
    written = checked.written_data if checked.data else None
    for name, feature in written.inputs.items() if written else ():
        if not isinstance(feature, ImageFeature) or feature.scale or feature.standardize:
            continue
        readers = chain.from_iterable(_pixel_readers(checked, n) for n in checked.inputs_of(name))
        if any(_traits(node).pixels == "scales" for node, _ in readers):
            continue
        checked.reporter.error(
            Code.UNSCALED_PIXELS,
            checked.spec.places.key(f"data.inputs.{name}"),
            f"the pixels of `{name}` are not scaled",
            label="they reach the first layer as they are stored",
            help="add `scale: $1/255`, or a `Rescaling` layer",
        )


def _traits(node: Node) -> Traits:
    return node.operation.traits if isinstance(node.operation, Object) else Traits()


def _pixel_readers(checked: Checked, name: str) -> Iterator[tuple[Node, ImageFeature]]:
    """Yield each node that reads the pixels of a feature, through layers that keep their range."""
    assert checked.data is not None
    feature = checked.data.inputs[name]
    assert isinstance(feature, ImageFeature)
    as_stored = {Reference(name)}
    for node in checked.graph.nodes:
        if isinstance(node.inputs, Reference) and node.inputs in as_stored:
            yield node, feature
            if _traits(node).pixels == "keeps":
                as_stored.add(Reference(node.name))


def warn_of_augmentation(checked: Checked) -> None:
    """Warn of augmentation that expects pixels in another range than the data gives."""
    inputs = checked.data.inputs if checked.data else {}
    images = [name for name, feature in inputs.items() if isinstance(feature, ImageFeature)]
    for node, feature in chain.from_iterable(_pixel_readers(checked, name) for name in images):
        if isinstance(node.operation, Object):
            flat_node = checked.flat.node(node.name)
            assert flat_node is not None
            place = flat_node.places.get("value_range", flat_node.head)
            _check_value_range(node.operation, feature, node.name, place, checked)
    for entry in augment_entries(checked):
        varied = inputs.get(entry.input)
        if isinstance(varied, ImageFeature):
            place = checked.spec.places.value(f"{entry.path}.value_range")
            _check_value_range(entry.layer, varied, entry.layer.class_name, place, checked)


def _check_value_range(
    layer: Object, feature: ImageFeature, name: str, place: Span, checked: Checked
) -> None:
    try:
        value_range = layer["value_range"]
    except KeyError:
        return
    if not feature.scale or value_range != (0, 255):
        return
    checked.reporter.error(
        Code.AUGMENTATION_RANGE,
        place,
        f"`{name}` expects pixels from 0 to 255",
        label=f"the feature scales them by {feature.scale:g}",
        help="write `value_range: [0, 1]`",
    )
