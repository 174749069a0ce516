"""Declarative deep learning: read a spec like a compiler, lower it to Keras, lift it back."""

from importlib import import_module
from typing import Any

from dlspec.compiler import load, loads
from dlspec.diagnostics.findings import Diagnostic, SpecError
from dlspec.diagnostics.missing_packages import missing_package
from dlspec.resolve.plan import Plan

__all__ = ["Diagnostic", "Plan", "SpecError", "compile", "decompile", "diff", "load", "loads"]

__version__ = "0.1.0"

_LATE = {
    "compile": "dlspec.backends.compile_plan",
    "decompile": "dlspec.backends.lift.decompile",
    "diff": "dlspec.tools.diff.compare",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the functions of `_LATE`
    """Reach what `check` does without only when it is asked for: importing Keras takes seconds."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(_LATE[name])
    except ModuleNotFoundError as error:
        if (missing := missing_package(error)) is None:
            raise
        raise ImportError(f"`dlspec.{name}` {missing}") from error
    return getattr(module, name)
