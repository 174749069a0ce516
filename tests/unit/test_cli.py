"""The compiler's commands: what they print, where, and how they end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dlspec.cli import main
from dlspec.diagnostics.codes import Code
from dlspec_pipelines.specs import read_specs

GOOD = """dlspec: 1
name: good
model:
  inputs: {x: [8]}
  graph: [{Dense: [16, relu]}, {Dense: 4}]
"""
BAD = GOOD.replace("name: good", "name: bad").replace("relu", "rleu")
WARNED = """dlspec: 1
name: warned
model:
  inputs: {image: [8, 8, 3]}
  graph: [{BatchNormalization, call: {training: false}}]
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in a folder that holds specs/good, bad and warned."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs" / "inner").mkdir(parents=True)
    (tmp_path / "specs" / "good.yaml").write_text(GOOD)
    (tmp_path / "specs" / "inner" / "bad.yaml").write_text(BAD)
    (tmp_path / "warned.yaml").write_text(WARNED)
    return lambda *arguments, text=None: CliRunner().invoke(main, arguments, input=text)


def test_check_without_mistakes_exits_with_0(run):
    result = run("check", "specs/good.yaml")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 spec checked: no mistakes\n"


def test_check_takes_the_name_of_a_spec_as_run_and_show_do(run):
    assert run("check", "good").stderr == "1 spec checked: no mistakes\n"
    result = run("check", "bad")
    assert " --> specs/inner/bad.yaml:5:24" in result.stdout
    missing = run("check", "godo")
    assert missing.exit_code == 2
    assert "there is no file or folder `godo`; write `specs/good.yaml`" in missing.output


def test_check_reads_a_folder_and_exits_with_1_on_a_mistake(run):
    result = run("check")
    assert result.exit_code == 1
    assert result.stdout.startswith("error[DL206]: unknown activation `rleu`")
    assert " --> specs/inner/bad.yaml:5:24" in result.stdout
    assert result.stderr == "2 specs checked: 1 error\n"


def test_warnings_pass_unless_strict(run):
    assert run("check", "warned.yaml").exit_code == 0
    assert run("check", "--strict", "warned.yaml").exit_code == 1
    assert run("check", "warned.yaml").stderr.endswith("1 spec checked: 1 warning\n")


def test_check_reads_standard_input_and_asks_for_no_file_name(run):
    assert run("check", "-", text=GOOD).exit_code == 0
    result = run("check", "-", text=BAD)
    assert result.exit_code == 1
    assert " --> -:5:24" in result.stdout


def test_json_prints_one_object_with_every_key_of_the_contract(run):
    result = run("check", "--format", "json", "specs/inner/bad.yaml")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)["diagnostics"]
    assert found == {
        "code": "DL206",
        "severity": "error",
        "message": "unknown activation `rleu`",
        "path": "specs/inner/bad.yaml",
        "line": 5,
        "column": 24,
        "end_line": 5,
        "end_column": 28,
        "label": "Keras has no activation of this name",
        "notes": [],
        "help": "write `relu`",
        "related": [],
    }


def test_json_without_mistakes_is_an_empty_list(run):
    result = run("check", "--format", "json", "specs/good.yaml")
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"diagnostics": []})


def test_github_prints_one_command_per_finding(run):
    result = run("check", "--format", "github", "specs")
    assert result.exit_code == 1
    assert result.stdout.startswith("::error file=specs/inner/bad.yaml,line=5,col=24,")
    assert result.stdout.count("\n") == 1


def test_sarif_names_the_rule_and_the_place(run):
    result = run("check", "--format", "sarif", "specs")
    (log,) = json.loads(result.stdout)["runs"]
    assert [found["ruleId"] for found in log["results"]] == ["DL206"]
    assert [rule["id"] for rule in log["tool"]["driver"]["rules"]] == ["DL206"]


def test_a_file_that_is_not_there_is_wrong_usage_and_the_nearest_is_offered(run):
    result = run("check", "goood.yaml")
    assert result.exit_code == 2
    assert "there is no file or folder `goood.yaml`; write `specs/good.yaml`" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chek",), "no such command `chek`; write `check`"),
        (("check", "--format", "xml"), "'xml' is not one of"),
        (("show", "goood"), "there is no spec and no run `goood`; write `good`"),
        (("show", "good/ffff"), "there is no run `good/ffff`; `dlspec run good` trains one"),
        (("diff", "good", "good/ffff"), "there is no run `good/ffff`; `dlspec run good` trains"),
        (("show", "ffff"), "there is no spec and no run `ffff`; the specs are bad, good"),
        (("show", "good", "--set", "width"), "`--set width` has no `=`"),
        (("explain", "DL999"), "there is no code `DL999`"),
        (("diff", "good"), "Missing argument"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(run, arguments, said):
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_an_empty_folder_is_wrong_usage(run, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run("check", "empty")
    assert result.exit_code == 2
    assert "there is no spec under empty" in result.stderr


def test_show_prints_shapes_and_parameters(run):
    result = run("show", "good")
    assert result.exit_code == 0
    assert "(None, 16)" in result.stdout
    assert "144" in result.stdout  # 8 * 16 + 16
    assert "212" in result.stdout  # and 16 * 4 + 4 more


def test_show_writes_a_picture(run, tmp_path):
    result = run("show", "good", "--graph", "good.svg")
    assert result.exit_code == 0
    assert (tmp_path / "good.svg").read_text().startswith("<svg")


def test_show_of_a_broken_spec_reports_and_exits_with_1(run):
    result = run("show", "bad")
    assert result.exit_code == 1
    assert "error[DL206]" in result.stderr


def test_set_changes_a_param_and_refuses_what_is_none(run, tmp_path):
    text = GOOD.replace("model:", "params: {width: 16}\nmodel:").replace("[16, relu]", "$width")
    (tmp_path / "specs" / "good.yaml").write_text(text)
    assert "(None, 32)" in run("show", "good", "--set", "width=32").stdout
    assert "1 | width=[1, 2]\n" in run("show", "good", "--set", "width=[1, 2]").stderr
    for given, code in (("wdth=3", "DL316"), ("width=wide", "DL203"), ("width=[1, 2]", "DL203")):
        result = run("show", "good", "--set", given)
        assert result.exit_code == 2
        assert f"error[{code}]" in result.stderr


def test_explain_prints_the_page_of_a_code_in_any_case(run):
    result = run("explain", "dl402")
    assert result.exit_code == 0
    assert result.stdout.startswith("# DL402")


def test_diff_says_what_changed_and_what_runs_again(run, tmp_path):
    (tmp_path / "wide.yaml").write_text(
        GOOD.replace("name: good", "name: wide").replace("16", "32")
    )
    result = run("diff", "specs/good.yaml", "wide.yaml")
    assert result.exit_code == 0
    assert "parameters      212    420   +208 (+98.1%)" in result.stdout
    assert "must run again: model" in result.stdout
    same = run("diff", "specs/good.yaml", "specs/good.yaml")
    assert same.stdout == "good: nothing changed in meaning\n"


COMPOSE = "services:\n    web:   {image: nginx}\n"


def test_a_folder_gives_its_specs_alone_and_fmt_leaves_the_rest_as_it_was(run):
    others = {
        "docker-compose.yaml": COMPOSE,
        ".dlspec/runs/spec.yaml": BAD.replace(": ", ":   "),
        ".github/workflows/ci.yml": COMPOSE,
    }
    for name, text in others.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    assert run("check", ".").stderr == "3 specs checked: 1 error and 1 warning\n"
    assert run("fmt", ".").exit_code == 0
    assert {name: Path(name).read_text() for name in others} == others


def test_what_runs_takes_the_files_of_a_folder_that_check_takes(run):
    Path("specs/compose.yaml").write_text(COMPOSE)
    Path("specs/.hidden.yaml").write_text(GOOD)
    good, broken = read_specs(Path("specs"))
    assert [spec.name for spec in good] == ["good"]
    assert [spec.name for spec in broken] == ["bad"]
    assert run("check").stderr == "2 specs checked: 1 error\n"
    assert "there is no spec and no run `compose`" in run("show", "compose").stderr


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_a_named_file_that_is_no_spec_is_told_so_once(run, command):
    Path("compose.yaml").write_text(COMPOSE)
    result = run(command, "compose.yaml")
    assert result.exit_code == 1
    assert result.output.count("error[") == 1
    assert "error[DL202]: `compose.yaml` is no spec" in result.output
    assert Path("compose.yaml").read_text() == COMPOSE


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("dlspec: 1\nname: [a\n", 3),
        ("'dlspec' : 1\n", 3),
        ("{name: x,\n dlspec: 1}\n", 3),
        ("extends: good.yaml\nname: x\n", 3),
        ("x: {dlspec: 1}\n", 2),
        ("on:\n  dlspec: 1\n", 2),
        ("a: [b\n", 2),
        ("", 2),
    ],
)
def test_a_file_in_a_folder_is_a_spec_by_its_text_even_a_broken_one(run, text, specs):
    Path("specs/x.yaml").write_text(text)
    assert run("check").stderr.startswith(f"{specs} specs checked: ")


def test_a_spec_saved_as_utf_16_is_reported_and_not_passed_over(run):
    Path("specs/x.yaml").write_bytes(GOOD.encode("utf-16"))
    assert "error[DL102]" in run("check").stdout


def test_a_spec_without_its_first_line_has_all_its_mistakes(run):
    Path("specs/bad.yaml").write_text(BAD.removeprefix("dlspec: 1\n"))
    stdout = run("check", "specs/bad.yaml").stdout
    assert "error[DL202]: a spec needs `dlspec`" in stdout
    assert "error[DL206]" in stdout


def test_codes_are_selected_and_ignored_by_their_beginnings(run):
    assert run("check", "--select", "DL5,dl301").exit_code == 0
    assert run("check", "--select", "DL2").exit_code == 1
    assert run("check", "--ignore", "DL206").stderr == "2 specs checked: no mistakes\n"
    refused = run("check", "--ignore", "E501")
    assert refused.exit_code == 2
    assert "no code begins with `E501`" in refused.stderr


def test_quiet_prints_findings_alone(run):
    assert run("check", "-q", "specs/good.yaml").output == ""
    assert run("check", "-q").stderr == ""


@pytest.mark.parametrize(
    ("environment", "painted"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_color_follows_the_environment(run, monkeypatch, environment, painted):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in run("check").stdout) == painted


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("check -q bad.yaml", 1),
        ("check -q warned.yaml", 0),
        ("show warned.yaml", 0),
        ("show warned.yaml --json", 0),
        ("diff warned.yaml warned.yaml", 0),
        ("explain", 0),
        ("explain DL402", 0),
        ("zoo resnet", 0),
        ("schema", 0),
        ("--help", 0),
        ("show --help", 0),
        ("init made", 0),
    ],
)
def test_a_closed_pipe_is_quiet_and_changes_no_status(tmp_path, command, status):
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "warned.yaml").write_text(WARNED)
    code = f"import sys\nfrom dlspec.cli import main\nsys.stdin.readline()\nmain({command.split()})"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    ) as child:
        child.stdout.close()
        child.stdin.write(b"go\n")
        child.stdin.close()
        told = child.stderr.read().decode()
    assert "Error" not in told
    assert "Exception" not in told
    assert child.returncode == status


def test_what_a_command_writes_is_whole_when_nobody_reads_what_it_says(tmp_path):
    for number in range(3):
        text = GOOD.removeprefix("dlspec: 1\n").replace("good", f"good{number}")
        (tmp_path / f"good{number}.yaml").write_text(f"{text}dlspec: 1\n")
    script = "import sys\nfrom dlspec.cli import main\nsys.stdin.readline()\nmain(['fmt', '.'])"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    ) as child:
        child.stderr.close()
        child.stdin.write(b"go\n")
        child.stdin.close()
    assert child.returncode == 0
    assert all(file.read_text().startswith("dlspec") for file in tmp_path.glob("*.yaml"))


def test_explain_without_a_code_lists_all_with_their_titles(run):
    lines = run("explain").stdout.splitlines()
    assert [line[:5] for line in lines] == [code.value for code in Code]
    assert all(len(line) > 8 for line in lines)
