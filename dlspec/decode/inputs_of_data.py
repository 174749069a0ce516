"""The inputs of a model that says none: the features of `data.inputs`, under their names."""

from collections.abc import Mapping

from dlspec.decode.entries import check_node_name
from dlspec.decode.section_reader import RecordReader
from dlspec.decode.spec import InputSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.language.features import Feature
from dlspec.language.sample_draws import ContextsDraw, JoiningDraw
from dlspec.language.sections import Data, is_free_of_poison
from dlspec.syntax.nodes import Node, Scalar, Sequence
from dlspec.syntax.scalars import POISON, Poison

_FEATURES = "data.inputs."


def inputs_of_features(
    data: object, reader: RecordReader, reporter: Reporter
) -> tuple[InputSpec, ...]:
    """Return one input for each feature that is written; its shape is poison if it is broken.

    Args:
        data: The `data` section, poison at any depth where a mistake was reported.
        reader: Knows where the features are written.
    """
    if isinstance(data, Data) and isinstance(data.sampling, JoiningDraw):
        return _drawn_inputs(data, data.sampling, reader)
    features = data.inputs if isinstance(data, Data) else {}
    found = []
    for path, place in reader.keys.items():
        name = path.removeprefix(_FEATURES)
        if name == path or "." in name:
            continue
        key = Scalar(name, place)
        check_node_name(key, reporter)
        feature = POISON if isinstance(features, Poison) else features.get(name, POISON)
        sound = is_free_of_poison(feature)
        found.append(_input_of_feature(key, feature if sound else POISON))
    if isinstance(data, Data) and features == {} and not found:
        reporter.error(
            Code.MISSING_KEY,
            reader.keys["data.inputs"],
            "`inputs` holds no feature, and `model` names no inputs",
            label="there is nothing to read",
            help="write a feature, such as `x: {number: x}`",
        )
    return tuple(found)


def _drawn_inputs(data: Data, drawn: JoiningDraw, reader: RecordReader) -> tuple[InputSpec, ...]:
    """Return the inputs that a draw gives, all of the only feature there may be."""
    features: object = data.inputs
    alone = list(features.values()) if isinstance(features, Mapping) else []
    feature = alone[0] if len(alone) == 1 and is_free_of_poison(alone[0]) else POISON
    if not isinstance(feature, Poison):
        ids = not isinstance(drawn, ContextsDraw) or feature.num_ids is not None
        feature = drawn.model_input(feature) if ids else POISON
    place = reader.keys["data.sampling"]
    return tuple(_input_of_feature(Scalar(name, place), feature) for name in drawn.input_names)


def _input_of_feature(key: Scalar, feature: Feature | Poison) -> InputSpec:
    element = None if isinstance(feature, Poison) else feature.element
    if element is None or element.shape is None:
        return InputSpec(key, Scalar(POISON, key.span))  # type: ignore[arg-type]  # reported
    extents: tuple[Node, ...] = tuple(Scalar(n, key.span) for n in element.shape)
    dtype = Scalar(element.dtype, key.span) if element.dtype else None
    return InputSpec(key, Sequence(extents, key.span), dtype)
