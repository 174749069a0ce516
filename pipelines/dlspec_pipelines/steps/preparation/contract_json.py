"""contract.json: what was checked about a data set, how it is dealt, what is odd about it."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.contract import Verdict
from dlspec_pipelines.steps.datasets.hygiene import (
    Finding,
    SamplePlaces,
    class_counts,
    odd_balance,
    odd_columns,
    repeated_rows,
)
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.json_documents import CONTRACT, document_text
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.missing_policies import missing_policies
from dlspec_pipelines.steps.preparation.near_duplicates import near_duplicates
from dlspec_pipelines.steps.preparation.prepared_arrays import Part
from dlspec_pipelines.steps.preparation.text_findings import odd_texts
from dlspec_pipelines.steps.preparation.unknown_categories import unknown_categories
from dlspec_pipelines.steps.store import path_in_home


def contract_json(
    table: Table,
    data: Data,
    verdict: Verdict,
    *,
    preparation: Preparation,
    parts: Mapping[str, Part],
    also: Iterable[Finding],
) -> str:
    """Return the account of a data set as JSON: `rows`, `checks`, `failing`, `balance`, `findings`.

    Args:
        parts: The prepared arrays.
        also: What was found odd while the arrays were made.
    """
    balance = {
        name: class_counts(
            {part: _target_class_ids(parts[part].targets[name]) for part in parts}, f.num_classes
        )
        for name, f in data.targets.items()
        if f.num_classes is not None
    }
    findings = [*_data_findings(table, data, preparation, parts=parts), *also]
    findings += [found for name, counts in balance.items() for found in odd_balance(name, counts)]
    account = {
        "rows": {"source": table.rows, **preparation.rows},
        "checks": [one.to_json() for one in verdict.checked],
        "failing": [one.to_json() for one in verdict.failing],
        "failing_rows": None if verdict.kept is None else path_in_home(str(verdict.kept)),
        "balance": balance,
        "findings": [finding.to_json() for finding in findings],
    }
    return document_text(CONTRACT, account)


def _target_class_ids(targets: Array) -> NDArray[np.int64]:
    """Return ids of classes, from one-hot vectors too."""
    one_hot = targets.ndim == 2 and targets.shape[1] > 1
    return (targets.argmax(axis=1) if one_hot else targets.reshape(-1)).astype(np.int64)


def _data_findings(
    table: Table,
    data: Data,
    preparation: Preparation,
    *,
    parts: Mapping[str, Part],
) -> Iterator[Finding]:
    policies = missing_policies([*preparation.inputs.values(), *preparation.targets.values()])
    yield from odd_columns(table, data.columns, policies)
    others = {part: parts[part].inputs for part in ("validation", "test")}
    places = SamplePlaces(table, {name: part.rows for name, part in parts.items()})
    yield from repeated_rows(parts["train"].inputs, others, places)
    yield from near_duplicates(table, data.inputs, parts, places)
    yield from unknown_categories(table, preparation.inputs, parts)
    yield from odd_texts(table, {**preparation.targets, **preparation.inputs}, parts)
