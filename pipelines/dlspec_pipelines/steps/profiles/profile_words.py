"""The figures of a data profile in words, the same in a terminal and on the page."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dlspec.diagnostics.counts import agreed, counted
from dlspec_pipelines.steps.datasets.contract import Checked
from dlspec_pipelines.steps.figure_texts import figure_text
from dlspec_pipelines.steps.profiles.column_profile import ColumnProfile, Spread
from dlspec_pipelines.steps.profiles.data_profile import ClassRows, DataProfile

# A text of a column beyond this says no more.
_MAX_WORD = 32
# Two lines under a small picture.
_MAX_PLACE = 22
# Columns that no feature reads, by name; beyond them they are counted.
_MAX_NAMES = 12


def source_words(profile: DataProfile) -> str:
    """Return what was read: the source's words, and how many rows each file has."""
    told = ", ".join(f"{key} {_setting_text(value)}" for key, value in profile.source.items())
    counted = ", ".join(f"{name} {rows:,}" for name, rows in profile.files)
    return told + (f" ({counted})" if len(profile.files) > 1 else "")


def rows_words(profile: DataProfile) -> str:
    """Return how many rows there are, and how they are dealt."""
    parts = {name: count for name, count in profile.rows.items() if name != "source"}
    dealt = ", ".join(f"{count:,} {name}" for name, count in parts.items())
    whole = f"{profile.rows['source']:,} in the source"
    if not dealt:
        return whole
    # Of windows, a part has another number than of rows.
    windowed = any(feature.kind == "series" for feature in profile.features)
    return f"{whole}; windows: {dealt}" if windowed else f"{whole}: {dealt}"


def left_out_words(profile: DataProfile) -> str:
    """Return the columns that no feature reads."""
    rest = len(profile.left_out) - _MAX_NAMES
    named = ", ".join(profile.left_out[:_MAX_NAMES])
    return named + (f" and {rest} more" if rest > 0 else "")


def column_words(column: ColumnProfile) -> str:
    """Return what a column holds: how far it reaches, its most frequent values."""
    told = column.spread is not None
    parts = [f"{column.shape} of" if told else column.shape] if column.shape else []
    if column.spread is not None and column.kind != "booleans":
        parts.append(spread_words(column.spread))
    elif column.frequent:
        parts.append(
            ", ".join(f"{shortened_word(word)} {count:,}" for word, count in column.frequent)
        )
    elif column.first is not None and column.last is not None:
        parts.append(f"{shortened_word(column.first)} to {shortened_word(column.last)}")
    return " ".join([*parts, *([f"({column.sounds})"] if column.sounds else [])])


def spread_words(spread: Spread) -> str:
    """Return how numbers lie."""
    if spread.low is None or spread.high is None:
        return "no number"
    mean, deviation = _plain_figure(spread.mean), _plain_figure(spread.deviation)
    return (
        f"{_plain_figure(spread.low)} to {_plain_figure(spread.high)}, "
        f"mean {mean}, deviation {deviation}"
    )


def verdict_words(profile: DataProfile) -> tuple[str, str]:
    """Return the verdict of the contract, and that of hygiene."""
    failed = [one for one in profile.checks if one.failed]
    broken = sum(1 for one in failed if one.severity == "error")
    warned = len(failed) - broken
    if broken:
        of = f"{broken} of {_counted_checks(profile)}"
        contract = f"broken: {of} {agreed(broken, 'do')} not hold"
    elif profile.problem:
        contract = "not prepared"
    elif profile.checks:
        contract = f"holds: {_counted_checks(profile)}"
    else:
        contract = "`expect` and the features demand nothing"
    if warned:
        contract += f", {warned} with a warning"
    if profile.problem:
        return contract, "not looked at: nothing was prepared"
    odd = len(profile.findings)
    if not odd:
        return contract, "nothing odd"
    return contract, counted(odd, "finding")


def _counted_checks(profile: DataProfile) -> str:
    return counted(len(profile.checks), "check")


@dataclass(frozen=True, slots=True)
class ClassSize:
    """How large a class is: its share of all samples, and of the largest class."""

    share: float
    width: float


def class_sizes(classes: ClassRows) -> dict[str, ClassSize]:
    """Return the sizes of the classes of a target over all parts."""
    counts = {label: sum(parts.values()) for label, parts in classes.rows.items()}
    total, most = max(sum(counts.values()), 1), max(*counts.values(), 1)
    return {label: ClassSize(count / total, count / most) for label, count in counts.items()}


def shortened_place(place: str) -> str:
    """Return where a sample stands under its picture: a long path by the end of its name."""
    name = place.rpartition("/")[2] if "/" in place else place
    return name if len(name) <= _MAX_PLACE else "..." + name[3 - _MAX_PLACE :]


def check_lines(checks: Iterable[Checked]) -> Iterator[str]:
    """Yield one line for each check; columns that hold the same one share a line."""
    same: dict[tuple[str, int], list[str]] = {}
    for one in checks:
        if one.failed:
            warned = " (warning)" if one.severity == "warning" else ""
            outcome = f"fails in {one.failed:,} of {counted(one.rows, 'row')}"
            yield f"{one.column}: {one.check}, {outcome}{warned}"
        else:
            same.setdefault((one.check, one.rows), []).append(one.column)
    for (check, rows), columns in same.items():
        rest = len(columns) - _MAX_NAMES
        named = ", ".join(columns[:_MAX_NAMES]) + (f" and {rest} more" if rest > 0 else "")
        yield f"{named}: {check}, holds in {counted(rows, 'row')}"


def shortened_word(text: str) -> str:
    """Return a value on one line, cut where it is long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _MAX_WORD else plain[: _MAX_WORD - 3] + "..."


def _plain_figure(value: float | None) -> str:
    if value is not None and value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return figure_text(value)


def _setting_text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_setting_text, value))
    if isinstance(value, Mapping):
        inner: Mapping[str, Any] = value
        return ", ".join(f"{key} {_setting_text(one)}" for key, one in inner.items() if one)
    return repr(value) if isinstance(value, str) and not value.strip() else str(value)
