"""Rules of the columns of `training.sample_weight`: numbers of at least 0."""

from collections.abc import Iterator

from dlspec.language.features import Feature
from dlspec.language.sample_weights import SampleWeight
from dlspec_pipelines.steps.datasets.contract_rules import ContractRule
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.implied.array_rules import step_weight_rules
from dlspec_pipelines.steps.preparation.implied.value_rules import row_weight_rules
from dlspec_pipelines.steps.preparation.weight_columns import fill_of_target, holds_step_weights


def weight_rules(weight: SampleWeight, target: Feature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of weights, of which each row has one, or one for each place of its target."""
    if holds_step_weights(table.columns[weight.column]):
        fills = fill_of_target(target) is not None
        yield from step_weight_rules(weight.column, weight.extents, table, fills=fills)
    else:
        yield from row_weight_rules(weight.column, table)
