"""Two sensors: one retrains when a file that a spec reads changes, one shows broken specs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg

from dlspec.resolve.plan import canonical_digest
from dlspec_pipelines.location.assets import chain_keys
from dlspec_pipelines.location.checks import broken_spec_event
from dlspec_pipelines.location.data_files import content_version, data_files, file_stamp
from dlspec_pipelines.location.schedules import JOB
from dlspec_pipelines.specs import BrokenSpec, SpecFile

_EVERY_S = 10

# Of one file, in a cursor: `stamp` and `version`.
State = dict[str, str]


def new_data_sensor(specs: Sequence[SpecFile], job: str = JOB) -> dg.SensorDefinition:
    """Build the sensor that retrains specs with `on_new_data` when their files change."""
    watching = [s for s in specs if s.plan.retraining and s.plan.retraining.on_new_data]

    @dg.sensor(
        name="new_data",
        job_name=job,
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Retrains the specs with `on_new_data: true` whose files have changed.",
    )
    def new_data(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        before: dict[str, State] = json.loads(context.cursor or "{}")
        files = {k: p for spec in watching for k, p in data_files(spec).items()}
        now = {k.to_user_string(): _data_file_state(k, p, before) for k, p in files.items()}
        new = {
            k for k in files if _known_content_version(before, k) != _known_content_version(now, k)
        }
        # A file seen for the first time has nothing to be newer than.
        changed = {k for k in new if _known_content_version(before, k)}
        return dg.SensorResult(
            run_requests=[
                _retraining_request(s, now) for s in watching if changed & set(data_files(s))
            ],
            asset_events=[_data_file_observation(k, now) for k in sorted(new)],
            cursor=json.dumps(now),
        )

    return new_data


def broken_specs_sensor(broken: Sequence[BrokenSpec]) -> dg.SensorDefinition:
    """Build the sensor that fails the check of a file that does not compile, once a state."""

    @dg.sensor(
        name="broken_specs",
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Shows a spec that does not compile as a failed check, with the reasons.",
    )
    def broken_specs(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        before: dict[str, str] = json.loads(context.cursor or "{}")
        now = {spec.name: canonical_digest(spec.findings) for spec in broken}
        new = [spec for spec in broken if before.get(spec.name) != now[spec.name]]
        return dg.SensorResult(
            asset_events=[broken_spec_event(spec) for spec in new], cursor=json.dumps(now)
        )

    return broken_specs


def _data_file_state(key: dg.AssetKey, path: Path, before: Mapping[str, State]) -> State:
    """Return a file's stamp and content; the content is read again only when the stamp moved."""
    known, now = before.get(key.to_user_string()), file_stamp(path)
    if known is not None and known["stamp"] == now:
        return known
    return {"stamp": now, "version": content_version(path).value}


def _known_content_version(states: Mapping[str, State], key: dg.AssetKey) -> str:
    return states.get(key.to_user_string(), {}).get("version", "")


def _retraining_request(spec: SpecFile, now: Mapping[str, State]) -> dg.RunRequest:
    versions = [_known_content_version(now, key) for key in data_files(spec)]
    return dg.RunRequest(
        run_key=f"{spec.name}-{canonical_digest(versions)[:16]}",
        asset_selection=chain_keys(spec),
        tags={"dlspec/spec": spec.name},
    )


def _data_file_observation(key: dg.AssetKey, now: Mapping[str, State]) -> dg.AssetObservation:
    return dg.AssetObservation(key, tags={"dagster/data_version": _known_content_version(now, key)})
