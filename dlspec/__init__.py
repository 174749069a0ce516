"""Declarative deep learning: read a spec like a compiler, lower it to Keras, lift it back."""

from importlib import import_module
from typing import Any

from dlspec.compiler import load, loads
from dlspec.diagnostics.findings import Diagnostic, SpecError
from dlspec.resolve.plan import Plan

__all__ = ["Diagnostic", "Plan", "SpecError", "compile", "decompile", "diff", "load", "loads"]

_LATE = {
    "compile": "dlspec.backends.lower",
    "decompile": "dlspec.backends.lift.decompile",
    "diff": "dlspec.tools.diff.compare",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the functions of `_LATE`
    """Reach what `check` does without only when it is asked for: importing Keras takes seconds."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
