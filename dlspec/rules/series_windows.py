"""Windows of the `series` features: rows in an order, one stride, one way to tell series apart."""

from collections.abc import Mapping

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Reporter
from dlspec.language.features import SeriesFeature
from dlspec.language.row_splits import FractionSplit, GivenSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.rules.subject import Checked


def report_series_windows(checked: Checked) -> None:
    """Report windows without rows in order, that do not fit together, or beside single rows."""
    if checked.written_data is None:
        return
    data, spec, reporter = checked.written_data, checked.spec, checked.reporter
    series = [n for n, f in {**data.inputs, **data.targets}.items() if f.window is not None]
    if not series:
        _check_gaps_without_windows(data, spec, reporter)
        return
    inputs = {n: f for n, f in data.inputs.items() if isinstance(f, SeriesFeature)}
    _check_order(data, series[0], inputs, spec, reporter)
    if not inputs:
        reporter.error(
            Code.CONFLICT,
            spec.places.key(f"data.targets.{series[0]}"),
            f"the rows of `{series[0]}` follow a window, and no input is one",
            label="a `series` among the inputs is what they follow",
            help="make the inputs `series`, such as `past: {series: load, length: 24}`",
        )
        return
    _check_strides(inputs, spec, reporter)
    _check_groups(data, inputs, spec, reporter)
    for name in [n for n in (*data.inputs, *data.targets) if n not in series]:
        section = "inputs" if name in data.inputs else "targets"
        reporter.error(
            Code.CONFLICT,
            spec.places.key(f"data.{section}.{name}"),
            f"`{name}` has one value for each row, `{series[0]}` one for each window",
            label="not a series",
            help="make every feature a `series`",
        )


def _check_order(
    data: Data,
    first: str,
    inputs: Mapping[str, SeriesFeature],
    spec: ModelSpec,
    reporter: Reporter,
) -> None:
    """Report rows that are dealt one by one; those of a group, or of a file, keep their order."""
    split = data.split
    if not isinstance(split, FractionSplit | GivenSplit):
        return
    if isinstance(split, GivenSplit) and not split.validation:
        return
    grouped = any(one.group is not None for one in inputs.values())
    if split.group is None or not grouped:
        by_group = (
            f"write `group: {split.group}` beside the `series`, which keeps windows within a group"
            if split.group is not None
            else "write `split: {time: <column>, validation: 0.15, test: 0.15}`; of many short "
            "series, `group` here and beside the `series` deals whole ones"
        )
        reporter.error(
            Code.CONFLICT,
            spec.places.key("data.split"),
            "windows over time need rows split by time",
            label=f"`{first}` is a series",
            help=by_group,
        )


def _check_strides(
    inputs: Mapping[str, SeriesFeature], spec: ModelSpec, reporter: Reporter
) -> None:
    (first, one), *others = inputs.items()
    for name, other in others:
        if other.stride != one.stride:
            reporter.error(
                Code.CONFLICT,
                spec.places.value(f"data.inputs.{name}.stride"),
                f"`{name}` and `{first}` have windows of different strides",
                label=f"{counted(other.stride, 'row')} from one to the next, `{first}` has "
                f"{one.stride}",
                help=f"write `stride: {one.stride}` for both",
            )


def _check_groups(
    data: Data, inputs: Mapping[str, SeriesFeature], spec: ModelSpec, reporter: Reporter
) -> None:
    named = [(name, one.group) for name, one in inputs.items() if one.group is not None]
    for name, group in named:
        path = f"data.inputs.{name}.group"
        if group != named[0][1]:
            reporter.error(
                Code.CONFLICT,
                spec.places.value(path),
                f"`{name}` and `{named[0][0]}` tell series apart by different columns",
                label=f"`{named[0][0]}` has `group: {named[0][1]}`",
                help=f"write `group: {named[0][1]}`",
            )
        elif isinstance(data.split, TimeSplit) and group == data.split.time:
            reporter.error(
                Code.CONFLICT,
                spec.places.value(path),
                f"`{group}` orders the rows and cannot tell series apart too",
                label="every moment would be a series of its own",
                help="name the column of the station, the person or the machine, or leave `group` "
                "out",
            )


def _check_gaps_without_windows(data: Data, spec: ModelSpec, reporter: Reporter) -> None:
    if isinstance(data.split, TimeSplit) and data.split.gaps == "cross":
        reporter.error(
            Code.CONFLICT,
            spec.places.key("data.split.gaps"),
            "`gaps` says what windows do, and there are none",
            label="no feature is a `series`",
            help="leave `gaps` out",
        )
