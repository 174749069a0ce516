"""What the `series` targets of `data` owe its inputs: a horizon of their own, or the window."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from dlspec.decode.section_reader import RecordReader
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Span
from dlspec.language.features import Feature, SeriesFeature, SeriesTarget
from dlspec.language.sections import Data, is_free_of_poison
from dlspec.syntax.scalars import POISON

# Rows that a window holds, and from one of them to the next.
_Extent = tuple[int, int]


def with_windows_of_inputs(data: object, reader: RecordReader, reporter: Reporter) -> object:
    """Return a `data` section in which each target with `window: input` has the input's extent.

    Poison stands where a target says neither a horizon nor a window, both, or what no input has.
    """
    if not isinstance(data, Data) or not isinstance(data.targets, Mapping):
        return data
    extents = _extents_of_inputs(data)
    targets = {
        name: _completed_target(
            feature, extents, _Told(name, f"data.targets.{name}", reader, reporter)
        )
        if isinstance(feature, SeriesTarget) and is_free_of_poison(feature)
        else feature
        for name, feature in data.targets.items()
    }
    return replace(data, targets=targets)


def _extents_of_inputs(data: Data) -> frozenset[_Extent] | None:
    """Return what the windows of the inputs hold; None where an input is not known."""
    if not is_free_of_poison(data.inputs):
        return None
    return frozenset(
        (one.length, one.step) for one in data.inputs.values() if isinstance(one, SeriesFeature)
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """One target, and where a mistake of it is told."""

    name: str
    path: str
    reader: RecordReader
    reporter: Reporter

    def report_conflict(self, place: Span, message: str, label: str, help_: str) -> None:
        self.reporter.error(Code.CONFLICT, place, message, label=label, help=help_)


def _completed_target(
    feature: SeriesTarget, extents: frozenset[_Extent] | None, told: _Told
) -> Feature:
    if feature.window_ is None:
        return feature if _is_sound_horizon(feature, told) else _without_a_horizon(feature)
    beside = [key for key in ("horizon", "gap") if f"{told.path}.{key}" in told.reader.keys]
    if beside:
        told.report_conflict(
            told.reader.keys[f"{told.path}.{beside[0]}"],
            f"`window: input` and `{beside[0]}` exclude each other",
            f"`{told.name}` is the window itself, and forecasts no row",
            f"leave `{beside[0]}` out, or `window`",
        )
        return _without_a_horizon(feature)
    if extents is None:
        return _without_a_horizon(feature)
    if not extents:
        # That there is no input with a window is told by a rule.
        return replace(feature, length=feature.length or 1)
    fitting = [extent for extent in sorted(extents) if _agrees(feature, extent)]
    if len(fitting) == 1:
        return replace(feature, length=fitting[0][0], step=fitting[0][1])
    listed = " or ".join(f"`length: {length}, step: {step}`" for length, step in sorted(extents))
    what = "the inputs have several windows" if fitting else "no input has such a window"
    told.report_conflict(
        told.reader.values[f"{told.path}.window"],
        f"`{told.name}` is the window of an input, and {what}",
        "which rows it holds is not said" if fitting else "of other rows than any input",
        f"write {listed}" + (" beside it" if fitting else ""),
    )
    return _without_a_horizon(feature)


def _agrees(feature: SeriesTarget, extent: _Extent) -> bool:
    length, step = extent
    return feature.length in (None, length) and feature.step in (None, step)


def _is_sound_horizon(feature: SeriesTarget, told: _Told) -> bool:
    if feature.horizon is None:
        told.reporter.error(
            Code.MISSING_KEY,
            told.reader.keys.get(told.path, told.reader.values[told.path]),
            f"`{told.name}` needs `horizon`",
            label="`horizon` is not there",
            help="add `horizon: 1`, how many rows to forecast, or `window: input`, which learns "
            "the input's window itself",
        )
        return False
    if feature.length is not None:
        told.report_conflict(
            told.reader.keys[f"{told.path}.length"],
            f"`length` of `{told.name}` says how long a window is, and it forecasts rows",
            "without `window: input`, `horizon` says how many",
            "leave `length` out",
        )
        return False
    return True


def _without_a_horizon(feature: SeriesTarget) -> Feature:
    """Return the feature without a horizon, which has been reported."""
    return cast("Feature", replace(feature, horizon=POISON))  # type: ignore[arg-type]  # poison stands for any value
