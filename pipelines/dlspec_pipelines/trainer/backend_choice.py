"""Which backend a model runs on, and whether it can."""

import os
from dataclasses import replace
from pathlib import Path

from dlspec.diagnostics.codes import Code
from dlspec.resolve.plan import Plan
from dlspec.rules.backend import augmentation_limit, backend_limits
from dlspec_pipelines.steps.json_documents import RUN, read_document
from dlspec_pipelines.steps.records import TrainedModel
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage

# What `find_spec` asks for, and the extra that brings it.
_PACKAGES = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}


def backend_of(plan: Plan, override: str | None = None) -> str:
    """Return what Keras runs on: the override, the spec's word, KERAS_BACKEND, or tensorflow."""
    asked = override or plan.runtime.backend or os.environ.get("KERAS_BACKEND")
    return asked or "tensorflow"


def on_backend(plan: Plan, backend: str) -> Plan:
    """Return a plan with the backend it runs on written into it: on another, it is another model.

    On tensorflow it stays as it is, so that what was made there keeps its versions.
    """
    if backend in ("tensorflow", plan.runtime.backend):
        return plan
    return replace(plan, runtime=replace(plan.runtime, backend=backend))  # type: ignore[arg-type]  # one of BACKENDS


def trained_on(model: TrainedModel) -> str | None:
    """Return the backend that a model was trained on; None when its run folder is gone."""
    file = Path(model.path) / "run.json"
    if not file.is_file():
        return None
    backend: str = read_document(file, RUN)["backend"]
    return backend


def require_backend(backend: str, plan: Plan | None = None) -> None:
    """Return when `backend` is installed, and runs the model of `plan`; nothing is imported.

    Raises:
        StepError: If it is unknown, not installed, or cannot run a layer.
    """
    from importlib.util import find_spec

    if backend not in _PACKAGES:
        known = ", ".join(f"`{name}`" for name in _PACKAGES)
        raise WrongUsage(f"dlspec does not train on `{backend}`", help=f"name one of {known}")
    for limit in backend_limits(plan.graph, backend) if plan else ():
        raise StepError(
            f"{limit.message}: {limit.reason}",
            code=Code.NOT_ON_BACKEND.value,
            help="choose the backend tensorflow",
        )
    for layers in plan.augmented.values() if plan else ():
        for layer in layers:
            if (reason := augmentation_limit(layer, backend)) is not None:
                raise StepError(
                    f"`{layer.class_name}` under `augment` cannot run on {backend}: {reason}",
                    code=Code.NOT_ON_BACKEND.value,
                    help="choose the backend tensorflow",
                )
    if find_spec(_PACKAGES[backend]) is None:
        extra = "" if backend == "tensorflow" else f"[{backend}]"
        raise WrongUsage(
            f"the backend `{backend}` is not installed",
            help=f"in a clone of dlspec, `.venv/bin/pip install -e '.{extra}'` brings it",
        )
