"""How many lines re-rolled texts have with each number of a module at half, as is, and at double.

python -m benchmarks.rolling_thresholds [MODULE.NAME ...]    e.g. blocks._CALL loops._LEAST
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import keras

import dlspec
from dlspec.backends.rolling import rolled_text
from dlspec.resolve.plan import Graph

_FOLDER = "dlspec.backends.rolling"
_SPECS = Path(__file__).parents[1] / "tests/backends/rolled"
# One of each family of `keras.applications`, the smallest that has all its structure.
_NETWORKS = (
    "ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "InceptionV3", "MobileNetV3Small",
    "NASNetMobile", "ResNet50V2", "Xception",
)  # fmt: skip


def measured_graphs() -> list[Graph]:
    """Return the graphs of the specs in the tests of rolling, and of the networks."""
    texts = [file.read_text("utf-8") for file in sorted(_SPECS.glob("*.yaml"))]
    for name in _NETWORKS:
        keras.backend.clear_session()
        network = getattr(keras.applications, name)(weights=None)
        texts.append(dlspec.decompile(network, flat=True))
    return [dlspec.loads(text).graph for text in texts]


def lines_at(module: str, name: str, value: float, graphs: Sequence[Graph]) -> int:
    """Return the lines of all texts while a number of a module has another value."""
    home = import_module(f"{_FOLDER}.{module}")
    before = getattr(home, name)
    setattr(home, name, value)
    try:
        return sum(rolled_text("measured", graph).count("\n") for graph in graphs)
    finally:
        setattr(home, name, before)


def print_lines_of_thresholds(places: Sequence[str]) -> None:
    """Print a row for each number."""
    graphs = measured_graphs()
    for place in places:
        module, name = place.split(".")
        value = getattr(import_module(f"{_FOLDER}.{module}"), name)
        half = value / 2 if isinstance(value, float) else value // 2
        lines = [lines_at(module, name, number, graphs) for number in (half, value, 2 * value)]
        print(f"{place} = {value}: {' / '.join(map(str, lines))}")


if __name__ == "__main__":
    print_lines_of_thresholds(sys.argv[1:])
