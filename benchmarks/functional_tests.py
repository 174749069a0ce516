"""Round trips of every functional model that Keras's own tests build: said, refused and why, wrong.

python -m benchmarks.functional_tests [TEST_FILE ...] [--calls] [--write docs/functional_tests.md]
"""

import argparse
import importlib.util
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

import dlspec
from benchmarks.collecting import Collector, Result, watched

_CHILDREN = 2
_TIMEOUT_S = 1500
_ROOT = Path(keras.__file__).parent / "src"
# Tests that build functional models; exporters and other backends build nothing new, and the
# applications have a table of their own.
FILES = (
    "models/functional_test.py",
    "models/sequential_test.py",
    "models/model_test.py",
    "models/cloning_test.py",
    "models/variable_mapping_test.py",
    "ops/function_test.py",
    "ops/core_test.py",
    "saving/saving_lib_test.py",
    "saving/saving_api_test.py",
    "saving/serialization_lib_test.py",
    "legacy/saving/legacy_h5_format_test.py",
    "utils/summary_utils_test.py",
    "dtype_policies/dtype_policy_map_test.py",
    "layers/layer_test.py",
    "layers/attention",
)
# Tests whose single calls become models of one node.
CALL_FILES = (
    "layers/activations",
    "layers/attention",
    "layers/convolutional",
    "layers/core",
    "layers/merging",
    "layers/normalization",
    "layers/pooling",
    "layers/preprocessing",
    "layers/regularization",
    "layers/reshaping",
    "layers/rnn",
    "ops/numpy_test.py",
    "ops/nn_test.py",
    "ops/linalg_test.py",
    "ops/core_test.py",
    "ops/image_test.py",
)

INTRODUCTION = """\
# Keras's own tests as judge

Every functional or sequential model that these tests of Keras build is lifted with
`dlspec.decompile`, read with `dlspec.loads`, built with `dlspec.compile`, given the same weights,
and called on the same random input. *Round-tripped*: the same weight shapes and dtypes in the same
order, the same ones trainable, and outputs equal bit for bit. Models of classes that the tests
define themselves are refused, as they must be. Made by
`python -m benchmarks.functional_tests --write docs/functional_tests.md`.

"""


# -- one model -----------------------------------------------------------------------------------


def outcome(model: keras.Model) -> tuple[str, str]:
    """Return whether a model comes back the same, and the reason when it does not."""
    try:
        text = dlspec.decompile(model, flat=True)
    except dlspec.SpecError as error:
        return "refused", "; ".join(sorted({d.label for d in error.diagnostics}))
    try:
        rebuilt = dlspec.compile(dlspec.loads(text))
    except dlspec.SpecError as error:
        # What the language refuses on purpose, though Keras builds it.
        return "refused", f"by `check`: {error.diagnostics[0].message}"
    except (AssertionError, ValueError, TypeError, AttributeError) as error:
        return "wrong", f"{type(error).__name__}: {str(error).splitlines()[:1]}"
    if [w.shape for w in model.weights] != [w.shape for w in rebuilt.weights]:
        return "wrong", "other weights"
    if [w.dtype for w in model.weights] != [w.dtype for w in rebuilt.weights]:
        return "wrong", "weights of another dtype"
    if len(model.trainable_weights) != len(rebuilt.trainable_weights):
        return "wrong", "other weights are trainable"
    return _compared(model, rebuilt)


def _compared(model: keras.Model, rebuilt: keras.Model) -> tuple[str, str]:
    rebuilt.set_weights(model.get_weights())
    for layer in rebuilt._flatten_layers():
        # What Normalization computes from its weights, Keras brings up to date when it loads them.
        if hasattr(layer, "finalize_state") and layer.built:
            layer.finalize_state()
    functional, other = (getattr(m, "_functional", m) for m in (model, rebuilt))
    samples = [sample(tensor) for tensor in functional.inputs]
    try:
        expected = _outputs(functional, samples)
        again = _outputs(functional, samples)
    except Exception as error:  # noqa: BLE001 - whatever the original raises, there is no judge
        return "same", f"built only, the original raises {type(error).__name__}"
    if not all(_equal(one, two) for one, two in zip(expected, again, strict=True)):
        return "same", "built only, the original gives other numbers when it is called again"
    found = _outputs(other, samples)
    if len(expected) != len(found):
        return "wrong", f"{len(found)} outputs, not {len(expected)}"
    for one, two in zip(expected, found, strict=True):
        if one.dtype != two.dtype or not _equal(one, two):
            return "wrong", "other outputs"
    return "same", ""


def _equal(one: Any, two: Any) -> bool:  # noqa: ANN401 - arrays
    return np.array_equal(one, two, equal_nan=one.dtype.kind in "fc")


def sample(tensor: Any) -> Any:  # noqa: ANN401 - a Keras tensor, and an array for it
    """Return random values that fit a model's input."""
    rng = np.random.default_rng(7)
    shape = [3 if extent is None else extent for extent in tensor.shape]
    if tensor.dtype == "string":
        return rng.choice(np.array(["one", "two", "three four"]), shape)
    if "int" in tensor.dtype:
        return rng.integers(0, 5, shape).astype(tensor.dtype)
    if tensor.dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    return keras.ops.cast(rng.normal(size=shape).astype("float32"), tensor.dtype)


def _outputs(model: Any, samples: list[Any]) -> list[Any]:  # noqa: ANN401 - a functional model
    packed = keras.tree.pack_sequence_as(model._inputs_struct, samples)
    found = keras.tree.flatten(model(packed, training=False))
    return [np.asarray(keras.ops.convert_to_numpy(out)) for out in found]


# -- the parent ----------------------------------------------------------------------------------


def _skip_if_backend(name: str, reason: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(keras.backend.backend() == name, reason=reason)


def _measure(path: str, *, calls: bool) -> None:
    """Run one file or folder of Keras's tests and print what became of their models as JSON."""
    collector = Collector(calls, outcome)
    # The tests import it from a file that the wheel does not hold.
    sys.modules["conftest"] = SimpleNamespace(skip_if_backend=_skip_if_backend)  # type: ignore[assignment]  # stands in for a module
    if importlib.util.find_spec("jax") is None:
        # The tests of images compare numbers with it; their shapes they compute without.
        sys.modules["jax"] = ModuleType("jax")
    with watched(collector):
        options = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", "-W", "ignore", "--tb=no"]
        options.append("--continue-on-collection-errors")
        ignored = "--ignore-glob=*_distribution*"
        # The rest of the tests of functions computes numbers.
        chosen = ["-k", "Shape"] if calls and path.startswith("ops/") else []
        pytest.main([str(_ROOT / path), *options, *chosen, ignored], plugins=[collector])
    print("\n" + json.dumps([asdict(result) for result in collector.results]))


def _child(path: str, *, calls: bool) -> list[Result] | str:
    command = [sys.executable, "-m", "benchmarks.functional_tests", "--child", path]
    if calls:
        command.append("--calls")
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"{path}: no result within {_TIMEOUT_S} s"
    lines = done.stdout.splitlines()
    if not lines or not lines[-1].startswith("["):
        return f"{path}: " + "\n".join(done.stderr.splitlines()[-4:])
    return [Result(**result) for result in json.loads(lines[-1])]


def page(title: str, found: dict[str, list[Result]]) -> str:
    """Return what became of the models as Markdown: a row per test file, then the reasons."""
    lines = [
        f"## {title}\n",
        "| tests | models | round-tripped | refused | wrong |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    total: Counter[str] = Counter()
    for path, results in found.items():
        states = Counter(result.state for result in results)
        total += states
        lines.append(_row(path, states))
    lines += [_row("all", total), "", "| state | models | reason |", "| --- | ---: | --- |"]
    everything = [result for results in found.values() for result in results]
    reasons = Counter((r.state, r.reason) for r in everything if r.reason)
    for (state, reason), count in sorted(reasons.items(), key=lambda item: -item[1]):
        lines.append(f"| {state} | {count} | {reason} |")
    return "\n".join(lines) + "\n\n"


def _row(path: str, states: Counter[str]) -> str:
    numbers = [states.total(), states["same"], states["refused"], states["wrong"]]
    return f"| {path} | {' | '.join(str(number) for number in numbers)} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Round trips of the models in Keras's tests.")
    parser.add_argument("files", nargs="*", help="test files or folders below keras/src")
    parser.add_argument("--calls", action="store_true", help="only the single calls")
    parser.add_argument("--child", help="try the models of one file here, print JSON")
    parser.add_argument("--json", type=Path, help="write every result to this file")
    parser.add_argument("--write", type=Path, help="write the page to this file")
    return parser.parse_args()


def _gathered(paths: Sequence[str], *, calls: bool) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    with ThreadPoolExecutor(_CHILDREN) as pool:
        for path, results in zip(
            paths, pool.map(lambda p: _child(p, calls=calls), paths), strict=True
        ):
            if isinstance(results, str):
                print(results, file=sys.stderr, flush=True)
            else:
                found[path] = results
                bad = [f"  {asdict(r)}" for r in results if r.state == "wrong"]
                print(f"{path}: {len(results)}", *bad, sep="\n", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Print the tables; exit with 1 when a model comes back as another."""
    options = _options()
    if options.child:
        _measure(options.child, calls=options.calls)
        return
    text, everything = "", []
    if not options.calls:
        found = _gathered(options.files or FILES, calls=False)
        text += page("Models that the tests build", found)
        everything += [result for results in found.values() for result in results]
    if options.calls or not options.files:
        found = _gathered(options.files or CALL_FILES, calls=True)
        text += page("Single calls of layers and functions, as models of one node", found)
        everything += [result for results in found.values() for result in results]
    print(text)
    if options.json:
        flat = [asdict(result) for result in everything]
        options.json.write_text(json.dumps(flat, indent=1), encoding="utf-8")
    if options.write:
        options.write.write_text(INTRODUCTION + text.rstrip() + "\n", encoding="utf-8")
    sys.exit(int(any(result.state == "wrong" for result in everything)))


if __name__ == "__main__":
    main()
