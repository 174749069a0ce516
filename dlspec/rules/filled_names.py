"""The names of files that callbacks fill with figures: `best-{epoch:02d}-{val_loss:.2f}.keras`."""

import re
from dataclasses import dataclass
from string import Formatter

from dlspec.diagnostics.codes import Code
from dlspec.language.turns import is_learning_rate
from dlspec.rules.callback_files import CallbackFile, callback_files, name_help
from dlspec.rules.subject import Checked
from dlspec.rules.training import computed_figures, nearest_figure

# Widths of two digits, and no fill: `{epoch:/>9}` would lead into another folder.
_FORM = re.compile(r"[+-]?0?\d{0,2}(\.\d{1,2})?[bdeEfFgGoxX%]?")


@dataclass(frozen=True, slots=True)
class _Field:
    """One `{figure:form}` of a name."""

    figure: str
    form: str

    def __str__(self) -> str:
        return f"{{{self.figure}{':' * bool(self.form)}{self.form}}}"


def report_filled_names(checked: Checked) -> None:
    """Report a name that cannot be filled: figures nobody computes, forms that Python refuses."""
    if checked.training is None or not checked.graph.outputs:
        return
    for file in callback_files(checked):
        if file.argument not in file.callback.traits.formatted:
            continue
        fields = _fields_of_name(file.name)
        if fields is None:
            _report_form(checked, file, "a brace opens or closes alone", _without_braces(file.name))
            continue
        known = _figures_of(checked, file)
        for field in fields:
            _check_field(checked, file, field, known)


def _fields_of_name(name: str) -> list[_Field] | None:
    """Return the fields of a name; None where its braces do not pair."""
    try:
        parts = list(Formatter().parse(name))
    except ValueError:
        return None
    return [
        # `!r` is no form of a number either.
        _Field(figure, f"!{conversion}" if conversion else form or "")
        for _, figure, form, conversion in parts
        if figure is not None
    ]


def _without_braces(name: str) -> str:
    return name.replace("{", "").replace("}", "")


def _figures_of(checked: Checked, file: CallbackFile) -> tuple[str, ...]:
    """Return the figures that Keras has when the file is written."""
    assert checked.training is not None
    outputs = [name for name, _ in checked.graph.outputs]
    computed = computed_figures(checked.training, outputs, checked.penalties)
    of_batches = [name for name in computed if not is_learning_rate(name)]
    if file.callback["save_freq"] != "epoch":
        return ("epoch", "batch", *of_batches)
    validated = checked.written_data is None or bool(checked.written_data.split.validation)
    of_validation = (f"val_{name}" for name in of_batches) if validated else ()
    return ("epoch", *computed, *of_validation)


def _check_field(
    checked: Checked, file: CallbackFile, field: _Field, known: tuple[str, ...]
) -> None:
    if field.figure not in known:
        _report_unknown_figure(checked, file, field, known)
        return
    fault = _fault_of_form(field)
    if fault is not None:
        form = "02d" if field.figure in ("epoch", "batch") else ".2f"
        right = file.name.replace(_written_field(field), str(_Field(field.figure, form)), 1)
        _report_form(checked, file, fault, right)


def _report_unknown_figure(
    checked: Checked, file: CallbackFile, field: _Field, known: tuple[str, ...]
) -> None:
    near = _Field(nearest_figure(field.figure, known, checked.reporter.work) or "epoch", "")
    form = field.form if _fault_of_form(_Field(near.figure, field.form)) is None else ""
    right = file.name.replace(_written_field(field), str(_Field(near.figure, form)), 1)
    checked.reporter.error(
        Code.UNCOMPUTED_MONITOR,
        file.place,
        f"`{file.callback.class_name}` writes `{field.figure}` into a name, which nothing computes",
        label=f"computed are {', '.join(known)}",
        help=name_help(right),
    )


def _written_field(field: _Field) -> str:
    return f"{{{field.figure}{field.form}}}" if field.form.startswith("!") else str(field)


def _fault_of_form(field: _Field) -> str | None:
    """Return what keeps a figure from being written so."""
    if not _FORM.fullmatch(field.form):
        return f"`{field.form}` is no form for a number in a name"
    try:
        format(1 if field.figure in ("epoch", "batch") else 0.5, field.form)
    except ValueError as error:
        said = str(error)
        return said[:1].lower() + said[1:]
    return None


def _report_form(checked: Checked, file: CallbackFile, fault: str, right: str) -> None:
    checked.reporter.error(
        Code.CALLBACK_DESTINATION,
        file.place,
        f"`{file.callback.class_name}` cannot write to `{file.name}`",
        label=fault,
        help=name_help(right),
    )
