"""What each column of a table may be to a model: a number, a category, a target, or nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from dlspec.diagnostics.counts import agreed, counted
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.first_specs.own_file import column_of_table
from dlspec_pipelines.steps.first_specs.own_source import OwnSource
from dlspec_pipelines.steps.preparation.moments import moments_of_column
from dlspec_pipelines.steps.profiles.column_profile import ColumnProfile, column_profile
from dlspec_pipelines.steps.profiles.profile_words import column_words
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage

# `words` are texts that become an input only where nothing else can.
Role = Literal[
    "number", "category", "text", "words", "array", "picture", "sound", "time", "nothing"
]
TargetForm = Literal["binary", "class", "number"]

_TARGET_NAMES = ("target", "class", "label", "labels", "y", "outcome", "output")
# More categories than these, or than a fifth of the rows, leave too few rows for each.
_MOST_CATEGORIES = 64
# As many as the largest data sets of a first model have.
_MOST_CLASSES = 100
# Whole numbers of more values than these are an amount, not a class.
_MOST_WHOLE_CLASSES = 20
# Of such a column a median would stand for nearly every value.
_MOSTLY_MISSING = 0.95
# First and last name, and a title; longer ones say something.
_MOST_WORDS_OF_A_NAME = 3
# A class that each of three parts gets.
_PARTS = 3


@dataclass(frozen=True, slots=True)
class ColumnRole:
    """A column, what it may be, and why."""

    profile: ColumnProfile
    role: Role
    reason: str

    @property
    def name(self) -> str:
        """Return the column's name."""
        return self.profile.column


# As they are written in tables, whatever their case; a truth value reads `true`.
_NO_AND_YES = (
    ("0", "1"),
    ("-1", "1"),
    ("0.0", "1.0"),
    ("no", "yes"),
    ("n", "y"),
    ("false", "true"),
    ("f", "t"),
    ("negative", "positive"),
)


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """The column to learn; `values` are its classes in the order of their ids, `reason` why it."""

    name: str
    form: TargetForm
    values: tuple[object, ...]
    stratify: bool
    reason: str


def roles_of_columns(own: OwnSource) -> tuple[ColumnRole, ...]:
    """Return what each column may be, in the order of the table."""
    return tuple(
        _role_of_files(name, column_of_table(own.table, name), own.file_form)
        if name == "file" and own.file_form is not None
        else _role_of_column(name, column_of_table(own.table, name))
        for name in own.table.columns
    )


def _role_of_files(name: str, column: Array, form: Literal["picture", "sound"]) -> ColumnRole:
    return ColumnRole(column_profile(name, column), form, counted(len(column), "file"))


def chosen_target(table: Table, roles: Sequence[ColumnRole], asked: str | None) -> TargetChoice:
    """Return the target: the one that is asked for, that of a telling name, or the last that fits.

    Raises:
        WrongUsage: If there is none, or the one that is asked for cannot be learned.
    """
    by_name = {role.name: role for role in roles}
    if asked is not None:
        if asked not in by_name:
            raise WrongUsage(
                f"there is no column `{asked}`",
                help=f"write one of {', '.join(f'`{name}`' for name in list(by_name)[:12])}",
            )
        why_not = _why_no_target(by_name[asked], table)
        if why_not:
            raise WrongUsage(f"`{asked}` cannot be the target: {why_not}", help="name another")
        return _target_of_column(table, by_name[asked], "named by --target")
    for role in roles:
        if role.name.lower() in _TARGET_NAMES and not _why_no_target(role, table):
            return _target_of_column(
                table, role, "the target by its name; `--target` takes another"
            )
    usable = [role for role in roles if not _why_no_target(role, table)]
    if not usable:
        told = "; ".join(f"`{role.name}`: {_why_no_target(role, table)}" for role in roles[-3:])
        raise WrongUsage(f"no column can be the target ({told})", help="add a column of answers")
    if _begins_with_class(usable, roles, table):
        return _target_of_column(table, usable[0], "the first column: the only one of few values")
    return _target_of_column(
        table, usable[-1], "the last column that fits; `--target` names another"
    )


def _begins_with_class(
    usable: Sequence[ColumnRole], roles: Sequence[ColumnRole], table: Table
) -> bool:
    first = usable[0]
    if first is not roles[0] or len(usable) < 3:
        return False
    return _form_of_target(table, first) != "number" and all(
        _form_of_target(table, role) == "number" for role in usable[1:]
    )


def _why_no_target(role: ColumnRole, table: Table) -> str:
    if role.role not in ("number", "category"):
        return role.reason
    if role.profile.missing:
        missing = role.profile.missing
        return f"{counted(missing, 'value')} {agreed(missing, 'are')} missing"
    unique = role.profile.unique or 0
    if role.role == "category" and unique > _MOST_CLASSES:
        return f"{counted(unique, 'class')} are too many for {counted(table.rows, 'row')}"
    return ""


def _form_of_target(table: Table, role: ColumnRole) -> TargetForm:
    unique = role.profile.unique or 0
    if role.role == "category" or role.profile.kind == "booleans":
        return "binary" if unique == 2 else "class"
    values = column_of_table(table, role.name)
    whole = bool((values == np.floor(values.astype(np.float64))).all())
    if not whole or unique > min(_MOST_WHOLE_CLASSES, table.rows // 5):
        return "number"
    return "binary" if unique == 2 else "class"


def _target_of_column(table: Table, role: ColumnRole, reason: str) -> TargetChoice:
    form = _form_of_target(table, role)
    column = column_of_table(table, role.name)
    if form == "number":
        return TargetChoice(role.name, form, (), stratify=False, reason=reason)
    counts = pd.Series(column).value_counts()
    values = tuple(sorted(counts.index.tolist()))
    if form == "binary":
        # Of yes and no it is yes that one looks for, of two others the rarer.
        positive = _yes_of(values)
        positive = counts.index.tolist()[-1] if positive is None else positive
        values = (*(value for value in values if value != positive), positive)
    return TargetChoice(
        role.name, form, values, stratify=int(counts.min()) >= _PARTS, reason=reason
    )


def _yes_of(values: tuple[object, ...]) -> object | None:
    """Return which of two values says yes; None where they are no yes and no."""
    by_word = {str(value).strip().casefold(): value for value in values}
    return next((by_word[yes] for no, yes in _NO_AND_YES if by_word.keys() == {no, yes}), None)


def is_yes(target: TargetChoice) -> bool:
    """Tell whether the positive one of a target's two values says yes, as text or as 1."""
    return _yes_of(target.values) is not None


def _role_of_column(name: str, column: Array) -> ColumnRole:
    found, rows = column_profile(name, column), len(column)
    if found.missing >= rows * _MOSTLY_MISSING:
        return ColumnRole(
            found, "nothing", f"missing in {found.missing:,} of {counted(rows, 'row')}"
        )
    if found.unique == 1:
        return ColumnRole(found, "nothing", "the same in every row")
    if found.kind == "arrays":
        return ColumnRole(found, "array", column_words(found))
    if found.kind == "mixed":
        return ColumnRole(found, "nothing", "holds texts and other values; no feature takes both")
    if found.kind in ("texts", "dates"):
        return _role_of_texts(found, column, rows)
    return _role_of_numbers(found, column, rows)


def _role_of_numbers(found: ColumnProfile, column: Array, rows: int) -> ColumnRole:
    words = column_words(found)
    if found.kind == "numbers" and _counts_rows(found, column, rows):
        return ColumnRole(found, "nothing", "tells rows apart and says nothing of them")
    if column.dtype.kind == "O":
        return ColumnRole(found, "category" if found.kind == "booleans" else "nothing", words)
    gaps = f"; {found.missing:,} missing" if found.missing else ""
    return ColumnRole(found, "number", words + gaps)


def _role_of_texts(found: ColumnProfile, column: Array, rows: int) -> ColumnRole:
    if _is_time(found.column, column):
        return ColumnRole(found, "time", column_words(found))
    unique, present = found.unique or 0, rows - found.missing
    if unique <= min(_MOST_CATEGORIES, max(rows // 5, 2)):
        gaps = f"; {found.missing:,} missing are unknown" if found.missing else ""
        return ColumnRole(found, "category", f"{counted(unique, 'category')}{gaps}")
    words = np.mean([len(text.split()) for text in column[:1000] if isinstance(text, str)])
    blank = any(not isinstance(text, str) or not text.strip() for text in column)
    if words > _MOST_WORDS_OF_A_NAME and not blank:
        return ColumnRole(found, "text", f"free text of {words:.0f} words in the mean")
    if words > _MOST_WORDS_OF_A_NAME:
        return ColumnRole(found, "nothing", "free text that some rows do not have")
    if unique > present * 0.9:
        return ColumnRole(
            found, "nothing", f"{counted(unique, 'different text')}: tells rows apart"
        )
    reason = f"{counted(unique, 'category')} are too many for {counted(rows, 'row')}"
    return ColumnRole(found, "nothing" if blank else "words", reason)


def _counts_rows(found: ColumnProfile, column: Array, rows: int) -> bool:
    if column.dtype.kind not in "iu" or found.unique != rows or rows < 3:
        return False
    steps = np.diff(column.astype(np.int64))
    return (
        bool((steps == 1).all()) or re.search(r"(?i)(^|[_ ])id$|Id$|ID$", found.column) is not None
    )


def _is_time(name: str, column: Array) -> bool:
    try:
        moments = moments_of_column(name, column)
    except StepError:
        return False
    return moments.dtype.kind == "M"


def time_of_rows(roles: Sequence[ColumnRole]) -> str | None:
    """Return the column that says when; None where there is none, or more than one."""
    times = [role.name for role in roles if role.role == "time"]
    return times[0] if len(times) == 1 else None


def is_one_series(table: Table, time: str) -> bool:
    """Return whether every row has a moment of its own."""
    moments = moments_of_column(time, table.columns[time])
    return len(np.unique(moments)) == len(moments)


def graph_names_of_columns(roles: Sequence[ColumnRole], taken: Sequence[str]) -> Mapping[str, str]:
    """Return a name of the graph for each column, none twice."""
    used = set(taken)
    names: dict[str, str] = {}
    for role in roles:
        names[role.name] = _free_name(role.name, used)
        used.add(names[role.name])
    return names


def graph_name(column: str) -> str:
    """Return a column's name as one of the graph."""
    plain = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_") or "column"
    return plain if plain[0].isalpha() else f"c_{plain}"


def _free_name(column: str, used: set[str]) -> str:
    plain = graph_name(column)
    return next(name for name in _numbered_names(plain) if name not in used)


def _numbered_names(plain: str) -> Iterator[str]:
    yield plain
    for number in range(2, 10**6):
        yield f"{plain}_{number}"
