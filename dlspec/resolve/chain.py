"""The chain of steps that a plan runs through, and the digest of what each depends on."""

from collections.abc import Mapping
from typing import Literal

from dlspec.language.metrics import GENERATED_METRICS
from dlspec.language.sections import Evaluation
from dlspec.resolve.plan import Plan, canonical_digest

Step = Literal["dataset", "model", "evaluation", "report", "champion"]

STEPS: tuple[Step, ...] = ("dataset", "model", "evaluation", "report", "champion")
# What each step takes in, as the code location wires it.
_TAKES: Mapping[Step, tuple[Step, ...]] = {
    "dataset": (),
    "model": ("dataset",),
    "evaluation": ("dataset", "model"),
    "report": ("dataset", "model", "evaluation"),
    "champion": ("model", "evaluation"),
}


def step_digest(plan: Plan, step: Step) -> str:
    """Return the digest of the part of a plan on which one step's result depends.

    Comments, key order, gates, tags and the description change no digest of `dataset` and `model`.
    """
    evaluation = plan.evaluation
    parts: dict[Step, object] = {
        "dataset": plan.data,
        "model": (plan.graph, plan.training, plan.runtime),
        "evaluation": evaluation and _evaluation_digest_parts(plan, evaluation),
        "report": (plan.name, plan.description, plan.tags),
        "champion": evaluation and (evaluation.gates, evaluation.champion),
    }
    return canonical_digest(parts[step])


def _evaluation_digest_parts(plan: Plan, evaluation: Evaluation) -> tuple[object, ...]:
    generates = set(evaluation.metrics) & set(GENERATED_METRICS)
    measured = (evaluation.metrics, evaluation.champion)
    return (*measured, plan.prediction) if generates else measured
