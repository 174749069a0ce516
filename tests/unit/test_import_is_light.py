"""The front end starts fast: it imports no framework and nothing else that is heavy."""

import subprocess
import sys

import pytest

HEAVY = (
    *("dagster", "jax", "keras", "matplotlib", "numpy", "pandas", "pandera", "pyarrow", "rich"),
    *("scipy", "sklearn", "tensorflow", "torch"),
)


def _imported_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import dlspec",
        "import dlspec.cli",
        "from dlspec.cli import main\nfor name in main.list_commands(0): main.get_command(0, name)",
        "import dlspec\ndlspec.load('specs/digits_lenet5.yaml')",
        "import dlspec\ndlspec.load('dlspec/expand/zoo/resnet.yaml')",
    ],
    ids=["dlspec", "cli", "every command", "a spec", "an architecture"],
)
def test_the_front_end_imports_nothing_heavy(statement, monkeypatch, request):
    monkeypatch.chdir(request.config.rootpath)
    assert sorted(_imported_by(statement) & set(HEAVY)) == []


def test_compile_and_decompile_are_reached_only_when_asked_for():
    assert "keras" not in _imported_by("import dlspec\nassert 'compile' in dlspec.__all__")
