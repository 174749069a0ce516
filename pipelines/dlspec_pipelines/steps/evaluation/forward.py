"""A stored model over prepared inputs: outputs read into predictions, in bounded memory."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from dlspec.backends.penalties_model import PenaltiesModel
from dlspec.backends.terms_model import TermsModel
from dlspec.backends.torch_names import allow_dots
from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.figures import AskedMetric
from dlspec.language.sections import LEAST_MEMORY
from dlspec_pipelines.steps.data_memory import share_of_a_chunk
from dlspec_pipelines.steps.engine.batches import (
    Array,
    Chunk,
    Samples,
    sample_chunks,
)
from dlspec_pipelines.steps.engine.engine import engine_for
from dlspec_pipelines.steps.engine.metric_variables import make_metric_variables
from dlspec_pipelines.steps.evaluation.ctc_decoding import decoded_ids
from dlspec_pipelines.steps.evaluation.keras_figures import (
    KerasFigures,
    RowStates,
    joined_states,
    row_states,
)
from dlspec_pipelines.steps.evaluation.outputs import (
    GatheredPredictions,
    Head,
    Predicted,
    Signature,
    read_output,
)
from dlspec_pipelines.steps.evaluation.stored_custom_objects import listed_objects
from dlspec_pipelines.steps.file_digests import require_intact
from dlspec_pipelines.steps.preparation.fitting import Preparation, invert_predictions
from dlspec_pipelines.steps.preparation.ids_as_text import telling_ids
from dlspec_pipelines.steps.step_errors import StepError

# Larger batches than in training gain nothing on a CPU and cost memory.
BATCH_SIZE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a model says about samples, and what its training minimised.

    That is `loss`, each term, and what layers add to the loss.
    """

    predicted: Mapping[str, Predicted]
    minimised: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model as it was trained, its terms, and samples in the form that it takes."""

    model: PenaltiesModel
    terms: Sequence[str]
    samples: Samples


def load_model(folder: Path, *, with_loss: bool, base: Path | None = None) -> keras.Model:
    """Return the model of a run folder.

    Args:
        with_loss: Compile it as it was for training.
        base: The folder of the spec, whose project may list layers; default: the current one.

    Raises:
        StepError: If the file is not there or damaged, or a layer of it is not as it was.
    """
    path = require_intact(folder, "model.keras")
    allow_dots()
    own = listed_objects(folder, base)
    try:
        return keras.models.load_model(path, custom_objects=own, compile=with_loss)
    except (OSError, TypeError, ValueError) as error:
        raise StepError(
            f"`{path}` is no model that can be loaded: {str(error).splitlines()[0]}",
            help="train again",
        ) from error


def measure_samples(  # noqa: PLR0913 - what is measured of what, and how its values are read
    model: keras.Model,
    samples: Samples,
    *,
    signature: Signature,
    preparation: Preparation,
    trained: Trained | None = None,
    figures: KerasFigures | None = None,
    memory: int | None = None,
) -> Measured:
    """Return predictions for samples with targets, numbers in their own unit, and the loss.

    Args:
        trained: What has figures of terms, or of what layers add to the loss; None where there are
            none of them.
        figures: What Keras's metrics count, to be told of each sample.
        memory: What the predictions may take of the memory; None for any number of bytes.
    """
    gathered = {
        head.name: GatheredPredictions(len(samples), memory=memory) for head in signature.heads
    }
    total = 0.0
    on_terms = trained is not None and isinstance(trained.model, TermsModel)
    in_calls = on_terms or _calls_add_losses(model, samples)
    for outputs, arrays in _chunk_outputs(model, samples):
        packed = samples.pack(arrays)
        targets = dict(zip(samples.targets, arrays[len(samples.inputs) :], strict=True))
        for head, output in _by_head(signature.heads, signature, outputs):
            part = read_output(head, output, targets[head.name])
            part = _in_unit(head.name, part, preparation)
            gathered[head.name].add(part)
            if figures is not None:
                figures.add(head.name, *_as_keras_reads(head, part, targets[head.name], output))
        if not in_calls:
            y_pred = keras.tree.pack_sequence_as(model.output, outputs)
            loss = model.compute_loss(x=packed[0], y=packed[1], y_pred=y_pred, training=False)
            total += float(keras.ops.convert_to_numpy(loss)) * len(arrays[0])
    predicted = _with_texts_of_ids(
        {n: found.joined() for n, found in gathered.items()}, preparation
    )
    if in_calls:
        minimised = (
            _figures_of_calls(model, samples)
            if trained is None
            else _figures_of_calls(trained.model, trained.samples)
        )
        names = () if trained is None else (*trained.terms, *trained.model.noted_penalties)
        return Measured(predicted, {name: minimised[name] for name in ("loss", *names)})
    added = {} if trained is None else trained.model.added_by_layers()
    known = {name: float(keras.ops.convert_to_numpy(value)) for name, value in added.items()}
    return Measured(predicted, {"loss": total / len(samples), **known})


def _calls_add_losses(model: keras.Model, samples: Samples) -> bool:
    """Tell whether a call adds losses of its own: activity regularizers, `add_loss`."""
    rows = model.inputs[0].shape[0] or 1
    packed = samples.pack(
        [np.resize(array[:rows], (rows, *array.shape[1:])) for array in samples.arrays]
    )
    model(packed[0], training=False)
    of_weights = sum(weight.regularizer is not None for weight in model.trainable_weights)
    return len(model.losses) > of_weights


def _figures_of_calls(model: keras.Model, samples: Samples) -> dict[str, float]:
    """Return the figures as Keras's `evaluate` has them, with what each call adds to the loss.

    Such losses are tensors of the call that made them, so the outputs alone do not tell them.
    """
    fixed = model.inputs[0].shape[0]
    size = fixed or BATCH_SIZE
    if len(samples) % size and fixed:
        raise StepError(
            f"the model takes {counted(fixed, 'sample')} at a time and adds losses as it is "
            "called, and "
            f"{counted(len(samples), 'sample')} {agreed(len(samples), 'leave')} "
            f"{len(samples) % fixed} over",
            help="leave `batch` out of the model's inputs",
        )
    make_metric_variables(model, samples)
    engine = engine_for(model, samples, batch_size=size)
    model.reset_metrics()
    for chunk in sample_chunks(samples, size, memory=LEAST_MEMORY):
        engine.test(engine.load(chunk), 0, chunk.rows)
    results = model.get_metrics_result()
    return {name: float(np.mean(keras.ops.convert_to_numpy(v))) for name, v in results.items()}


def predict_samples(
    model: keras.Model, samples: Samples, *, signature: Signature, preparation: Preparation
) -> dict[str, Predicted]:
    """Return predictions for samples without targets; `true` then repeats the guess."""
    gathered = {
        head.name: GatheredPredictions(len(samples), memory=None) for head in signature.given
    }
    for outputs, _ in _chunk_outputs(model, samples):
        for head, output in _by_head(signature.given, signature, outputs):
            part = read_output(head, output, _no_target(head, output))
            gathered[head.name].add(_in_unit(head.name, part, preparation))
    return {name: found.joined() for name, found in gathered.items()}


def _chunk_outputs(
    model: keras.Model, samples: Samples
) -> Iterator[tuple[list[Array], tuple[Array, ...]]]:
    fixed = model.inputs[0].shape[0]
    size = fixed or BATCH_SIZE
    engine = engine_for(model, samples, batch_size=size)
    bytes_each = sum(4 * math.prod(n or 1 for n in out.shape[1:]) for out in model.outputs)
    input_bytes = max(1, sum(array.nbytes for array in samples.arrays) // len(samples))
    # Under every bound in the same chunks: the last bits of a mean of losses depend on them.
    bound = share_of_a_chunk(LEAST_MEMORY) * input_bytes // (input_bytes + bytes_each)
    for chunk in sample_chunks(samples, size, chunk_bytes=bound, memory=LEAST_MEMORY):
        whole = _filled_up(chunk, size) if fixed else chunk
        outputs = engine.forward_rows(engine.load(whole), 0, whole.rows)
        yield [output[: chunk.rows] for output in outputs], chunk.arrays


def _filled_up(chunk: Chunk, size: int) -> Chunk:
    """Return a chunk of whole batches, its last row repeated: what a fixed batch asks for."""
    rows = -(-chunk.rows // size) * size
    repeated = np.minimum(np.arange(rows), chunk.rows - 1)
    return Chunk(chunk.start, rows, tuple(array[repeated] for array in chunk.arrays))


def _by_head(
    heads: tuple[Head, ...], signature: Signature, outputs: list[Array]
) -> Iterator[tuple[Head, Array]]:
    """Yield each head with its output, of a sequence the ids that its steps say."""
    named = dict(zip(signature.outputs, outputs, strict=True))
    for head in heads:
        output = named[head.name]
        yield head, decoded_ids(output, beam=head.beam) if head.kind == "sequence" else output


def _no_target(head: Head, output: Array) -> Array:
    if head.kind == "binary":
        return np.zeros(len(output), dtype=np.int32)
    if head.kind in ("number", "labels", "sequence") or head.one_hot:
        return output
    ids: Array = output.argmax(axis=-1).astype(np.int32)
    return ids


def _in_unit(name: str, predicted: Predicted, preparation: Preparation) -> Predicted:
    if predicted.kind != "number" or name not in preparation.targets:
        return predicted
    true, guess = (
        invert_predictions(preparation, name, a) for a in (predicted.true, predicted.guess)
    )
    return Predicted("number", true, guess)


def _as_keras_reads(
    head: Head, part: Predicted, target: Array, output: Array
) -> tuple[Array, Array]:
    """Return truth and output for a metric of Keras: numbers in their unit, others as they are."""
    return (part.true, part.guess) if head.kind == "number" else (target, output)


def states_of_samples(
    model: keras.Model,
    samples: Samples,
    metrics: Mapping[str, AskedMetric],
    *,
    signature: Signature,
    preparation: Preparation,
    target_preparation: Preparation,
) -> dict[str, RowStates]:
    """Return what a metric of Keras counts of each sample, by the target that it is measured on.

    Args:
        metrics: The metric, by target.
        preparation: How the model's numbers are scaled; `target_preparation` how the targets are.
    """
    found: dict[str, list[RowStates]] = {name: [] for name in metrics}
    for outputs, arrays in _chunk_outputs(model, samples):
        targets = dict(zip(samples.targets, arrays[len(samples.inputs) :], strict=True))
        for head, output in _by_head(signature.heads, signature, outputs):
            if head.name not in metrics:
                continue
            target = targets[head.name]
            part = read_output(head, output, target)
            truth = _in_unit(head.name, part, target_preparation).true
            part = replace(_in_unit(head.name, part, preparation), true=truth)
            read = _as_keras_reads(head, part, target, output)
            states = row_states(metrics[head.name], *read, from_logits=bool(head.from_logits))
            found[head.name].append(states)
    return {name: joined_states(parts) for name, parts in found.items()}


def _with_texts_of_ids(
    predicted: Mapping[str, Predicted], preparation: Preparation
) -> dict[str, Predicted]:
    """Return predictions with what tells the texts of their sequences."""
    return {
        name: replace(one, text=telling_ids(preparation.targets[name]))
        if one.kind == "sequence"
        else one
        for name, one in predicted.items()
    }


def pack_inputs(signature: Signature, inputs: Mapping[str, Any]) -> Samples:
    """Return inputs in the form a model of this signature takes."""
    ordered = {name: inputs[name] for name in signature.inputs}
    return Samples(ordered, {}, signature.inputs_as, signature.outputs_as)
