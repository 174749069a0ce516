"""Steps of a model that was trained with the loss `CTC` -> the ids that they say."""

import keras
import numpy as np

from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.outputs import PADDING

# The batch in which steps are decoded: the last is filled up, because a backend that compiles
# does so for each number of rows.
_ROWS = 64


def decoded_ids(logits: Array, *, beam: int) -> Array:
    """Return the ids that each sample's steps say, padding behind the last.

    Args:
        beam: Sequences kept at each step; with 1 the likeliest id of each step is taken.

    Shapes:
        logits: (samples, steps, vocabulary)
        returns: (samples, steps) int32
    """
    steps = logits.astype(np.float32)
    parts = [_decoded_rows(steps[at : at + _ROWS], beam) for at in range(0, len(steps), _ROWS)]
    return np.concatenate(parts) if parts else np.zeros(logits.shape[:2], dtype=np.int32)


def _decoded_rows(logits: Array, beam: int) -> Array:
    rows, lacking = len(logits), _ROWS - len(logits)
    whole = np.concatenate([logits, np.zeros((lacking, *logits.shape[1:]), dtype=np.float32)])
    # Every step counts: those that a mask left out say blank.
    lengths = np.full(_ROWS, logits.shape[1], dtype=np.int32)
    decoded, _ = keras.ops.ctc_decode(
        whole,
        lengths,
        strategy="greedy" if beam == 1 else "beam_search",
        beam_width=beam,
        # The blank of Keras's loss: what fills targets up.
        mask_index=PADDING,
    )
    ids = keras.ops.convert_to_numpy(decoded)[0][:rows]
    # Keras fills up with -1.
    filled: Array = np.maximum(ids, PADDING).astype(np.int32)
    return filled
