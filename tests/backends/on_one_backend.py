"""What one backend makes of layers and of whole models: a script, run once for each backend.

    on_one_backend.py layers OUT COUNT FAMILY...   COUNT cases of every layer of the families
    on_one_backend.py models OUT FOLDER            specs of a folder and the packaged architectures

Each is lowered, its weights get values that depend on their names alone, and it runs on inputs that
depend on its key alone. The outputs go to OUT.npz, the rest, such as refusals, to OUT.json.
"""

import json
import sys
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import keras
import numpy as np
from families import FAMILIES
from hypothesis import HealthCheck, Phase, given, settings
from shape_cases import Case
from test_zoo_builds import FOLDER, SMALL

import dlspec
from dlspec.backends.lower import lower_graph
from dlspec.diagnostics.findings import SpecError
from dlspec.expand.flat import Input
from dlspec.language.catalogue import Object
from dlspec.resolve.plan import Graph, Node, Reference, walk_graph_nodes
from dlspec.resolve.shapes import Inferred, ShapeError, Tensor, infer_layer
from dlspec.rules.backend import backend_limits

BACKEND = keras.config.backend()
DRAWN = 150
# What Keras and its backends raise for what they do not do.
REFUSALS = (
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError),
    *(NotImplementedError, RuntimeError, SpecError, TypeError, ValueError),
)
if BACKEND == "tensorflow":
    import tensorflow as tf

    REFUSALS += (tf.errors.OpError,)
# Its last stage is one pixel wide: normalizing three numbers magnifies the last bits of a step.
NOT_TRAINED = 'zoo resnet {"shape": [32, 32, 3], "classes": 4, "repeats": [1, 1, 1, 1]}'
WIDER = {"bfloat16": "float32", "float16": "float32"}


def drawn(family: str) -> list[Case]:
    """Return cases of a family, the same in every process, the plainest first."""
    found: list[Case] = []

    @settings(
        max_examples=DRAWN,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=FAMILIES[family])
    def gather(case: Case):
        if case not in found:
            found.append(case)

    gather()
    # TensorFlow's kernels for a CPU refuse many a dtype.
    return sorted(found, key=lambda case: "float16" in repr(case) or "float32" not in repr(case))


def graph_of(case: Case) -> Graph | None:
    """Return a graph of the case's one layer, or None where the compiler refuses or has no rule."""
    inputs: list[Input] = []

    def reference(value):
        if isinstance(value, Tensor):
            inputs.append(Input(f"x{len(inputs)}", value.shape, value.dtype))
            return Reference(inputs[-1].name)
        if isinstance(value, Mapping):
            return {name: reference(inner) for name, inner in value.items()}
        return tuple(map(reference, value)) if isinstance(value, tuple) else value

    try:
        inferred = infer_layer(case.layer, case.inputs, call=case.call)
    except ShapeError:
        return None
    if not isinstance(inferred, Inferred):
        return None
    taken, call = reference(case.inputs), {n: reference(v) for n, v in case.call.items()}
    node = Node("layer", case.layer, taken, call, inferred.outputs, inferred.weights, None)
    outputs = tuple((name, Reference("layer", i)) for i, (name, _) in enumerate(inferred.outputs))
    return Graph("one", tuple(inputs), (node,), outputs, "list", "list", {})


def random_for(key: str) -> np.random.Generator:
    """Return numbers that depend on a key alone."""
    return np.random.default_rng(zlib.crc32(key.encode()))


def filled(graph: Graph, key: str) -> list:
    """Return an array for each input: ids that the layers know, pixels, or small numbers."""
    layers = [n.operation for n in walk_graph_nodes(graph) if isinstance(n.operation, Object)]
    ids = min([*(_known_ids(layer) for layer in layers), 5])
    pixels = any("value_range" in _names(layer) for layer in layers)
    random = random_for(key)
    arrays = []
    for declared in graph.inputs:
        shape = [axis + 3 if n is None else n for axis, n in enumerate(declared.shape)]
        if declared.dtype == "string":
            arrays.append(np.array(["a", "b", "c d"])[random.integers(3, size=shape)])
        elif declared.dtype == "bool":
            arrays.append(random.integers(2, size=shape).astype(bool))
        elif "int" in declared.dtype:
            top = 256 if pixels else ids
            arrays.append(random.integers(top, size=shape).astype(declared.dtype))
        else:
            values = random.uniform(0, 255, shape) if pixels else random.standard_normal(shape)
            arrays.append(keras.ops.cast(values.astype("float32"), declared.dtype))
    return arrays


def _known_ids(layer: Object) -> int:
    known = layer.arguments.get("input_dim") or layer.arguments.get("num_tokens")
    return known if isinstance(known, int) else 5


def _names(layer: Object) -> list[str]:
    entry = dlspec.language.catalogue.find_entry("layer", layer.class_name)
    return [parameter.name for parameter in entry.parameters]


def set_weights(model: keras.Model) -> list[str]:
    """Give a model's numbers values that depend on their names; return names and shapes."""
    for weight in model.weights:
        if "float" not in keras.backend.standardize_dtype(weight.dtype):
            continue
        random, shape = random_for(weight.path), tuple(weight.shape)
        if len(shape) > 1:
            bound = np.sqrt(3 / max(np.prod(shape[:-1]), 1))
            weight.assign(random.uniform(-bound, bound, shape).astype("float32"))
        else:
            # A variance among them has to be positive.
            weight.assign(random.uniform(0.5, 1.5, shape).astype("float32"))
    for layer in model.layers:
        # Normalization computes with constants that it makes of its weights.
        getattr(layer, "finalize_state", int)()
    return [f"{weight.path} {tuple(weight.shape)}" for weight in model.weights]


def run(model: keras.Model, arrays: list) -> tuple[list[str], list[np.ndarray]]:
    """Return the dtypes of a model's outputs, and the outputs as numpy has them."""
    packed = keras.tree.pack_sequence_as(model.input, arrays)
    outputs = keras.tree.flatten(model(packed, training=False))
    dtypes = [keras.backend.standardize_dtype(out.dtype) for out in outputs]
    wide = [
        keras.ops.cast(out, WIDER[dtype]) if dtype in WIDER else out
        for out, dtype in zip(outputs, dtypes, strict=True)
    ]
    return dtypes, [np.asarray(keras.ops.convert_to_numpy(out)) for out in wide]


def trained(model: keras.Model, arrays: list) -> None:
    """Train a model for two steps towards zero."""
    packed = keras.tree.pack_sequence_as(model.input, arrays)
    zeros = [np.zeros(out.shape, "float32") for out in run(model, arrays)[1]]
    targets = keras.tree.pack_sequence_as(model.output, zeros)
    losses = keras.tree.map_structure(lambda _: "mean_squared_error", model.output)
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), losses)
    for _ in range(2):
        model.train_on_batch(packed, targets)


def judged(graph: Graph, key: str, *, train: bool) -> tuple[dict, list[np.ndarray]]:
    """Return the facts and the outputs of a graph."""
    if found := next(backend_limits(graph, BACKEND), None):
        return {"limit": found.reason}, []
    try:
        model = lower_graph(graph)
        weights = set_weights(model)
        arrays = filled(graph, key)
        dtypes, outputs = run(model, arrays)
        if train:
            trained(model, arrays)
            after = run(model, arrays)
            dtypes, outputs = [*dtypes, *after[0]], [*outputs, *after[1]]
    except REFUSALS as error:
        return {"refused": f"{type(error).__name__}: {str(error)[:400]}"}, []
    finally:
        keras.backend.clear_session()
    return {"weights": weights, "dtypes": dtypes}, outputs


Found = Iterator[tuple[str, dict, list[np.ndarray]]]


def layers(count: int, *families: str) -> Found:
    """Yield the key, the facts and the outputs of cases that the compiler accepts."""
    for family in families:
        seen: Counter = Counter()
        for number, case in enumerate(drawn(family)):
            kind = case.layer.class_name
            # TensorFlow's adaptive pooling can end the process.
            left_out = seen[kind] == count or kind.startswith("Adaptive")
            graph = None if left_out else graph_of(case)
            if graph is not None:
                seen[kind] += 1
                key = f"{family}/{number}"
                facts, outputs = judged(graph, key, train=False)
                yield key, {"kind": kind, "case": repr(case), **facts}, outputs


def models(folder: str) -> Found:
    """Yield the specs of a folder and the zoo, trained where nothing is random."""
    plans = {path.stem: dlspec.load(path) for path in sorted(Path(folder).glob("*.yaml"))}
    for name, params in SMALL:
        key = f"zoo {name} {json.dumps(params)}"
        plans[key] = dlspec.load(FOLDER / f"{name}.yaml", params=params)
    for key, plan in plans.items():
        train = key != NOT_TRAINED and not _is_random(plan.graph)
        facts, outputs = judged(plan.graph, key, train=train)
        yield key, {"kind": key.partition(" {")[0], "case": key, **facts}, outputs


def _is_random(graph: Graph) -> bool:
    return any(
        isinstance(node.operation, Object) and "seed" in _names(node.operation)
        for node in walk_graph_nodes(graph)
    ) or any("dropout" in repr(node.operation) for node in walk_graph_nodes(graph))


def main() -> None:
    """Judge what the command line names."""
    what, out, *rest = sys.argv[1:]
    found = layers(int(rest[0]), *rest[1:]) if what == "layers" else models(*rest)
    facts: dict[str, dict] = {}
    arrays: dict[str, np.ndarray] = {}
    for key, told, outputs in found:
        facts[key] = told
        arrays |= {f"{key}/{i}": array for i, array in enumerate(outputs)}
    Path(f"{out}.json").write_text(json.dumps(facts))
    np.savez(f"{out}.npz", **arrays)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
