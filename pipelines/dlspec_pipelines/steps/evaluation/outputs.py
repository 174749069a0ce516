"""What a model says about a target, in the form metrics and people read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never, cast

import numpy as np

from dlspec.decode.written_records import record_from_words
from dlspec.language.features import TARGET_FEATURES, TargetKind
from dlspec.language.kinds import Form, Tagged
from dlspec.language.loss_records import LOSS_OF
from dlspec.language.prediction import Decoding
from dlspec.language.sample_draws import DRAWS_BY_WORD, JoiningDraw, SampleDraw
from dlspec.resolve.plan import Plan, canonical_data
from dlspec_pipelines.steps.data_memory import give_back_pages
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.preparation.ids_as_text import TextOfIds
from dlspec_pipelines.steps.preparation.scratch_arrays import scratch_array

# The class of places of a mask that are of none.
IGNORED = -1
# Preparation and generated data fill sequences up with this id.
PADDING = 0


@dataclass(frozen=True, slots=True)
class Head:
    """One output of a model and how to read it.

    Attributes:
        ignore: What a mask holds where a place is of no class; None where all are of one.
        threshold: From which probability on a binary is 1; None for 0.5, or for the sign of a
            margin.
        from_logits: Whether the loss took the output for logits; None for a hinge loss, which knows
            margins around 0 and no probabilities.
        beam: Sequences that are kept while steps are decoded to a `sequence`.
    """

    name: str
    kind: TargetKind
    one_hot: bool
    from_logits: bool | None
    ignore: int | None = None
    threshold: float | None = None
    beam: int = 1


@dataclass(frozen=True, slots=True)
class Signature:
    """What goes into a model and what comes out, by name and in order.

    `heads` are the outputs that have targets; `outputs` are all, in the order in which Keras gives
    them: those of a mapping by their names.
    """

    inputs: tuple[str, ...]
    inputs_as: Form
    outputs_as: Form
    heads: tuple[Head, ...]
    outputs: tuple[str, ...]

    @property
    def given(self) -> tuple[Head, ...]:
        """Return all that the model gives: outputs without a target are told as numbers."""
        known = {head.name: head for head in self.heads}
        free = (Head(name, "number", one_hot=False, from_logits=None) for name in self.outputs)
        return tuple(known.get(head.name, head) for head in free)


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """Predictions of one target beside the truth; the first axis counts the samples.

    Attributes:
        true: Ids of a class, 0 or 1 of a binary, (samples, labels) of 0 or 1 of labels, class ids
            (samples, ...) of a mask, `IGNORED` among them, ids (samples, length) of tokens or of a
            sequence, padding behind them, or numbers (samples, ...) in the target's own unit.
        guess: The same as predicted.
        probability: (samples, classes) of a class or labels, (samples,) of a binary; else None.
        score: What orders the samples of a binary, a class or a label by likelihood, shaped like
            `probability`, where there is no probability.
        text: What makes a text of the ids of a sequence; None where nobody knows their words.
    """

    kind: TargetKind
    true: Array
    guess: Array
    probability: Array | None = None
    score: Array | None = None
    text: TextOfIds | None = None

    def take(self, rows: Array | slice) -> "Predicted":
        """Return the samples `rows`: ids, a mask, or a stretch."""
        return _each_array(self, lambda array: array[rows])


def signature_of_plan_document(plan: Mapping[str, Any]) -> Signature:
    """Return the signature of a plan in its canonical form, as `plan.json` holds it."""
    graph, targets, loss = plan["graph"], _learned_targets(plan), plan["training"]["loss"]
    # Plans from before there were losses of one's own have none.
    own = plan.get("losses", {})
    heads = tuple(
        _output_head(name, targets[name], from_logits=_takes_logits(name, loss, own))
        for name, _ in graph["outputs"]
        if name in targets
    )
    heads = tuple(
        replace(head, kind="sequence", beam=_beam_of_plan_document(plan))
        if _loss_aligns(head.name, loss, own)
        else head
        for head in heads
    )
    inputs = tuple(declared["name"] for declared in graph["inputs"])
    names = [name for name, _ in graph["outputs"]]
    outputs = sorted(names) if graph["outputs_as"] == "mapping" else names
    return Signature(inputs, graph["inputs_as"], graph["outputs_as"], heads, tuple(outputs))


def draw_of_plan_document(plan: Mapping[str, Any]) -> SampleDraw | None:
    """Return how the plan of a run samples its training rows; None where each is seen once."""
    # Runs of before this was a key say nothing of it.
    said = plan["data"].get("sampling")
    if said is None:
        return None
    return cast("SampleDraw", record_from_words(Tagged("way of sampling", DRAWS_BY_WORD), said))


def _learned_targets(plan: Mapping[str, Any]) -> Mapping[str, Any]:
    drawn = draw_of_plan_document(plan)
    if not isinstance(drawn, JoiningDraw):
        targets: Mapping[str, Any] = plan["data"]["targets"]
        return targets
    learned = canonical_data(drawn.learned)
    assert isinstance(learned, dict)
    return learned


def signature_of(plan: Plan) -> Signature:
    """Return the signature of a plan that has data and training."""
    document = canonical_data(plan)
    assert isinstance(document, dict)
    return signature_of_plan_document(document)


def _takes_logits(name: str, loss: Mapping[str, Any] | None, own: Mapping[str, Any]) -> bool | None:
    """Return whether a loss takes logits; None where it knows margins, or amounts alone."""
    if name in own:
        logits = own[name]["from_logits"]
        return None if logits is None else bool(logits)
    made = _loss_of_output(name, loss)
    if LOSS_OF[made["class_name"]].margins:
        return None
    return bool(made["arguments"].get("from_logits", False))


def _loss_of_output(name: str, loss: Mapping[str, Any] | None) -> Mapping[str, Any]:
    assert loss is not None, "an output with a target has a loss"
    made: Mapping[str, Any] = loss if isinstance(loss.get("class_name"), str) else loss[name]
    return made


def _loss_aligns(name: str, loss: Mapping[str, Any] | None, own: Mapping[str, Any]) -> bool:
    """Return whether a loss aligns the steps of an output with ids."""
    if name in own:
        return False
    return LOSS_OF[_loss_of_output(name, loss)["class_name"]].takes == "sequence"


def _beam_of_plan_document(plan: Mapping[str, Any]) -> int:
    """Return how many sequences are kept while steps are decoded; runs of before say nothing."""
    said = (plan.get("prediction") or {}).get("decode")
    return Decoding().beam if said is None else Decoding(**said).beam


def _output_head(name: str, feature: Mapping[str, Any], *, from_logits: bool | None) -> Head:
    kind, ignore = _target_kind(feature), feature.get("ignore")
    return Head(name, kind, bool(feature.get("one_hot", False)), from_logits, ignore)


def _target_kind(feature: Mapping[str, Any]) -> TargetKind:
    (word,) = TARGET_FEATURES.keys() & feature.keys()
    kind = TARGET_FEATURES[word].learned_as
    assert kind is not None, "what cannot be learned is no target"
    return kind


def read_output(head: Head, output: Array, target: Array) -> Predicted:
    """Return predictions from a model's output and the prepared target; numbers keep their scale.

    Args:
        output: (samples, classes), (samples, 1), (samples, length, vocabulary), numbers, or of a
            sequence the ids that are decoded, (samples, steps).
    """
    if head.kind == "sequence":
        return Predicted("sequence", *in_one_width(np.asarray(target), output))
    output = output.astype(np.float32, copy=False)
    match head.kind:
        case "class":
            true = target.argmax(axis=1) if head.one_hot else target.reshape(-1).astype(np.int32)
            return _predicted_ids(
                "class", true, output.argmax(axis=-1), _class_probability(head, output), output
            )
        case "binary":
            true = target.reshape(-1).astype(np.int32)
            scores = output.reshape(-1)
            probability = _class_probability(head, scores)
            guess = _decided_binary(head, scores, probability)
            return _predicted_ids("binary", true, guess, probability, scores)
        case "labels":
            border = 0.5 if head.from_logits is False else 0.0
            return _predicted_ids(
                "labels", target, output > border, _class_probability(head, output), output
            )
        case "mask":
            guess = output.argmax(axis=-1).astype(np.int32)
            true = np.asarray(target).astype(np.int32)
            return Predicted("mask", np.where(true == head.ignore, IGNORED, true), guess)
        case "tokens":
            return Predicted("tokens", np.asarray(target), output.argmax(axis=-1).astype(np.int32))
        case "number":
            return Predicted("number", np.asarray(target), output.reshape(target.shape))
        case _:
            assert_never(head.kind)


def _decided_binary(head: Head, scores: Array, probability: Array | None) -> Array:
    """Return which samples of a binary are 1."""
    if head.threshold is None:
        decided: Array = scores > (0.5 if head.from_logits is False else 0.0)
        return decided
    assert probability is not None, "the rules ask for a loss that knows probabilities"
    above: Array = probability > head.threshold
    return above


def in_one_width(true: Array, guess: Array) -> tuple[Array, Array]:
    """Return two arrays of ids with as many places each, filled up at the end with padding."""
    width = max(true.shape[1], guess.shape[1])
    wide = (np.pad(ids, ((0, 0), (0, width - ids.shape[1]))) for ids in (true, guess))
    first, second = (ids.astype(np.int32, copy=False) for ids in wide)
    return first, second


def _predicted_ids(
    kind: TargetKind, true: Array, guess: Array, probability: Array | None, score: Array
) -> Predicted:
    ids = true.astype(np.int32), guess.astype(np.int32)
    return Predicted(kind, *ids, probability, score if probability is None else None)


def _class_probability(head: Head, output: Array) -> Array | None:
    if head.from_logits is None:
        return None
    if not head.from_logits:
        return output
    if head.kind in ("binary", "labels"):
        return _stable_sigmoid(output)
    shifted = np.exp(output - output.max(axis=-1, keepdims=True))
    probability: Array = shifted / shifted.sum(axis=-1, keepdims=True)
    return probability


def _stable_sigmoid(x: Array) -> Array:
    # exp of a negative number only: the other form overflows for large logits.
    small = np.exp(-np.abs(x))
    sigmoid: Array = np.where(x >= 0, 1, small) / (1 + small)
    return sigmoid


class GatheredPredictions:
    """Predictions of one target that come some samples at a time, as one; state, as they come."""

    def __init__(self, samples: int, *, memory: int | None) -> None:
        """Take how many samples come.

        Args:
            memory: What data may take, beyond which arrays are mapped from files; None for any
                number of bytes.
        """
        self._samples, self._memory, self._filled = samples, memory, 0
        self._whole: Predicted | None = None

    def add(self, part: Predicted) -> None:
        """Put the next samples behind those that are there."""
        if self._whole is None:
            self._whole = _each_array(part, lambda array: self._array_like(array))
        rows = slice(self._filled, self._filled + len(part.true))
        for name in _ARRAYS:
            whole, array = getattr(self._whole, name), getattr(part, name)
            if whole is not None:
                whole[rows] = array
                give_back_pages(whole)
        self._filled = rows.stop

    def joined(self) -> Predicted:
        """Return the predictions of all samples."""
        assert self._whole is not None, "a part that is measured has samples"
        assert self._filled == self._samples
        return self._whole

    def _array_like(self, array: Array) -> Array:
        return scratch_array((self._samples, *array.shape[1:]), array.dtype, self._memory)


_ARRAYS = ("true", "guess", "probability", "score")


def _each_array(predicted: Predicted, make: Callable[[Array], Array]) -> Predicted:
    """Return predictions with another array in the place of each that is there."""
    probability, score = (
        None if array is None else make(array) for array in (predicted.probability, predicted.score)
    )
    return replace(
        predicted,
        true=make(predicted.true),
        guess=make(predicted.guess),
        probability=probability,
        score=score,
    )
