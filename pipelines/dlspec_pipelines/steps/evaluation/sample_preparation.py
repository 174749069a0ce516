"""How new rows become the samples of a run's model, which may be several rows each."""

from pathlib import Path

from dlspec_pipelines.steps.evaluation.outputs import draw_of_plan_document
from dlspec_pipelines.steps.json_documents import PLAN, read_document
from dlspec_pipelines.steps.preparation.fitting import Preparation, load_preparation
from dlspec_pipelines.steps.preparation.model_parts import preparation_of_samples


def load_sample_preparation(run_folder: Path) -> Preparation:
    """Return how new rows become samples of a run's model, as it was fitted at its training.

    Of a model of pairs, a row is a pair: `left` and `right` are columns.

    Raises:
        StepError: If a file of the run is missing or damaged.
    """
    drawn = draw_of_plan_document(read_document(run_folder / "plan.json", PLAN))
    return preparation_of_samples(drawn, load_preparation(run_folder))
