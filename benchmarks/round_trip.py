"""Lift every application of Keras, lower the text, and compare: a row each.

python -m benchmarks.round_trip [NAME ...]
"""

import sys
import time
from dataclasses import dataclass

import keras
import numpy as np

import dlspec

# In pixels; below their least size these refuse to be built.
_SIZES = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
_SIZE = 32
# With another size, or without weights for it, only the published one can be built.
_FIXED = ("NASNetLarge", "NASNetMobile")


@dataclass(frozen=True, slots=True)
class Row:
    """One application: sizes of model and text, seconds, and whether it came back the same."""

    name: str
    layers: int
    lines: int
    lift_s: float
    build_s: float
    keras_s: float
    same_weights: bool
    bit_equal: bool
    fixed_point: bool


def names() -> list[str]:
    """Return the applications' constructors, sorted."""
    return sorted(name for name in dir(keras.applications) if name[:1].isupper())


def measure(name: str) -> Row:
    """Return the row of one application with random weights."""
    keras.backend.clear_session()
    size = _SIZES.get(name, _SIZE)
    shape = None if name in _FIXED else (size, size, 3)
    started = time.perf_counter()
    model = getattr(keras.applications, name)(weights=None, input_shape=shape)
    made = time.perf_counter()
    text = dlspec.decompile(model)
    lifted = time.perf_counter()
    rebuilt = dlspec.compile(dlspec.loads(text))
    built = time.perf_counter()
    same = [w.shape for w in model.weights] == [w.shape for w in rebuilt.weights]
    return Row(
        name=name,
        layers=len(model.layers),
        lines=len(text.splitlines()),
        lift_s=lifted - made,
        build_s=built - lifted,
        keras_s=made - started,
        same_weights=same,
        bit_equal=same and _bit_equal(model, rebuilt),
        fixed_point=dlspec.decompile(rebuilt) == text,
    )


def _bit_equal(model: keras.Model, rebuilt: keras.Model) -> bool:
    rebuilt.set_weights(model.get_weights())
    x = np.random.default_rng(7).normal(size=(1, *model.input_shape[1:])).astype("float32")
    return np.array_equal(
        np.asarray(model(x, training=False)), np.asarray(rebuilt(x, training=False))
    )


def main() -> None:
    """Print the table; exit with 1 when an application does not come back."""
    print(f"{'application':20} layers  lines  lift s  build s  keras s  weights  bits  fixed")
    failed = False
    for name in sys.argv[1:] or names():
        try:
            row = measure(name)
        except dlspec.SpecError as error:
            print(f"{name:20} {str(error).splitlines()[0]}", flush=True)
            failed = True
            continue
        failed |= not (row.same_weights and row.bit_equal and row.fixed_point)
        seconds = f"{row.lift_s:7.2f} {row.build_s:8.2f} {row.keras_s:8.2f}"
        same = f"{row.same_weights!s:>8} {row.bit_equal!s:>5} {row.fixed_point!s:>6}"
        print(f"{row.name:20} {row.layers:6} {row.lines:6} {seconds} {same}", flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
