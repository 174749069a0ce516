"""The chain of steps that a plan runs through: one record each, with what its result depends on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, cast

from dlspec.language.kinds import keys_of
from dlspec.language.metrics import GENERATED_METRICS
from dlspec.language.sections import Runtime
from dlspec.resolve.plan import Plan, canonical_data, canonical_digest

Step = Literal["dataset", "model", "evaluation", "report", "champion"]

_RUNTIME_OF_A_MODEL = tuple(key.name for key in keys_of(Runtime) if key.name != "memory")

# Keys of `training` that trained runs are older than: where a spec does not use them, no digest
# says so.
_YOUNGER_KEYS = ("terms", "sample_weight", "turns", "follow", "augment")


@dataclass(frozen=True, slots=True)
class ChainStep:
    """One step of the chain.

    Attributes:
        takes: The steps whose results it takes in.
        covers: The part of a plan on which its result depends beside those.
    """

    name: Step
    takes: tuple[Step, ...]
    covers: Callable[[Plan], object]


def _dataset_parts(plan: Plan) -> object:
    if plan.data is None:
        return None
    read = replace(plan.data, sampling=None)
    return (read, plan.data.weights) if plan.data.weights else read


def _model_parts(plan: Plan) -> object:
    drawn = plan.data and plan.data.sampling
    # What data may take of the memory changes no number.
    machine = {name: getattr(plan.runtime, name) for name in _RUNTIME_OF_A_MODEL}
    trained = (plan.graph, _said_of_training(plan), machine)
    # What a spec does not use stands in no digest: it was trained before the language knew it.
    parts = (drawn, dict(plan.losses), plan.objective, plan.starts, plan.vectors)
    return (*trained, *(part for part in parts if part))


def _said_of_training(plan: Plan) -> object:
    said = canonical_data(plan.training)
    if isinstance(said, dict):
        for key in _YOUNGER_KEYS:
            if said[key] is None:
                del said[key]
        if plan.augmented:
            # However it is written: a list for the only input is that input's.
            said["augment"] = canonical_data(plan.augmented)
    return said


def _evaluation_parts(plan: Plan) -> object:
    evaluation = plan.evaluation
    if evaluation is None:
        return None
    measured = (evaluation.metrics, evaluation.champion)
    generates = set(evaluation.own_metrics) & set(GENERATED_METRICS)
    # What a spec does not use stands in no digest: it was evaluated before the language knew it.
    used = [evaluation.threshold] if evaluation.threshold is not None else []
    says = generates or plan.aligned
    return (*measured, *used, plan.prediction) if says else (*measured, *used)


def _champion_parts(plan: Plan) -> object:
    evaluation = plan.evaluation
    return evaluation and (evaluation.gates, evaluation.champion)


# Each after those that it takes. Comments, key order, gates, tags and the description change no
# digest of `dataset` and `model`.
CHAIN: tuple[ChainStep, ...] = (
    ChainStep("dataset", (), _dataset_parts),
    ChainStep("model", ("dataset",), _model_parts),
    ChainStep("evaluation", ("dataset", "model"), _evaluation_parts),
    ChainStep(
        "report",
        ("dataset", "model", "evaluation"),
        lambda plan: (plan.name, plan.description, plan.tags),
    ),
    ChainStep("champion", ("model", "evaluation"), _champion_parts),
)
CHAIN_STEP_OF = {step.name: step for step in CHAIN}
STEPS: tuple[Step, ...] = tuple(CHAIN_STEP_OF)


def chain_step(word: str) -> Step:
    """Return the step that a word names, such as the last part of an asset's key."""
    return CHAIN_STEP_OF[cast("Step", word)].name


def step_digest(plan: Plan, step: Step) -> str:
    """Return the digest of the part of a plan on which one step's result depends."""
    return canonical_digest(CHAIN_STEP_OF[step].covers(plan))
