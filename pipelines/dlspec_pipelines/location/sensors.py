"""Two sensors: one retrains when a file that a spec reads changes, one shows broken specs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import dagster as dg

from dlspec.resolve.plan import canonical_digest
from dlspec_pipelines.location.assets import chain_keys
from dlspec_pipelines.location.checks import broken_spec_event
from dlspec_pipelines.location.data_files import MISSING, content_version, data_files, file_stamp
from dlspec_pipelines.location.schedules import JOB
from dlspec_pipelines.specs import BrokenSpec, SpecFile

# An edit shows while one still looks; an unchanged file costs a stat.
_EVERY_S = 10

# Of one file, in a cursor: `stamp` and `version`.
FileState = dict[str, str]


class Asked(TypedDict):
    """What a spec was last seen with, in a cursor.

    `number` counts its requests: contents that come back, A, B, A, B, ask anew.
    """

    versions: dict[str, str]
    number: int


class Cursor(TypedDict):
    """What the sensor remembers between two looks."""

    files: dict[str, FileState]
    specs: dict[str, Asked]


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
        before = _read_cursor(context.cursor)
        files = {k: p for spec in watching for k, p in data_files(spec).items()}
        now = {
            k.to_user_string(): _data_file_state(k, p, before["files"]) for k, p in files.items()
        }
        new = [k for k in files if _version_in(before["files"], k) != _version_in(now, k)]
        asked = {s.name: _asked_now(s, now, before["specs"].get(s.name)) for s in watching}
        return dg.SensorResult(
            run_requests=[
                _retraining_request(s, asked[s.name])
                for s in watching
                if asked[s.name]["number"] != _number_asked(before["specs"].get(s.name))
            ],
            asset_events=[_data_file_observation(k, now) for k in sorted(new)],
            cursor=json.dumps(Cursor(files=now, specs=asked)),
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


def _read_cursor(text: str | None) -> Cursor:
    """Return what was remembered; nothing where an earlier dlspec remembered it otherwise."""
    said = json.loads(text or "{}")
    return Cursor(files=said["files"], specs=said["specs"]) if "specs" in said else _NOTHING


def _data_file_state(
    key: dg.AssetKey, path: Path | str, before: Mapping[str, FileState]
) -> FileState:
    """Return a file's stamp and content; the content is read again only when the stamp moved."""
    known, now = before.get(key.to_user_string()), file_stamp(path)
    if known is not None and known["stamp"] == now:
        return known
    return {"stamp": now, "version": content_version(path).value}


def _version_in(states: Mapping[str, FileState], key: dg.AssetKey) -> str:
    return states.get(key.to_user_string(), {}).get("version", "")


def _number_asked(known: Asked | None) -> int:
    return 0 if known is None else known["number"]


def _asked_now(spec: SpecFile, now: Mapping[str, FileState], known: Asked | None) -> Asked:
    """Return what a spec is seen with now, with the next number where that asks for a run.

    While a file is missing nothing is asked and nothing forgotten: it may come back as it was. A
    file seen for the first time has nothing to be newer than.
    """
    versions = {k.to_user_string(): _version_in(now, k) for k in data_files(spec)}
    number = _number_asked(known)
    if MISSING in versions.values():
        return Asked(versions={} if known is None else known["versions"], number=number)
    seen = {} if known is None else known["versions"]
    changed = any(seen.get(key, version) != version for key, version in versions.items())
    return Asked(versions=versions, number=number + changed)


def _retraining_request(spec: SpecFile, asked: Asked) -> dg.RunRequest:
    return dg.RunRequest(
        # Dagster starts nothing for a key that it has seen, which keeps a look that is repeated
        # after a crash from training twice.
        run_key=f"{spec.name}-{asked['number']}-{canonical_digest(asked['versions'])[:16]}",
        asset_selection=chain_keys(spec),
        tags={"dlspec/spec": spec.name},
    )


def _data_file_observation(key: dg.AssetKey, now: Mapping[str, FileState]) -> dg.AssetObservation:
    return dg.AssetObservation(key, tags={"dagster/data_version": _version_in(now, key)})


_NOTHING = Cursor(files={}, specs={})
