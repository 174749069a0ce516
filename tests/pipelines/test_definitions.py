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


@pytest.fixture
def look(specs):
    """Look at the files of one spec as Dagster's daemon does, again and again."""
    sensor = new_data_sensor([read_spec(write_table(specs, "points"))])
    cursor = None

    def look_again():
        nonlocal cursor
        with dg.build_sensor_context(cursor=cursor) as context:
            result = sensor.evaluate_tick(context)
        cursor = result.cursor
        return result.run_requests or [], result.asset_events

    return look_again


def test_new_content_asks_for_one_run_and_a_new_date_for_none(specs, look):
    data = specs.parent / "data" / "points.csv"
    first, seen = look()
    assert (first, len(seen)) == ([], 1)
    data.touch()
    touched, seen = look()
    assert (touched, len(seen)) == ([], 0)
    data.write_text(data.read_text() + "0.5,0.5,1\n")
    changed, seen = look()
    assert ([request.tags["dlspec/spec"] for request in changed], len(seen)) == (["points"], 1)
    assert look()[0] == []


def test_content_that_comes_back_asks_for_a_run_of_its_own(specs, look):
    data = specs.parent / "data" / "points.csv"
    a, b = data.read_text(), data.read_text() + "0.5,0.5,1\n"
    look()
    keys = []
    for content in (b, a, b, a, b):
        data.write_text(content)
        (request,) = look()[0]
        keys.append(request.run_key)
        assert look()[0] == []
    # Dagster starts no run for a key that it has seen.
    assert len(set(keys)) == 5


def test_a_file_that_went_and_came_back_as_it_was_asks_for_nothing(specs, look):
    data = specs.parent / "data" / "points.csv"
    content = data.read_text()
    look()
    data.unlink()
    assert look()[0] == []
    data.write_text(content)
    assert look()[0] == []
    data.unlink()
    look()
    data.write_text(content + "0.5,0.5,1\n")
    assert len(look()[0]) == 1


def test_a_change_beside_a_missing_file_is_not_forgotten(specs):
    path = write_table(specs, "points")
    data = specs.parent / "data" / "points.csv"
    more = data.with_name("more.csv")
    more.write_text(data.read_text())
    path.write_text(
        path.read_text().replace("../data/points.csv", "[../data/points.csv, ../data/more.csv]")
    )
    sensor = new_data_sensor([read_spec(path)])
    cursor, asked = None, []
    for step in (
        lambda: None,
        more.unlink,
        lambda: data.write_text(data.read_text() + "0.5,0.5,1\n"),
        lambda: more.write_text(data.read_text()),
    ):
        step()
        with dg.build_sensor_context(cursor=cursor) as context:
            result = sensor.evaluate_tick(context)
        cursor = result.cursor
        asked.append(len(result.run_requests or []))
    assert asked == [0, 0, 0, 1]


def test_a_cursor_of_an_earlier_version_is_begun_anew(specs):
    sensor = new_data_sensor([read_spec(write_table(specs, "points"))])
    early = '{"file/data/points_csv": {"stamp": "1:2", "version": "abc"}}'
    with dg.build_sensor_context(cursor=early) as context:
        assert sensor.evaluate_tick(context).run_requests == []


def _file_keys(specs, *names, spec="many"):
    """Return the asset keys of files, and the names of the operations that observe them."""
    path = write_table(specs, spec)
    for name in names:
        file = path.parent / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x,y,side\n")
    path.write_text(path.read_text().replace("../data/points.csv", str(list(names))))
    defs = definitions_for(specs)
    return [
        key
        for key in defs.resolve_asset_graph().get_all_asset_keys()
        if key.path[0].endswith("file")
    ]


def test_no_two_files_share_a_key(specs):
    names = [
        *("part-1.csv", "part.1.csv", "part_1.csv", "part_1_csv", "part 1.csv", "Part-1.csv"),
        *("a/b.csv", "a__b.csv", "läufe.csv", "l_ufe.csv", "../dataset", "../data/points.csv"),
    ]
    keys = _file_keys(specs, *names)
    assert len(set(keys)) == len(names)


def test_a_file_in_a_folder_of_shared_data_is_another_one(specs, tmp_path, monkeypatch):
    shared, elsewhere = tmp_path / "shared", tmp_path.parent / f"{tmp_path.name}-away"
    monkeypatch.setenv("DLSPEC_DATA", str(shared))
    for folder in (shared, elsewhere):
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "x.csv").write_text("x,y,side\n")
    (shared / "data" / "y.csv").write_text("x,y,side\n")
    keys = _file_keys(specs, "../data/x.csv")
    keys += _file_keys(specs, f"{elsewhere}/data/x.csv", spec="other")
    places = {key.path[0] for key in keys}
    assert places == {"file", "absolute_file"}


def test_specs_in_one_folder_and_below_it_name_a_file_alike(specs):
    write_table(specs, "above")
    below = write_table(specs / "deep", "below")
    below.write_text(below.read_text().replace("../data/points.csv", "../../data/points.csv"))
    files = [key for key in nodes(specs) if key.startswith("file")]
    assert files == ["file/data/points_csv"]


def test_new_data_in_one_of_two_like_files_retrains_its_spec_alone(specs):
    paths = []
    for name, file in (("one", "part-1.csv"), ("two", "part.1.csv")):
        path = write_table(specs, name)
        path.with_name(file).write_text("x,y,side\n")
        path.write_text(path.read_text().replace("../data/points.csv", file))
        paths.append(path)
    sensor = new_data_sensor([read_spec(path) for path in paths])
    with dg.build_sensor_context() as context:
        cursor = sensor.evaluate_tick(context).cursor
    (specs / "part.1.csv").write_text("x,y,side\n1,1,1\n")
    with dg.build_sensor_context(cursor=cursor) as context:
        result = sensor.evaluate_tick(context)
    assert [request.tags["dlspec/spec"] for request in result.run_requests] == ["two"]
    (event,) = result.asset_events
    assert event.asset_key.path[:2] == ["file", "specs"]
    assert event.asset_key.path[2].startswith("part_1_csv_")


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
