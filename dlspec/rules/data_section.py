"""What the keys of `data` owe each other: splits, windows, contracts."""

import codecs
import re
from collections.abc import Iterable, Mapping
from encodings.aliases import aliases

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.features import LabelsFeature
from dlspec.language.file_facts import file_facts_by_name
from dlspec.language.file_names import pattern_columns
from dlspec.language.row_splits import ColumnSplit, FractionSplit, GivenSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import (
    TEST_SOURCES_BY_WORD,
    CsvSource,
    FolderSource,
    Source,
    SqlSource,
    TextFolderSource,
)
from dlspec.rules.subject import Checked


def report_data_section(checked: Checked) -> None:
    """Report splits and contracts that the features of `data` do not allow."""
    if checked.written_data is None:
        return
    data, spec, reporter = checked.written_data, checked.spec, checked.reporter
    split = data.split
    if isinstance(split, FractionSplit | GivenSplit) and split.stratify is not None:
        _check_stratify(split.stratify, data, spec, reporter)
    _check_given_rows(data, spec, reporter)
    _check_delimited_text(data.source, "data.source", spec, reporter)
    _check_delimited_text(data.test, "data.test", spec, reporter)
    if isinstance(split, FractionSplit | TimeSplit) and split.validation + split.test >= 1:
        reporter.error(
            Code.OUT_OF_RANGE,
            spec.places.key("data.split"),
            "validation and test leave no training rows",
            label=f"together they take {split.validation + split.test:g} of all rows",
            help="lower one of the two",
        )
    _check_labels(data, spec, reporter)
    weights = _weight_columns_by_path(checked)
    _check_expected_columns(data, weights.values(), spec, reporter)
    if isinstance(data.source, FolderSource):
        for path, column in weights.items():
            _check_column_of_folder(column, spec.places.value(path), data.source, reporter)


def _weight_columns_by_path(checked: Checked) -> dict[str, str]:
    """Return the columns that `training.sample_weight` names, by where they stand."""
    said = checked.training.sample_weight if checked.training is not None else None
    path = "training.sample_weight"
    if isinstance(said, Mapping):
        return {f"{path}.{output}": column for output, column in said.items()}
    return {} if said is None else {path: said}


def _check_given_rows(data: Data, spec: ModelSpec, reporter: Reporter) -> None:
    """Report test rows that are taken and not given, given and not taken, or given twice."""
    source, given = data.source, data.test
    if given is None:
        if isinstance(data.split, GivenSplit) and not source.has_test_rows:
            beside = f", or name their file beside `source`: `test: {{{source.word}: <file>}}`"
            reporter.error(
                Code.CONFLICT,
                spec.places.value("data.split.test"),
                "this source has no test rows of its own",
                label="`keras` brings them, and an `npz` of `x_train` and `x_test`",
                help="write a share, such as `test: 0.15`"
                + beside * (source.word in TEST_SOURCES_BY_WORD),
            )
        return
    if source.word not in TEST_SOURCES_BY_WORD:
        reporter.error(
            Code.CONFLICT,
            spec.places.key("data.test"),
            f"`test` names the test rows of a file, and `{source.word}` reads none",
            label=f"the source is `{source.word}`",
            help="leave `test` out" + (", `test: given` takes its own" * source.has_test_rows),
        )
    elif not isinstance(data.split, GivenSplit):
        reporter.error(
            Code.CONFLICT,
            spec.places.key("data.test"),
            "the test rows are named, and the split does not take them",
            label="nobody reads these rows",
            help="write `split: {validation: 0.2, test: given}`",
        )
    twice = [] if isinstance(given, SqlSource) else sorted(set(source.files) & set(given.files))
    if twice:
        reporter.error(
            Code.CONFLICT,
            spec.places.value(f"data.test.{given.word}"),
            f"`{twice[0]}` is named for training and for test",
            label="a model is tested on rows that it was not fitted to",
            help="name the file of the test rows",
        )


def _check_delimited_text(
    source: Source | None, path: str, spec: ModelSpec, reporter: Reporter
) -> None:
    """Report what no delimited file can be read by."""
    if not isinstance(source, CsvSource):
        return
    tab = any(".tsv" in name for name in source.files)
    if source.decimal == (source.separator or ("\t" if tab else ",")):
        reporter.error(
            Code.CONFLICT,
            spec.places.value(f"{path}.decimal"),
            "one character cannot stand both between two fields and before decimals",
            label="it stands between two fields already",
            help='write another `separator`, such as `separator: ";"`',
        )
    try:
        codecs.lookup(source.encoding)
    except LookupError:
        known = sorted(set(aliases.values()))
        near = replacement_word(source.encoding, known, work=reporter.work)
        reporter.error(
            Code.NOT_A_CHOICE,
            spec.places.value(f"{path}.encoding"),
            f"no encoding is called `{source.encoding}`",
            label="Python knows no such encoding",
            help=near or "write `utf-8`, or `latin-1` for a text of western Europe",
        )


def _check_stratify(name: str, data: Data, spec: ModelSpec, reporter: Reporter) -> None:
    """Report shares of what has no values to keep the shares of."""
    fitting = [n for n, f in {**data.inputs, **data.targets}.items() if f.can_stratify]
    if name in fitting:
        return
    near = replacement_word(name, fitting, work=reporter.work)
    if near is None and fitting:
        near = Replacement(fitting[-1], certain=False)
    reporter.error(
        Code.UNKNOWN_NAME,
        spec.places.value("data.split.stratify"),
        f"`stratify` takes a target of classes or a category, `{name}` is neither",
        label=f"such features: {', '.join(fitting) or 'none'}",
        help=near or "leave `stratify` out",
    )


def _check_labels(data: Data, spec: ModelSpec, reporter: Reporter) -> None:
    """Report labels whose columns and `classes` say two things, or nothing, of their number."""
    for name, feature in data.targets.items():
        if not isinstance(feature, LabelsFeature):
            continue
        columns, said = len(feature.columns), feature.classes
        said = len(said) if isinstance(said, tuple) else said
        path = f"data.targets.{name}"
        if feature.num_labels is None:
            reporter.error(
                Code.CONFLICT,
                spec.places.key(path),
                f"nothing says how many labels `{name}` has",
                label=f"`{feature.columns[0]}` is one column, which may hold any",
                help="write `classes` with their number or their names",
            )
        elif columns > 1 and said not in (None, columns):
            reporter.error(
                Code.CONFLICT,
                spec.places.value(f"{path}.classes"),
                f"`{name}` has {counted(columns, 'column')} of labels and {counted(said, 'class')}",
                label=f"{said} here",
                help="leave `classes` out: the columns are the labels",
            )
        elif feature.num_labels < 2:
            reporter.error(
                Code.CONFLICT,
                spec.places.value(f"{path}.classes"),
                f"`{name}` has a single label",
                label=f"{said} here",
                help="make the target `binary`, or list the other labels",
            )


def _check_expected_columns(
    data: Data, weights: Iterable[str], spec: ModelSpec, reporter: Reporter
) -> None:
    """Report a contract on a column that nothing reads when it looks like a mistyped one."""
    read = {*data.columns, *weights}
    if isinstance(data.split, ColumnSplit):
        read.add(data.split.column)
    if isinstance(data.split, TimeSplit):
        read.add(data.split.time)
    facts = file_facts_by_name([*data.inputs.values(), *data.targets.values()])
    for column, expected in (data.expect or {}).items():
        for number, checks in enumerate(expected):
            if checks.str_matches is not None:
                # A single mapping stands without a list around it.
                inner = (f"data.expect.{column}", f"data.expect.{column}.{number}")
                path = next(p for p in reversed(inner) if f"{p}.str_matches" in spec.places.values)
                _check_pattern(path, checks.str_matches, spec, reporter)
        if isinstance(data.source, FolderSource):
            place = spec.places.key(f"data.expect.{column}")
            _check_column_of_folder(column, place, data.source, reporter, facts=facts)
            continue
        near = replacement_word(column, read, work=reporter.work)
        if column not in {*read, *facts} and near:
            reporter.error(
                Code.UNKNOWN_NAME,
                spec.places.key(f"data.expect.{column}"),
                f"no feature reads the column `{column}`",
                label=f"`{near.text}` is read",
                help=near,
            )


def _check_column_of_folder(
    column: str,
    place: Span,
    source: FolderSource,
    reporter: Reporter,
    *,
    facts: Iterable[str] = (),
) -> None:
    """Report the name of what a folder of files has not: its columns are known without it.

    Args:
        facts: What is known of its files beside what the folder says.
    """
    try:
        own = ("class", "part") if source.names is None else pattern_columns(source.names)
    except ValueError:
        # What is wrong with the pattern is reported where it stands.
        return
    texts = ("text",) if isinstance(source, TextFolderSource) else ()
    plain = [name for name in facts if "." not in name]
    known = ["file", *own, *texts, *(plain or facts)]
    if column in {*known, *facts}:
        return
    near = replacement_word(column, known, work=reporter.work)
    reporter.error(
        Code.UNKNOWN_NAME,
        place,
        f"`{source.word}` has no column `{column}`",
        label=f"it has {', '.join(known)}",
        help=near,
    )


def _check_pattern(path: str, pattern: str, spec: ModelSpec, reporter: Reporter) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        reporter.error(
            Code.WRONG_TYPE,
            spec.places.value(f"{path}.str_matches"),
            f"`{pattern}` is not a regular expression",
            label=str(error),
        )
