"""Runs of small specs as a chain leaves them, without Dagster: files, records, champion, report."""

from dataclasses import dataclass
from pathlib import Path

import dlspec
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.promotion import current_champion, promote
from dlspec_pipelines.steps.records import Champion, Evaluation, TrainedModel, record_to_json
from dlspec_pipelines.steps.reports import write_report
from dlspec_pipelines.steps.step_errors import Refused
from dlspec_pipelines.steps.training.train import train

# Two moons, so many and so noisy that a line reaches 0.88 and a small net 0.97 of them.
MOONS = """\
dlspec: 1
name: moons
params: {units: 16, epochs: 8, seed: 3, samples: 700, split: 1, gate: 0.5, rate: 0.03}
data:
  source: {synthetic: two_moons, samples: $samples, noise: 0.15, seed: 5}
  inputs: {point: {vector: [x, y], standardize: true}}
  targets: {moon: {binary: moon}}
  split: {validation: 0.1, test: 0.4, seed: $split}
model:
  inputs: {point: [2]}
  graph:
    - {if: $units > 0, Dense: ["$max(units, 1)", {activation: relu}]}
    - {Dense: 1, name: moon}
training:
  epochs: $epochs
  batch_size: 16
  optimizer: {Adam: {learning_rate: $rate}}
  loss: {BinaryCrossentropy: {from_logits: true}}
  seed: $seed
evaluation:
  metrics: [accuracy, roc_auc]
  gates: {accuracy: "$'>= ' + gate"}
  champion: {metric: accuracy, test: mcnemar}
"""


@dataclass(frozen=True)
class Made:
    """What the steps of one run gave; `champion` is why it was refused where a gate failed."""

    trained: TrainedModel
    evaluation: Evaluation
    champion: Champion | str


def moons_text(*, gate: float = 0.5) -> str:
    """Return the spec with one gate; a gate is text, which no expression makes."""
    return MOONS.replace(", gate: 0.5", "").replace("$'>= ' + gate", f">= {gate}")


def make_run(run: str, *, gate: float = 0.5, **params: object) -> Made:
    """Train, evaluate, report and try to promote, and leave the records of each step."""
    text = moons_text(gate=gate)
    plan = dlspec.loads(text, params=params)
    dataset = prepare_dataset(plan.data, base=Path.cwd())
    trained = train(plan, dataset, run=run, spec_text=_set_text(text, params), sets=params)
    evaluation = evaluate(plan, trained, dataset, current_champion(plan.name))
    report = write_report(plan, dataset, trained, evaluation)
    records = {"dataset": dataset, "model": trained, "evaluation": evaluation, "report": report}
    try:
        champion = records["champion"] = promote(plan, evaluation, trained)
    except Refused as refused:
        champion = refused.message
    for step, record in records.items():
        for name in (run, "latest"):
            path = store.records_folder(plan.name, step) / f"{name}.json"
            store.write_whole(path, record_to_json(record))
    return Made(trained, evaluation, champion)


def _set_text(text: str, params: dict[str, object]) -> str:
    for name, value in params.items():
        before = text.partition(f"{name}: ")[2].partition(",")[0].partition("}")[0]
        text = text.replace(f"{name}: {before}", f"{name}: {value}", 1)
    return text
