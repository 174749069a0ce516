"""One chain of assets for each spec: dataset, model, evaluation, report, champion."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, assert_never

import dagster as dg
from pydantic import Field

from dlspec.diagnostics.findings import SpecError
from dlspec.resolve.chain import CHAIN_STEP_OF, STEPS, Step
from dlspec.resolve.plan import Plan, canonical_digest
from dlspec_pipelines.location.checks import (
    broken_contract,
    broken_spec,
    contract_results,
    contract_specs,
    failing_rows_metadata,
    gate_results,
    gate_specs,
    spec_check,
)
from dlspec_pipelines.location.data_files import data_keys
from dlspec_pipelines.location.metadata import metadata_of, metadata_of_reread
from dlspec_pipelines.specs import BrokenSpec, SpecFile
from dlspec_pipelines.steps.datasets.source_digests import Reread
from dlspec_pipelines.steps.records import Dataset, Evaluation, StepRecord, TrainedModel
from dlspec_pipelines.steps.reuse import (
    STEP_VERSIONS,
    evaluated_before,
    step_version,
    trained_before,
)
from dlspec_pipelines.steps.start import find_start
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.trainer.backend_choice import backend_of, on_backend, require_backend
from dlspec_pipelines.trainer.callback_packages import require_callback_packages
from dlspec_pipelines.trainer.client import Job

_DESCRIPTIONS: Mapping[Step, str] = {
    "dataset": "The rows of `{source}`, checked, split and prepared as arrays.",
    "model": "{description}",
    "evaluation": "What the model scores on the test rows, and whether the gates hold.",
    "report": "One HTML file that opens offline.",
    "champion": "The best model so far, promoted on evidence.",
}


class ReuseConfig(dg.Config):
    """Whether one run takes what has been made before and would come out the same."""

    reuse: bool = Field(
        default=False, description="Take what would come out the same, instead of making it anew."
    )


class DatasetConfig(dg.Config):
    """Whether one run trusts the times of its files."""

    verify: bool = Field(
        default=False,
        description="Read files again whose size and time of change are those of their last "
        "reading.",
    )


class ModelConfig(ReuseConfig):
    """What one run's training starts from; the model itself is written in its spec."""

    weights_from: str | None = Field(
        default=None,
        description="A run's id or its beginning, a run's folder, a model's name, or a file of "
        "weights: layers of the same name and shapes start from those.",
    )


Made = dg.MaterializeResult[Any]
Events = Iterator[Made | dg.AssetCheckResult]


def chain_assets(spec: SpecFile) -> list[dg.AssetsDefinition]:
    """Build the assets of a spec, one for each step."""
    return [_ASSETS[step](spec) for step in STEPS]


def chain_keys(spec: SpecFile) -> list[dg.AssetKey]:
    """Return the keys of a spec's chain, in the order of its steps."""
    return [dg.AssetKey([spec.name, step]) for step in STEPS]


def code_version(plan: Plan, step: Step, backend: str | None = None) -> str:
    """Return what changes when a step would give another result for the same inputs.

    Args:
        backend: What a run asks Keras to run on; None leaves it to the spec.
    """
    return step_version(on_backend(plan, backend_of(plan, backend)), step)


def broken_spec_asset(spec: BrokenSpec) -> dg.AssetsDefinition:
    """Build the asset of a file that does not compile: all it has is a failing check."""
    key = dg.AssetKey([spec.name, "spec"])

    @dg.asset(
        key=key,
        group_name=spec.name,
        kinds={"yaml"},
        description=f"`{spec.path.name}` does not compile.\n\n```text\n{spec.findings}\n```",
        check_specs=[spec_check(key)],
    )
    def read() -> Events:
        yield broken_spec(spec)
        raise dg.Failure(f"`{spec.path}` does not compile\n{spec.findings}", allow_retries=False)

    return read


def bare_spec_asset(spec: SpecFile) -> dg.AssetSpec:
    """Build the asset of a model alone: it can be looked at, and nothing can be run."""
    lacking = " and ".join(f"`{section}`" for section in spec.missing_chain_sections)
    return dg.AssetSpec(
        [spec.name, "spec"],
        group_name=spec.name,
        kinds={"yaml"},
        description=f"`{spec.path.name}` has no {lacking}, so there is nothing to run; "
        f"`dlspec show {spec.name}` shows the model.",
        metadata={"spec": dg.MetadataValue.path(str(spec.path))},
    )


def _dataset_asset(spec: SpecFile) -> dg.AssetsDefinition:
    @_step_asset(spec, "dataset", check_specs=contract_specs(spec), deps=data_keys(spec))
    def dataset(context: dg.AssetExecutionContext, config: DatasetConfig) -> Events:
        with _step_errors_as_failures():
            current = _spec_with_run_settings(spec, context)
            _require_trainable(current, context)
            try:
                reread = _verify_files(current) if config.verify else None
                made = _prepare_dataset(current)
            except StepError as problem:
                yield from broken_contract(problem, current)
                raise
            checks = list(contract_results(made))
            told = _materialized_record(
                current, "dataset", made, version=made.digest, checks=checks
            )
            yield told._replace(metadata={**(told.metadata or {}), **metadata_of_reread(reread)})

    return dataset


def _model_asset(spec: SpecFile) -> dg.AssetsDefinition:
    @_step_asset(spec, "model", "trainer", pool="trainer", ins=_asset_inputs(spec, "model"))
    def model(context: dg.AssetExecutionContext, dataset: Dataset, config: ModelConfig) -> Made:
        with _step_errors_as_failures():
            current = _spec_with_run_settings(spec, context)
            start = find_start(config.weights_from) if config.weights_from else None
            known = trained_before(_plan_as_run(current), dataset, start) if config.reuse else None
            job = Job("model", current, {"dataset": dataset}, start)
            trained: TrainedModel = known or context.resources.trainer.record(context, job)
            return _materialized_record(
                current, "model", trained, version=trained.weights, known=known is not None
            )

    return model


def _evaluation_asset(spec: SpecFile) -> dg.AssetsDefinition:
    @_step_asset(
        spec,
        "evaluation",
        "trainer",
        pool="trainer",
        ins=_asset_inputs(spec, "evaluation"),
        check_specs=gate_specs(spec),
    )
    def evaluation(
        context: dg.AssetExecutionContext,
        dataset: Dataset,
        model: TrainedModel,
        config: ReuseConfig,
    ) -> Events:
        with _step_errors_as_failures():
            current = _spec_with_run_settings(spec, context)
            plan = _plan_as_run(current)
            known = evaluated_before(plan, dataset, model) if config.reuse else None
            job = Job("evaluation", current, {"dataset": dataset, "model": model})
            measured: Evaluation = known or context.resources.trainer.record(context, job)
            checks = list(gate_results(measured))
            version = canonical_digest(measured.metrics)
            yield _materialized_record(
                current,
                "evaluation",
                measured,
                version=version,
                checks=checks,
                known=known is not None,
            )

    return evaluation


def _report_asset(spec: SpecFile) -> dg.AssetsDefinition:
    @_step_asset(spec, "report", ins=_asset_inputs(spec, "report"))
    def report(
        context: dg.AssetExecutionContext,
        dataset: Dataset,
        model: TrainedModel,
        evaluation: Evaluation,
    ) -> Made:
        from dlspec_pipelines.steps.reports import write_report

        with _step_errors_as_failures():
            current = _spec_with_run_settings(spec, context)
            made = write_report(current.plan, dataset, model, evaluation)
            return _materialized_record(current, "report", made, version=evaluation.run)

    return report


def _champion_asset(spec: SpecFile) -> dg.AssetsDefinition:
    @_step_asset(spec, "champion", ins=_asset_inputs(spec, "champion"))
    def champion(
        context: dg.AssetExecutionContext, model: TrainedModel, evaluation: Evaluation
    ) -> Made:
        from dlspec_pipelines.steps.promotion.promote import promote

        with _step_errors_as_failures():
            current = _spec_with_run_settings(spec, context)
            made = promote(current.plan, evaluation, model)
            return _materialized_record(current, "champion", made, version=made.run)

    return champion


_ASSETS: Mapping[Step, Callable[[SpecFile], dg.AssetsDefinition]] = {
    "dataset": _dataset_asset,
    "model": _model_asset,
    "evaluation": _evaluation_asset,
    "report": _report_asset,
    "champion": _champion_asset,
}
assert set(_ASSETS) == set(_DESCRIPTIONS) == set(STEPS) == set(STEP_VERSIONS), (
    "a step of the chain lacks its asset, description or version, or has one that is no step"
)


def _verify_files(spec: SpecFile) -> Reread:
    from dlspec_pipelines.steps.datasets.given_test_rows import reread_data_files

    assert spec.plan.data is not None
    return reread_data_files(spec.plan.data, spec.path.parent)


def _prepare_dataset(spec: SpecFile) -> Dataset:
    from dlspec_pipelines.steps.preparation.dataset import prepare_dataset

    assert spec.plan.data is not None
    assert spec.plan.training is not None
    return prepare_dataset(spec.plan.data, base=spec.path.parent, memory=spec.plan.runtime.memory)


def _step_asset(
    spec: SpecFile,
    step: Step,
    *resources: str,
    **further: Any,  # noqa: ANN401 - as `dg.asset`
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Return the decorator that makes a function the asset of one step."""
    decorator: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        **_common_asset_arguments(spec, step, *resources), **further
    )
    return decorator


def _common_asset_arguments(spec: SpecFile, step: Step, *resources: str) -> dict[str, Any]:
    """Return what every asset of a chain says about itself."""
    plan = spec.plan
    return {
        "key": [plan.name, step],
        "group_name": plan.name,
        "description": _asset_description(spec, step),
        "kinds": _asset_kinds(plan, step),
        "owners": list(plan.owners),
        "tags": dict(plan.tags),
        "metadata": {"spec": dg.MetadataValue.path(str(spec.path)), **_warnings_metadata(spec)},
        "code_version": code_version(plan, step),
        "required_resource_keys": {"settings", *resources},
    }


def _warnings_metadata(spec: SpecFile) -> dict[str, dg.MetadataValue[Any]]:
    text = spec.warnings
    return {"warnings": dg.MetadataValue.md(f"```text\n{text}\n```")} if text else {}


def _asset_description(spec: SpecFile, step: Step) -> str:
    assert spec.plan.data is not None
    description = spec.plan.description or f"`{spec.path.name}`, trained."
    return _DESCRIPTIONS[step].format(source=spec.plan.data.source.word, description=description)


def _asset_kinds(plan: Plan, step: Step) -> set[str]:
    assert plan.data is not None
    match step:
        case "dataset":
            return {plan.data.source.tool, "numpy"}
        case "model":
            return {"keras", backend_of(plan)}
        case "evaluation":
            return {"keras", "numpy"}
        case "report":
            return {"html"}
        case "champion":
            return {"keras"}
        case _:
            assert_never(step)


def _asset_inputs(spec: SpecFile, step: Step) -> dict[str, dg.AssetIn]:
    return {taken: dg.AssetIn([spec.name, taken]) for taken in CHAIN_STEP_OF[step].takes}


def _spec_with_run_settings(spec: SpecFile, context: dg.AssetExecutionContext) -> SpecFile:
    """Return the spec as this run's settings change it."""
    current: SpecFile = context.resources.settings.spec(spec)
    return current


def _plan_as_run(spec: SpecFile) -> Plan:
    return on_backend(spec.plan, backend_of(spec.plan, spec.backend))


def _require_trainable(spec: SpecFile, context: dg.AssetExecutionContext) -> None:
    """Refuse, before any data is prepared, what the same run could not train afterwards."""
    selected = context.run.asset_selection
    if selected is None or dg.AssetKey([spec.name, "model"]) in selected:
        require_backend(backend_of(spec.plan, spec.backend), spec.plan)
        require_callback_packages(spec.plan)


def _materialized_record(
    spec: SpecFile,
    step: Step,
    record: StepRecord,
    *,
    version: str,
    checks: Sequence[dg.AssetCheckResult] = (),
    known: bool = False,
) -> Made:
    """Return a record with what the UI shows of it, and its digest as the data version.

    Args:
        known: Whether it was made before, by the run that it names.
    """
    set_values = {"set": dict(spec.sets)} if spec.sets else {}
    made_before = (
        {"made_by": record.run} if known and isinstance(record, TrainedModel | Evaluation) else {}
    )
    made_by = code_version(spec.plan, step, spec.backend)
    return dg.MaterializeResult(
        value=record,
        metadata={**metadata_of(record), **set_values, **made_before},
        check_results=checks,
        data_version=dg.DataVersion(version),
        # A run with values set, a backend or start weights of its own makes what no code version of
        # the location stands for.
        tags={"dagster/code_version": made_by + _start_version(record)},
    )


def _start_version(record: object) -> str:
    if not isinstance(record, TrainedModel):
        return ""
    digests = [
        *(one.digest for one in record.models_from.values()),
        *(one.digest for one in record.vectors_from.values()),
        *([record.start.digest] if record.start else []),
    ]
    return "".join(f"-from-{digest[:16]}" for digest in digests)


@contextmanager
def _step_errors_as_failures() -> Iterator[None]:
    """Turn what a person can act on into a failure that says just that; bugs pass as they are."""
    try:
        yield
    except StepError as problem:
        table = failing_rows_metadata(problem.table, problem.kept)
        raise dg.Failure(str(problem), metadata=table, allow_retries=False) from problem
    except SpecError as findings:
        raise dg.Failure(str(findings), allow_retries=False) from findings
