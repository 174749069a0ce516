"""ROUGE of generated sequences and perplexity: worked examples, and other implementations."""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from test_evaluation import REVERSAL
from training_specs import prepared

from dlspec.language.features import TokensFeature
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.generated_metrics import rouge_of_ngrams, rouge_of_sequence
from dlspec_pipelines.steps.evaluation.keras_figures import KerasFigures, row_states
from dlspec_pipelines.steps.promotion import promote
from dlspec_pipelines.steps.training.train import train

# Lin (2004), section 3.1: "police killed the gunman" and two candidates.
KILLED, KILL, OTHERWISE = [1, 2, 3, 4], [1, 5, 3, 4], [3, 4, 5, 1]
_IDS = st.lists(st.integers(1, 4), max_size=9)


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))


def test_rouge_is_that_of_the_examples_of_its_paper():
    assert rouge_of_sequence(KILLED, KILL) == pytest.approx(3 / 4)
    assert rouge_of_sequence(KILLED, OTHERWISE) == pytest.approx(2 / 4)
    assert rouge_of_ngrams(KILLED, KILL, 2) == rouge_of_ngrams(KILLED, OTHERWISE, 2)
    assert rouge_of_ngrams(KILLED, KILL, 2) == pytest.approx(1 / 3)
    # A word said twice is met once: two of three, and two of four.
    assert rouge_of_ngrams(KILLED, [1, 2, 2], 1) == pytest.approx(2 * 2 / (3 + 4))
    assert rouge_of_ngrams(KILLED, [], 1) == rouge_of_sequence([], KILL) == 0


@given(_IDS, _IDS)
def test_the_longest_sequence_in_both_is_that_of_the_recursion(reference, said):
    @functools.cache
    def longest(i, j):
        if not (i and j):
            return 0
        if reference[i - 1] == said[j - 1]:
            return longest(i - 1, j - 1) + 1
        return max(longest(i - 1, j), longest(i, j - 1))

    shared = longest(len(reference), len(said))
    expected = 2 * shared / (len(reference) + len(said)) if shared else 0
    assert rouge_of_sequence(reference, said) == pytest.approx(expected)


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
