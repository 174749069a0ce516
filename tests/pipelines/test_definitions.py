"""The code location: what it declares, and what loading it costs."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from chain_specs import write_broken, write_table, write_tiny

from dlspec_pipelines.location.assets import code_version
from dlspec_pipelines.location.chain_definitions import definitions_for
from dlspec_pipelines.location.sensors import broken_specs_sensor, new_data_sensor
from dlspec_pipelines.specs import read_spec, read_specs

ROOT = Path(__file__).parents[2]
STEPS = {"dataset", "model", "evaluation", "report", "champion"}


@pytest.fixture
def specs(tmp_path):
    return tmp_path / "specs"


def nodes(folder):
    graph = definitions_for(folder).resolve_asset_graph()
    return {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}


def test_each_spec_gives_a_chain_of_five_assets(specs):
    write_tiny(specs, "one")
    write_tiny(specs, "two")
    expected = {f"{name}/{step}" for name in ("one", "two") for step in STEPS}
    assert set(nodes(specs)) == expected


def test_an_asset_says_what_its_spec_says(specs):
    write_tiny(specs)
    model = nodes(specs)["tiny/model"]
    assert model.group_name == "tiny"
    assert model.description == "One dense layer on handwritten digits."
    assert model.kinds == {"keras", "tensorflow"}
    assert model.owners == ["ann@example.org"]
    assert model.tags["domain"] == "vision"
    assert model.pools == {"trainer"}


def test_the_lineage_is_the_arguments(specs):
    write_tiny(specs)
    parents = {
        name: {key.path[-1] for key in node.parent_keys} for name, node in nodes(specs).items()
    }
    assert parents == {
        "tiny/dataset": set(),
        "tiny/model": {"dataset"},
        "tiny/evaluation": {"dataset", "model"},
        "tiny/report": {"dataset", "model", "evaluation"},
        "tiny/champion": {"model", "evaluation"},
    }


def test_gates_and_contract_are_checks(specs):
    write_tiny(specs)
    graph = definitions_for(specs).resolve_asset_graph()
    blocking = {
        "/".join((*key.asset_key.path, key.name)): graph.get_check_spec(key).blocking
        for key in graph.asset_check_keys
    }
    assert blocking == {
        "tiny/dataset/contract": True,
        "tiny/dataset/hygiene": False,
        "tiny/evaluation/accuracy": False,
        "tiny/evaluation/parameters": False,
    }


def test_a_spec_that_does_not_compile_shows_its_mistakes_and_hides_nothing(specs):
    write_tiny(specs)
    write_broken(specs)
    found = nodes(specs)
    assert set(found) == {"wrong/spec", *(f"tiny/{step}" for step in STEPS)}
    assert "error[DL" in found["wrong/spec"].description


def test_two_files_of_one_name_show_as_a_mistake(specs):
    write_tiny(specs)
    write_tiny(specs / "more")
    _, broken = read_specs(specs)
    assert [spec.name for spec in broken] == ["tiny"]
    assert "the name `tiny` is taken by" in broken[0].findings


def test_a_file_is_one_asset_for_all_specs_that_read_it(specs):
    write_table(specs, "first")
    write_table(specs, "second")
    found = nodes(specs)
    key = "file/data/points_csv"
    assert found[key].is_observable
    assert {k.to_user_string() for k in found[key].child_keys} == {
        "first/dataset",
        "second/dataset",
    }


def test_a_cron_expression_is_a_running_schedule(specs):
    write_tiny(specs)
    (schedule,) = definitions_for(specs).get_repository_def().schedule_defs
    assert schedule.name == "tiny_retraining"
    assert schedule.cron_schedule == "0 3 * * 1"
    assert schedule.execution_timezone == "Europe/Berlin"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING


def test_a_schedule_asks_for_its_own_chain(specs):
    write_tiny(specs)
    write_tiny(specs, "other")
    repository = definitions_for(specs).get_repository_def()
    schedule = repository.get_schedule_def("tiny_retraining")
    with dg.build_schedule_context() as context:
        (request,) = schedule.evaluate_tick(context).run_requests
    assert {key.to_user_string() for key in request.asset_selection} == {
        f"tiny/{step}" for step in STEPS
    }


def test_new_content_asks_for_one_run_and_a_new_date_for_none(specs):
    path = write_table(specs, "points")
    sensor = new_data_sensor([read_spec(path)])
    data = specs.parent / "data" / "points.csv"

    def tick(cursor):
        with dg.build_sensor_context(cursor=cursor) as context:
            result = sensor.evaluate_tick(context)
        return result.run_requests or [], result.asset_events, result.cursor

    first, seen, cursor = tick(None)
    assert (first, len(seen)) == ([], 1)
    data.touch()
    touched, seen, cursor = tick(cursor)
    assert (touched, len(seen)) == ([], 0)
    data.write_text(data.read_text() + "0.5,0.5,1\n")
    changed, seen, cursor = tick(cursor)
    assert ([request.tags["dlspec/spec"] for request in changed], len(seen)) == (["points"], 1)
    assert tick(cursor)[0] == []


def test_a_broken_spec_fails_its_check_without_a_run_and_once(specs):
    write_broken(specs)
    _, broken = read_specs(specs)
    sensor = broken_specs_sensor(broken)
    with dg.build_sensor_context() as context:
        first = sensor.evaluate_tick(context)
    (event,) = first.asset_events
    assert (event.asset_key.path, event.check_name, event.passed) == (
        ["wrong", "spec"],
        "compiles",
        False,
    )
    with dg.build_sensor_context(cursor=first.cursor) as context:
        assert sensor.evaluate_tick(context).asset_events == []


def test_gates_and_comments_do_not_retrain(specs):
    path = write_tiny(specs)
    before = read_spec(path).plan
    path.write_text(path.read_text().replace(">= 0.5", ">= 0.9") + "# a comment\n")
    after = read_spec(path).plan
    assert [code_version(before, step) == code_version(after, step) for step in sorted(STEPS)] == [
        False,  # champion
        True,
        True,
        True,
        True,
    ]


def test_another_layer_retrains_and_keeps_the_data(specs):
    path = write_tiny(specs)
    before, after = read_spec(path).plan, read_spec(path, {"units": 16}).plan
    assert code_version(before, "dataset") == code_version(after, "dataset")
    assert code_version(before, "model") != code_version(after, "model")


def test_the_location_loads_without_a_framework(specs):
    write_tiny(specs)
    write_broken(specs)
    heavy = (
        "keras tensorflow jax torch numpy pandas pandera matplotlib sklearn scipy pyarrow jinja2"
    )
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from dlspec_pipelines.location.chain_definitions import definitions_for\n"
        f"definitions_for(Path({str(specs)!r})).get_repository_def()\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert run.stdout == "[]\n"


def test_the_root_workspace_names_the_location():
    program = (
        "from dagster._core.workspace.load_target import WorkspaceFileTarget\n"
        "(origin,) = WorkspaceFileTarget(['workspace.yaml']).create_origins()\n"
        "print(origin.location_name)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert run.stdout == "dlspec\n"
