"""Whether the loss `CTC` can give every id of a target a step: known before a training."""

import numpy as np

from dlspec.diagnostics.counts import agreed, counted
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.preparation.model_parts import open_model_part
from dlspec_pipelines.steps.records import Dataset
from dlspec_pipelines.steps.step_errors import StepError

# The blank of Keras's loss, and what fills targets up.
_BLANK = 0


def require_steps_for_targets(plan: Plan, dataset: Dataset) -> None:
    """Return when the steps of each output that `CTC` learns are enough for all its targets.

    Where a mask leaves steps out, there are fewer, which only the model knows.

    Raises:
        StepError: If they are not, or a target holds padding between two ids (DL534).
    """
    assert plan.data is not None
    for name in plan.aligned:
        shape = plan.graph.tensor(dict(plan.graph.outputs)[name]).shape
        for part, rows in dataset.rows.items():
            if not rows:
                continue
            opened = open_model_part(plan.data, dataset, part)
            ids = np.asarray(opened.targets[name])
            _require_ids_together(name, ids, opened.rows)
            if shape is not None and shape[1] is not None:
                _require_steps(name, ids, shape[1], part)


def steps_needed(ids: Array) -> Array:
    """Return how many steps `CTC` needs for each row: one for an id, one between equal ones.

    Shapes:
        ids: (rows, length), padding behind the last
        returns: (rows,)
    """
    asked = ids != _BLANK
    repeated = (ids[:, 1:] == ids[:, :-1]) & asked[:, 1:]
    needed: Array = asked.sum(axis=1) + repeated.sum(axis=1)
    return needed


def _require_steps(name: str, ids: Array, steps: int, part: str) -> None:
    needed = steps_needed(ids)
    lacking = int((needed > steps).sum())
    if lacking:
        raise StepError(
            f"{counted(lacking, f'{part} row')} of `{name}` {agreed(lacking, 'need')} more than "
            f"the {counted(steps, 'step')} of the output, up to {int(needed.max())}",
            code="DL534",
            help="let the layers before it keep more steps, or leave such rows out",
        )


def _require_ids_together(name: str, ids: Array, rows: Array) -> None:
    apart = ((ids[:, :-1] == _BLANK) & (ids[:, 1:] != _BLANK)).any(axis=1)
    if apart.any():
        raise StepError(
            f"row {int(rows[apart.argmax()])} of `{name}` holds id 0 before another, and `CTC` "
            "takes it for the blank",
            code="DL534",
            help="number the ids from 1 on",
        )
