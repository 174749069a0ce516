"""What an architecture learns in a new spec: target, training and evaluation as written."""

from dataclasses import dataclass

from dlspec.tools.new.architecture_fits import Fit, Objective
from dlspec.tools.new.data_presets import DataPreset, View

_CLASSES = """\
  loss: SparseCategoricalCrossentropy   # the head ends in softmax
  metrics: [accuracy]"""
_TEXT = """\
  loss: CTC   # it aligns the columns of the image with the characters"""
_NEXT = """\
  loss: {SparseCategoricalCrossentropy: {from_logits: true, ignore_class: 0}}   # 0 is padding"""
_NUMBERS = """\
  loss: MeanSquaredError
  metrics: [MeanAbsoluteError]"""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learned; `target` is None where entries of the model say it all.

    `objective` and `judgement` are the lines under `training` and `evaluation` that differ.
    """

    goal: str
    target: str | None
    answer: str
    outputs: str
    split: str
    objective: str
    judgement: str
    watched: str | None = "val_loss"
    prediction: str = ""


def lesson_of(fit: Fit, data: DataPreset, view: View) -> Lesson:
    """Return what an architecture learns from a data set."""
    if fit.objective is not None:
        return _lesson_of_terms(fit.objective, data)
    if "itself" in fit.tasks and "itself" in view.answers:
        return _lesson_of_itself(fit, data, view)
    if "pixels" in fit.tasks:
        return _lesson_of_pixels(fit, data, view)
    if "letters" in fit.tasks:
        return _lesson_of_letters(fit, data, view)
    if "spelling" in fit.tasks:
        return _lesson_of_spelling(fit, data, view)
    if "mel" in fit.tasks:
        return _lesson_of_sounds(fit, data, view)
    if data.task == "text":
        return _lesson_of_text(fit, data)
    classes = data.task == "classes"
    metrics = "[accuracy, f1_macro]" if classes else "[mae, rmse, r2]"
    champion = "{metric: accuracy, test: mcnemar}" if classes else "{metric: mae, test: bootstrap}"
    return Lesson(
        goal="for",
        target=data.target,
        answer=data.answer,
        outputs=f"{{{data.target}: predictions}}",
        split=data.split,
        objective=_with_optimizer(fit, _CLASSES if classes else _NUMBERS),
        judgement=_judged(metrics, data.gates, champion),
    )


def _lesson_of_text(fit: Fit, data: DataPreset) -> Lesson:
    return Lesson(
        goal="for",
        target=data.target,
        answer=data.answer,
        outputs=f"{{{data.target}: characters}}",
        split=data.split,
        objective=_with_optimizer(fit, _TEXT),
        judgement=_judged(
            "[character_error_rate, sequence_accuracy]",
            data.gates,
            "{metric: character_error_rate, test: bootstrap}",
        ),
    )


def _lesson_of_itself(fit: Fit, data: DataPreset, view: View) -> Lesson:
    terms = f"\n  terms: {fit.terms}" if fit.terms else ""
    return Lesson(
        goal="that learns to draw",
        target="reconstruction",
        answer=view.answers["itself"],
        outputs="{reconstruction: reconstruction}",
        split=_split_without(data),
        objective=_with_optimizer(fit, _NUMBERS + terms),
        judgement=_judged("[mae, rmse, r2]", '{r2: ">= 0.5"}', "{metric: mae, test: bootstrap}"),
    )


def _lesson_of_pixels(fit: Fit, data: DataPreset, view: View) -> Lesson:
    return Lesson(
        goal="for",
        target="shades",
        answer=view.answers["pixels"],
        outputs="{shades: predictions}",
        split=_split_without(data),
        objective=_with_optimizer(fit, _CLASSES),
        judgement=_judged(
            "[pixel_accuracy, mean_iou]",
            '{pixel_accuracy: ">= 0.5"}',
            "{metric: mean_iou, test: bootstrap}",
        ),
    )


def _lesson_of_letters(fit: Fit, data: DataPreset, view: View) -> Lesson:
    return Lesson(
        goal="that says the next letter of",
        target="next",
        answer=view.answers["letters"],
        outputs="{next: next}",
        split=_split_without(data),
        objective=_with_optimizer(fit, _NEXT),
        judgement=_judged(
            "[token_accuracy]",
            '{token_accuracy: ">= 0.5"}',
            "{metric: token_accuracy, test: bootstrap}",
        ),
    )


def _lesson_of_spelling(fit: Fit, data: DataPreset, view: View) -> Lesson:
    return Lesson(
        goal="that spells",
        target="next",
        answer=view.answers["spelling"],
        outputs="{next: next}",
        split=_split_without(data),
        objective=_with_optimizer(fit, _NEXT),
        judgement=_judged(
            "[token_accuracy, generated_sequence_accuracy]",
            '{generated_sequence_accuracy: ">= 0.8"}',
            "{metric: token_accuracy, test: bootstrap}",
        ),
        prediction="\nprediction:\n  generate: {input: said, start: 2, stop: 3}\n",
    )


def _lesson_of_sounds(fit: Fit, data: DataPreset, view: View) -> Lesson:
    return Lesson(
        goal="that draws the sound of",
        target="mel",
        answer=view.answers["mel"],
        outputs="{mel: mel}",
        split=_split_without(data),
        objective=_with_optimizer(fit, _NUMBERS),
        judgement=_judged("[mae, rmse, r2]", '{r2: ">= 0.5"}', "{metric: mae, test: bootstrap}"),
    )


def _lesson_of_terms(objective: Objective, data: DataPreset) -> Lesson:
    return Lesson(
        goal="for",
        target=None,
        answer="",
        outputs=objective.outputs,
        split=_split_without(data),
        objective=objective.training,
        judgement=f"  gates: {objective.gates}   # what a model must reach to be promoted",
        watched=objective.watched,
    )


def _with_optimizer(fit: Fit, lines: str) -> str:
    return f"  optimizer: {{Adam: {{learning_rate: {fit.rate}}}}}\n{lines}"


def _judged(metrics: str, gates: str, champion: str) -> str:
    return (
        f"  metrics: {metrics}\n"
        f"  gates: {gates}   # what a model must reach to be promoted\n"
        f"  champion: {champion}"
    )


def _split_without(data: DataPreset) -> str:
    """Return the split of a data set without the target that it may be stratified by."""
    return data.split.replace(f"stratify: {data.target}, ", "")
