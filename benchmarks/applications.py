"""Lift every application of Keras, lower the text, and compare: a row each, as Markdown.

python -m benchmarks.applications [NAME ...] [--write docs/applications.md]
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import keras
import numpy as np

import dlspec

# Children at once; the largest application needs 6 GB.
_CHILDREN = 2
_TRIALS = 3
_SIZE = 224
_TIMEOUT_S = 1800
_RAW_LINES = 4

INTRODUCTION = """\
# Keras's applications as specs

Each of `keras.applications` (without its weights, at its default input) is lifted with
`dlspec.decompile`, read again with `dlspec.loads`, and built with `dlspec.compile`; then both
models get the same random weights and see the same image. *Lines flat* has an entry for each call,
*lines* writes once what comes again. *Weights* says whether both texts give weights of the same
shapes in the same order, *bits* whether the outputs are equal bit for bit, *fixed point* whether
the rebuilt models give both texts again. Seconds are the median of three, taken in turns:
Keras's own constructor, and `loads` with `compile` of the flat text. Made by
`python -m benchmarks.applications --write docs/applications.md`.

"""


@dataclass(frozen=True, slots=True)
class Row:
    """One application: sizes of model and text, seconds, and whether it came back the same."""

    name: str
    input: str
    layers: int
    parameters: int
    flat_lines: int
    lines: int
    keras_s: float
    spec_s: float
    same_weights: bool
    bit_equal: bool
    fixed_point: bool
    refusal: str = ""

    @property
    def same(self) -> bool:
        """Return whether everything that was compared agrees."""
        return self.same_weights and self.bit_equal and self.fixed_point and not self.refusal


def names() -> list[str]:
    """Return the applications' constructors, sorted."""
    return sorted(name for name in dir(keras.applications) if name[:1].isupper())


def measure(name: str) -> Row:
    """Return the row of one application with random weights; runs in a process of its own."""
    build = getattr(keras.applications, name)
    model = build(weights=None)
    size = "x".join(str(extent or "any") for extent in model.input_shape[1:])
    sizes = {"input": size, "layers": len(model.layers), "parameters": model.count_params()}
    try:
        flat = dlspec.decompile(model, flat=True)
        rolled = dlspec.decompile(model, recognise=False)
        rebuilt, shorter = (dlspec.compile(dlspec.loads(text)) for text in (flat, rolled))
        again = dlspec.decompile(rebuilt, flat=True)
        shorter_again = dlspec.decompile(shorter, recognise=False)
    except dlspec.SpecError as error:
        return _refused(name, sizes, str(error).splitlines()[0])
    same = all(_shapes(other) == _shapes(model) for other in (rebuilt, shorter))
    bit_equal = same and _bit_equal(model, [rebuilt, shorter])
    del model, rebuilt, shorter
    keras_s, spec_s = _medians(
        lambda: build(weights=None), lambda: dlspec.compile(dlspec.loads(flat))
    )
    return Row(
        name=name,
        **sizes,
        flat_lines=len(flat.splitlines()),
        lines=len(rolled.splitlines()),
        keras_s=keras_s,
        spec_s=spec_s,
        same_weights=same,
        bit_equal=bit_equal,
        fixed_point=(again, shorter_again) == (flat, rolled),
    )


def _refused(name: str, sizes: dict[str, Any], reason: str) -> Row:
    return Row(name, **sizes, flat_lines=0, lines=0, keras_s=0.0, spec_s=0.0, same_weights=False,
               bit_equal=False, fixed_point=False, refusal=reason)  # fmt: skip


def _shapes(model: keras.Model) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in model.weights]


def _medians(*builds: Callable[[], keras.Model]) -> list[float]:
    """Return the median seconds of each way to build, measured in turns."""
    seconds: list[list[float]] = [[] for _ in builds]
    for _ in range(_TRIALS):
        for build, taken in zip(builds, seconds, strict=True):
            keras.backend.clear_session()
            started = time.perf_counter()
            build()
            taken.append(time.perf_counter() - started)
    return [median(taken) for taken in seconds]


def _bit_equal(model: keras.Model, others: Sequence[keras.Model]) -> bool:
    rng = np.random.default_rng(7)
    for weights in zip(*(each.weights for each in (model, *others)), strict=True):
        value = _sane(weights[0], rng)
        for weight in weights:
            weight.assign(value)
    # MobileNetV3 takes images of any size.
    size = [extent or _SIZE for extent in model.input_shape[1:]]
    x = rng.uniform(0, 255, size=(1, *size)).astype("float32")
    expected, *found = (np.asarray(each(x, training=False)) for each in (model, *others))
    # Equal NaN or equal constants would prove nothing.
    told_apart = bool(np.isfinite(expected).all()) and float(np.ptp(expected)) > 0
    return told_apart and all(np.array_equal(expected, each) for each in found)


def _sane(weight: Any, rng: np.random.Generator) -> Any:  # noqa: ANN401 - a Keras variable
    """Return values that keep a deep network's numbers finite and all of its weights at work."""
    shape = tuple(weight.shape)
    if weight.name in ("moving_variance", "variance"):
        return rng.uniform(0.5, 1.5, shape).astype(weight.dtype)
    if weight.name == "gamma":
        return rng.uniform(0.8, 1.2, shape).astype(weight.dtype)
    if weight.name in ("beta", "bias", "moving_mean", "mean"):
        return rng.normal(0, 0.1, shape).astype(weight.dtype)
    return weight.numpy()


# -- the parent ----------------------------------------------------------------------------------


def _child(name: str) -> Row | str:
    """Return the row that a child process measures, or the end of its error output."""
    command = [sys.executable, "-m", "benchmarks.applications", "--child", name]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"{name}: no result within {_TIMEOUT_S} s"
    if done.returncode:
        return f"{name}: " + "\n".join(done.stderr.splitlines()[-_RAW_LINES:])
    return Row(**json.loads(done.stdout.splitlines()[-1]))


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, a sum below."""
    lines = [
        "| application | input | layers | parameters | lines flat | lines | Keras s | spec s "
        "| weights | bits | fixed point |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | --- |",
    ]
    for row in rows:
        start = f"| {row.name} | {row.input} | {row.layers} | {row.parameters:_} "
        if row.refusal:
            lines.append(f"{start}| refused: {row.refusal} | | | | | | |")
            continue
        sizes = f"| {row.flat_lines} | {row.lines} | {row.keras_s:.2f} | {row.spec_s:.2f} "
        same = (_word(row.same_weights), _word(row.bit_equal), _word(row.fixed_point))
        lines.append(f"{start}{sizes}| {' | '.join(same)} |")
    same_count = sum(row.same for row in rows)
    lines += ["", f"{same_count} of {len(rows)} came back the same."]
    return "\n".join(lines) + "\n"


def _word(value: bool) -> str:  # noqa: FBT001 - the one thing it says
    return "same" if value else "**differs**"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Round trips of keras.applications.")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--child", help="measure one application here and print its row as JSON")
    parser.add_argument("--write", type=Path, help="write the page to this file")
    return parser.parse_args()


def main() -> None:
    """Print the table; exit with 1 when an application does not come back."""
    options = _options()
    if options.child:
        print(json.dumps(asdict(measure(options.child))))
        return
    rows: list[Row] = []
    broken: list[str] = []
    with ThreadPoolExecutor(_CHILDREN) as pool:
        for result in pool.map(_child, options.names or names()):
            if isinstance(result, Row):
                rows.append(result)
                print(table([result]).splitlines()[2], file=sys.stderr, flush=True)
            else:
                broken.append(result)
                print(result, file=sys.stderr, flush=True)
    text = table(sorted(rows, key=lambda row: row.name))
    print(text)
    if options.write:
        options.write.write_text(INTRODUCTION + text, encoding="utf-8")
    sys.exit(int(bool(broken) or not all(row.same for row in rows)))


if __name__ == "__main__":
    main()
