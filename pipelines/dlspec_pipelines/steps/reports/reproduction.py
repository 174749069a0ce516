"""The command that makes a run again."""

import shlex
from collections.abc import Mapping
from typing import Any

from dlspec.resolve.plan import Plan
from dlspec.syntax.flow_text import flow_text


def reproduction_command(plan: Plan, facts: Mapping[str, Any]) -> str:
    """Return the `dlspec run` that trains this model again.

    Args:
        facts: What run.json says.
    """
    words = ["dlspec", "run", plan.name]
    for path, value in facts.get("set", {}).items():
        words += ["--set", f"{path}={flow_text(value, indent=0, width=10_000)}"]
    backend = facts.get("backend")
    if backend not in (None, plan.runtime.backend or "tensorflow"):
        words += ["--backend", backend]
    if "weights_from" in facts:
        words += ["--weights-from", facts["weights_from"]["source"]]
    return shlex.join([*words, "--again"])
