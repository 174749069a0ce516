"""What samples of several rows owe the other sections: one input, one target, nothing else."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.sample_draws import JoiningDraw, RowDraw
from dlspec.language.sections import Data, is_free_of_poison
from dlspec.rules.subject import Checked, drawable_targets


def report_joined_rows(checked: Checked) -> None:
    """Report what a draw of several rows a sample cannot be made of, and what it leaves unused."""
    data = checked.written_data
    if data is None or not isinstance(data.sampling, RowDraw):
        return
    _check_classes(data, data.sampling, checked)
    if not data.inputs:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key("data.inputs"),
            f"`{data.sampling.word}` takes one input, and there is none",
            label="nothing is read",
            help=f"add what {_names_in_words(data.sampling)} are, such as "
            "`height: {number: height}`",
        )
    report_other_inputs(data, data.sampling, checked)
    _check_other_targets(data, data.sampling, checked)
    report_unused_sections(data.sampling, checked)


def _names_in_words(drawn: JoiningDraw) -> str:
    *others, last = (f"`{name}`" for name in drawn.input_names)
    return f"{', '.join(others)} and {last}"


def report_unused_sections(drawn: JoiningDraw, checked: Checked) -> None:
    """Report what is said of targets and ids that the model of a draw does not have."""
    learned = " and ".join(f"`{one}`" for one in drawn.learned) or "no target"
    if checked.training is not None and checked.training.class_weight is not None:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key("training.class_weight"),
            f"`{drawn.word}` and `class_weight` exclude each other",
            label="the draw says how often each class comes",
            help="leave it out",
        )
    if checked.training is not None and checked.training.sample_weight is not None:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key("training.sample_weight"),
            f"`{drawn.word}` and `sample_weight` exclude each other",
            label="a column weighs rows, and a sample is made of several",
            help="leave it out",
        )
    if _generates(checked):
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key("prediction"),
            f"`{drawn.word}` and `prediction.generate` exclude each other",
            label=f"the model says {learned}, and no ids one after another",
            help="leave it out",
        )


def _generates(checked: Checked) -> bool:
    asked = checked.spec.prediction
    return asked is not None and (not is_free_of_poison(asked) or asked.generate is not None)


def _check_classes(data: Data, drawn: RowDraw, checked: Checked) -> None:
    fitting, name = drawable_targets(data), drawn.named
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


def report_other_inputs(data: Data, drawn: JoiningDraw, checked: Checked) -> None:
    """Report inputs beside the one that samples are made of."""
    names = _names_in_words(drawn)
    kept = drawn.named if drawn.named in data.inputs else next(iter(data.inputs), "")
    for name in (one for one in data.inputs if one != kept):
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key(f"data.inputs.{name}"),
            f"`{drawn.word}` takes one input, and there are {len(data.inputs)}",
            label=f"{names} are made of one input",
            help=f"leave `{name}` out",
        )


def _check_other_targets(data: Data, drawn: RowDraw, checked: Checked) -> None:
    """Report targets beside the one whose classes are compared."""
    for name in data.targets:
        if name != drawn.named and drawn.named in data.targets:
            checked.reporter.error(
                Code.CONFLICT,
                checked.spec.places.key(f"data.targets.{name}"),
                f"`{name}` is not learned beside `{drawn.word}`",
                label=f"`{drawn.word}` compares the classes of `{drawn.named}` alone",
                help=f"leave `{name}` out",
            )
