"""What `dlspec new` writes for an architecture trains and is measured, here for one epoch."""

import math
import re

import keras
import pytest
from training_specs import prepared

from dlspec.tools.new.architecture_fits import FITS, first_data_for
from dlspec.tools.new.new_spec import new_text
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.training.train import train


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))


# Of those below, Keras has to fetch the data.
@pytest.mark.slow
@pytest.mark.parametrize("name", [one for one in FITS if first_data_for(one) != "imdb"])
def test_a_new_spec_is_trained_and_measured(name):
    keras.backend.clear_session()
    data = first_data_for(name)
    assert data is not None
    text = new_text("first", name, data)
    text = re.sub(r"  epochs: [0-9]+", "  epochs: 1", text)
    text = re.sub(r"samples: [0-9]+", "samples: 300", text)
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="first", spec_text=text)
    assert all(math.isfinite(figure) for figure in trained.history.values())
    measured = evaluate(plan, trained, dataset)
    assert measured.metrics
    assert all(math.isfinite(figure) for figure in measured.metrics.values())
    assert {gate.metric for gate in measured.gates} <= set(measured.metrics)
