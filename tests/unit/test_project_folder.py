"""Where a project begins, and whose pyproject.toml counts."""

import os

import pytest
from click.testing import CliRunner

from dlspec.cli import main
from dlspec.language.catalogue.project import project_of, project_root
from dlspec_pipelines.dev.serve import _workspace_of
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import artifacts_home

GOOD = "dlspec: 1\nname: good\nmodel:\n  inputs: {x: [8]}\n  graph: [{Dense: 4}]\n"
TABLE = '[tool.dlspec.layers]\nSwish = "mylayers:Swish"\n'


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a repository with a project in a folder with a space in its name."""
    monkeypatch.delenv("DLSPEC_HOME", raising=False)
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "my models"
    (folder / "specs" / "vision").mkdir(parents=True)
    (folder / "specs" / "vision" / "good.yaml").write_text(GOOD)
    return folder


def test_a_sub_folder_belongs_to_the_project_above_it(project, monkeypatch):
    for sub in (project, project / "specs", project / "specs" / "vision"):
        monkeypatch.chdir(sub)
        assert project_root(sub) == project
        assert artifacts_home() == project / ".dlspec"
        assert CliRunner().invoke(main, ["show", "good"]).exit_code == 0
        assert CliRunner().invoke(main, ["check"]).exit_code == 0


def test_a_table_in_pyproject_counts_before_a_nearer_folder(project):
    (project / "pyproject.toml").write_text("[tool.dlspec]\n")
    (project / "lab" / "specs").mkdir(parents=True)
    assert project_root(project / "lab") == project


def test_nothing_above_a_repository_counts(project):
    root = project.parent
    inner = project / "vendored"
    (inner / ".git").mkdir(parents=True)
    (root / "pyproject.toml").write_text(TABLE)
    assert project_root(inner) is None
    assert project_of(str(inner / "spec.yaml")) is None
    assert project_of(str(project / "spec.yaml")).folder == root


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_pyproject_of_another_user_names_no_code(project):
    (project / "pyproject.toml").write_text(TABLE)
    os.chown(project / "pyproject.toml", 12345, 12345)
    assert project_of(str(project / "specs" / "good.yaml")) is None
    # Whoever wrote the spec may have written its project too.
    os.chown(project / "specs", 12345, 12345)
    assert project_of(str(project / "specs" / "good.yaml")).folder == project


def test_dev_finds_the_specs_without_a_workspace(project, monkeypatch):
    monkeypatch.chdir(project / "specs")
    made = _workspace_of(project)
    assert made == project / ".dlspec" / "workspace.yaml"
    assert str(project) in made.read_text()


@pytest.mark.parametrize("text", ["", "load_from: []\n", "load_from: [\n", "- a\n"])
def test_a_workspace_that_names_nothing_is_a_sentence(project, text):
    (project / "workspace.yaml").write_text(text)
    with pytest.raises(StepError, match=r"workspace.yaml` (names no code location|cannot be read)"):
        _workspace_of(project)
