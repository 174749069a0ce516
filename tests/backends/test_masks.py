"""Where masks go in a graph: by its text, and by what Keras hands on and computes."""

import keras
import numpy as np
import pytest
from keras.src.backend import get_keras_mask

import dlspec
from dlspec.resolve.plan import Reference
from dlspec.rules.dropped_masks import dropped_masks, masked_tensors

# Keras warns of the masks that it drops.
pytestmark = pytest.mark.filterwarnings("ignore")
_HEAD = """\
dlspec: 1
name: example
model:
  models:
    shifted:
      inputs: {x: [6, 4]}
      graph:
        - Dropout: 0.1
    stepped:
      inputs: {x: [6, 4]}
      graph:
        - GRU: 4
    mixed:
      inputs: {x: [6, 4]}
      graph:
        - Conv1D: [4, 3, {padding: same}]
  inputs: {ids: {shape: [6], dtype: int32}, places: [6, 4], state: [4]}
  outputs: [out, others]
  graph:
    - {Embedding: [9, 4, {mask_zero: true}], name: vectors, from: ids}
    - {ops.not_equal: {args: [ids, 0]}, name: padding}
    - {ops.cast: float32, name: numbers}
    - {ops.expand_dims: {axis: -1}, name: column}
    - {use: shifted, name: moved, from: places}
    - {use: mixed, name: blurred, from: moved}
    - {use: stepped, name: stated, from: places}
    - {Concatenate, name: rest, from: [blurred, column]}
    - {Dense: 4, name: fitting}
    - {GRU: 4, name: last}
    - {Add, name: others, from: [last, state, stated]}
"""
GRU = "GRU: {units: 4, return_sequences: true}"
# The entries that end in `out`; which of them see no mask, or drop it.
CASES = {
    "a layer": ("{Dense: 3, from: vectors, name: out}", []),
    "a window": ("{Conv1D: [3, 3], from: vectors, name: out}", ["out"]),
    "a sum with what has no mask": ("{Add, from: [vectors, places], name: out}", ["out"]),
    "a sum of both masked": ("{Add, from: [vectors, vectors], name: out}", []),
    "a join": ("{Concatenate, from: [vectors, places], name: out}", []),
    "a function": ("{ops.tanh, from: vectors, name: out}", ["out"]),
    "sequence": (f"{{{GRU}, from: vectors, name: out}}", []),
    "last step": ("{GRU: 4, from: vectors, name: out}", []),
    "initial state": (
        f"{{{GRU}, from: vectors, name: out, call: {{initial_state: state}}}}",
        ["out"],
    ),
    "initial state and a mask": (
        f"{{{GRU}, from: vectors, name: out, call: {{initial_state: state, mask: padding}}}}",
        [],
    ),
    "both ways": (f"{{Bidirectional: {{layer: {{{GRU}}}}}, from: vectors, name: out}}", []),
    "both ways from states": (
        f"{{Bidirectional: {{layer: {{{GRU}}}}}, from: vectors, name: out, "
        "call: {initial_state: [state, state]}}",
        ["out"],
    ),
    "each step": ("{TimeDistributed: {layer: {Dense: 3}}, from: vectors, name: out}", []),
    "attention of the masked": ("{Attention, from: [vectors, places], name: out}", []),
    "attention to the masked": ("{Attention, from: [places, vectors], name: out}", []),
    "heads": (
        "{MultiHeadAttention: [1, 4], from: {query: vectors, value: vectors}, name: out}",
        [],
    ),
    "pooled": ("{GlobalAveragePooling1D, from: vectors, name: out}", []),
    "pooled highest": ("{GlobalMaxPooling1D, from: vectors, name: out}", ["out"]),
    "a dropout's model": ("{use: shifted, from: vectors, name: out}", []),
    "a model, then steps": ("{use: shifted, from: vectors}\n    - {GRU: 4, name: out}", []),
    "a model of steps": ("{use: stepped, from: vectors, name: out}", []),
    "norms": ("{LayerNormalization, from: vectors}\n    - {RMSNormalization, name: out}", ["out"]),
    "a layer again": (
        "{Dense: 4, from: places, name: first}\n    - {use: first, from: vectors, name: out}\n"
        "    - {Add, from: [first, others]}\n",
        [],
    ),
}


def planned(entries: str):
    text = _HEAD
    if "use: first" in entries:
        entries = entries.rpartition("\n    - {Add")[0]
        text = text.replace("[last, state, stated]", "[last, state, stated, early]")
        text = text.replace(
            "    - {GRU: 4, name: last}\n",
            "    - {GRU: 4, name: last}\n"
            "    - {Dense: 4, from: places, name: first}\n"
            "    - {GlobalAveragePooling1D, name: early}\n",
        )
        entries = entries.partition("\n    - ")[2]
    return dlspec.loads(f"{text}    - {entries}\n")


@pytest.mark.parametrize("case", CASES)
def test_masks_go_where_keras_hands_them_on(case):
    entries, lost = CASES[case]
    plan = planned(entries)
    assert [one.node.name for one in dropped_masks(plan.graph)] == lost
    out = dict(plan.graph.outputs)["out"]
    made = dict(
        zip((name for name, _ in plan.graph.outputs), dlspec.compile(plan).outputs, strict=True)
    )
    has_mask = get_keras_mask(made["out"]) is not None
    # Keras announces no mask for what a model gives; computed, it comes from inside.
    if case != "a dropout's model":
        assert (Reference(out.node, out.output) in masked_tensors(plan.graph)) is has_mask


# What mixes steps and does not lose the mask gives the same, whatever a padded step holds.
MIXING = [
    *("sequence", "last step", "initial state", "initial state and a mask", "both ways"),
    *("both ways from states", "attention to the masked", "pooled", "pooled highest", "a window"),
    *("a model, then steps", "a model of steps"),
]


@pytest.mark.parametrize("case", MIXING)
def test_padding_changes_the_numbers_where_a_mask_is_lost(case):
    entries, lost = CASES[case]
    keras.utils.set_random_seed(2)
    model = dlspec.compile(planned(entries))
    random = np.random.default_rng(3)
    ids = np.array([[0, 0, 3, 5, 2, 7]], dtype="int32")
    given = {
        "ids": ids,
        "places": random.standard_normal((1, 6, 4)).astype("float32"),
        "state": random.standard_normal((1, 4)).astype("float32"),
    }
    before = model.predict(list(given.values()), verbose=0)[0]
    vectors = model.get_layer("vectors")
    table = vectors.get_weights()[0]
    table[0] += 1.0
    vectors.set_weights([table])
    after = model.predict(list(given.values()), verbose=0)[0]
    steps = slice(2, 6) if before.ndim == 3 and case != "a window" else slice(None)
    same = np.allclose(before[:, steps], after[:, steps], atol=1e-6)
    assert same is (not lost)
