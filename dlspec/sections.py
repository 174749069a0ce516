"""What the sections of a spec owe each other: names that must exist, keys that need or exclude."""

import re
import zoneinfo
from collections.abc import Iterator, Mapping

from dlspec.cron import cron_problem
from dlspec.diagnostics import Code, Reporter, suggest
from dlspec.features import ClassFeature, SeriesFeature, SeriesTarget, columns_of
from dlspec.source import Span
from dlspec.sources import ColumnSplit, FractionSplit, GivenSplit, KerasSource, TimeSplit
from dlspec.spec import Clip, Data, ModelSpec, Training, whole
from dlspec.values import Scope


def check_sections(spec: ModelSpec, outputs: tuple[str, ...] | None, reporter: Reporter) -> None:
    """Report every reference from one section to another that does not hold.

    Args:
        outputs: The names of the model's outputs; None when a mistake hides them.
    """
    _check_presence(spec, reporter)
    if spec.training is not None and whole(spec.training):
        _check_training(spec.training, outputs, spec, reporter)
    if spec.data is not None and whole(spec.data):
        _check_data(spec.data, spec, reporter)
    if spec.retraining is not None and whole(spec.retraining):
        _check_retraining(spec, reporter)


def _check_presence(spec: ModelSpec, reporter: Reporter) -> None:
    sections = {"data": spec.data, "training": spec.training}
    needs = {
        "training": ("data",),
        "evaluation": ("data", "training"),
        "prediction": ("data", "training"),
        "retraining": ("data", "training"),
    }
    for section, others in needs.items():
        if getattr(spec, section) is None:
            continue
        for other in others:
            if sections[other] is None:
                reporter.error(
                    Code.MISSING_KEY,
                    spec.places.key(section),
                    f"`{section}` needs the section `{other}`",
                    label=f"there is no `{other}`",
                    help=f"add `{other}`, or leave `{section}` out",
                )


def _check_training(
    training: Training, outputs: tuple[str, ...] | None, spec: ModelSpec, reporter: Reporter
) -> None:
    if outputs is not None:
        for key in ("loss", "metrics", "loss_weights"):
            value = getattr(training, key)
            if isinstance(value, Mapping):
                _check_outputs(key, value, outputs, spec, reporter)
    if training.clip is not None:
        _check_clip(training.clip, spec, reporter)
    if isinstance(training.class_weight, Mapping):
        _check_class_weight(training.class_weight, spec, reporter)


def _check_outputs(
    key: str,
    value: Mapping[str, object],
    outputs: tuple[str, ...],
    spec: ModelSpec,
    reporter: Reporter,
) -> None:
    unknown = [name for name in value if name not in outputs]
    for name in unknown:
        near = suggest(name, outputs) or (outputs[0] if len(outputs) == 1 else None)
        reporter.error(
            Code.UNKNOWN_NAME,
            spec.places.key(f"training.{key}.{name}"),
            f"the model has no output `{name}`",
            label=f"its outputs are {', '.join(outputs)}",
            help=f"write `{near}`" if near else None,
        )
    missing = [name for name in outputs if name not in value]
    if key == "loss" and missing and not unknown:
        reporter.error(
            Code.MISSING_KEY,
            spec.places.key("training.loss"),
            f"`loss` has nothing for the output `{missing[0]}`",
            label="every output needs a loss",
            help=f"add `{missing[0]}`",
        )


def _check_clip(clip: Clip, spec: ModelSpec, reporter: Reporter) -> None:
    given = [key for key in ("norm", "global_norm", "value") if getattr(clip, key) is not None]
    if len(given) != 1:
        reporter.error(
            Code.CONFLICT,
            spec.places.key("training.clip"),
            "`clip` takes exactly one of `norm`, `global_norm` and `value`",
            label=f"{len(given)} are given",
            help="write `clip: {global_norm: 1.0}`",
        )


def _check_class_weight(weights: Mapping[str, float], spec: ModelSpec, reporter: Reporter) -> None:
    for name in weights:
        if not name.isdecimal():
            reporter.error(
                Code.WRONG_TYPE,
                spec.places.key(f"training.class_weight.{name}"),
                "a key of `class_weight` is a class id",
                label=f"`{name}` is no whole number",
                help='write `class_weight: {"0": 1.0, "1": 5.0}`, or `class_weight: balanced`',
            )


def _check_data(data: Data, spec: ModelSpec, reporter: Reporter) -> None:
    split = data.split
    if isinstance(split, FractionSplit | GivenSplit) and split.stratify is not None:
        target = data.targets.get(split.stratify)
        if not isinstance(target, ClassFeature):
            classes = [n for n, f in data.targets.items() if isinstance(f, ClassFeature)]
            near = suggest(split.stratify, classes) or (classes[0] if classes else None)
            reporter.error(
                Code.UNKNOWN_NAME,
                spec.places.value("data.split.stratify"),
                f"`stratify` takes the name of a class target, `{split.stratify}` is none",
                label=f"the class targets are {', '.join(classes) or 'none'}",
                help=f"write `{near}`" if near else "leave `stratify` out",
            )
    if isinstance(split, GivenSplit) and not isinstance(data.source, KerasSource):
        reporter.error(
            Code.CONFLICT,
            spec.places.value("data.split.test"),
            "this source has no test rows of its own",
            label="only keras data sets bring them",
            help="write a share, such as `test: 0.15`",
        )
    if isinstance(split, FractionSplit | TimeSplit) and split.validation + split.test >= 1:
        reporter.error(
            Code.OUT_OF_RANGE,
            spec.places.key("data.split"),
            "validation and test leave no training rows",
            label=f"together they take {split.validation + split.test:g} of all rows",
            help="lower one of the two",
        )
    _check_windows(data, spec, reporter)
    _check_expected_columns(data, spec, reporter)


def _check_windows(data: Data, spec: ModelSpec, reporter: Reporter) -> None:
    """Report windows without rows in order, or beside features that are no windows."""
    series = [n for n, f in {**data.inputs, **data.targets}.items() if _is_series(f)]
    if not series:
        return
    if not isinstance(data.split, TimeSplit | ColumnSplit):
        reporter.error(
            Code.CONFLICT,
            spec.places.key("data.split"),
            "windows over time need rows split by time",
            label=f"`{series[0]}` is a series",
            help="write `split: {time: <column>, validation: 0.15, test: 0.15}`",
        )
    others = [n for n in (*data.inputs, *data.targets) if n not in series]
    for name in others:
        section = "inputs" if name in data.inputs else "targets"
        reporter.error(
            Code.CONFLICT,
            spec.places.key(f"data.{section}.{name}"),
            f"`{name}` has one value for each row, `{series[0]}` one for each window",
            label="not a series",
            help="make every feature a `series`",
        )


def _is_series(feature: object) -> bool:
    return isinstance(feature, SeriesFeature | SeriesTarget)


def _check_expected_columns(data: Data, spec: ModelSpec, reporter: Reporter) -> None:
    """Report a contract on a column that nothing reads when it looks like a mistyped one."""
    read = {c for f in (*data.inputs.values(), *data.targets.values()) for c in columns_of(f)}
    if isinstance(data.split, ColumnSplit):
        read.add(data.split.column)
    if isinstance(data.split, TimeSplit):
        read.add(data.split.time)
    for column, expected in (data.expect or {}).items():
        if expected.str_matches is not None:
            _check_pattern(column, expected.str_matches, spec, reporter)
        near = suggest(column, read)
        if column not in read and near:
            reporter.error(
                Code.UNKNOWN_NAME,
                spec.places.key(f"data.expect.{column}"),
                f"no feature reads the column `{column}`",
                label=f"`{near}` is read",
                help=f"write `{near}`",
            )


def _check_pattern(column: str, pattern: str, spec: ModelSpec, reporter: Reporter) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        reporter.error(
            Code.WRONG_TYPE,
            spec.places.value(f"data.expect.{column}.str_matches"),
            f"`{pattern}` is not a regular expression",
            label=str(error),
        )


def _check_retraining(spec: ModelSpec, reporter: Reporter) -> None:
    assert spec.retraining is not None
    cron = spec.retraining.cron
    problem = cron_problem(cron) if cron is not None else None
    if problem:
        reporter.error(
            Code.CRON,
            spec.places.value("retraining.cron"),
            f"`{cron}` is not a cron expression",
            label=problem,
            help='write minute, hour, day, month and weekday, such as `"0 3 * * 1"`',
        )
    name = spec.retraining.timezone
    if not _is_time_zone(name):
        near = suggest(name, zoneinfo.available_timezones())
        reporter.error(
            Code.TIME_ZONE,
            spec.places.value("retraining.timezone"),
            f"there is no time zone `{name}`",
            label="not in the IANA time zone database",
            help=f"write `{near}`" if near else "write a name such as `Europe/Zurich`, or `UTC`",
        )


def _is_time_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def check_params_read(scope: Scope, places: Mapping[str, Span], reporter: Reporter) -> None:
    """Report the params of a file that no expression reads."""
    for name, span in _params(scope, places):
        if name not in scope.read and name.isidentifier():
            reporter.error(
                Code.PARAM_NOT_READ,
                span,
                f"the param `{name}` is never read",
                label="no expression uses it",
                help=f"use `${name}` or leave it out",
            )


def _params(scope: Scope, places: Mapping[str, Span]) -> Iterator[tuple[str, Span]]:
    for name in scope.own:
        yield name, places[f"params.{name}"]
