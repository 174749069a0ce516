"""Sequences of ids from a model trained by teacher forcing, one id after another.

Each step is a whole pass through the model, over what has been said so far and padding behind it;
so the same code serves recurrent decoders, attention and transformers.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dlspec.language.prediction import Generation
from dlspec_pipelines.steps.engine.batches import CHUNK_BYTES, Array, Samples, sample_chunks
from dlspec_pipelines.steps.engine.engine import engine_for
from dlspec_pipelines.steps.evaluation.beam_search import (
    Ids,
    Rules,
    Sequences,
    search_best_sequences,
)
from dlspec_pipelines.steps.evaluation.forward import BATCH_SIZE, pack_inputs
from dlspec_pipelines.steps.evaluation.outputs import PADDING, Signature, signature_of_plan_document
from dlspec_pipelines.steps.step_errors import StepError

# Rows on which it is tried whether the model looks ahead; it does for every row or for none.
_PROBED = 4
# Ids that are less likely than this say nothing about a model's looking ahead.
_UNLIKELY = 1e-5


@dataclass(frozen=True, slots=True)
class Asked:
    """What `prediction.generate` says, with figures of data and loss filled in.

    Attributes:
        extent: Ids that the input holds; `rules.length` is at most that.
        vocabulary: Ids of the output.
        from_logits: Whether the output is logits; else it is probabilities.
    """

    input: str
    output: str
    start: int
    extent: int
    vocabulary: int
    from_logits: bool
    rules: Rules


def asked_of(
    plan: Mapping[str, Any], *, beam: int | None = None, length: int | None = None
) -> Asked | None:
    """Return what a plan in its canonical form says of generation; None when it says nothing.

    Args:
        beam: In the place of the spec's.
        length: In the place of the spec's.

    Raises:
        StepError: If `beam` or `length` is out of range.
    """
    section = (plan.get("prediction") or {}).get("generate")
    if section is None:
        return None
    asked = Generation(**section)
    heads = signature_of_plan_document(plan).heads
    head = next(h for h in heads if asked.output in (None, h.name))
    extent = plan["data"]["inputs"][asked.input]["length"]
    listed = plan["data"]["targets"][head.name]["vocabulary"]
    vocabulary = listed if isinstance(listed, int) else len(listed)
    rules = Rules(
        stop=asked.stop,
        length=_require_in_range("--length", length, extent) or asked.length or extent,
        beam=_require_in_range("--beam", beam, vocabulary) or asked.beam,
        length_penalty=asked.length_penalty,
    )
    assert head.from_logits is not None, "the rules ask for a crossentropy"
    return Asked(asked.input, head.name, asked.start, extent, vocabulary, head.from_logits, rules)


def _require_in_range(option: str, value: int | None, most: int) -> int | None:
    if value is not None and not 1 <= value <= most:
        raise StepError(f"`{option} {value}` is out of range", help=f"it goes from 1 to {most}")
    return value


def generate_sequences(
    model: keras.Model,
    inputs: Mapping[str, Array],
    *,
    samples: int,
    signed: Signature,
    asked: Asked,
) -> Sequences:
    """Return the sequence that the search finds for each sample, of at most `rules.length` ids.

    Args:
        inputs: What the model reads, without the input that holds what has been said.

    Raises:
        StepError: If an id changes when a later one does, or the model gives nan.
    """
    speaker = _Speaker(model, inputs, signed, asked)
    speaker.require_causal(min(_PROBED, samples))
    rows = max(1, CHUNK_BYTES // (8 * asked.rules.beam * asked.vocabulary))
    parts = [
        search_best_sequences(
            partial(speaker.log_probabilities_of_next_id, first),
            min(rows, samples - first),
            asked.rules,
        )
        for first in range(0, samples, rows)
    ]
    ids, scores = zip(*((part.ids, part.scores) for part in parts), strict=True)
    return Sequences(np.concatenate(ids), np.concatenate(scores))


def said_before(ids: Ids, asked: Asked) -> Ids:
    """Return what the model has read when each id was said: the ids, one place later."""
    before = np.full((len(ids), asked.extent), PADDING, dtype=np.int32)
    before[:, 0] = asked.start
    said = ids[:, : asked.extent - 1]
    before[:, 1 : said.shape[1] + 1] = said
    return before


class _Speaker:
    """A model asked for the next id; it holds the one function that its passes are traced to."""

    def __init__(
        self, model: keras.Model, inputs: Mapping[str, Array], signed: Signature, asked: Asked
    ) -> None:
        self._inputs = inputs
        self._signed = signed
        self._asked = asked
        self._output = signed.outputs.index(asked.output)
        self._low = model.compute_dtype != "float32"
        bytes_each = 4 * sum(math.prod(n or 1 for n in out.shape[1:]) for out in model.outputs)
        self._batch = min(BATCH_SIZE, max(1, CHUNK_BYTES // bytes_each))
        form = self._packed_speaker_inputs(
            np.zeros(0, dtype=np.intp), np.zeros((0, asked.extent), dtype=np.int32)
        )
        self._engine = engine_for(model, form, batch_size=self._batch)

    def log_probabilities_of_next_id(
        self, first: int, sample: NDArray[np.intp], said: Ids
    ) -> Array:
        """Return the log-probabilities of the id that comes after each of some sequences.

        Args:
            first: The sample that `sample` counts from.

        Shapes:
            said: (sequences, ids said)
            returns: (sequences, vocabulary)
        """
        at = said.shape[1]
        return self._log_probabilities_at_places(
            sample + first, said_before(said, self._asked), slice(at, at + 1)
        )[:, 0]

    def require_causal(self, samples: int) -> None:
        """Try whether what the model says depends on ids that are not said yet.

        Raises:
            StepError: If it does.
        """
        extent = self._asked.extent
        sample = np.arange(samples)
        ids = np.random.default_rng(0).integers(
            1, max(self._asked.vocabulary, 2), (samples, extent)
        )
        read = said_before(ids.astype(np.int32), self._asked)
        whole = self._log_probabilities_at_places(sample, read, slice(0, extent))
        for at in sorted({0, extent // 2, max(extent - 2, 0)} - {extent - 1}):
            begun = np.where(np.arange(extent) <= at, read, PADDING)
            part = self._log_probabilities_at_places(sample, begun, slice(0, extent))
            self._require_same_probabilities(whole[:, : at + 1], part[:, : at + 1], at)

    def _require_same_probabilities(self, whole: Array, part: Array, at: int) -> None:
        likely = np.maximum(whole, part) > math.log(_UNLIKELY)
        apart = float(np.abs(whole - part)[likely].max(initial=0.0))
        if apart > (0.1 if self._low else 1e-3):
            raise StepError(
                f"what the model says at place {at} of `{self._asked.output}` depends on ids of "
                f"`{self._asked.input}` that are not said yet",
                code="DL517",
                help="let every layer between the two look back only",
            )

    def _log_probabilities_at_places(
        self, sample: NDArray[np.intp], read: Ids, places: slice
    ) -> Array:
        """Return the log-probabilities at some places of the output.

        Shapes:
            read: (sequences, extent)
            returns: (sequences, places, vocabulary)
        """
        parts = []
        for start in range(0, len(sample), self._batch):
            taken = slice(start, start + self._batch)
            outputs = self._forward_pass(sample[taken], read[taken])
            parts.append(_log_probability(outputs[:, places], from_logits=self._asked.from_logits))
        told = np.concatenate(parts)
        if np.isnan(told).any():
            raise StepError(
                f"the model gives nan for `{self._asked.output}`", help="train again from the start"
            )
        return told

    def _forward_pass(self, sample: NDArray[np.intp], read: Ids) -> Array:
        rows = len(sample)
        if keras.config.backend() == "jax":
            # It compiles for each number of rows: let there be few.
            more = 2 ** (rows - 1).bit_length() - rows
            sample, read = (np.concatenate([a, a[:1].repeat(more, 0)]) for a in (sample, read))
        (chunk,) = sample_chunks(
            self._packed_speaker_inputs(sample, read), self._batch, chunk_bytes=1
        )
        output = self._engine.forward_rows(self._engine.load(chunk), 0, chunk.rows)[self._output]
        return output[:rows]

    def _packed_speaker_inputs(self, sample: NDArray[np.intp], read: Ids) -> Samples:
        given = {name: array[sample] for name, array in self._inputs.items()}
        return pack_inputs(self._signed, given | {self._asked.input: read})


def _log_probability(output: Array, *, from_logits: bool) -> Array:
    output = output.astype(np.float32)
    if not from_logits:
        output = np.log(np.maximum(output, np.finfo(np.float32).tiny))
    shifted = output - output.max(axis=-1, keepdims=True)
    told: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return told
