"""What samples of several rows owe the other sections: one input, one target, nothing else."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.sample_draws import RowDraw
from dlspec.language.sections import Data
from dlspec.rules.subject import Checked, drawable_targets


def report_joined_rows(checked: Checked) -> None:
    """Report what a draw of several rows a sample cannot be made of, and what it leaves unused."""
    data = checked.written_data
    if data is None or not isinstance(data.sampling, RowDraw):
        return
    _check_classes(data, data.sampling, checked)
    _check_one_feature(data, data.sampling, checked)
    if checked.training is not None and checked.training.class_weight is not None:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key("training.class_weight"),
            f"`{data.sampling.word}` and `class_weight` exclude each other",
            label="both classes of `same` are drawn equally often",
            help="leave it out",
        )
    if checked.spec.prediction is not None:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key("prediction"),
            f"`{data.sampling.word}` and `prediction.generate` exclude each other",
            label="the model tells whether two rows are of one class, and says no ids",
            help="leave it out",
        )


def _check_classes(data: Data, drawn: RowDraw, checked: Checked) -> None:
    fitting, name = drawable_targets(data), drawn.classes_of
    if name in fitting:
        return
    near = replacement_word(name, fitting, work=checked.reporter.work)
    if near is None and len(fitting) == 1:
        near = Replacement(fitting[0], certain=False)
    checked.reporter.error(
        Code.UNKNOWN_NAME,
        checked.spec.places.value(f"data.sampling.{drawn.word}"),
        f"`{drawn.word}` takes a target of classes, or of 0 and 1, `{name}` is neither",
        label=f"such targets: {', '.join(fitting) or 'none'}",
        help=near or "add such a target, or leave `sampling` out",
    )


def _check_one_feature(data: Data, drawn: RowDraw, checked: Checked) -> None:
    """Report inputs and targets beside the one that is drawn."""
    names = " and ".join(f"`{name}`" for name in drawn.input_names)
    for name in list(data.inputs)[1:]:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key(f"data.inputs.{name}"),
            f"`{drawn.word}` takes one input, and there are {len(data.inputs)}",
            label=f"{names} are rows of one input",
            help=f"leave `{name}` out",
        )
    for name in data.targets:
        if name != drawn.classes_of and drawn.classes_of in data.targets:
            checked.reporter.error(
                Code.CONFLICT,
                checked.spec.places.key(f"data.targets.{name}"),
                f"`{name}` is not learned beside `{drawn.word}`",
                label=f"the model learns {', '.join(f'`{one}`' for one in drawn.learned)} alone",
                help=f"leave `{name}` out",
            )
