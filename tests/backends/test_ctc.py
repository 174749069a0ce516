"""The loss `CTC` under masks, and its decoding, against every path counted one by one."""

import itertools
from collections import defaultdict

import keras
import numpy as np
import pytest

import dlspec
from dlspec_pipelines.steps.evaluation.ctc_decoding import decoded_ids

TARGETS = np.array([[1, 2, 0], [1, 1, 0], [2, 0, 0], [0, 0, 0]], dtype=np.int32)
SPEC = """\
dlspec: 1
name: letters
data:
  source: {csv: lines.csv}
  inputs: {wave: {sequence: wave, length: 5, features: 2}}
  targets: {letters: {tokens: text, length: 3, vocabulary: 3}}
model:
  inputs: {wave: [5, 2]}
  graph:
    - Masking
    - LSTM: {units: 4, return_sequences: true}
    - {Dense: 3, name: letters}
training:
  epochs: 1
  loss: CTC
"""
TWO_HEADS = """\
dlspec: 1
name: letters
data:
  source: {csv: lines.csv}
  inputs: {wave: {sequence: wave, length: 5, features: 2}}
  targets:
    letters: {tokens: text, length: 3, vocabulary: 3}
    speaker: {class: who, classes: 2}
model:
  inputs: {wave: [5, 2]}
  graph:
    - Masking
    - {LSTM: {units: 4, return_sequences: true}, name: heard}
    - {Dense: 3, name: letters}
    - {LSTM: 3, from: heard}
    - {Dense: 2, name: speaker}
  outputs: [letters, speaker]
training:
  epochs: 1
  loss: {letters: CTC, speaker: {SparseCategoricalCrossentropy: {from_logits: true}}}
"""


def _log_softmax(logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _sequences_by_likelihood(logits):
    """Return the log-likelihood of every sequence that some path says."""
    told = _log_softmax(logits.astype(np.float64))
    steps, ids = told.shape
    found = defaultdict(lambda: -np.inf)
    for path in itertools.product(range(ids), repeat=steps):
        said = tuple(i for i, _ in itertools.groupby(path) if i)
        likelihood = sum(told[step, i] for step, i in enumerate(path))
        found[said] = np.logaddexp(found[said], likelihood)
    return found


def _counted_loss(logits, target):
    return -_sequences_by_likelihood(logits)[tuple(i for i in target if i)]


def _logits(rows, steps, ids, *, seed=0):
    return (2 * np.random.default_rng(seed).normal(size=(rows, steps, ids))).astype(np.float32)


def test_keras_counts_every_way_to_say_the_target_with_id_0_as_its_blank():
    logits = _logits(4, 5, 3)
    losses = keras.losses.CTC(reduction=None)(TARGETS, logits)
    expected = [_counted_loss(row, target) for row, target in zip(logits, TARGETS, strict=True)]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(losses), expected, rtol=1e-5)


def test_a_masked_step_is_to_the_loss_as_if_it_were_not_there(tmp_path):
    model = dlspec.compile(dlspec.loads(SPEC))
    waves = np.random.default_rng(1).normal(size=(3, 5, 2)).astype(np.float32)
    valid = [5, 3, 4]
    for row, steps in enumerate(valid):
        waves[row, steps:] = 0
    logits = model.predict(waves, verbose=0)
    losses = [
        _counted_loss(row[:steps], target)
        for row, steps, target in zip(logits, valid, TARGETS, strict=False)
    ]
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    for one in (model, keras.models.load_model(tmp_path / "model.keras")):
        assert one.evaluate(waves, TARGETS[:3], verbose=0) == pytest.approx(
            np.mean(losses), rel=1e-5
        )
    for row, steps in enumerate(valid):
        assert (decoded_ids(logits, beam=1)[row, steps:] == 0).all()
        assert np.allclose(logits[row, steps:], [0, -1e4, -1e4])
        assert logits[row, :steps].min() > -100


def test_figures_of_several_outputs_keep_their_names_where_steps_are_masked():
    model = dlspec.compile(dlspec.loads(TWO_HEADS))
    waves = np.ones((4, 5, 2), dtype=np.float32)
    told = model.fit(waves, [TARGETS, np.zeros(4)], verbose=0).history
    assert set(told) == {"loss", "letters_loss", "speaker_loss"}


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_a_masked_step_says_blank_in_every_precision(precision):
    model = dlspec.compile(dlspec.loads(SPEC + f"runtime: {{precision: {precision}}}\n"))
    waves = np.zeros((1, 5, 2), dtype=np.float32)
    waves[0, :2] = 1
    logits = model.predict(waves, verbose=0).astype(np.float32)
    assert np.isfinite(logits).all()
    assert np.array_equal(_log_softmax(logits)[0, 2:].argmax(axis=1), [0, 0, 0])
    assert np.isfinite(model.evaluate(waves, np.array([[1, 2, 0]]), verbose=0))


@pytest.mark.parametrize("beam", [1, 3])
def test_repeats_are_one_id_and_a_blank_tells_two_apart(beam):
    steps = np.array([[1, 1, 0, 1, 2, 2], [0, 0, 0, 0, 0, 0], [2, 1, 1, 1, 0, 2]])
    logits = 20 * np.eye(3, dtype=np.float32)[steps]
    said = decoded_ids(logits, beam=beam)
    assert said.tolist() == [[1, 1, 2, 0, 0, 0], [0, 0, 0, 0, 0, 0], [2, 1, 2, 0, 0, 0]]


def test_a_wide_beam_finds_the_likeliest_of_all_sequences():
    logits = _logits(70, 5, 3, seed=2)
    said = [tuple(int(i) for i in row if i) for row in decoded_ids(logits, beam=200)]
    found = [_sequences_by_likelihood(row) for row in logits]
    assert said == [max(one, key=one.get) for one in found]
    greedy = [tuple(int(i) for i in row if i) for row in decoded_ids(logits, beam=1)]
    assert greedy != said
    paths = [tuple(i for i, _ in itertools.groupby(row) if i) for row in logits.argmax(axis=2)]
    assert greedy == paths
