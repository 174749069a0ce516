"""What a constructor accepts, found by calling it."""

import inspect
import itertools
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

# What Keras and its back end raise at an argument they do not take.
REFUSALS = (
    ValueError,
    TypeError,
    NotImplementedError,
    AttributeError,
    LookupError,
    ArithmeticError,
    ImportError,
    AssertionError,
    RuntimeError,
    OSError,
)
# Eight times the spacing of float32 at 1: Keras tells both sides of a limit apart.
_STEP = 1e-6
# The limits that are told are 0, 1 and 2; what takes one below zero has none.
_INTEGERS = (-1000, -3, -2, -1, 0, 1, 2)
_NUMBERS = (
    -1000.0,
    -2.0,
    *(whole + step for whole in (-1.0, 0.0, 1.0) for step in (-_STEP, 0.0, _STEP)),
    2.0,
    1000.0,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The range a construction showed; None where it showed no end."""

    minimum: float | None = None
    exclusive_minimum: float | None = None
    maximum: float | None = None
    exclusive_maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """A constructor and arguments it takes; `baseline` is None when no arguments were found."""

    target: Callable[..., Any]
    baseline: Mapping[str, Any] | None

    def refusal(self, **arguments: object) -> str | None:
        """Return what Keras says against the arguments, None when it takes them."""
        return refusal_of_call(self.target, {**(self.baseline or {}), **arguments})

    def accepts(self, name: str, value: object) -> bool:
        """Return whether the constructor takes the value; False when it was never built."""
        return self.baseline is not None and self.refusal(**{name: value}) is None

    def kept(self, arguments: Mapping[str, object]) -> frozenset[str]:
        """Return which arguments an object built with all of them still has in its config.

        Every argument is kept where there is no config or no object takes all of them together.
        """
        together = {**(self.baseline or {}), **arguments}
        if refusal_of_call(self.target, together) is not None:
            return frozenset(arguments)
        built = self.target(**together)
        config = built.get_config() if hasattr(built, "get_config") else arguments
        return frozenset(arguments) & frozenset(config)

    def integer_limits(self, name: str) -> Limits:
        """Return the smallest integer that is accepted; upper ends depend on other arguments."""
        accepted = {value: self.accepts(name, value) for value in _INTEGERS}
        first = next((value for value, fits in accepted.items() if fits), None)
        # Below zero the first are special values (-1) or a matter of another argument, not a range;
        # at the ends of the scale the limit lies between two probes.
        if first not in {0, 1, 2}:
            return Limits()
        return Limits(minimum=first)

    def number_limits(self, name: str) -> Limits:
        """Return the ends of the accepted range, where they are whole numbers near zero."""
        accepted = [self.accepts(name, value) for value in _NUMBERS]
        if True not in accepted:
            return Limits()
        low = accepted.index(True)
        high = len(accepted) - 1 - accepted[::-1].index(True)
        minimum, exclusive_minimum = _end_of_range(low, low - 1)
        maximum, exclusive_maximum = _end_of_range(high, high + 1)
        return Limits(minimum, exclusive_minimum, maximum, exclusive_maximum)


def _end_of_range(inside: int, outside: int) -> tuple[float | None, float | None]:
    """Return the end between two neighbours of the scale: inclusive, exclusive."""
    if not 0 <= outside < len(_NUMBERS):
        return None, None
    last, beyond = _NUMBERS[inside], _NUMBERS[outside]
    if abs(last - beyond) > 2 * _STEP:
        return None, None
    return (last, None) if last == round(last) else (None, float(round(last)))


def refusal_of_call(target: Callable[..., Any], arguments: Mapping[str, Any]) -> str | None:
    """Return what Keras says against a call, None when it goes through."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            target(**arguments)
        except REFUSALS as error:
            return str(error) or type(error).__name__
    return None


def probe_constructor(target: Callable[..., Any], required: Iterable[str]) -> Probe:
    """Return a probe with values for the required parameters that are accepted together."""
    required = tuple(required)
    extras = (
        {}
        if not required and refusal_of_call(target, {}) is None
        else _conditionally_required(target)
    )
    for values in itertools.product(_sample_arguments(), repeat=len(required)):
        baseline = {**dict(zip(required, values, strict=True)), **extras}
        if refusal_of_call(target, baseline) is None:
            return Probe(target, baseline)
    return Probe(target, None)


def _conditionally_required(target: Callable[..., Any]) -> dict[str, Any]:
    """Return values for parameters whose default is refused because one of several must be set."""
    optional = {"num_tokens": 2, "num_bins": 2}
    return {n: v for n, v in optional.items() if n in inspect.signature(target).parameters}


def _sample_arguments() -> tuple[object, ...]:
    layers = keras.layers
    return (
        2,
        0.5,
        (1,),
        (1, 2),
        (2,),
        layers.Dense(2),
        layers.LSTM(2),
        layers.LSTMCell(2),
        (layers.LSTMCell(2),),
        keras.optimizers.SGD(),
        "model.keras",
    )
