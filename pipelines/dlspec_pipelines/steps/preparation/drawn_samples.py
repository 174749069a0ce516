"""How many samples `data.sampling` draws of each part, for people to read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dlspec.language.sample_draws import ContextsDraw, JoiningDraw
from dlspec.language.sections import Data
from dlspec_pipelines.steps.preparation.model_parts import (
    PART_WORDS,
    fixed_contexts,
    open_model_part,
)
from dlspec_pipelines.steps.records import Dataset


@dataclass(frozen=True, slots=True)
class DrawnSamples:
    """What is drawn of the rows of a data set.

    Attributes:
        what: The word of the draw, which says what the samples are.
        target: What they are learned for, 0 or 1; "" of samples without a target.
        counts: Samples by part: of `train` those of an epoch.
        positive: Those of them whose target is 1; of `train` in one of the epochs. Empty where
            there is no target.
    """

    what: str
    target: str
    counts: Mapping[str, int]
    positive: Mapping[str, int]

    @property
    def text(self) -> str:
        """Return the numbers as a sentence."""
        dealt = [f"{self.counts['train']:,} in an epoch of training"]
        dealt += [f"{self.counts[part]:,} {part}" for part in ("validation", "test")]
        if not self.target:
            return ", ".join(dealt)
        shown = ", ".join(f"{count:,}" for count in self.positive.values())
        return f"{', '.join(dealt)}; `{self.target}` is 1 in {shown}"


def drawn_samples(data: Data, dataset: Dataset) -> DrawnSamples | None:
    """Return what is drawn of a data set; None where samples are its rows.

    Raises:
        StepError: If an array is missing or not what was written, or nothing can be drawn (DL613).
    """
    drawn = data.sampling
    if not isinstance(drawn, JoiningDraw):
        return None
    counted = {part: _counted_samples(data, drawn, dataset, part) for part in PART_WORDS}
    target = next(iter(drawn.learned), "")
    return DrawnSamples(
        drawn.word,
        target,
        {part: count for part, (count, _) in counted.items()},
        {part: positive for part, (_, positive) in counted.items() if target},
    )


def _counted_samples(
    data: Data, drawn: JoiningDraw, dataset: Dataset, part: str
) -> tuple[int, int]:
    """Return how many samples a part has, and in how many the target is 1."""
    if isinstance(drawn, ContextsDraw):
        contexts = fixed_contexts(data, drawn, dataset, part)
        return len(contexts), int(contexts.of.counts.sum())
    opened = open_model_part(data, dataset, part)
    return len(opened.rows), sum(int(np.sum(values)) for values in opened.targets.values())
