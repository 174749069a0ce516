"""One rule for the exit status of every command: 0 done, 1 something is wrong, 2 wrong usage.

Ctrl-C (130) and failing gates and steps (1) need a training: tests/pipelines has them.
"""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from dlspec_pipelines.cli import main

GOOD = """dlspec: 1
name: good
params: {width: 16, kernel: 3}
model:
  inputs: {x: [8, 1]}
  graph:
    - Conv1D: [4, {kernel_size: $kernel}]
    - Flatten
    - Dense: $width
"""
BAD = GOOD.replace("name: good", "name: bad").replace("- Flatten", "- Flaten")
WARNED = """dlspec: 1
name: warned
model:
  inputs: {image: [8, 8, 3]}
  graph: [{BatchNormalization, call: {training: false}}]
"""
ROWS = """dlspec: 1
name: rows
data:
  source: {csv: ../many.csv}
  inputs: {x: {number: x}}
  targets: {y: {number: y}}
  split: {validation: 0.2, test: 0.2}
  expect: {x: {in_range: [0, 1]}}
model:
  inputs: {x: [1]}
  graph: [{Dense: 1, name: y}]
"""
FILES = {
    "specs/rows.yaml": ROWS,
    "many.csv": "x,y\n" + "".join(f"{i / 20},{i % 2}\n" for i in range(20)),
    "specs/good.yaml": GOOD,
    "specs/bad.yaml": BAD,
    "specs/warned.yaml": WARNED,
    "specs/untidy.yaml": "name: untidy\n" + GOOD.replace("name: good\n", ""),
    "compose.yaml": "services: {web: {image: nginx}}\n",
    "model.json": "{}",
    "rows.csv": "x\n1\n",
    "rows.xlsx": "x",
    "docs/notes.md": "",
}

CLEAN = [
    "--help",
    "--version",
    "check specs/good.yaml",
    "check specs/warned.yaml",
    "check --ignore DL3 specs/bad.yaml --select DL5",
    "show good",
    "show good --json",
    "show good --set width=3",
    "show good --graph good.svg",
    "show good --graph good.PNG --fold",
    "show - < specs/good.yaml",
    "check specs/good.yaml --set width=3",
    "diff good good",
    "diff good good --set width=3",
    "diff good warned",
    "explain",
    "explain dl402",
    "explain DL301 bad",
    "fmt specs/good.yaml",
    "fmt specs/untidy.yaml",
    "zoo",
    "zoo resnet",
    "schema",
    "init here",
    "new mine",
    "data rows",
    "data rows --json -q",
    "new mine --data many.csv --target x",
    "data rows --html rows.html",
    "runs",
    "runs --json",
    "clean --dry-run",
    "clean --yes --older-than 30d",
    "clean --dry-run --json",
]
FINDINGS = [
    "check",
    "check specs/bad.yaml",
    "check --strict specs/warned.yaml",
    "check compose.yaml",
    "show bad",
    "show good --set kernel=9",
    "diff good bad",
    "check specs/good.yaml --set kernel=9",
    "diff good good --set kernel=9",
    "fmt --check specs/untidy.yaml",
    "fmt compose.yaml",
    "import model.json",
    "run bad",
    "run good --set kernel=9",
    "data bad",
    "data rows --set data.expect.y.unique=true",
    "data rows --set data.source.csv=nowhere.csv",
]
WRONG_USAGE = [
    "nonsense",
    "chek",
    "--nonsense",
    # What is named is not there.
    "check nowhere.yaml",
    "check specs/good.yaml nowhere",
    "check docs",
    "fmt nowhere.yaml",
    "fmt docs",
    "show nowhere.yaml",
    "show goood",
    "diff good",
    "diff good nowhere.yaml",
    "diff goood good",
    "explain DL999",
    "explain DL402 goood",
    "zoo rsnet",
    "new mine --zoo rsnet",
    "new mine --data nowhere.csv",
    "new mine --data rows.csv --target y",
    "new mine --data many.csv --zoo resnet",
    "new mine --target x",
    "new mine --data nothing",
    "import nowhere.keras",
    "run nowhere.yaml",
    "run goood",
    "predict nobody rows.csv",
    "predict nobody nowhere.csv",
    # It cannot be what it is named for.
    "check --format xml",
    "check --select E501",
    "new 9lives",
    "new mine --zoo lenet5 --data imdb",
    "import model.json -o specs/9lives.yaml",
    "import model.json -o specs",
    "import model.json -o model.json",
    "import model.json -o rows.csv/spec.yaml",
    "import model.json --weights model.h5",
    "init rows.csv",
    "show good --graph specs",
    "show good --graph nowhere/good.svg",
    "diff - -",
    "check --watch -",
    "check --watch nowhere.yaml",
    "show good --graph good.pdf",
    "show bad --graph good",
    "show good --fold",
    "check --fix --set width=3",
    "show mine/0000",
    "run good",
    "run good --backend theano",
    "predict nobody rows.xlsx",
    "predict nobody#1 rows.csv",
    "runs nobody",
    "champion nobody",
    "clean",
    "clean --yes --older-than 30",
    "clean --yes --older-than soon",
    "compare nobody nobody",
    "compare nobody#1 nobody#2 --json",
    "report nobody",
    "champion nobody --rollback",
    "champion nobody --promote nobody#1",
    "show nobody#1",
    "predict nobody rows.csv -o out.xlsx",
    "predict nobody rows.csv -o nowhere/out.csv",
    "predict nobody rows.csv --beam 0",
    "data goood",
    "data good",
    "data rows --html nowhere/rows.html",
    "data rows --html specs",
    "data rows --set width=3",
    "dev --port 0",
    "dev --port http",
    # A value that cannot be set.
    *(
        f"{command} {'' if 'check' in command else 'good'} --set {value}"
        for command in ("show", "run", "diff good", "check specs/good.yaml")
        for value in ("width", "wdth=3", "width=wide", "'width=[1, 2]'", "model.nothing=3")
    ),
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))

    def invoke(line):
        command, _, file = line.partition(" < ")
        given = Path(file).read_text() if file else None
        return CliRunner().invoke(main, shlex.split(command), input=given)

    return invoke


@pytest.mark.parametrize(
    ("status", "line"),
    [
        *((0, line) for line in CLEAN),
        *((1, line) for line in FINDINGS),
        *((2, line) for line in WRONG_USAGE),
        *((2, f"{command} --nonsense") for command in sorted(main.list_commands(None))),
    ],
)
def test_the_exit_status_follows_one_rule(run, status, line):
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    ended = run(line)
    assert ended.exit_code == status, ended.output
    assert isinstance(ended.exception, SystemExit | None), ended.exception
    if status == 2:
        assert "error" in ended.output.lower()
        assert ended.stdout == "" or line.startswith("check")
        assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_every_command_stands_in_the_table():
    shown = {line.split()[0] for line in (*CLEAN, *FINDINGS, *WRONG_USAGE)}
    assert set(main.list_commands(None)) <= shown
