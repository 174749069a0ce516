"""What Keras calls the figures of an epoch: losses and metrics, by output if there are several."""

from collections.abc import Mapping

from dlspec.catalogue import Object
from dlspec.names import snake_case
from dlspec.spec import Training


def computed_figures(training: Training, outputs: list[str]) -> tuple[str, ...]:
    """Return the names under which `fit` reports figures, without `val_`."""
    figures = ["loss"]
    several = len(outputs) > 1
    if several:
        figures += [f"{output}_loss" for output in outputs]
    if isinstance(training.metrics, Mapping):
        for output, metrics in training.metrics.items():
            figures += [_named(metric, output if several else None) for metric in metrics]
    elif several:
        figures += [_named(metric, outputs[0]) for metric in training.metrics]
    else:
        figures += [_named(metric, None) for metric in training.metrics]
    return (*dict.fromkeys(figures), "learning_rate")


def _named(metric: Object, output: str | None) -> str:
    # `accuracy` and its like are words for Keras itself, in lower case and without an entry.
    name = metric.class_name if metric.class_name.islower() else metric["name"]
    name = name or snake_case(metric.class_name)
    return f"{output}_{name}" if output else str(name)
