"""The text of a first spec for a table of one's own: every choice with its reason beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dlspec.diagnostics.counts import counted
from dlspec.syntax.flow_text import scalar_text
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.first_specs.column_roles import (
    ColumnRole,
    TargetChoice,
    chosen_target,
    graph_name,
    graph_names_of_columns,
    is_one_series,
    is_yes,
    roles_of_columns,
    time_of_rows,
)
from dlspec_pipelines.steps.first_specs.file_parts import picture_part, sound_part
from dlspec_pipelines.steps.first_specs.first_model import (
    InputPart,
    array_parts,
    model_lines,
    text_part,
    window_length,
)
from dlspec_pipelines.steps.first_specs.folded_lists import folded_list
from dlspec_pipelines.steps.first_specs.own_file import read_own_data
from dlspec_pipelines.steps.first_specs.own_source import OwnSource
from dlspec_pipelines.steps.step_errors import WrongUsage

# Batches that leave an epoch dozens of steps, and not thousands.
_FEW_ROWS, _MANY_ROWS = 500, 10_000


@dataclass(frozen=True, slots=True)
class _Draft:
    """What was found out about a file, on the way to a spec."""

    name: str
    own: OwnSource
    roles: tuple[ColumnRole, ...]
    target: TargetChoice
    output: str
    time: str | None
    forecast: bool

    @property
    def table(self) -> Table:
        """Return the rows."""
        return self.own.table


def first_spec_text(name: str, path: Path, written: str, target: str | None) -> str:
    """Return the text of a spec for a file or a folder, which runs as it is.

    Args:
        written: The path as the spec writes it.
        target: The column to learn; None leaves the choice to the file.

    Raises:
        WrongUsage: If nothing in the file can be learned, or not what is asked for.
        StepError: If the file cannot be read (DL610).
    """
    own = read_own_data(path, written)
    roles = roles_of_columns(own)
    chosen = chosen_target(own.table, roles, target)
    time = time_of_rows(roles)
    forecast = time is not None and chosen.form == "number" and is_one_series(own.table, time)
    draft = _Draft(name, own, roles, chosen, graph_name(chosen.name), time, forecast)
    parts = tuple(_series_parts(draft) if forecast else _table_parts(draft))
    if not parts:
        parts = tuple(_word_parts(draft))
    if not parts:
        told = "; ".join(f"`{r.name}`: {r.reason}" for r in roles if r.name != chosen.name)
        raise WrongUsage(
            f"no column can be an input ({told})", help="name a file with more columns"
        )
    lines = [
        *_head_lines(draft),
        *_source_lines(draft),
        *_input_lines(draft, parts),
        *_target_lines(draft),
        *_split_lines(draft),
        "",
        *model_lines(parts, draft.output, chosen, rows=own.table.rows),
        "",
        *_training_lines(draft),
        "",
        *_evaluation_lines(draft),
    ]
    return "\n".join(lines) + "\n"


def _head_lines(draft: _Draft) -> Iterator[str]:
    what = {"binary": "Tells", "class": "Tells", "number": "Predicts"}[draft.target.form]
    if draft.forecast:
        what = "Forecasts"
    yield "# yaml-language-server: $schema=../schemas/dlspec-1.json"
    yield "dlspec: 1"
    yield f"name: {draft.name}"
    about = f"{what} {draft.output} from {draft.own.name}."
    yield f"description: {scalar_text(about)}"
    yield ""
    yield "data:"


def _source_lines(draft: _Draft) -> Iterator[str]:
    table = draft.table
    yield f"  # {counted(table.rows, 'row')}, {counted(len(table.columns), 'column')}"
    yield from (f"  # {reason}" for reason in draft.own.reasons)
    yield from draft.own.lines


def _input_lines(draft: _Draft, parts: Sequence[InputPart]) -> Iterator[str]:
    yield "  inputs:"
    for part in parts:
        yield from part.lines
    read = {name for part in parts for name in part.columns} | {draft.target.name}
    left = [role for role in draft.roles if role.name not in read and role.name != draft.time]
    if left:
        yield "    # Left out:"
        yield from (f"    #   {role.name}: {role.reason}" for role in left)


def _target_lines(draft: _Draft) -> Iterator[str]:
    target, column = draft.target, scalar_text(draft.target.name)
    yield f"  targets:   # {target.reason}"
    if draft.forecast:
        yield f"    {draft.output}: {{series: {column}, horizon: 1, standardize: true}}"
        return
    match target.form:
        case "number":
            yield f"    {draft.output}: {{number: {column}, standardize: true}}"
        case "binary" if set(target.values) != {0, 1} or target.values[1] != 1:
            positive = _value_text(target.values[1])
            said = f"{{binary: {column}, positive: {positive}}}"
            yield f"    {draft.output}: {said}" + (
                "" if is_yes(target) else "   # the rarer of two"
            )
        case "binary":
            yield f"    {draft.output}: {{binary: {column}}}"
        case _:
            yield f"    {draft.output}:"
            yield f"      class: {column}"
            if target.values == tuple(range(len(target.values))):
                yield f"      classes: {len(target.values)}"
            else:
                yield from folded_list("      classes: ", target.values)


def _split_lines(draft: _Draft) -> Iterator[str]:
    if draft.own.has_test_rows:
        yield "  # The data have test rows of their own."
        yield f"  split: {{test: given, validation: 0.15{_stratified(draft)}, seed: 7}}"
    elif draft.time is not None:
        yield "  # The last rows in time are the test: what is to come is not known in training."
        yield f"  split: {{time: {scalar_text(draft.time)}, validation: 0.15, test: 0.15}}"
    else:
        if draft.target.form != "number" and not draft.target.stratify:
            yield "  # Not stratified: a class has fewer rows than there are parts."
        yield f"  split: {{validation: 0.15, test: 0.15{_stratified(draft)}, seed: 7}}"


def _stratified(draft: _Draft) -> str:
    chosen = draft.target
    return f", stratify: {draft.output}" if chosen.form != "number" and chosen.stratify else ""


def _training_lines(draft: _Draft) -> Iterator[str]:
    rows, form = draft.table.rows, draft.target.form
    loss = {
        "binary": "BinaryCrossentropy   # the head ends in a sigmoid",
        "class": "SparseCategoricalCrossentropy   # the head ends in a softmax",
        "number": "MeanSquaredError",
    }[form]
    yield "training:"
    yield "  epochs: 60   # at most: training ends when validation gets no better"
    yield f"  batch_size: {16 if rows < _FEW_ROWS else 32 if rows < _MANY_ROWS else 128}"
    yield "  optimizer: {Adam: {learning_rate: 1e-3}}"
    yield f"  loss: {loss}"
    yield f"  metrics: [{'MeanAbsoluteError' if form == 'number' else 'accuracy'}]"
    yield "  callbacks:"
    yield ("    - EarlyStopping: {monitor: val_loss, patience: 8, restore_best_weights: true}")
    yield "  seed: 7"


def _evaluation_lines(draft: _Draft) -> Iterator[str]:
    numbers = draft.target.form == "number"
    yield "evaluation:"
    metrics = "mae, rmse, r2" if numbers else "accuracy, balanced_accuracy, f1_macro"
    yield f"  metrics: [{metrics}]"
    yield "  # What a model must reach to be promoted; without a gate it must beat a baseline."
    gate = '{r2: ">= 0.5"}' if numbers else '{balanced_accuracy: ">= 0.8"}'
    yield f"  # gates: {gate}"


def _table_parts(draft: _Draft) -> Iterator[InputPart]:
    roles = [role for role in draft.roles if role.name != draft.target.name]
    names = graph_names_of_columns(roles, (draft.output, "numbers", "joined"))
    numbers = [role for role in roles if role.role == "number"]
    if len(numbers) == 1:
        yield _number_part(numbers[0], names[numbers[0].name])
    elif numbers:
        yield _vector_part(numbers)
    for role in roles:
        if role.role == "category":
            yield _category_part(role, names[role.name])
    for role in roles:
        yield from _part_of_array(role, names[role.name], draft.table)


def _part_of_array(role: ColumnRole, name: str, table: Table) -> Iterator[InputPart]:
    """Yield the input that a column becomes whose values are more than a number or a category."""
    match role.role:
        case "array":
            yield from array_parts(role, name, table.columns[role.name])
        case "text":
            yield text_part(role, name, table.columns[role.name])
        case "picture":
            yield picture_part(role, "image", table)
        case "sound":
            yield sound_part(role, "sound", table)
        case "number" | "category" | "words" | "time" | "nothing":
            pass


def _word_parts(draft: _Draft) -> Iterator[InputPart]:
    """Yield the texts that become inputs where nothing else can."""
    roles = [r for r in draft.roles if r.role == "words" and r.name != draft.target.name]
    names = graph_names_of_columns(roles, (draft.output, "joined"))
    for role in roles:
        yield text_part(role, names[role.name], draft.table.columns[role.name])


def _number_part(role: ColumnRole, name: str) -> InputPart:
    fill = ", missing: median" if role.profile.missing else ""
    said = f"{{number: {scalar_text(role.name)}, standardize: true{fill}}}"
    line = f"    {name}: {said}   # {role.reason}"
    return InputPart(name, (role.name,), (line,), shape="[1]")


def _vector_part(numbers: Sequence[ColumnRole]) -> InputPart:
    lines = ["    numbers:", "      vector:"]
    lines += [f"        - {scalar_text(role.name)}   # {role.reason}" for role in numbers]
    lines.append("      standardize: true   # by mean and deviation of the training rows")
    if any(role.profile.missing for role in numbers):
        lines.append("      missing: median   # of the training rows")
    names = tuple(role.name for role in numbers)
    return InputPart("numbers", names, tuple(lines), shape=f"[{len(names)}]")


def _category_part(role: ColumnRole, name: str) -> InputPart:
    # One more for what training has not seen, a missing value included.
    ids = (role.profile.unique or 0) + 1
    line = (
        f"    {name}: {{category: {scalar_text(role.name)}, vocabulary: {ids}}}   # {role.reason}"
    )
    return InputPart(name, (role.name,), (line,), shape="[]", ids=ids)


def _series_parts(draft: _Draft) -> Iterator[InputPart]:
    target = draft.target.name
    columns = [
        role.name
        for role in draft.roles
        if role.name == target or (role.role == "number" and not role.profile.missing)
    ]
    length = window_length(draft.table.rows)
    listed = ", ".join(map(scalar_text, columns))
    line = f"    past: {{series: [{listed}], length: {length}, standardize: true}}"
    shape = f"[{length}, {len(columns)}]"
    yield InputPart("past", tuple(columns), (line,), shape=shape, form="series")


def _value_text(value: object) -> str:
    return scalar_text(value)
