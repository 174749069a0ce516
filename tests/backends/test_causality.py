"""How far a graph looks ahead, by its text and by what Keras computes."""

import math

import numpy as np
import pytest

import dlspec
from dlspec.rules.lookahead import sight_of

LENGTH = 8
_HEAD = """\
dlspec: 1
name: example
model:
{inner}\
  inputs:
    said: {{shape: [8], dtype: int32}}
    given: [8, 4]
  graph:
    - {{Embedding: [20, 4], name: vectors, from: said}}
    - {{Add, name: both, from: [vectors, given]}}
"""
_INNER = """\
  models:
    inner:
      inputs: {x: [8, 4]}
      graph:
        - Conv1D: [4, 3, {padding: same}]
"""
ALL = math.inf
# What the layers between the vectors and the output are, and how far the last one looks ahead.
CASES = {
    "dense": ("Dense: 4", 0),
    "recurrent": ("LSTM: {units: 4, return_sequences: true}", 0),
    "cells": ("RNN: {cell: {GRUCell: 4}, return_sequences: true}", 0),
    "backwards": ("GRU: {units: 4, return_sequences: true, go_backwards: true}", ALL),
    "both ways": ("Bidirectional: {layer: {GRU: {units: 4, return_sequences: true}}}", ALL),
    "last state": ("GRU: 4\n    - RepeatVector: 8", ALL),
    "each step": ("TimeDistributed: {layer: {Dense: 4}}", 0),
    "causal": ("Conv1D: [4, 3, {padding: causal, dilation_rate: 2}]", 0),
    "same": ("Conv1D: [4, 3, {padding: same}]", 1),
    "same, even": ("Conv1D: [4, 4, {padding: same}]", 2),
    "same, dilated": ("Conv1D: [4, 3, {padding: same, dilation_rate: 2}]", 2),
    "valid": ("Conv1D: [4, 3]", 2),
    "separable": ("SeparableConv1D: [4, 5, {padding: same}]", 2),
    "depthwise": ("DepthwiseConv1D: {kernel_size: 3, padding: same}", 1),
    "twice": ("Conv1D: [4, 3, {padding: same}]\n    - Conv1D: [4, 3, {padding: same}]", 2),
    "pooled": ("AveragePooling1D: {pool_size: 2, strides: 1, padding: same}", 1),
    "valid, padded": ("ZeroPadding1D: {padding: [2, 0]}\n    - Conv1D: [4, 3]", 0),
    "put back": (
        "Conv1D: [4, 3, {padding: same}]\n    - ZeroPadding1D: {padding: [1, 0]}\n"
        "    - Cropping1D: {cropping: [0, 1]}",
        0,
    ),
    "put forward": ("Cropping1D: {cropping: [2, 0]}", 2),
    "over all": ("GlobalAveragePooling1D: {keepdims: true}", ALL),
    "flattened": ("Flatten\n    - Dense: 16\n    - Reshape: [8, 2]", ALL),
    "groups": ("GroupNormalization: {groups: 2}", ALL),
    "normal": ("LayerNormalization", 0),
    "normal over places": ("LayerNormalization: {axis: [1, 2]}", ALL),
    "attention": ("{Attention, from: [both, both]}", ALL),
    "additive": ("{AdditiveAttention, from: [both, both]}", ALL),
    "attention to what is given": ("{Attention, from: [both, given]}", 0),
    "masked attention": ("{Attention, from: [both, both], call: {use_causal_mask: true}}", 0),
    "heads": (
        "{MultiHeadAttention: {num_heads: 2, key_dim: 4}, from: {query: both, value: both}}",
        ALL,
    ),
    "masked heads": (
        "{MultiHeadAttention: {num_heads: 2, key_dim: 4}, from: {query: both, value: both}, "
        "call: {use_causal_mask: true}}",
        0,
    ),
    "inner model": ("{use: inner}", 1),
    "again": ("{Conv1D: [4, 3, {padding: same}], name: window}\n    - {use: window}", 2),
    "mean over places": ("ops.mean: {axis: 1, keepdims: true}", ALL),
    "softmax over places": ("ops.softmax: {axis: 1}", ALL),
    "softmax": ("ops.softmax: {axis: -1}", 0),
    "tanh": ("ops.tanh", 0),
    "turned round": ("ops.flip: {axis: 1}", ALL),
    "joined": ("{Conv1D: [4, 2], name: w}\n    - {Concatenate, branches: [[], [Dense: 3]]}", 1),
}
# Where the text does not tell, the model is tried on data.
UNKNOWN = {
    "strides": "MaxPooling1D: 2",
    "upsampled": "UpSampling1D: 2",
    "turned twice": "ops.flip: {axis: 1}\n    - ops.flip: {axis: 1}",
    "transposed": "Permute: [2, 1]",
    "rolled": "ops.roll: {shift: 1, axis: 1}",
    "joined in time": "{Concatenate: {axis: 1}, from: [both, given]}",
}


def _plan(entries: str) -> dlspec.Plan:
    # A model that nothing calls is a mistake.
    inner = _INNER if "use: inner" in entries else ""
    return dlspec.loads(f"{_HEAD.format(inner=inner)}    - {entries}\n")


def _sight(plan: dlspec.Plan) -> float | None:
    sight = sight_of(plan.graph, plan.graph.outputs[0][1], source="said")
    assert sight is not None
    return sight.ahead


def _measured(plan: dlspec.Plan) -> int:
    """Return how far ahead of a place the furthest id is that changes it."""
    model = dlspec.compile(plan)
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 20, (1, LENGTH))
    given = rng.normal(size=(1, LENGTH, 4)).astype("float32")
    changed = np.repeat(ids, LENGTH + 1, axis=0)
    changed[np.arange(LENGTH), np.arange(LENGTH)] += 1
    inputs = [changed % 20, np.repeat(given, LENGTH + 1, axis=0)]
    out = np.asarray(model(inputs))
    moved = np.abs(out[:LENGTH] - out[LENGTH]).reshape(LENGTH, out.shape[1], -1).max(axis=-1)
    at, place = np.nonzero(moved > 1e-6)
    return int((at - place).max())


@pytest.mark.parametrize("name", CASES)
def test_the_text_tells_how_far_keras_looks_ahead(name):
    entries, ahead = CASES[name]
    plan = _plan(entries)
    assert _sight(plan) == ahead
    assert _measured(plan) == min(ahead, LENGTH - 1)


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_the_text_does_not_tell_is_not_guessed(name):
    assert _sight(_plan(UNKNOWN[name])) is None
