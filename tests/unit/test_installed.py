"""The package as others install it: what it needs, what it says where the rest is missing."""

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dlspec

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
# `_yaml` is a part of PyYAML.
COMPILER_ONLY = ("click", "yaml", "_yaml", "tzdata")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Run Python where nothing is installed but what the compiler needs."""
    packages = tmp_path_factory.mktemp("packages")
    for name in COMPILER_ONLY:
        place = importlib.util.find_spec(name).submodule_search_locations[0]
        (packages / name).symlink_to(place)
    path = [str(place) for place in (ROOT, ROOT / "pipelines", packages)]

    def run(code, *arguments):
        start = f"import sys\nsys.path[:0] = {path}\n{code}"
        command = [sys.executable, "-I", "-S", "-c", start, *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    return run


@pytest.fixture(scope="module")
def bare_dlspec(bare):
    """Run a command there, with those of the pipelines, which the same wheel brings."""
    code = "import dlspec_pipelines.cli\nfrom dlspec.cli import main\nmain(prog_name='dlspec')"
    return lambda *arguments: bare(code, *arguments)


def test_the_compiler_needs_three_packages():
    names = {need.partition(">")[0] for need in PYPROJECT["project"]["dependencies"]}
    assert names == {"click", "pyyaml", "tzdata"}


def test_every_extra_is_one_that_works_today():
    assert set(PYPROJECT["project"]["optional-dependencies"]) == {
        *("run", "jax", "torch", "gpu", "postgres", "dev")
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "specs"),
        ("show", "digits_lenet5"),
        ("diff", "digits_lenet5", "digits_cnn_gru"),
        ("fmt", "--check", "specs"),
        ("explain", "DL402"),
        ("schema",),
        ("zoo", "resnet"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_compilers_commands_need_nothing_else(arguments, bare_dlspec):
    done = bare_dlspec(*arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize(
    ("arguments", "package"),
    [
        (("run", "digits_lenet5"), "pydantic"),
        (("predict", "digits_lenet5", "README.md"), "pydantic"),
        (("show", "digits_lenet5", "--graph", "x.png"), "pillow"),
        (("dev",), "watchfiles"),
        (("import", "README.md"), "h5py"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_that_needs_the_rest_says_what_brings_it(arguments, package, bare_dlspec):
    done = bare_dlspec(*arguments)
    assert (done.returncode, done.stderr) == (
        2,
        f"Error: `dlspec {arguments[0]}` needs `{package}`, which is not installed; "
        "`pip install 'dlspec[run]'` brings it\n",
    )


@pytest.mark.parametrize("name", ["compile", "decompile"])
def test_python_says_what_brings_keras(name, bare):
    done = bare(f"import dlspec\ntry:\n    dlspec.{name}\nexcept ImportError as e:\n    print(e)")
    assert done.stdout == (
        f"`dlspec.{name}` needs `keras`, which is not installed; "
        "`pip install 'dlspec[run]'` brings it\n"
    )


def test_the_module_runs_as_the_console_script_does():
    done = subprocess.run(
        [sys.executable, "-m", "dlspec", "--version"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == f"dlspec, version {dlspec.__version__}\n"


def test_every_command_of_the_pipelines_is_an_entry_point():
    # The console script finds them so; `dlspec` itself names none of them.
    import dlspec_pipelines.cli as pipelines

    names = {command.name: command for command in vars(pipelines).values() if _is_command(command)}
    assert set(PYPROJECT["project"]["entry-points"]["dlspec.commands"]) == set(names)


def _is_command(value):
    import click

    return isinstance(value, click.Command) and not isinstance(value, click.Group)
