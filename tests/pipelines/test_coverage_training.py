"""Specs of published examples take a training step; all do in `benchmarks.coverage --train`."""

import random

import pytest

import dlspec
from benchmarks.coverage.examples import FOLDER
from benchmarks.coverage.training_step import train_one_step
from dlspec.resolve.costs import graph_cost

SPECS = sorted(FOLDER.glob("*.yaml"))
# Tracing costs about 0.1 s an entry, and a step 1 s for ten billion operations.
MOST_ENTRIES, MOST_FLOPS = 60, 1e9


def small_specs():
    for path in SPECS:
        plan = dlspec.load(path)
        flops = graph_cost(plan.graph).flops
        whole = plan.graph if plan.objective is None else plan.objective.graph
        if len(whole.nodes) <= MOST_ENTRIES and flops is not None and flops <= MOST_FLOPS:
            yield path


@pytest.mark.slow
def test_some_of_the_specs_take_a_training_step():
    for path in random.Random(11).sample(list(small_specs()), 12):
        # A loss that is not a number, and weights that stay, raise and name the spec.
        assert isinstance(train_one_step(path), float)
