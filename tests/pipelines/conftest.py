"""Runs that several files look at: trained once for each of pytest's processes, and copied."""

import shutil

import pytest


@pytest.fixture(scope="session")
def runs_once(tmp_path_factory):
    """Return a home and what the steps of its runs gave: a line, a net, an equal one."""
    # Imports TensorFlow, which the other files of this folder may not need.
    import trained_homes

    folder = tmp_path_factory.mktemp("runs") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLSPEC_HOME", str(folder))
        made = {
            "line": trained_homes.make_run("0a-line", units=0),
            "net": trained_homes.make_run("1b-net"),
            "equal": trained_homes.make_run("2c-equal", epochs=7),
        }
    return folder, made


@pytest.fixture
def runs_home(runs_once, tmp_path, monkeypatch):
    """Return a home of this test's own with those runs, in a project of its own."""
    project = tmp_path / "project"
    (project / "specs").mkdir(parents=True)
    folder = shutil.copytree(runs_once[0], project / ".dlspec")
    monkeypatch.delenv("DLSPEC_HOME", raising=False)
    monkeypatch.chdir(project)
    return folder
