"""Rules of columns that name files: a file that stands in several rows has one label."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dlspec.language.features import BinaryFeature, ClassFeature
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.contract_rules import ContractRule, rule_that_holds
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.implied.value_rules import plain_column
from dlspec_pipelines.steps.preparation.named_files import names_files


def file_label_rules(data: Data, table: Table) -> Iterator[ContractRule]:
    """Give the rule of each column that names files, some of them in several rows."""
    for feature in data.inputs.values():
        for name in feature.columns if feature.reads_files else ():
            files = plain_column(name, table)
            if files is None or not names_files(files) or not pd.Series(files).duplicated().any():
                continue
            # Two files of one name in two folders are two.
            roots = [str(root) for root in table.roots()]
            for target in data.targets.values():
                if not isinstance(target, ClassFeature | BinaryFeature):
                    continue
                (column,) = target.columns
                labels = plain_column(column, table)
                if labels is None:
                    continue
                rows = pd.DataFrame({"root": roots, "file": files, "label": labels})
                several = rows.groupby(["root", "file"], dropna=False)["label"].transform("nunique")
                shown = np.empty(table.rows, dtype=np.object_)
                shown[:] = [f"{file}: {label}" for file, label in zip(files, labels, strict=True)]
                yield rule_that_holds(
                    name,
                    f"one `{column}` for each file",
                    several.to_numpy() <= 1,
                    shown,
                    help="leave the rows out whose label is wrong",
                )
