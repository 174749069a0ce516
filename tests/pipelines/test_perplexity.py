"""Perplexity against the log loss of scikit-learn, and as what a champion is compared in."""

import numpy as np
import pytest
from sklearn import metrics as sk
from test_evaluation import REVERSAL
from training_specs import prepared

from dlspec.language.features import TokensFeature
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.keras_figures import KerasFigures, row_states
from dlspec_pipelines.steps.promotion import promote
from dlspec_pipelines.steps.training.train import train


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("from_logits", [True, False])
def test_perplexity_is_the_exponential_of_the_log_loss_without_padding(from_logits):
    generator = np.random.default_rng(6)
    true = generator.integers(0, 5, (12, 4))
    logits = generator.normal(size=(12, 4, 5)).astype("float32")
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    given_ = logits if from_logits else shares
    figures = KerasFigures(
        {"perplexity": "perplexity"},
        {"y": TokensFeature("y", length=4, vocabulary=5)},
        logits=["y"] if from_logits else [],
    )
    for part in (slice(5), slice(5, None)):
        figures.add("y", true[part], given_[part])
    counted = true != 0
    expected = np.exp(sk.log_loss(true[counted], shares[counted], labels=range(5)))
    assert figures.measures().values == {"perplexity": pytest.approx(expected, rel=1e-5)}
    states = row_states("perplexity", true, given_, from_logits=from_logits)
    assert states.value_for(np.ones(12)) == pytest.approx(expected, rel=1e-5)


def test_a_champion_is_compared_in_perplexity():
    text = REVERSAL.replace("epochs: 2", "epochs: $epochs").replace(
        "data:", "params: {epochs: 1}\ndata:", 1
    )
    text = text.replace(
        "[token_accuracy, sequence_accuracy]",
        '[perplexity], champion: {metric: perplexity}, gates: {perplexity: "<= 100"}',
    )
    champion = None
    for run, epochs in (("champion", 1), ("r2", 25)):
        plan, dataset = prepared(text, epochs=epochs)
        trained = train(plan, dataset, run=run, spec_text=text)
        evaluation = evaluate(plan, trained, dataset, champion)
        champion = champion or promote(plan, evaluation, trained)
    found = evaluation.comparison
    assert found is not None
    assert found.challenger == pytest.approx(evaluation.metrics["perplexity"], rel=1e-4)
    assert found.champion == pytest.approx(champion.metrics["perplexity"], rel=1e-4)
    # Ten ids that are equally likely have a perplexity of 10.
    assert found.challenger < found.champion < 11
    assert found.better
