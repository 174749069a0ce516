"""`dlspec init`: the project it makes is checked clean, and nothing that is there is lost."""

import json
import tomllib

import pytest
from click.testing import CliRunner

from dlspec.cli import main

FILES = {".gitignore", "pyproject.toml", "schemas/dlspec-1.json", "specs/digits_lenet5.yaml"}


def _invoke(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("name", ["models", "a folder with spaces", "in/a/new/one"])
def test_a_new_project_is_checked_clean(name, tmp_path, monkeypatch):
    folder = tmp_path / name
    result = _invoke("init", folder)
    assert result.exit_code == 0, result.output
    assert result.output.count("made ") == 4
    assert set(_contents(folder)) == FILES
    monkeypatch.chdir(folder)
    assert _invoke("check").exit_code == 0
    assert _invoke("show", "digits_lenet5").exit_code == 0


def test_the_next_commands_can_be_pasted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _invoke("init", "my models").output.endswith(
        "next:\n  cd 'my models' && dlspec check\n  dlspec run digits_lenet5\n"
    )
    assert _invoke("init").output.endswith("next:\n  dlspec check\n  dlspec run digits_lenet5\n")


def test_the_spec_points_the_editor_to_the_schema(tmp_path):
    _invoke("init", tmp_path)
    spec = tmp_path / "specs" / "digits_lenet5.yaml"
    start, _, schema = spec.read_text().splitlines()[0].partition("$schema=")
    assert start == "# yaml-language-server: "
    assert "$schema" in json.loads((spec.parent / schema).read_text())


def test_a_second_time_changes_nothing(tmp_path):
    _invoke("init", tmp_path)
    before = _contents(tmp_path)
    result = _invoke("init", tmp_path)
    assert result.exit_code == 0
    assert result.output.count("kept ") == 4
    assert _contents(tmp_path) == before


def test_a_file_of_yours_is_kept(tmp_path):
    spec = tmp_path / "specs" / "digits_lenet5.yaml"
    spec.parent.mkdir()
    spec.write_text("mine")
    assert f"kept {spec}" in _invoke("init", tmp_path).output
    assert spec.read_text() == "mine"


@pytest.mark.parametrize(
    "before", ['[project]\nname = "mine"', "[tool.ruff]\r\nfix = true\r\n", ""]
)
def test_the_table_is_added_to_a_pyproject_without_it(before, tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_bytes(before.encode())
    assert f"added to {file}" in _invoke("init", tmp_path).output
    after = file.read_bytes().decode()
    assert after.startswith(before)
    assert tomllib.loads(after)["tool"]["dlspec"] == {}


@pytest.mark.parametrize("before", ["[tool.dlspec.layers]\n", "[tool]\ndlspec = {}\n"])
def test_a_table_that_is_there_is_left(before, tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text(before)
    assert f"kept {file}" in _invoke("init", tmp_path).output
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("before", "after"),
    [("build/", "build/\n.dlspec/\n"), ("/.dlspec\n", "/.dlspec\n"), ("", ".dlspec/\n")],
)
def test_runs_are_ignored_once(before, after, tmp_path):
    (tmp_path / ".gitignore").write_text(before)
    _invoke("init", tmp_path)
    assert (tmp_path / ".gitignore").read_text() == after


@pytest.mark.parametrize("content", [b"tool = 3", b"tool = {}", b"[tool", b"\xff"])
def test_a_pyproject_that_takes_no_table_is_left(content, tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_bytes(content)
    result = _invoke("init", tmp_path)
    assert result.exit_code == 2
    assert result.output.startswith(f"Error: {file} ")
    assert len(result.output.splitlines()) == 1
    assert _contents_names(tmp_path) == ["pyproject.toml"]
    assert file.read_bytes() == content


def _contents_names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_file_in_the_folders_place_is_one_sentence(tmp_path):
    file = tmp_path / "taken"
    file.touch()
    for folder in (file, file / "below"):
        result = _invoke("init", folder)
        assert result.exit_code == 2
        assert len(result.output.splitlines()) == 1


def test_a_folder_that_cannot_be_made_is_one_sentence():
    result = _invoke("init", "/proc/models")
    assert result.exit_code == 2
    assert result.output.startswith("Error: /proc")
    assert len(result.output.splitlines()) == 1
