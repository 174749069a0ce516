"""The names of terms beside those of the other figures of a training and an evaluation."""

from dataclasses import replace

from dlspec.diagnostics.codes import Code
from dlspec.language.metrics import GATED_WITHOUT_METRIC, METRIC_OF
from dlspec.language.sections import Training
from dlspec.rules.subject import Checked
from dlspec.rules.training import computed_figures

# The columns of a history that are no figures.
_COLUMNS = ("epoch", "seconds")


def report_term_names(checked: Checked) -> None:
    """Report a term that is called as another figure is: a history has one column for each."""
    training = checked.training
    if training is None or not training.minimised:
        return
    learned = list(checked.learned_outputs or ())
    plain = replace(training, terms=None, turns=None)
    others = computed_figures(plain, learned, checked.penalties)
    measured = checked.evaluation.keras_metrics if checked.evaluation is not None else {}
    taken = (*others, *_COLUMNS, *METRIC_OF, *measured, *GATED_WITHOUT_METRIC)
    turns = training.turns or ()
    figures = [turn.figure for turn in turns]
    for name in training.term_weights:
        if name in (*taken, *figures) or _is_of_rows(name):
            place = _place_of_term(name, training)
            _report_figure(f"the term `{name}`", place, "give the entry another name", checked)
    for index, turn in enumerate(turns):
        if turn.figure in (*taken, *figures[:index]) or _is_of_rows(turn.figure):
            path = f"training.turns.{index}.{'train' if turn.name is None else 'name'}"
            what = f"the figure `{turn.figure}` of this turn"
            _report_figure(what, path, "give the turn a `name` of its own", checked)


def _place_of_term(name: str, training: Training) -> str:
    """Return the path of a term where it stands first."""
    for index, turn in enumerate(training.turns or ()):
        if name in (turn.terms or {}):
            return f"training.turns.{index}.terms.{name}"
    return f"training.terms.{name}"


def _report_figure(what: str, path: str, help_: str, checked: Checked) -> None:
    checked.reporter.error(
        Code.DUPLICATE_NAME,
        checked.spec.places.key(path),
        f"{what} has the name of another figure",
        label="history, gates and report would hold two of this name",
        help=help_,
    )


def _is_of_rows(name: str) -> bool:
    # Figures of validation rows begin so.
    return name.startswith("val_")
