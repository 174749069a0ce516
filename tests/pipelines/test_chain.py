"""Whole chains, materialized in process on real data: files, records, metadata, checks."""

import json
from pathlib import Path

import dagster as dg
import pytest
from chain_specs import write_tiny

import dlspec
from dlspec.resolve.plan import canonical_digest
from dlspec_pipelines.location.chain_definitions import definitions_for
from dlspec_pipelines.location.schedules import JOB
from dlspec_pipelines.steps.records import record_from_json

# Pipes asks its own context for the run's id in a way that Dagster calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:AssetExecutionContext.run_id:DeprecationWarning")

STEPS = ("dataset", "model", "evaluation", "report", "champion")


class Project:
    """A folder of specs, an artifact folder and a Dagster instance of their own."""

    def __init__(self, folder, instance):
        self.specs = folder / "specs"
        self.home = folder / "home"
        self.instance = instance

    def run(self, name, *steps, params=None, sets=None):
        settings = {"params": params or {}, "set": sets or {}}
        config = {"resources": {"settings": {"config": settings}}}
        config["loggers"] = {"console": {"config": {"log_level": "CRITICAL"}}}
        job = definitions_for(self.specs).resolve_job_def(JOB)
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey([name, step]) for step in steps or STEPS],
            raise_on_error=False,
            run_config=config,
        )

    def record(self, name, step, run="latest"):
        return record_from_json((self.home / "records" / name / step / f"{run}.json").read_text())


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        patch.setenv("DLSPEC_HOME", str(folder / "home"))
        yield Project(folder, instance)


@pytest.fixture(scope="module")
def chain(project):
    write_tiny(project.specs)
    return project.run("tiny")


def metadata(result, name, step):
    (event,) = [
        e
        for e in result.get_asset_materialization_events()
        if e.asset_key == dg.AssetKey([name, step])
    ]
    return {key: value.value for key, value in event.materialization.metadata.items()}


def checks(result):
    return {
        (e.asset_key.path[-1], e.check_name): e.passed for e in result.get_asset_check_evaluations()
    }


def failures(result):
    return {
        e.step_key.rpartition("__")[2]: e.step_failure_data.user_failure_data
        for e in result.all_events
        if e.is_step_failure
    }


def test_a_chain_succeeds_and_writes_every_file_of_a_run(project, chain):
    assert chain.success
    folder = project.home / "runs" / "tiny" / chain.run_id
    assert {path.name for path in folder.iterdir()} == {
        "files.json",
        "model.keras",
        "spec.yaml",
        "plan.json",
        "preparation.json",
        "history.csv",
        "run.json",
        "metrics.json",
        "predictions.parquet",
        "report.html",
        "report.md",
    }
    assert (folder / "spec.yaml").read_text() == (project.specs / "tiny.yaml").read_text()


def test_every_step_leaves_its_record_as_json(project, chain):
    run = {step: project.record("tiny", step, chain.run_id) for step in STEPS}
    assert run == {step: project.record("tiny", step) for step in STEPS}
    assert run["dataset"].rows == {"train": 1231, "validation": 281, "test": 285}
    assert run["model"].epochs == 3
    assert run["champion"].run == run["evaluation"].run == run["model"].run == chain.run_id


def test_nothing_is_pickled(project, chain):
    kinds = {path.suffix for path in project.home.rglob("*") if path.is_file()}
    assert kinds <= {".json", ".npy", ".keras", ".yaml", ".csv", ".parquet", ".html", ".md", ""}


def test_what_was_set_and_extended_is_in_the_record_the_report_and_the_lineage(project, chain):
    (project.specs / "wider.yaml").write_text(
        "dlspec: 1\nname: wider\nextends: tiny.yaml\nparams: {units: 16}\n"
    )
    sets = {"training.epochs": 1, "training.batch_size": 64}
    result = project.run("wider", sets=sets)
    assert result.success
    folder = project.home / "runs" / "wider" / result.run_id
    kept = dlspec.loads((folder / "spec.yaml").read_text())
    assert (kept.params["units"], kept.training.epochs, kept.training.batch_size) == (16, 1, 64)
    facts = json.loads((folder / "run.json").read_text())
    assert facts["set"] == sets
    assert facts["digests"]["plan"] == canonical_digest(kept)
    page = (folder / "report.html").read_text()
    command = "dlspec run wider --set training.epochs=1 --set training.batch_size=64 --again"
    assert command in page
    assert "batch_size" in page
    assert metadata(result, "wider", "model")["set"] == sets


def test_the_model_learns_and_metadata_says_how_well(project, chain):
    shown = metadata(chain, "tiny", "evaluation")
    assert shown["accuracy"] > 0.9
    folder = project.home / "runs" / "tiny" / chain.run_id
    assert json.loads((folder / "metrics.json").read_text())["accuracy"] == shown["accuracy"]
    # 64 * 32 + 32 weights of the first layer, 32 * 10 + 10 of the second.
    assert metadata(chain, "tiny", "model")["parameters"] == 2410


def test_every_epoch_of_a_short_training_is_observed(chain):
    seen = [
        {
            key: value.value
            for key, value in event.asset_observation_data.asset_observation.metadata.items()
        }
        for event in chain.get_asset_observation_events()
    ]
    assert seen[0]["epoch/number"] == 1
    assert seen[-1]["epoch/number"] == 3
    assert {"epoch/loss", "epoch/accuracy", "epoch/val_loss", "epoch/val_accuracy"} <= set(seen[0])


def test_contract_hygiene_and_gates_pass(chain):
    assert checks(chain) == {
        ("dataset", "contract"): True,
        ("dataset", "hygiene"): True,
        ("evaluation", "accuracy"): True,
        ("evaluation", "parameters"): True,
    }


def test_data_versions_are_digests_of_content(project, chain):
    versions = {
        step: project.instance.get_latest_materialization_event(
            dg.AssetKey(["tiny", step])
        ).asset_materialization.tags["dagster/data_version"]
        for step in ("dataset", "model")
    }
    assert versions["dataset"] == project.record("tiny", "dataset").digest
    assert versions["model"] == project.record("tiny", "model").weights


def test_the_same_spec_again_gives_the_same_weights_and_keeps_the_champion(project, chain):
    again = project.run("tiny")
    assert again.success
    first, second = (project.record("tiny", "model", r.run_id) for r in (chain, again))
    assert first.weights == second.weights
    assert project.record("tiny", "champion").run == chain.run_id


def test_a_run_with_its_own_parameters_trains_those_and_is_not_taken_for_the_spec(project, chain):
    result = project.run("tiny", params={"units": 8})
    assert metadata(result, "tiny", "model")["parameters"] == 64 * 8 + 8 + 8 * 10 + 10
    assert metadata(result, "tiny", "model")["set"] == {"units": 8}
    code = {
        r.run_id: event.materialization.tags["dagster/code_version"]
        for r in (chain, result)
        for event in r.get_asset_materialization_events()
        if event.asset_key.path[-1] == "model"
    }
    assert code[chain.run_id] != code[result.run_id]


def test_an_unknown_parameter_is_refused_in_a_sentence(project, chain):
    result = project.run("tiny", "dataset", params={"unit": 8})
    assert "there is no param `unit` to set" in failures(result)["dataset"].description


def test_evaluating_again_makes_a_run_of_its_own_from_the_same_model(project, chain):
    trained = project.record("tiny", "model")
    result = project.run("tiny", "evaluation", "report")
    assert result.success
    folder = project.home / "runs" / "tiny" / result.run_id
    assert (folder / "model.keras").samefile(f"{trained.path}/model.keras")
    assert (folder / "report.html").is_file()


def test_a_failed_gate_still_gives_a_report_and_leaves_the_champion_alone(project):
    write_tiny(project.specs, "strict", gate=0.999)
    result = project.run("strict")
    assert checks(result)["evaluation", "accuracy"] is False
    assert set(failures(result)) == {"champion"}
    assert "required >= 0.999" in failures(result)["champion"].description
    assert (project.home / "runs" / "strict" / result.run_id / "report.html").is_file()
    assert not (project.home / "champions" / "strict.json").exists()


def test_a_broken_contract_starts_no_training_and_shows_the_rows(project):
    write_tiny(project.specs, "dark", brightest=15)
    result = project.run("dark")
    (broken,) = result.get_asset_check_evaluations()
    assert (broken.check_name, broken.passed) == ("contract", False)
    assert "| images | `16.0` | in_range [0, 15] |" in broken.metadata["rows"].value
    kept = Path(broken.metadata["failing_rows"].value)
    assert kept.read_text().startswith("severity,file,line,row,column,value,check\nerror,,,")
    failure = failures(result)["dataset"]
    assert str(kept) in failure.description
    assert failure.metadata["failing_rows"].value == str(kept)
    assert set(failures(result)) == {"dataset"}
    assert not (project.home / "runs" / "dark").exists()


def test_warned_rows_are_counted_and_do_not_block(project):
    path = write_tiny(project.specs, "warned", brightest=15)
    warned = path.read_text().replace("in_range: [0, 15]", "severity: warning, in_range: [0, 15]")
    assert "severity: warning" in warned
    path.write_text(warned)
    result = project.run("warned", "dataset")
    assert result.success
    contract, hygiene = result.get_asset_check_evaluations()
    assert (contract.check_name, contract.passed) == ("contract", False)
    assert contract.severity == dg.AssetCheckSeverity.WARN
    assert contract.description.startswith("`images` fails in_range [0, 15] in 1,765 of 1,797 rows")
    assert "| images | in_range [0, 15] | 1,797 | 1,765 | warning |" in (
        contract.metadata["checks"].value
    )
    assert Path(contract.metadata["failing_rows"].value).is_file()
    assert (hygiene.check_name, hygiene.passed) == ("hygiene", True)


def test_a_step_without_its_input_says_what_to_materialize(project):
    write_tiny(project.specs, "fresh")
    result = project.run("fresh", "report")
    assert failures(result)["report"].description == (
        "`fresh/dataset` has not been materialized yet: materialize it first"
    )
