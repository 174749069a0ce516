"""What the keys of a `text_lines` source owe each other."""

from collections.abc import Mapping

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.sources import TextLinesSource
from dlspec.rules.subject import Checked


def report_text_lines(checked: Checked) -> None:
    """Report columns and separators that do not make one another, and files without names."""
    if checked.written_data is None:
        return
    sources = {"data.source": checked.written_data.source, "data.test": checked.written_data.test}
    for path, source in sources.items():
        if isinstance(source, TextLinesSource):
            _check_text_lines(checked, path, source)


def _check_text_lines(checked: Checked, path: str, source: TextLinesSource) -> None:
    places = checked.spec.places

    def report(code: Code, key: str, message: str, label: str, help_: str) -> None:
        place = places.value(f"{path}.{key}")
        checked.reporter.error(code, place, message, label=label, help=help_)

    named, num_separators = isinstance(source.text_lines, Mapping), len(source.separator)
    num_named = len(source.line_columns)
    if source.aligned and not named:
        report(
            Code.CONFLICT, "aligned", "`aligned` files need names", "the files are not named",
            "name them, such as `text_lines: {en: train.en, fr: train.fr}`, or leave `aligned` out",
        )  # fmt: skip
    if named and (source.separator or source.columns):
        key = "separator" if source.separator else "columns"
        report(
            Code.CONFLICT, key, f"`{key}` divides no line of files with names",
            "the name is the class of a file, or its column",
            f"leave `{key}` out, or name a single file",
        )  # fmt: skip
        return
    if "" in source.separator:
        report(
            Code.OUT_OF_RANGE, "separator", "`separator` must be at least one character",
            "this is empty", "write it between quotes, such as `separator: \"\\t\"`",
        )  # fmt: skip
    elif num_named != num_separators + 1:
        report(
            Code.CONFLICT, "columns" if source.columns else "separator",
            f"separators: {num_separators}, so a line has {counted(num_separators + 1, 'column')}",
            f"{counted(num_named, 'column')} {agreed(num_named, 'are')} named",
            "write a separator between each two columns, such as "
            "`separator: [\":\", \" \"], columns: [class, kind, text]`",
        )  # fmt: skip
