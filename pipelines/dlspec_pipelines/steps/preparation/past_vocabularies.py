"""Ids past a vocabulary that `above: unknown` lets be: how many there are in each part."""

from collections.abc import Iterator, Mapping

import numpy as np

from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.features import TokensFeature
from dlspec_pipelines.steps.datasets.hygiene import Finding
from dlspec_pipelines.steps.datasets.table import Rows, Table
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.preparation.raw_columns import Raw


def ids_past_vocabularies(raws: Mapping[str, Raw], parts: Mapping[str, Rows]) -> Iterator[Finding]:
    """Find the ids of each part that are read as the unknown one.

    Args:
        parts: For each part the source's row of each sample.
    """
    for name, raw in raws.items():
        if raw.unknown is None:
            continue
        for part, rows in parts.items():
            found = raw.unknown[rows]
            count = int(found.sum())
            if count:
                text = (
                    f"{counted(count, 'id')} in {int((found > 0).sum())} of "
                    f"{counted(len(rows), part + ' sample')} of "
                    f"`{name}` {agreed(count, 'are')} past its vocabulary and read as the unknown "
                    "id"
                )
                yield Finding("unknown_ids", f"{name}/{part}", count, text)


def new_ids_past_vocabularies(preparation: Preparation, table: Table) -> Iterator[Finding]:
    """Find the same in new rows."""
    for name, one in preparation.inputs.items():
        feature = one.feature
        if isinstance(feature, TokensFeature) and feature.tokens in table.columns:
            raw = gather_raw_values(feature, table)
            yield from ids_past_vocabularies({name: raw}, {"new": np.arange(table.rows)})
