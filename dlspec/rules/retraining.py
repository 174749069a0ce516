"""When a model is trained again: cron expressions and time zones."""

import re
import zoneinfo

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.sections import is_free_of_poison
from dlspec.rules.subject import Checked

_MONTHS = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
]  # fmt: skip


# February of a leap year.
_MOST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _WEEKDAYS),
)


_NICKNAMES = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")


_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?\Z")


def cron_problem(text: str) -> str | None:
    """Return what is wrong with a cron expression, or None when it stands.

    Source: POSIX crontab(5), with names of months and days, steps, and the usual nicknames.
    """
    if text in _NICKNAMES:
        return None
    words = text.split()
    if len(words) != len(_FIELDS):
        return f"it has {counted(len(words), 'field')} and needs {len(_FIELDS)}"
    for word, (name, low, high, names) in zip(words, _FIELDS, strict=True):
        for part in word.split(","):
            if not _is_cron_part(part, low, high, names):
                return f"`{part}` is no {name}, which goes from {low} to {high}"
    return None if _ever_comes(words) else "no month of it has such a day"


def _ever_comes(words: list[str]) -> bool:
    """Return whether a month has the day; Dagster asks for it with a weekday beside it too."""
    _, _, day, month, _ = words
    if day == "*":
        return True
    first_day = min(_cron_values(day, 1, 31, []))
    return any(first_day <= _MOST_DAYS[m - 1] for m in _cron_values(month, 1, 12, _MONTHS))


def _cron_values(word: str, low: int, high: int, names: list[str]) -> set[int]:
    """Return the numbers that a field stands for."""
    found: set[int] = set()
    for part in word.split(","):
        match = _PART.match(part)
        assert match is not None, "each part stands"
        start, end, step = match.groups()
        first = low if start == "*" else _cron_number(start, low, names)
        last = high if start == "*" or (end is None and step) else first
        last = last if end is None else _cron_number(end, low, names)
        assert first is not None, "each part stands"
        assert last is not None, "each part stands"
        found |= set(range(first, last + 1, int(step or 1)))
    return found


def _is_cron_part(part: str, low: int, high: int, names: list[str]) -> bool:
    match = _PART.match(part)
    if not match:
        return False
    start, end, step = match.groups()
    if step is not None and int(step) < 1:
        return False
    if start == "*":
        return end is None
    first = _cron_number(start, low, names)
    last = first if end is None else _cron_number(end, low, names)
    return first is not None and last is not None and low <= first <= last <= high


def _cron_number(word: str, low: int, names: list[str]) -> int | None:
    if word.lower() in names:
        return names.index(word.lower()) + low
    return int(word) if word.isdecimal() else None


def report_retraining(checked: Checked) -> None:
    """Report a cron expression or a time zone that means nothing."""
    spec, reporter = checked.spec, checked.reporter
    if spec.retraining is None or not is_free_of_poison(spec.retraining):
        return
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
        near = replacement_word(name, zoneinfo.available_timezones(), work=checked.reporter.work)
        reporter.error(
            Code.TIME_ZONE,
            spec.places.value("retraining.timezone"),
            f"there is no time zone `{name}`",
            label="not in the IANA time zone database",
            help=near or "write a name such as `Europe/Zurich`, or `UTC`",
        )


def _is_time_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
