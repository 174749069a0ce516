"""What the sections of a spec owe each other: names that must exist, keys that need or exclude."""

from collections.abc import Mapping

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.sections import Clip
from dlspec.rules.subject import Checked


def report_missing_sections(checked: Checked) -> None:
    """Report a section that needs another one which is not there."""
    spec = checked.spec
    sections = {"data": spec.data, "training": spec.training}
    needs = {
        "training": ("data",),
        "evaluation": ("data", "training"),
        "prediction": ("data", "training"),
        "retraining": ("data", "training"),
    }
    for section, others in needs.items():
        if getattr(spec, section) is None:
            continue
        for other in others:
            if sections[other] is None:
                checked.reporter.error(
                    Code.MISSING_KEY,
                    spec.places.key(section),
                    f"`{section}` needs the section `{other}`",
                    label=f"there is no `{other}`",
                    help=f"add `{other}`, or leave `{section}` out",
                )


def report_training_references(checked: Checked) -> None:
    """Report what `training` says of outputs and classes that the model does not have."""
    training, outputs = checked.training, checked.learned_outputs
    if training is None:
        return
    if outputs is not None:
        for key in ("loss", "metrics", "loss_weights", "sample_weight"):
            value = getattr(training, key)
            if isinstance(value, Mapping):
                _check_outputs(key, value, outputs, checked.output_names or (), checked)
    if training.clip is not None:
        _check_clip(training.clip, checked.spec, checked.reporter)
    if isinstance(training.class_weight, Mapping):
        _check_class_weight_keys(training.class_weight, checked.spec, checked.reporter)


def _check_outputs(
    key: str,
    value: Mapping[str, object],
    outputs: tuple[str, ...],
    given: tuple[str, ...],
    checked: Checked,
) -> None:
    """Report names of outputs that have no target; `given` are all that the model gives."""
    spec, reporter = checked.spec, checked.reporter
    unknown = [name for name in value if name not in outputs]
    for name in unknown:
        if name in given:
            reporter.error(
                Code.UNKNOWN_NAME,
                spec.places.key(f"training.{key}.{name}"),
                f"the output `{name}` has no target",
                label="beside terms, only outputs with targets have losses and metrics",
                help=f"leave `{name}` out",
            )
            continue
        near = replacement_word(name, outputs, work=reporter.work)
        if near is None and len(outputs) == 1:
            near = Replacement(outputs[0], certain=False)
        reporter.error(
            Code.UNKNOWN_NAME,
            spec.places.key(f"training.{key}.{name}"),
            f"the model has no output `{name}`",
            label=f"its outputs are {', '.join(outputs)}",
            help=near,
        )
    missing = [name for name in outputs if name not in value]
    if key == "loss" and missing and not unknown:
        reporter.error(
            Code.MISSING_KEY,
            spec.places.key("training.loss"),
            f"`loss` has nothing for the output `{missing[0]}`",
            label="every output needs a loss",
            help=f"add `{missing[0]}`",
        )


def _check_clip(clip: Clip, spec: ModelSpec, reporter: Reporter) -> None:
    given = [key for key in ("norm", "global_norm", "value") if getattr(clip, key) is not None]
    if len(given) != 1:
        reporter.error(
            Code.CONFLICT,
            spec.places.key("training.clip"),
            "`clip` takes exactly one of `norm`, `global_norm` and `value`",
            label=f"{len(given)} are given",
            help="write `clip: {global_norm: 1.0}`",
        )


def _check_class_weight_keys(
    weights: Mapping[str, float], spec: ModelSpec, reporter: Reporter
) -> None:
    for name in weights:
        if not name.isdecimal():
            reporter.error(
                Code.WRONG_TYPE,
                spec.places.key(f"training.class_weight.{name}"),
                "a key of `class_weight` is a class id",
                label=f"`{name}` is no whole number",
                help='write `class_weight: {"0": 1.0, "1": 5.0}`, or `class_weight: balanced`',
            )
