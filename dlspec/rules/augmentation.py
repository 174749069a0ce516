"""What `training.augment` varies, against the inputs, the targets and the weights beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.augmented_targets import (
    can_be_mixed,
    is_moved_along,
    lies_over_pictures,
)
from dlspec.language.catalogue import Object
from dlspec.language.features import ClassFeature, Feature
from dlspec.language.tensors import Tensor
from dlspec.resolve.shapes import ShapeError, infer_layer
from dlspec.rules.subject import Checked

# What is varied in training is a batch of what the data holds, whatever a model computes in.
_DTYPE = "float32"


@dataclass(frozen=True, slots=True)
class AugmentEntry:
    """One layer of `training.augment`: the input that it varies, and its place in the text."""

    input: str
    layer: Object
    path: str

    @property
    def mixes(self) -> bool:
        """Tell whether it mixes samples with others."""
        return self.layer.traits.augments == "mixes"

    @property
    def moves(self) -> bool:
        """Tell whether it moves the pixels of a picture."""
        return self.layer.traits.augments in ("moves", "blends")


def augment_entries(checked: Checked) -> Iterator[AugmentEntry]:
    """Yield the layers of `training.augment` that vary inputs of the model."""
    inputs = [declared.name for declared in checked.graph.inputs]
    said = checked.training.augment if checked.training is not None else None
    for name, layers in _layers_by_input(said, inputs).items():
        below = f"training.augment.{name}" if isinstance(said, Mapping) else "training.augment"
        for index, layer in enumerate(layers):
            # A single one needs no list around it.
            listed = f"{below}.{index}"
            path = listed if listed in checked.spec.places.values else below
            if name in inputs:
                yield AugmentEntry(name, layer, path)


def _layers_by_input(
    said: tuple[Object, ...] | Mapping[str, tuple[Object, ...]] | None, inputs: list[str]
) -> Mapping[str, tuple[Object, ...]]:
    if isinstance(said, Mapping):
        return said
    # Of several inputs one must be named, which is reported.
    return {inputs[0]: said} if said and len(inputs) == 1 else {}


def report_augmented_inputs(checked: Checked) -> None:
    """Report names of no inputs, and layers that an input cannot be given to as it is."""
    inputs = {declared.name: declared for declared in checked.graph.inputs}
    if checked.training is None or not inputs:
        return
    _report_names(checked, tuple(inputs))
    for entry in augment_entries(checked):
        declared = inputs[entry.input]
        _check_shape(entry, Tensor(declared.shape, declared.dtype), checked)


def _report_names(checked: Checked, inputs: tuple[str, ...]) -> None:
    said = checked.training.augment if checked.training is not None else None
    if isinstance(said, Mapping):
        for name in said:
            if name in inputs:
                continue
            near = replacement_word(name, inputs, work=checked.reporter.work)
            if near is None and len(inputs) == 1:
                near = Replacement(inputs[0], certain=False)
            checked.reporter.error(
                Code.UNKNOWN_NAME,
                checked.spec.places.key(f"training.augment.{name}"),
                f"the model has no input `{name}`",
                label=f"its inputs are {', '.join(inputs)}",
                help=near,
            )
    elif said and len(inputs) > 1:
        checked.reporter.error(
            Code.UNKNOWN_NAME,
            checked.spec.places.key("training.augment"),
            "`augment` does not say which input it varies",
            label=f"the inputs are {', '.join(inputs)}",
            help=f"write `{inputs[0]}:` above the list",
        )


def _check_shape(entry: AugmentEntry, given: Tensor, checked: Checked) -> None:
    place = checked.spec.places.value(entry.path)
    shown = given.shape[1:] if given.shape else ()
    name, kind = entry.layer.class_name, entry.layer.traits.augments
    if kind != "disturbs" and len(shown) != len(("height", "width", "channels")):
        checked.reporter.error(
            Code.NOT_A_PICTURE,
            place,
            f"`{name}` varies pictures, and `{entry.input}` is none",
            label=f"a sample of it has the shape {shown}, not (height, width, channels)",
            help="leave it out; `GaussianNoise` and `Dropout` vary numbers of any shape",
        )
        return
    if given.dtype is not None and "float" not in given.dtype:
        checked.reporter.error(
            Code.AUGMENTED_SHAPE,
            place,
            f"`{name}` cannot vary `{entry.input}`",
            label=f"it holds {given.dtype}, which are no amounts",
            help="leave it out",
        )
        return
    try:
        found = infer_layer(entry.layer, given, dtype=_DTYPE)
    except ShapeError as error:
        checked.reporter.error(
            error.code,
            _place_of(entry, error.field, checked),
            f"`{name}` cannot vary `{entry.input}`",
            label=error.message,
            notes=(f"`{entry.input}` has shape {given.shape}",),
            help=error.help,
        )
        return
    made = found.outputs[0][1] if found is not None else given
    if made.shape != given.shape:
        checked.reporter.error(
            Code.AUGMENTED_SHAPE,
            place,
            f"`{name}` does not keep the shape of `{entry.input}`",
            label=f"it makes {made.shape} of {given.shape}",
            help="leave it out, and bring pictures to another `size` in the data",
        )
    elif made.dtype not in (given.dtype, None):
        checked.reporter.error(
            Code.AUGMENTED_SHAPE,
            _place_of(entry, "dtype", checked),
            f"`{name}` does not keep the dtype of `{entry.input}`",
            label=f"it makes {made.dtype} of {given.dtype}",
            help="leave `dtype` out",
        )


def _place_of(entry: AugmentEntry, field: str | None, checked: Checked) -> Span:
    return checked.spec.places.value(f"{entry.path}.{field}")


def report_augmented_targets(checked: Checked) -> None:
    """Report layers that would leave the targets behind: of mixed samples, of moved pictures."""
    if checked.training is None or checked.data is None:
        return
    entries = tuple(augment_entries(checked))
    data = checked.spec.data if checked.written_data is None else checked.written_data
    targets: Mapping[str, Feature] = data.model_targets if data is not None else {}
    moved = tuple(dict.fromkeys(entry.input for entry in entries if entry.moves))
    # What stands against one layer that mixes stands against all of them, and is told once.
    mixing = [entry for entry in entries if entry.mixes]
    by_places = any(entry.layer.class_name == "CutMix" for entry in mixing)
    for entry in mixing[:1]:
        _check_mixed(entry, targets, checked, by_places=by_places)
    for entry in entries:
        if entry.moves:
            _check_moved(entry, targets, moved, checked)


def _check_mixed(
    entry: AugmentEntry, targets: Mapping[str, Feature], checked: Checked, *, by_places: bool
) -> None:
    training, place = checked.training, checked.spec.places.value(entry.path)
    assert training is not None
    name = entry.layer.class_name
    if len(checked.graph.inputs) > 1:
        checked.reporter.error(
            Code.CONFLICT,
            place,
            f"`{name}` mixes one input, and the model has {len(checked.graph.inputs)}",
            label="the others would stay those of a single sample",
            help="leave it out",
        )
        return
    for key in ("class_weight", "sample_weight"):
        if getattr(training, key) is not None:
            checked.reporter.error(
                Code.CONFLICT,
                place,
                f"`{name}` mixes samples, and `{key}` weighs each of them",
                label="what is mixed has no weight of its own",
                help="leave one of the two out",
            )
    for target, feature in targets.items():
        if not can_be_mixed(feature, by_places=by_places):
            checked.reporter.error(
                Code.AUGMENTED_TARGET,
                place,
                f"`{name}` mixes targets, and `{target}` cannot be mixed",
                label=_unmixable_label(feature),
                help=_one_hot_help(feature),
            )


def _unmixable_label(feature: Feature) -> str:
    if feature.element.dtype is not None and "float" not in feature.element.dtype:
        return "its values are ids: half of class 2 and half of class 4 is not class 3"
    return "its values have places in the picture"


def _one_hot_help(feature: Feature) -> str:
    if isinstance(feature, ClassFeature):
        return (
            "write `one_hot: true` beside `class`, and a loss that takes vectors over classes, "
            "such as `CategoricalCrossentropy`"
        )
    return "leave it out"


def _check_moved(
    entry: AugmentEntry, targets: Mapping[str, Feature], moved: tuple[str, ...], checked: Checked
) -> None:
    place, name = checked.spec.places.value(entry.path), entry.layer.class_name
    picture = next(i for i in checked.graph.inputs if i.name == entry.input).shape[1:]
    for target, feature in targets.items():
        if not lies_over_pictures(feature, picture):
            continue
        label = None
        if not is_moved_along(feature, picture):
            label = "its values stay where they are"
        elif entry.layer.traits.augments == "blends":
            label = "Keras cannot move a mask as it moves these"
        elif entry.input != moved[0]:
            label = f"it moves with `{moved[0]}`, and each input by itself"
        if label is not None:
            checked.reporter.error(
                Code.AUGMENTED_TARGET,
                place,
                f"`{name}` moves pixels, and `{target}` cannot move with them",
                label=label,
                help="leave it out, or take a layer that leaves pixels in their places, such as "
                "`RandomBrightness`",
            )
