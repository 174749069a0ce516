"""What one step hands to the next: small frozen records of paths, digests and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, PlainSerializer, TypeAdapter, ValidationError

from dlspec.diagnostics.counts import counted
from dlspec_pipelines.steps.json_documents import (
    Format,
    document_content,
    document_text,
    parsed_document,
    read_text_file,
)
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import path_from_home, path_in_home, way_back

# Absolute in memory; written relative to the folder of artifacts, so that the folder can be moved.
HomePath = Annotated[str, PlainSerializer(path_in_home), AfterValidator(path_from_home)]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A prepared data set, on disk under `datasets/<fingerprint>/`.

    `rows` counts the samples of `train`, `validation` and `test`; `digest` is that of the arrays.
    """

    path: HomePath
    fingerprint: str
    digest: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Start:
    """The weights that a training is to begin with.

    `source` is what a person calls them: a run's id, or a file's path; `run` is that id, or None.
    """

    source: str
    run: str | None
    file: HomePath


@dataclass(frozen=True, slots=True)
class Started:
    """What a training took from earlier weights; layers are named by their node.

    `digest` is that of the file's bytes; `by` says how layers found each other, by name or by
    position; `initialised` and `left` hold a reason for each layer here, and in the file, that
    was not taken; `parameters` counts the numbers taken.
    """

    source: str
    run: str | None
    digest: str
    by: str
    parameters: int
    taken: tuple[str, ...]
    initialised: Mapping[str, str]
    left: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BegunRows:
    """The rows of an embedding that began with vectors of words.

    `source` is the file as the spec names it, `digest` that of its bytes, `feature` the input of
    the data whose words the rows stand for. `found` and `missing` count its words that the file
    has and lacks; `examples` are some of those.
    """

    source: str
    digest: str
    feature: str
    dimension: int
    found: int
    missing: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptWeights:
    """Whose weights a training kept, epochs counted from 1.

    Attributes:
        epoch: After which epoch the model had the weights that it has.
        best: The epoch that is best by `monitor`.
        monitor: What EarlyStopping watched; without one the validation loss, else the loss.
        restored: Whether EarlyStopping gave the best weights back; else those of the last are kept.
    """

    epoch: int
    best: int
    monitor: str
    restored: bool = False

    @property
    def reason(self) -> str:
        """Return why the weights of this epoch are the ones kept."""
        if self.restored:
            return f"the best by {self.monitor}"
        if self.best == self.epoch:
            return f"the last, and the best by {self.monitor}"
        return f"the last; epoch {self.best} is the best by {self.monitor}"


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A trained model in its run folder.

    `weights` is the digest of the arrays, not of the file; `epochs` counts those trained, an
    earlier part of a continued run included; `history` holds the last epoch's figures;
    `code_version` and `data`, the digest of the arrays, say what would give the same model;
    `kept` is None where an earlier dlspec trained; `models_from` says of each model under `models`
    with `weights` what it began with, `vectors_from` of each embedding with them.
    """

    run: str
    path: HomePath
    name: str
    weights: str
    dataset: str
    epochs: int
    seconds: float
    parameters: int
    flops: int | None
    continued_from_epoch: int
    history: Mapping[str, float]
    start: Started | None = None
    code_version: str = ""
    data: str = ""
    kept: KeptWeights | None = None
    models_from: Mapping[str, Started] = field(default_factory=dict)
    vectors_from: Mapping[str, BegunRows] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate after the measurement; `value` is None, with a `reason`, when there is none."""

    metric: str
    requirement: str
    value: float | None
    passed: bool
    reason: str = ""

    @property
    def value_text(self) -> str | None:
        """Return the value in six digits, a whole one in full; None where it was not measured."""
        if self.value is None:
            return None
        return f"{self.value:,.0f}" if float(self.value).is_integer() else f"{self.value:,.6g}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The challenger against the champion, on today's test rows.

    Attributes:
        champion_run: Empty of a baseline.
        rows: How many were compared; None where an earlier dlspec did.
        least: The least difference of the metric that is more than chance on so many rows; None
            where none is.
        needed: How many rows show a difference as large as this one, of a test that decides
            nothing; None where it decides, or the two are equal.
    """

    champion_run: str
    metric: str
    test: str
    challenger: float
    champion: float
    p_value: float
    better: bool
    rows: int | None = None
    least: float | None = None
    needed: int | None = None

    @property
    def size_note(self) -> str:
        """Return how many rows were compared, and what they could show."""
        if self.rows is None:
            return "on a number of rows that was not kept"
        rows = counted(self.rows, "row")
        if self.least is None:
            return f"on {rows}, too few for any difference to be more than chance"
        return f"on {rows}, where less than {self.least:.3g} between them is chance"

    @property
    def needed_note(self) -> str:
        """Return how many rows would decide, of a test that does not; else ""."""
        if self.needed is None:
            return ""
        rows = counted(_rounded_up(self.needed), "row")
        return f"about {rows} would show a difference as large as this"


def _rounded_up(count: int) -> int:
    """Return a count in two figures: more of them say nothing of an estimate."""
    unit = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // unit) * unit


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a baseline scores on the test rows that says the same whatever it is shown.

    Attributes:
        rules: What it says of each target.
        metrics: Its figures, by the names that the model's have.
        comparison: The model against it; None where gates judge the model.
        not_compared: Why there is none although no gate judges the model.
    """

    rules: Mapping[str, str]
    metrics: Mapping[str, float]
    comparison: Comparison | None
    not_compared: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured on the test rows; the run folder holds metrics.json and predictions.

    `code_version`, `data` and `weights` say what would give the same evaluation. `undefined` says
    of each metric that has no value why, `not_compared` why there is no comparison with a champion;
    `baseline` is None where an earlier dlspec evaluated. `thresholds` has the probability from
    which on each binary target is called 1, where that is not 0.5.
    """

    run: str
    path: HomePath
    name: str
    metrics: Mapping[str, float]
    gates: tuple[GateResult, ...]
    comparison: Comparison | None
    code_version: str = ""
    data: str = ""
    weights: str = ""
    undefined: Mapping[str, str] = field(default_factory=dict)
    not_compared: str = ""
    baseline: Baseline | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a run: one HTML file, and the same in short as Markdown."""

    run: str
    html: HomePath
    markdown: HomePath


@dataclass(frozen=True, slots=True)
class PastChampion:
    """A run that was the champion, from `since` to `until` (ISO 8601, UTC).

    `rolled_back` says that a person went back to the one before it; else another was promoted.
    """

    run: str
    path: HomePath
    since: str
    until: str
    evidence: str
    metrics: Mapping[str, float]
    by: str
    rolled_back: bool


@dataclass(frozen=True, slots=True)
class Champion:
    """Which run is the champion of a name, since when (ISO 8601, UTC), on what evidence.

    `by` is the person that made it the champion, "" where its evaluation did; `before` are those
    that were it, the first one first; earlier dlspecs kept none.
    """

    name: str
    run: str
    path: HomePath
    since: str
    evidence: str
    metrics: Mapping[str, float]
    promoted: bool
    by: str = ""
    before: tuple[PastChampion, ...] = ()


# What the steps of the chain give.
StepRecord = Dataset | TrainedModel | Evaluation | Report | Champion

# What each record is called in a file.
RECORDS: Mapping[type, Format] = {
    Dataset: Format("dlspec-dataset"),
    Start: Format("dlspec-start"),
    TrainedModel: Format("dlspec-model"),
    Evaluation: Format("dlspec-evaluation"),
    Report: Format("dlspec-report"),
    Champion: Format("dlspec-champion"),
}
assert set(RECORDS) == {Start, *get_args(StepRecord)}, "a record has no format, or the reverse"
_CODECS: Mapping[type, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in RECORDS}


def record_to_json(record: object) -> str:
    """Return a record as JSON; `record_from_json` gives it back."""
    kind = type(record)
    return document_text(RECORDS[kind], _CODECS[kind].dump_python(record, mode="json"))


def record_from_json(text: str, path: Path = Path("a record")) -> Any:  # noqa: ANN401 - any of RECORDS
    """Return the record that `record_to_json` wrote.

    Args:
        path: Where the text was read, for an error.

    Raises:
        StepError: If it is damaged, or of a format or version not known here.
    """
    word = parsed_document(text, path)["format"]
    kind = next((kind for kind, form in RECORDS.items() if form.word == word), None)
    if kind is None:
        raise StepError(f"`{path}` holds `{word}`, which is no record", help=way_back(path))
    content = document_content(text, RECORDS[kind], path)
    try:
        return _CODECS[kind].validate_python(content)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise StepError(f"`{path}` is damaged: {reason}", help=way_back(path)) from error


def read_record(path: Path) -> Any:  # noqa: ANN401 - any of RECORDS
    """Return the record in a file.

    Raises:
        StepError: If it is missing, damaged, or of a format or version not known here.
    """
    return record_from_json(read_text_file(path), path)
