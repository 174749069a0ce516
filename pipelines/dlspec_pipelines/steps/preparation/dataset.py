"""A data section of a spec -> a prepared data set on disk."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.row_splits import FractionSplit, GivenSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, JsonLinesSource, ParquetSource
from dlspec.resolve.plan import canonical_digest
from dlspec_pipelines.steps.data_memory import memory_for_data
from dlspec_pipelines.steps.datasets.contract import Verdict, validate_contract
from dlspec_pipelines.steps.datasets.failing_rows import with_kept_rows
from dlspec_pipelines.steps.datasets.given_test_rows import (
    content_hashes,
    read_data_table,
    reads_database,
)
from dlspec_pipelines.steps.datasets.hygiene import Finding
from dlspec_pipelines.steps.datasets.sources.sql import digest_of_table
from dlspec_pipelines.steps.datasets.table import (
    Array,
    RefusedRows,
    Rows,
    Table,
    require_columns,
    unpreparable_data,
)
from dlspec_pipelines.steps.file_digests import (
    note_file_digests,
    read_file_digests,
    require_intact,
)
from dlspec_pipelines.steps.json_documents import CONTRACT, read_document
from dlspec_pipelines.steps.long_work import tell_long_work
from dlspec_pipelines.steps.preparation.contract_json import contract_json
from dlspec_pipelines.steps.preparation.declared_classes import require_declared_classes
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.file_index import index_of_named_files
from dlspec_pipelines.steps.preparation.fitting import (
    VERSION,
    Preparation,
    fit_sides,
    load_preparation,
    preparation_to_json,
)
from dlspec_pipelines.steps.preparation.implied.implied_rules import implied_rules
from dlspec_pipelines.steps.preparation.missing_steps import (
    left_out_windows,
    with_values_before,
    without_missing_steps,
)
from dlspec_pipelines.steps.preparation.named_files import digest_of_named_files, names_files
from dlspec_pipelines.steps.preparation.past_vocabularies import ids_past_vocabularies
from dlspec_pipelines.steps.preparation.prepared_arrays import open_written_part, write_array
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.preparation.raw_columns import Raw
from dlspec_pipelines.steps.preparation.sampling import Samples, element_batches, samples_of_part
from dlspec_pipelines.steps.preparation.series_groups import series_numbers
from dlspec_pipelines.steps.preparation.splits import PARTS, Deal, deal_rows, dealt_by_series
from dlspec_pipelines.steps.preparation.time_steps import (
    NO_BREAKS,
    TimeCourse,
    fit_time_course,
    odd_time_steps,
)
from dlspec_pipelines.steps.preparation.trained_types import columns_read_as_text, file_columns
from dlspec_pipelines.steps.preparation.vocabulary_files import with_vocabulary_words
from dlspec_pipelines.steps.preparation.weight_columns import (
    read_target_weights,
    require_some_weight,
)
from dlspec_pipelines.steps.preparation.windows import Window, group_of_series, window_of
from dlspec_pipelines.steps.records import Dataset
from dlspec_pipelines.steps.step_errors import NoRoom, StepError
from dlspec_pipelines.steps.store import (
    broken_contract_folder,
    dataset_folder,
    preparing_lock,
    remove_folder,
    wait_for_file,
    whole_folder,
)


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """The inputs, the targets or their weights: what was read, and what was fitted."""

    kind: str
    raws: Mapping[str, Raw]
    fitted: Mapping[str, Fitted]


def fingerprint_of(
    data: Data, base: Path, table: Table | None = None, *, memory: int | None = None
) -> str:
    """Return what names a prepared data set: the spec's part, the source's content, our version.

    Args:
        table: The source's rows; None where they are not read yet.
        memory: What data may take; None for half of what the machine has.

    Raises:
        StepError: If a file of the source is not there (DL610), or one that it names (DL613).
    """
    data = with_vocabulary_words(data, base)
    if reads_database(data):
        content: tuple[str, ...] = (
            digest_of_table(table or table_of_data(data, base, memory=memory)),
        )
    else:
        content = content_hashes(data, base)
    content = (*content, *_named_file_digests(data, base, table, memory))
    weights = [canonical_digest(data.weights)] if data.weights else []
    parts = (canonical_digest(replace(data, sampling=None)), *content, str(VERSION), *weights)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _named_file_digests(
    data: Data, base: Path, table: Table | None, memory: int | None
) -> tuple[str, ...]:
    """Return what changes when the files do that a table names."""
    columns = _file_columns_of_data(data)
    # Only these can hold texts in the place of pixels or waves.
    if not columns or not isinstance(data.source, CsvSource | JsonLinesSource | ParquetSource):
        return ()
    table = table or table_of_data(data, base, memory=memory)
    named = [c for c in columns if c in table.columns and names_files(table.columns[c])]
    return tuple(digest_of_named_files(name, table) for name in named)


def table_of_data(data: Data, base: Path, *, memory: int | None = None) -> Table:
    """Read the rows of a spec's source, and those of its test file.

    Args:
        memory: What data may take; None for half of what the machine has.

    Raises:
        StepError: If a file cannot be read (DL610).
    """
    features = [*data.inputs.values(), *data.targets.values()]
    return read_data_table(
        data,
        base,
        text_columns=columns_read_as_text(features),
        memory=memory_for_data(memory),
    )


def _file_columns_of_data(data: Data) -> tuple[str, ...]:
    return file_columns([*data.inputs.values(), *data.targets.values()])


def prepare_dataset(
    data: Data, *, base: Path, table: Table | None = None, memory: int | None = None
) -> Dataset:
    """Read, check, split, fit on the training rows, and write the arrays of every part.

    A data set that has been prepared before, from the same content, is used again; one whose files
    are not what was written is prepared anew.

    Args:
        base: The folder of the spec, where relative paths start.
        table: What `table_of_data` gave; None where the source is not read yet.
        memory: What data may take, which changes no number; None for half of what the machine has.

    Raises:
        StepError: If the source cannot be read (DL610), lacks a column (DL611), breaks its
            contract (DL612), holds what cannot become an element (DL613), or there is no room
            on the disk (DL614).
    """
    try:
        return _prepared_dataset(data, base, table, memory)
    except NoRoom as error:
        code = Code.NO_ROOM_FOR_DATA.value
        raise NoRoom(error.message, code=code, help=error.help) from error


def _prepared_dataset(data: Data, base: Path, table: Table | None, memory: int | None) -> Dataset:
    data = with_vocabulary_words(data, base)
    if table is None and reads_database(data):
        # Once: a database may answer otherwise when it is asked again.
        table = table_of_data(data, base, memory=memory)
    fingerprint = fingerprint_of(data, base, table, memory=memory)
    final = dataset_folder(fingerprint)
    with wait_for_file(preparing_lock(fingerprint)):
        _prepare_unless_there(data, base, final, table, memory)
    found = load_preparation(final)
    return Dataset(str(final), fingerprint, found.digest, found.rows)


def _prepare_unless_there(
    data: Data, base: Path, final: Path, table: Table | None, memory: int | None
) -> None:
    if final.is_dir() and not _is_as_prepared(final):
        remove_folder(final)
    if not final.is_dir():
        table = table or table_of_data(data, base, memory=memory)
        require_columns(table, data.columns)
        require_declared_classes(table, data)
        kept = broken_contract_folder(final.name)
        try:
            verdict = _verdict_of_contract(table, data, kept)
            _write_prepared_dataset(table, data, final, verdict)
        except RefusedRows as error:
            raise with_kept_rows(error, table, kept) from error


def _verdict_of_contract(table: Table, data: Data, kept: Path) -> Verdict:
    index = index_of_named_files(table, data)
    rules = (*index.rules, *implied_rules(table, data))
    return validate_contract(index.table, data.expect or {}, rules, kept=kept)


def _is_as_prepared(folder: Path) -> bool:
    """Return whether every file of a prepared data set holds what was written."""
    try:
        load_preparation(folder)
        read_document(folder / "contract.json", CONTRACT)
        for name in read_file_digests(folder):
            require_intact(folder, name)
    except StepError:
        return False
    return True


def _write_prepared_dataset(table: Table, data: Data, final: Path, verdict: Verdict) -> None:
    window = _window_of_split_data(data)
    numbers = series_numbers(table, group_of_series(data.inputs.values()))
    dealt, starts = dealt_by_series(deal_rows(table, data), numbers)
    train = dealt.order[dealt.parts["train"]]
    course = None
    if window is not None and isinstance(data.split, TimeSplit):
        course = fit_time_course(table, data.split, train, numbers)
    breaks = starts if course is None else course.ends
    parts = {
        name: samples_of_part(dealt.order, dealt.parts[name], window, breaks) for name in PARTS
    }
    whole = sum(len(samples.places) for samples in parts.values())
    if window is not None:
        features = [*data.inputs.values(), *data.targets.values()]
        parts = {n: without_missing_steps(one, features, table) for n, one in parts.items()}
    _require_samples(parts, NO_BREAKS if course is None else course.breaks)
    inputs, targets = _fitted_sides(data, table, train=train, series=(dealt.order, starts))
    weights = _weights_of_targets(data, table, targets, parts)
    rows = {name: len(samples.places) for name, samples in parts.items()}
    with whole_folder(final, needed=_bytes_needed(data, rows)) as folder:
        written = _write_arrays(folder, parts, (inputs, targets, weights))
        time = data.split.time if isinstance(data.split, TimeSplit) else None
        steps = None if course is None else course.steps
        preparation = Preparation(
            inputs.fitted, targets.fitted, time, final.name, written, rows, steps
        )
        folder.joinpath("preparation.json").write_text(
            preparation_to_json(preparation), encoding="utf-8"
        )
        account = contract_json(
            table,
            data,
            verdict,
            preparation=preparation,
            parts={name: open_written_part(folder / name) for name in PARTS},
            also=[
                *_left_out_files(table),
                *_changed_samples({**inputs.raws, **targets.raws}),
                *ids_past_vocabularies(
                    {**inputs.raws, **targets.raws}, {name: s.rows for name, s in parts.items()}
                ),
                *left_out_windows(whole, sum(rows.values())),
                *([] if course is None else _odd_times(table, course, whole, dealt, window)),
            ],
        )
        folder.joinpath("contract.json").write_text(account, encoding="utf-8")


def _left_out_files(table: Table) -> Iterator[Finding]:
    if table.left_out:
        count = len(table.left_out)
        shown = ", ".join(f"`{name}`" for name in table.left_out[:10])
        more = f" and {count - 10} more" if count > 10 else ""
        told = f"{counted(count, 'file')} cannot be read and {agreed(count, 'are')} left out"
        text = f"{told}: {shown}{more}"
        yield Finding("unreadable_files", "file", count, text)


def _changed_samples(raws: Mapping[str, Raw]) -> Iterator[Finding]:
    for name, raw in raws.items():
        if raw.cut:
            told = f"{counted(raw.cut, 'sample')} of `{name}` {agreed(raw.cut, 'were')} longer"
            text = f"{told} than its `length` and {agreed(raw.cut, 'are')} cut"
            yield Finding("cut_samples", name, raw.cut, text)
        for remark in raw.remarks:
            told = f"{remark.count:,} of {counted(len(raw.values), 'sample')} of `{name}`"
            text = f"{told} {agreed(remark.count, 'are')} {remark.what}"
            yield Finding(remark.kind, name, remark.count, text, remark.severity)


def _odd_times(
    table: Table, course: TimeCourse, kept: int, dealt: Deal, window: Window | None
) -> Iterator[Finding]:
    across = (
        samples_of_part(dealt.order, part, window, course.starts) for part in dealt.parts.values()
    )
    lost = sum(len(samples.places) for samples in across) - kept
    return odd_time_steps(course, table, lost=lost)


def _fitted_sides(
    data: Data, table: Table, *, train: Rows, series: tuple[Rows, Rows]
) -> tuple[_Side, _Side]:
    """Read and fit all features.

    Args:
        series: The rows in the order of their series, and where another one begins.
    """
    sides = {"inputs": data.inputs, "targets": data.targets}
    raws = {
        kind: {
            name: with_values_before(feature, gather_raw_values(feature, table), *series)
            for name, feature in features.items()
        }
        for kind, features in sides.items()
    }
    inputs, targets = fit_sides(data, (raws["inputs"], raws["targets"]), train)
    return _Side("inputs", raws["inputs"], inputs), _Side("targets", raws["targets"], targets)


def _weights_of_targets(
    data: Data, table: Table, targets: _Side, parts: Mapping[str, Samples]
) -> _Side:
    """Read what the samples of each target count for.

    Raises:
        StepError: If nothing of a part counts (DL613).
    """
    read = {
        name: read_target_weights(weight, data.targets[name], table, targets.raws[name].mask)
        for name, weight in data.weights.items()
    }
    for name, found in read.items():
        require_some_weight(name, found, parts)
    return _Side(
        "weights",
        {name: found.raw for name, found in read.items()},
        {name: found.fitted for name, found in read.items()},
    )


def _window_of_split_data(data: Data) -> Window | None:
    window = window_of([*data.inputs.values(), *data.targets.values()])
    split = data.split
    if window is None or not isinstance(split, FractionSplit | GivenSplit):
        return window
    grouped = split.group is not None and group_of_series(data.inputs.values()) is not None
    if not grouped and (isinstance(split, FractionSplit) or split.validation):
        raise unpreparable_data(
            "rows that are dealt at random leave no windows of a `series`",
            help="split by time, such as `split: {time: date, validation: 0.1, test: 0.1}`",
        )
    return window


def _require_samples(parts: Mapping[str, Samples], breaks: Rows) -> None:
    gaps = f" between {counted(breaks.size, 'gap')} in time" if breaks.size else ""
    crossing = ", or let windows cross them with `gaps: cross` beside `time`" if gaps else ""
    for name, samples in parts.items():
        window = samples.window
        if window is not None and not samples.places.size and name != "validation":
            raise unpreparable_data(
                f"no window of {window.length} and {counted(window.horizon, 'row')} fits the "
                f"{name} rows" + gaps,
                help="write a shorter `length` or `horizon`, or give the part a larger share"
                + crossing,
            )


def _bytes_needed(data: Data, rows: Mapping[str, int]) -> int:
    per_sample = 8
    for feature in (*data.inputs.values(), *data.targets.values()):
        per_sample += 4 * math.prod(extent or 1 for extent in feature.element.shape or ())
    return per_sample * sum(rows.values())


def _told_batches(chunks: Iterator[Array], rows: int) -> Iterator[Array]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        tell_long_work("preparing rows", done, rows)


def _write_arrays(folder: Path, parts: Mapping[str, Samples], sides: tuple[_Side, ...]) -> str:
    """Write the arrays of all parts; return the digest of their names and bytes."""
    hashes: dict[str, str] = {}
    for part, samples in parts.items():
        count = len(samples.places)
        hashes[f"{part}/rows"] = write_array(folder / part / "rows.npy", [samples.rows], count)
        for side in sides:
            for name, fitted in side.fitted.items():
                path = folder / part / side.kind / f"{name}.npy"
                chunks = _told_batches(element_batches(fitted, side.raws[name], samples), count)
                hashes[f"{part}/{side.kind}/{name}"] = write_array(path, chunks, count)
    note_file_digests(folder, {f"{name}.npy": digest for name, digest in hashes.items()})
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()
