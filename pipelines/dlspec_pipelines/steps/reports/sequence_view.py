"""What is shown of a target that is decoded from steps: texts beside the truth, the worst first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from dlspec.language.features import Feature
from dlspec_pipelines.steps.edit_distances import edit_distances
from dlspec_pipelines.steps.preparation.ids_as_text import TextOfIds, characters_said
from dlspec_pipelines.steps.reports import charts
from dlspec_pipelines.steps.reports.examples import example_pictures
from dlspec_pipelines.steps.reports.report_inputs import DataFiles

Array = NDArray[Any]

# A screen of lines, those with the largest share of wrong characters first.
_MAX_ROWS = 16
# What stands side by side and is told apart; more counts are put together.
_MOST_BARS = 30


@dataclass(frozen=True, slots=True)
class Decoded:
    """One test row: what it says, what is decoded of it, and how many edits lie between.

    `picture` is the input as an image's address, "" when it is none.
    """

    row: int
    picture: str
    expected: str
    decoded: str
    edits: int
    length: int


@dataclass(frozen=True, slots=True)
class SequenceView:
    """A target that is decoded; `right` is the share of rows that are decoded without an edit."""

    name: str
    unit: str
    right: float
    edits: Markup
    examples: tuple[Decoded, ...]
    kind: Literal["sequence"] = "sequence"


def sequence_view(
    name: str, predictions: Mapping[str, Array], inputs: Mapping[str, Feature], data: DataFiles
) -> SequenceView:
    """Return what is shown of a target that is decoded.

    Args:
        predictions: The columns of the test rows.
        inputs: The features that the model reads, for the pictures.
    """
    text = data.target_texts.get(name)
    true, said = (padless_ids(predictions[f"{name}_{side}"]) for side in ("true", "pred"))
    expected, decoded = ([characters_said(ids, text) for ids in side] for side in (true, said))
    edits = edit_distances(expected, decoded)
    lengths = np.array([len(one) for one in expected])
    chosen = np.argsort(-edits / np.maximum(lengths, 1), kind="stable")[:_MAX_ROWS]
    rows = predictions["row"][chosen]
    pictures = example_pictures(rows, inputs, data)
    unit = "id" if text is None else "character"
    return SequenceView(
        name,
        unit,
        float((edits == 0).mean()),
        _edits_chart(f"wrong {unit}s of a row", edits),
        tuple(
            Decoded(
                int(rows[k]),
                pictures[k],
                said_text(true[i], text),
                said_text(said[i], text),
                int(edits[i]),
                int(lengths[i]),
            )
            for k, i in enumerate(chosen)
        ),
    )


def _edits_chart(title: str, edits: Array) -> Markup:
    if edits.max() > _MOST_BARS:
        return charts.histogram_chart(title, edits, x_label="edits")
    counts = np.bincount(edits)
    return charts.bar_chart(title, counts, x_label="edits", y_label="rows", first=0)


def padless_ids(values: Array) -> list[list[int]]:
    """Return the ids of each row without those that fill it up."""
    rows = (row.reshape(-1).astype(int) for row in values)
    # Id 0 is padding.
    return [row[row != 0].tolist() for row in rows]


def said_text(ids: list[int], text: TextOfIds | None) -> str:
    """Return what ids say, or themselves where nobody knows their words."""
    return " ".join(map(str, ids)) if text is None else text(ids)
