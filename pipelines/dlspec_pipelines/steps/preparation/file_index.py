"""The files that a column names as a table of facts, a row for each: the index of a contract."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dlspec.language.features import AudioFeature
from dlspec.language.file_facts import file_facts_by_name
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.contract_rules import ContractRule, rule_that_holds
from dlspec_pipelines.steps.datasets.file_decoding import BadFile, decode_all_files
from dlspec_pipelines.steps.datasets.folder_files import digests_of_files
from dlspec_pipelines.steps.datasets.picture_pixels import open_stored_picture, picture_layout
from dlspec_pipelines.steps.datasets.sound_files import read_sound, sound_facts
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.preparation.named_files import named_file_paths, names_files

# What is read of a file for a fact of these; of others its header is enough.
_OF_VALUES = ("min", "max", "mean")


@dataclass(frozen=True, slots=True, eq=False)
class FileIndex:
    """A table with the facts that a contract names, and a rule for each column of files.

    Attributes:
        table: Its columns, and one for each fact that `expect` names.
        rules: That each file can be read; a fact of one that cannot is missing.
    """

    table: Table
    rules: tuple[ContractRule, ...]


def index_of_named_files(table: Table, data: Data) -> FileIndex:
    """Return a table with the facts that `data.expect` names; own columns of that name are meant.

    Nothing is read where it names none.

    Raises:
        StepError: If a column names files that are not there (DL613).
    """
    features = [*data.inputs.values(), *data.targets.values()]
    known = file_facts_by_name(features)
    asked = {n: known[n] for n in data.expect or {} if n not in table.columns and n in known}
    sounds = {name for f in features if isinstance(f, AudioFeature) for name in f.columns}
    columns, rules = dict(table.columns), []
    for column in dict.fromkeys(fact.column for fact in asked.values()):
        if not names_files(table.columns[column]):
            continue
        wanted = {name: fact.fact for name, fact in asked.items() if fact.column == column}
        found, bad = _facts_of_column(
            column, table, set(wanted.values()), is_sound=column in sounds
        )
        columns |= {name: found[fact] for name, fact in wanted.items()}
        rules.append(_readable_rule(column, table.rows, bad, is_sound=column in sounds))
    return FileIndex(replace(table, columns=columns), tuple(rules))


def _facts_of_column(
    column: str, table: Table, wanted: set[str], *, is_sound: bool
) -> tuple[dict[str, Array], tuple[BadFile, ...]]:
    """Return the facts of each file, nan where it cannot be read, and those that cannot."""
    paths = named_file_paths(column, table)
    found = {fact: np.full(len(paths), np.nan) for fact in wanted - {"digest"}}
    with_values = bool(wanted & set(_OF_VALUES))
    read = _sound_facts_told if is_sound else _picture_facts_told

    def note(row: int, path: Path) -> None:
        facts = read(path, with_values=with_values)
        for fact, values in found.items():
            values[row] = facts[fact]

    bad = decode_all_files(paths, note) if found else ()
    columns: dict[str, Array] = {fact: _whole_where_all_are(v) for fact, v in found.items()}
    if "digest" in wanted:
        digests = np.empty(len(paths), dtype=np.object_)
        digests[:] = [digest.hex() for digest in digests_of_files(paths)]
        columns["digest"] = digests
    return columns, bad


def _whole_where_all_are(values: Array) -> Array:
    whole = np.isfinite(values).all() and (values == np.floor(values)).all()
    return values.astype(np.int64) if whole else values


def _picture_facts_told(path: Path, *, with_values: bool) -> dict[str, float]:
    facts: dict[str, float] = dict(picture_layout(path))
    return facts | _told_values(np.asarray(open_stored_picture(path))) if with_values else facts


def _sound_facts_told(path: Path, *, with_values: bool) -> dict[str, float]:
    header = sound_facts(path)
    facts = {
        "seconds": header.frames / header.sample_rate,
        "sample_rate": float(header.sample_rate),
        "channels": float(header.channels),
    }
    return facts | _told_values(read_sound(path).wave) if with_values else facts


def _told_values(values: Array) -> dict[str, float]:
    plain = values.astype(np.float64)
    return {"min": float(plain.min()), "max": float(plain.max()), "mean": float(plain.mean())}


def _readable_rule(
    column: str, rows: int, bad: tuple[BadFile, ...], *, is_sound: bool
) -> ContractRule:
    fits, why = np.ones(rows, dtype=bool), np.empty(rows, dtype=np.object_)
    for one in bad:
        fits[one.position], why[one.position] = False, one.why
    text = "a sound that can be read" if is_sound else "a picture that can be read"
    help = "mend or remove these files; of a folder, `unreadable: skip` leaves them out"
    return rule_that_holds(column, text, fits, why, help=help)
