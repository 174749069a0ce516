"""One schedule for each spec that asks for one; all of them start the same job."""

from collections.abc import Iterable

import dagster as dg

from dlspec_pipelines.location.assets import chain_keys
from dlspec_pipelines.specs import SpecFile

JOB = "materialize"


def retraining_schedules(specs: Iterable[SpecFile], job: str = JOB) -> list[dg.ScheduleDefinition]:
    """Build the schedules; they run as declared, without a click."""
    return [
        _retraining_schedule(spec, cron, job)
        for spec in specs
        if (retraining := spec.plan.retraining) and (cron := retraining.cron)
    ]


def _retraining_schedule(spec: SpecFile, cron: str, job: str) -> dg.ScheduleDefinition:
    assert spec.plan.retraining is not None

    @dg.schedule(
        name=f"{spec.name}_retraining",
        job_name=job,
        cron_schedule=cron,
        execution_timezone=spec.plan.retraining.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Retrains `{spec.name}`.",
    )
    def retrain() -> dg.RunRequest:
        return dg.RunRequest(asset_selection=chain_keys(spec), tags={"dlspec/spec": spec.name})

    return retrain
