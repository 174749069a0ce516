"""What draws at random in a graph, `ops.random.<name>`, and what stands in its place in the end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# How the functions are called: `ops.random.normal`.
SPACE = "random."


@dataclass(frozen=True, slots=True)
class DrawKind:
    """One function that draws.

    `expected` gives the mean of what it draws from its arguments, which the model that predicts has
    in the place of a draw; None where there is none. `keeps_values` says that it draws an order of
    values it is given.
    """

    name: str
    expected: Callable[[Mapping[str, Any]], float] | None
    keeps_values: bool = False


DRAWS = (
    DrawKind("random.normal", lambda said: said["mean"]),
    DrawKind("random.truncated_normal", lambda said: said["mean"]),
    DrawKind("random.uniform", lambda said: (said["minval"] + said["maxval"]) / 2),
    DrawKind("random.gamma", lambda said: said["alpha"]),
    DrawKind("random.beta", lambda said: said["alpha"] / (said["alpha"] + said["beta"])),
    DrawKind("random.binomial", lambda said: said["counts"] * said["probabilities"]),
    DrawKind("random.randint", None),
    DrawKind("random.categorical", None),
    DrawKind("random.shuffle", None, keeps_values=True),
)
DRAW_OF = {kind.name: kind for kind in DRAWS}
