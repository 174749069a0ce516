"""Runs as an evaluation hands them on, without a training."""

from dataclasses import replace

from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.records import Evaluation, GateResult, TrainedModel


def evaluated_run(
    name: str,
    model: str,
    metrics: dict[str, float],
    gates: tuple[GateResult, ...] = (),
    **changes: object,
) -> tuple[Evaluation, TrainedModel]:
    """Return the records of a run whose folder holds an empty model.

    Args:
        changes: Fields of the evaluation.
    """
    folder = store.run_folder(model, name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.keras").touch()
    evaluation = Evaluation(name, str(folder), model, metrics, gates, None)
    trained = TrainedModel(
        run=name,
        path=str(folder),
        name=model,
        weights="",
        dataset="",
        epochs=1,
        seconds=1.0,
        parameters=1,
        flops=None,
        continued_from_epoch=0,
        history={},
    )
    return replace(evaluation, **changes), trained
