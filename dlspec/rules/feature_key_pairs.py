"""Keys of one feature that say something only beside another of its keys, or within its bounds."""

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.language.features import MaskFeature, TensorFeature, TokensFeature
from dlspec.rules.subject import Checked


def report_feature_key_pairs(checked: Checked) -> None:
    """Report keys of a feature that nobody would read, or that its other keys do not allow."""
    if checked.written_data is None:
        return
    sides = {"inputs": checked.written_data.inputs, "targets": checked.written_data.targets}
    for side, features in sides.items():
        for name, feature in features.items():
            path = f"data.{side}.{name}"
            if isinstance(feature, TokensFeature):
                _check_unknown_id(name, feature, path, checked.spec, checked.reporter)
            elif isinstance(feature, MaskFeature):
                _check_shape_of_mask(name, feature, path, checked.spec, checked.reporter)
            elif isinstance(feature, TensorFeature) and feature.cut and feature.pad is None:
                checked.reporter.error(
                    Code.CONFLICT,
                    checked.spec.places.key(f"{path}.cut"),
                    f"`cut` of `{name}` stands without `pad`",
                    label="without `pad`, all arrays have the shape and none is cut",
                    help="write `pad: end` beside it, or leave `cut` out",
                )


def _check_unknown_id(
    name: str, feature: TokensFeature, path: str, spec: ModelSpec, reporter: Reporter
) -> None:
    if feature.unknown is not None and feature.above is None:
        reporter.error(
            Code.CONFLICT,
            spec.places.key(f"{path}.unknown"),
            f"`unknown` of `{name}` names the id of what is past the vocabulary",
            label="without `above` nothing may be past it",
            help="write `above: unknown` beside it, or leave `unknown` out",
        )
    elif feature.unknown_id is not None and feature.unknown_id >= feature.num_ids:
        reporter.error(
            Code.OUT_OF_RANGE,
            spec.places.value(f"{path}.{'above' if feature.unknown is None else 'unknown'}"),
            f"the unknown id of `{name}` is past its vocabulary itself",
            label=f"it is {feature.unknown_id}, the vocabulary has ids below {feature.num_ids}",
            help=f"write `vocabulary: {feature.unknown_id + 1}` or more",
        )


def _check_shape_of_mask(
    name: str, feature: MaskFeature, path: str, spec: ModelSpec, reporter: Reporter
) -> None:
    if feature.shape is not None and feature.size is not None:
        reporter.error(
            Code.CONFLICT,
            spec.places.key(f"{path}.shape"),
            f"`shape` and `size` of `{name}` exclude each other",
            label="masks are brought to `size`, whatever shape they have",
            help="leave `shape` out",
        )
    elif not feature.extents:
        reporter.error(
            Code.MISSING_KEY,
            spec.places.key(path),
            f"nothing says how large the mask `{name}` is",
            label="neither `shape` nor `size` is there",
            help="add `shape`, which all masks have, or `size`, which they are brought to",
        )
