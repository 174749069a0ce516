"""A saved Keras model as the front end knows it: the spec that says the same, or why none does."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dlspec.diagnostics.codes import Code


@dataclass(frozen=True, slots=True)
class LiftedModel:
    """A spec that says what a saved model is, with the names of the file's layers.

    `fresh` says why a model cannot begin with the weights of the file; None where it can.
    """

    text: str
    fresh: str | None


@dataclass(frozen=True, slots=True)
class NotLifted:
    """Why a file is the model of no spec: what a diagnostic at the place that names it tells."""

    code: Code
    message: str
    label: str
    notes: tuple[str, ...] = ()
    help: str | None = None


ModelLifter = Callable[[Path], LiftedModel | NotLifted]
"""Reads a saved model, in a process of its own or from what was kept of an earlier reading."""
