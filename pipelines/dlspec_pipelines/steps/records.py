"""What one step hands to the next: small frozen records of paths, digests and numbers."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Dataset:
    """A prepared data set, on disk under `datasets/<fingerprint>/`.

    `rows` counts the samples of `train`, `validation` and `test`; `digest` is that of the arrays.
    """

    path: str
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
    file: str


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
class TrainedModel:
    """A trained model in its run folder.

    `weights` is the digest of the arrays, not of the file; `epochs` counts those trained, an
    earlier part of a continued run included; `history` holds the last epoch's figures.
    """

    run: str
    path: str
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


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate after the measurement; `value` is None when nothing measured it."""

    metric: str
    requirement: str
    value: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """The challenger against the champion, on today's test rows."""

    champion_run: str
    metric: str
    test: str
    challenger: float
    champion: float
    p_value: float
    better: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured on the test rows; the run folder holds metrics.json and predictions."""

    run: str
    path: str
    name: str
    metrics: Mapping[str, float]
    gates: tuple[GateResult, ...]
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a run: one HTML file, and the same in short as Markdown."""

    run: str
    html: str
    markdown: str


@dataclass(frozen=True, slots=True)
class Champion:
    """Which run is the champion of a name, since when (ISO 8601, UTC), on what evidence."""

    name: str
    run: str
    path: str
    since: str
    evidence: str
    metrics: Mapping[str, float]
    promoted: bool


RECORDS = (Dataset, Start, TrainedModel, GateResult, Comparison, Evaluation, Report, Champion)


def record_to_json(record: Any) -> str:  # noqa: ANN401 - any of RECORDS
    """Return a record as JSON; `from_json` gives it back."""
    return json.dumps({"record": type(record).__name__, **asdict(record)}, indent=2)


def record_from_json(text: str) -> Any:  # noqa: ANN401 - any of RECORDS
    """Return the record that `to_json` wrote."""
    return _restored_record(json.loads(text))


def _restored_record(fields: dict[str, Any]) -> Any:  # noqa: ANN401 - any of RECORDS
    kinds = {kind.__name__: kind for kind in RECORDS}
    kind = kinds[fields.pop("record")]
    if kind is Evaluation:
        fields["gates"] = tuple(GateResult(**gate) for gate in fields["gates"])
        fields["comparison"] = fields["comparison"] and Comparison(**fields["comparison"])
    if kind is TrainedModel and fields.get("start"):
        fields["start"] = Started(**{**fields["start"], "taken": tuple(fields["start"]["taken"])})
    return kind(**fields)
