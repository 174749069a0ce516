"""What a shuffled epoch holds, half by half: `python -m benchmarks.epoch_digest SPEC START MEMORY`.

START is `begin` or `middle`, where a training goes on that was interrupted there; MEMORY is
`whole`, or `tenth` for a bound of a tenth of the arrays. Prints the digests of the halves as JSON.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import dlspec
from dlspec_pipelines.steps.engine.batches import Samples, epoch_visit_order, sample_chunks
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part

# Any would do: what an epoch holds must not depend on when it is asked for.
_BATCH, _SEED, _EPOCH = 32, 7, 3


def _halves_of_epoch(spec: Path, start: str, memory: str) -> Mapping[str, str]:
    plan = dlspec.load(spec)
    assert plan.data is not None
    part = open_part(prepare_dataset(plan.data, base=spec.parent), "train")
    samples = Samples(part.inputs, part.targets, "mapping", "mapping")
    middle = len(samples) // 2 // _BATCH * _BATCH
    first = middle if start == "middle" else 0
    halves = {name: hashlib.sha256() for name in ("first", "second")}
    for chunk in sample_chunks(
        samples,
        _BATCH,
        visit=epoch_visit_order(_SEED, _EPOCH, len(samples)),
        start=first,
        memory=samples.nbytes // 10 if memory == "tenth" else None,
    ):
        for row in range(chunk.rows):
            half = halves["first" if chunk.start + row < middle else "second"]
            for array in chunk.arrays:
                half.update(array[row].tobytes())
    return {n: half.hexdigest() for n, half in halves.items() if n == "second" or not first}


if __name__ == "__main__":
    print(json.dumps(_halves_of_epoch(Path(sys.argv[1]), *sys.argv[2:])))
