"""The samples of one part in the order of training, gathered in chunks of bounded size."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlspec.language.kinds import Form
from dlspec_pipelines.steps.data_memory import (
    give_back_pages,
    rows_of_mapped_array,
    share_of_a_chunk,
)
from dlspec_pipelines.steps.engine.taken_rows import SampleArray, TakenRows

Array = NDArray[Any]
# Large enough that a chunk lasts many steps, small enough to leave memory to the model.
CHUNK_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Samples:
    """Arrays with one row per sample, and how the model takes them.

    Attributes:
        inputs: By name, in the model's order.
        targets: By name, in the order of the model's outputs; empty for prediction.
        weights: By target, a factor for the part of each sample, or of each of its steps, in the
            loss; 1 for targets that are not there.
    """

    inputs: Mapping[str, SampleArray]
    targets: Mapping[str, SampleArray]
    inputs_as: Form
    outputs_as: Form
    weights: Mapping[str, SampleArray] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(next(iter(self.inputs.values())))

    @property
    def arrays(self) -> tuple[SampleArray, ...]:
        """Return the arrays as the flat sequence that `pack` puts together again."""
        return (*self.inputs.values(), *self.targets.values(), *self.weights.values())

    @property
    def nbytes(self) -> int:
        """Return how many bytes the arrays have."""
        return sum(array.nbytes for array in self.arrays)

    def pack(self, flat: Sequence[Any]) -> tuple[Any, ...]:
        """Return (inputs,), (inputs, targets) or (inputs, targets, weights), as Keras takes them.

        Args:
            flat: One array or tensor for each of `arrays`.
        """
        count = len(self.inputs)
        packed = [_structure_of_form(self.inputs_as, dict(zip(self.inputs, flat, strict=False)))]
        if self.targets:
            targets = dict(zip(self.targets, flat[count:], strict=False))
            packed.append(_structure_of_form(self.outputs_as, targets))
        if self.weights:
            found = dict(zip(self.weights, flat[count + len(self.targets) :], strict=True))
            weights = {name: found.get(name) for name in self.targets}
            packed.append(_structure_of_form(self.outputs_as, weights))
        return tuple(packed)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of an epoch: the arrays of `rows` samples, from the sample `start` on."""

    start: int
    rows: int
    arrays: tuple[Array, ...]


def _structure_of_form(form: Form, values: dict[str, Any]) -> Any:  # noqa: ANN401 - a Keras structure
    match form:
        case "single":
            (only,) = values.values()
            return only
        case "list":
            return list(values.values())
        case "mapping":
            return values


def epoch_visit_order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """Return the order in which an epoch visits its samples.

    It depends on nothing but its arguments, so a continued training visits what the interrupted
    one would have visited.

    Args:
        epoch: From 0.
    """
    return seeded_generator(seed, epoch).permutation(count)


def seeded_generator(*seed: int) -> np.random.Generator:
    """Return a generator whose numbers depend on nothing but `seed`, such as (seed, epoch)."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))


def balanced_visit_order(seed: int, epoch: int, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the samples that an epoch visits when it sees every class equally often.

    There are as many as in `ids`; the numbers of two classes differ by at most one. A sample comes
    again only after all of its class have come. Like the order of all samples it depends on
    nothing but its arguments.

    Args:
        epoch: From 0.
        ids: The class of each sample.
    """
    generator = seeded_generator(seed, epoch)
    classes = np.unique(ids)
    shares = np.full(len(classes), len(ids) // max(len(classes), 1))
    shares[generator.permutation(len(classes))[: len(ids) % max(len(classes), 1)]] += 1
    drawn = [
        drawn_again(generator, np.flatnonzero(ids == one), share)
        for one, share in zip(classes, shares, strict=True)
    ]
    return generator.permutation(np.concatenate(drawn)) if drawn else np.zeros(0, np.int64)


def drawn_again(
    generator: np.random.Generator, members: NDArray[np.int64], share: int
) -> NDArray[np.int64]:
    """Return `share` of `members` in a drawn order, each again only after all have come."""
    rounds = [generator.permutation(members) for _ in range(-(-share // len(members)))]
    return np.concatenate([members[:0], *rounds])[:share]


def sample_chunks(
    samples: Samples,
    batch_size: int,
    *,
    visit: NDArray[np.int64] | None = None,
    start: int = 0,
    chunk_bytes: int = CHUNK_BYTES,
    memory: int | None = None,
) -> Iterator[Chunk]:
    """Yield the samples from the one at `start` on, whole batches to a chunk.

    Args:
        visit: The order; None for the order they lie in.
        start: A multiple of `batch_size`.
        chunk_bytes: Bound on a chunk's arrays; a chunk holds one batch at least.
        memory: Bytes that all that is read may take; None for any number. Where the arrays have
            more and are mapped from files, what a chunk has read of them is given back.
    """
    arrays = samples.arrays
    bytes_each = samples.nbytes / max(len(samples), 1)
    room = None
    if memory is not None:
        chunk_bytes = min(chunk_bytes, share_of_a_chunk(memory))
        room = share_of_a_chunk(memory) if samples.nbytes > memory else None
    batches = max(1, int(chunk_bytes / max(bytes_each * batch_size, 1)))
    for first in range(start, len(samples), batches * batch_size):
        end = min(first + batches * batch_size, len(samples))
        rows = slice(first, end) if visit is None else visit[first:end]
        yield Chunk(first, end - first, tuple(_rows_of_array(a, rows, room) for a in arrays))


def _rows_of_array(array: SampleArray, rows: slice | NDArray[np.int64], room: int | None) -> Array:
    if isinstance(array, TakenRows):
        return _rows_of_array(array.array, array.places[rows], room)
    if room is None or not isinstance(array, np.ndarray):
        return np.ascontiguousarray(array[rows])
    if isinstance(rows, slice):
        found = np.array(array[rows], order="C")
        give_back_pages(array)
        return found
    return rows_of_mapped_array(array, rows, room)


def class_ids_of(target: Array) -> NDArray[np.int64]:
    """Return the class of each sample from ids, zeros and ones, or one-hot vectors."""
    flat = target.reshape(len(target), -1)
    ids = flat.argmax(axis=1) if flat.shape[1] > 1 else flat[:, 0]
    return np.asarray(ids, dtype=np.int64)


def class_weights(target: Array, weights: str | Mapping[str, float]) -> Array:
    """Return one factor per sample from its class.

    Args:
        target: Ids, or one-hot vectors, of all training samples.
        weights: A factor for each class id, 1 for the others; or `balanced`: the number of samples
            over the number of classes present times the samples of the class.

    Source: scikit-learn, `compute_class_weight("balanced", ...)`.
    """
    ids = class_ids_of(target)
    factors = np.ones(int(ids.max(initial=0)) + 1, dtype=np.float64)
    if isinstance(weights, str):
        counts = np.bincount(ids)
        present = counts > 0
        factors[present] = len(ids) / (present.sum() * counts[present])
    else:
        for name, factor in weights.items():
            if int(name) < len(factors):
                factors[int(name)] = factor
    weights_each: Array = factors[ids].astype(np.float32)
    return weights_each
