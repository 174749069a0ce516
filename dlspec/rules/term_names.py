"""The names of terms beside those of the other figures of a training and an evaluation."""

from dataclasses import replace

from dlspec.diagnostics.codes import Code
from dlspec.language.metrics import GATED_WITHOUT_METRIC, METRIC_OF
from dlspec.rules.subject import Checked
from dlspec.rules.training import computed_figures

# The columns of a history that are no figures.
_COLUMNS = ("epoch", "seconds")


def report_term_names(checked: Checked) -> None:
    """Report a term that is called as another figure is: a history has one column for each."""
    training = checked.training
    if training is None or not training.terms:
        return
    learned = list(checked.learned_outputs or ())
    others = computed_figures(replace(training, terms=None), learned)
    for name in training.terms:
        if name in (*others, *_COLUMNS, *METRIC_OF, *GATED_WITHOUT_METRIC) or _is_of_rows(name):
            checked.reporter.error(
                Code.DUPLICATE_NAME,
                checked.spec.places.key(f"training.terms.{name}"),
                f"the term `{name}` has the name of another figure",
                label="history, gates and report would hold two of this name",
                help="give the entry another name",
            )


def _is_of_rows(name: str) -> bool:
    # Figures of validation rows begin so.
    return name.startswith("val_")
