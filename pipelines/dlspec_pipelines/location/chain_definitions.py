"""The specs of a folder as Dagster definitions."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from dlspec_pipelines.location.abandoned_runs import abandoned_runs_sensor
from dlspec_pipelines.location.assets import bare_spec_asset as bare_asset
from dlspec_pipelines.location.assets import broken_spec_asset as broken_asset
from dlspec_pipelines.location.assets import chain_assets
from dlspec_pipelines.location.data_files import file_assets
from dlspec_pipelines.location.resources import resource_defs
from dlspec_pipelines.location.schedules import JOB, retraining_schedules
from dlspec_pipelines.location.sensors import broken_specs_sensor, new_data_sensor
from dlspec_pipelines.specs import BrokenSpec, SpecFile, read_specs
from dlspec_pipelines.trainer.client import Listener
from dlspec_pipelines.trainer.process import Trainers


def definitions_for(folder: Path) -> dg.Definitions:
    """Return the definitions of every spec under `folder`; a broken one shows as itself."""
    specs, broken = read_specs(folder)
    return definitions_of(specs, broken)


def definitions_of(
    specs: Sequence[SpecFile],
    broken: Sequence[BrokenSpec] = (),
    *,
    trainers: Trainers | None = None,
    listener: Listener | None = None,
) -> dg.Definitions:
    """Return the definitions of specs that are compiled already.

    Args:
        trainers: Processes started before Dagster was loaded; None starts them with each run.
        listener: Hears every epoch, before it is thinned out for the event log.
    """
    trained = [spec for spec in specs if spec.can_be_trained]
    job = dg.define_asset_job(
        JOB, executor_def=dg.in_process_executor, description="Materializes whole chains."
    )
    return dg.Definitions(
        assets=[
            *(asset for spec in trained for asset in chain_assets(spec)),
            *(bare_asset(spec) for spec in specs if not spec.can_be_trained),
            *(broken_asset(spec) for spec in broken),
            *file_assets(trained),
        ],
        jobs=[job],
        schedules=retraining_schedules(trained),
        sensors=[
            new_data_sensor(trained),
            broken_specs_sensor(broken),
            abandoned_runs_sensor(),
        ],
        resources=resource_defs({s.name: s for s in trained}, trainers, listener),
        executor=dg.in_process_executor,
    )
