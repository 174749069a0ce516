"""What training says while it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dlspec_pipelines.steps.records import Started


@dataclass(frozen=True, slots=True)
class EpochEnd:
    """One epoch is over.

    Attributes:
        epoch: Its number, from 1.
        figures: `loss`, the metrics, the same of the validation rows as `val_...`, and
            `learning_rate`.
        seconds: What it took, validation included.
        samples_per_s: Training samples per second, without validation.
        seconds_left: Until the last epoch ends at this pace; early stopping may come before.
    """

    epoch: int
    epochs: int
    figures: Mapping[str, float]
    seconds: float
    samples_per_s: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Tick:
    """An epoch goes on; sent about once a second.

    Attributes:
        epoch: Its number, from 1.
        done: Share of its steps that are done, in [0, 1].
        figures: `loss` and the metrics of the epoch so far.
        samples_per_s: Training samples per second.
    """

    epoch: int
    epochs: int
    done: float
    figures: Mapping[str, float]
    samples_per_s: float


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth a line, such as `continuing after epoch 12 of 40`."""

    text: str


Progress = EpochEnd | Tick | Notice | Started
Listener = Callable[[Progress], None]
