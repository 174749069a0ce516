"""A data profile in a terminal: tables of rich, in 80 columns where nothing else is known."""

from collections.abc import Iterator
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table as TextTable
from rich.text import Text

from dlspec.tools.commands.findings_output import terminal_columns
from dlspec_pipelines.steps.preparation.splits import PARTS
from dlspec_pipelines.steps.profiles.data_profile import DataProfile, FeatureProfile
from dlspec_pipelines.steps.profiles.profile_words import (
    check_lines,
    column_words,
    left_out_words,
    rows_words,
    shortened_word,
    source_words,
    spread_words,
    verdict_words,
)

# Of a terminal that does not say how wide it is, or of a pipe.
_COLUMNS = 80
# More lines than a screen has; `--json` and the page hold all.
_MAX_COLUMNS = 60
# Half a screen beside the columns; the rest is counted.
_MAX_CLASSES = 30
# The folder and the beginning of its fingerprint.
_MAX_PATH = 25


def print_data_profile(profile: DataProfile, out: TextIO) -> None:
    """Print a profile, its verdict last."""
    console = Console(
        file=out,
        width=terminal_columns(out) or _COLUMNS,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for table in _profile_tables(profile):
        with console.capture() as printed:
            console.print(table)
        # Rich fills every line up with blanks.
        out.writelines(f"{line.rstrip()}\n" for line in printed.get().splitlines())


def _profile_tables(profile: DataProfile) -> Iterator[TextTable | Text]:
    facts = _table_of_facts()
    facts.add_row("data of", profile.name)
    facts.add_row("source", source_words(profile))
    facts.add_row("rows", rows_words(profile))
    if profile.drawn is not None:
        facts.add_row(profile.drawn.what, profile.drawn.text)
    if profile.left_out:
        facts.add_row("left out", left_out_words(profile))
    if profile.dataset:
        facts.add_row("prepared", f"{profile.dataset[:_MAX_PATH]}...")
    yield facts
    yield from _class_tables(profile)
    yield _column_table(profile)
    if any(feature.given for feature in profile.features):
        yield _given_table(profile.features)
    if profile.examples:
        yield _example_table(profile)
    if profile.failures:
        yield _failure_table_of_rows(profile)
    yield from _verdict_lines(profile)


def _table_of_facts() -> TextTable:
    table = TextTable(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _titled_table(title: str) -> TextTable:
    return TextTable(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _class_tables(profile: DataProfile) -> Iterator[TextTable]:
    for target in profile.classes:
        table = _titled_table(f"\nclasses of {target.target}")
        table.add_column("class", overflow="fold")
        for part in PARTS:
            table.add_column(part, justify="right", no_wrap=True)
        for label, counts in list(target.rows.items())[:_MAX_CLASSES]:
            table.add_row(label, *(f"{counts[part]:,}" for part in PARTS))
        if len(target.rows) > _MAX_CLASSES:
            table.add_row(f"and {len(target.rows) - _MAX_CLASSES} more")
        yield table


def _column_table(profile: DataProfile) -> TextTable:
    table = _titled_table("\ncolumns, over all rows of the source")
    table.add_column("feature", overflow="fold", max_width=18)
    table.add_column("column", overflow="fold", max_width=22)
    table.add_column("missing", justify="right", no_wrap=True)
    table.add_column("unique", justify="right", no_wrap=True)
    table.add_column("values", overflow="fold")
    rows = [
        (feature.name if number == 0 else "", column)
        for feature in profile.features
        for number, column in enumerate(feature.columns)
    ]
    for name, column in rows[:_MAX_COLUMNS]:
        unique = "" if column.unique is None else f"{column.unique:,}"
        table.add_row(name, column.column, f"{column.missing:,}", unique, column_words(column))
    if len(rows) > _MAX_COLUMNS:
        table.add_row("", f"and {len(rows) - _MAX_COLUMNS} more")
    return table


def _given_table(features: tuple[FeatureProfile, ...]) -> TextTable:
    table = _titled_table("\nfeatures, as the model reads the training samples")
    table.add_column("feature", overflow="fold", max_width=18)
    table.add_column("kind", no_wrap=True)
    table.add_column("element", no_wrap=True)
    table.add_column("values", overflow="fold")
    for feature in features:
        given = "" if feature.given is None else spread_words(feature.given)
        table.add_row(feature.name, feature.kind, feature.element, given)
    return table


def _example_table(profile: DataProfile) -> TextTable:
    what = "training rows" if profile.dataset else "rows"
    table = _titled_table(f"\nthe first {what}")
    table.add_column("column", overflow="fold", max_width=22)
    for number in range(len(profile.examples)):
        table.add_column(str(number + 1), overflow="fold")
    names = list(profile.examples[0])
    for name in names[:_MAX_COLUMNS]:
        table.add_row(name, *(shortened_word(example[name]) for example in profile.examples))
    return table


def _failure_table_of_rows(profile: DataProfile) -> TextTable:
    table = _titled_table("\nrows that break a check, the first ten of each")
    table.add_column("where", overflow="fold", max_width=26)
    table.add_column("column", overflow="fold", max_width=22)
    table.add_column("value", overflow="fold")
    table.add_column("check", overflow="fold")
    for failure in profile.failures:
        warned = " (warning)" if failure.severity == "warning" else ""
        where = str(failure.place).replace("`", "")
        value = shortened_word(failure.value) or "missing"
        table.add_row(where, failure.column, value, failure.check + warned)
    return table


def _verdict_lines(profile: DataProfile) -> Iterator[TextTable | Text]:
    contract, hygiene = verdict_words(profile)
    table = _table_of_facts()
    table.add_row("", "")
    table.add_row("contract", contract)
    for line in check_lines(profile.checks):
        table.add_row("", line)
    if profile.failing_rows is not None:
        table.add_row("", f"all failing rows: {profile.failing_rows}")
    table.add_row("hygiene", hygiene)
    for finding in profile.findings:
        table.add_row("", finding["message"])
        for example in finding["examples"]:
            table.add_row("", f"  {example.replace('`', '')}")
    yield table
