"""The rule of boxes: each sample has so many at most, within its picture and of a class."""

from collections.abc import Iterator

import numpy as np

from dlspec.diagnostics.counts import counted
from dlspec.language.features import BoxesFeature
from dlspec_pipelines.steps.datasets.contract_rules import ContractRule, rule_that_holds
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.box_rows import StrangeBoxes, boxes_of_row


def boxes_rules(feature: BoxesFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rule of boxes; a failing row is shown with its first box at fault."""
    cells = table.columns[feature.boxes]
    labels = None if feature.class_column is None else table.columns[feature.class_column]
    fits, why = np.ones(len(cells), dtype=bool), np.full(len(cells), None, dtype=np.object_)
    for row, cell in enumerate(cells):
        try:
            boxes_of_row(feature, cell, None if labels is None else labels[row])
        except StrangeBoxes as error:
            fits[row], why[row] = False, str(error)
    text = f"{counted(feature.most, 'box')} at most, `{feature.format}` within the picture, "
    text += "each of a class"
    yield rule_that_holds(
        feature.boxes,
        text,
        fits,
        why,
        help=_NO_LISTS if any(isinstance(cell, str) for cell in cells) else _OTHER_BOXES,
    )


_NO_LISTS = (
    "texts are no lists: give the rows as `json_lines` or `parquet`, whose columns hold lists of "
    "lists; a csv holds none"
)
_OTHER_BOXES = (
    "say the `format` and the `size` that the boxes have, all `classes` and a `most` that "
    "all samples keep, or mend these rows; a sample without a box has an empty list"
)
