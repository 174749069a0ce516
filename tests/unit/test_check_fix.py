"""`dlspec check --fix`: which repairs it writes, and what it leaves as it was."""

import pytest
from click.testing import CliRunner

from dlspec.cli import main
from dlspec.diagnostics.suggest import replacement_word

SLIPS = """\
# Kept: `unitss` in a comment.
dlspec: 1
name: slips
modle:
  inputs: {x: [8]}
  graph:
    - Dense: {unitss: 16, activaton: relu, use_bias: yes}   # kept too
    - Dense: {out_features: 4, kernel_initializer: "glorot_unifrom"}
"""
MENDED = """\
# Kept: `unitss` in a comment.
dlspec: 1
name: slips
model:
  inputs: {x: [8]}
  graph:
    - Dense: {units: 16, activation: relu, use_bias: true}   # kept too
    - Dense: {units: 4, kernel_initializer: GlorotUniform}
"""


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Run `dlspec check` with arguments in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["check", *arguments])


def test_slips_are_written_right_and_the_rest_of_the_text_stays(check, tmp_path):
    spec = tmp_path / "slips.yaml"
    spec.write_text(SLIPS)
    result = check("--fix", "slips.yaml")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "slips.yaml: 6 repairs written\n1 spec checked: no mistakes\n"
    assert spec.read_text() == MENDED


def test_line_ends_and_a_byte_order_mark_of_the_rest_stay(check, tmp_path):
    spec = tmp_path / "slips.yaml"
    spec.write_bytes(SLIPS.replace("\n", "\r\n").encode())
    assert check("--fix", "slips.yaml").exit_code == 0
    assert spec.read_bytes() == MENDED.replace("\n", "\r\n").encode()


def test_a_repair_that_brings_another_mistake_is_not_written(check, tmp_path):
    spec = tmp_path / "flat.yaml"
    text = (
        "dlspec: 1\nname: flat\nmodel:\n  inputs: {x: [8]}\n"
        '  graph: [{Dense: "4"}, {Conv1D: {filters: 2, kernel_size: 1}}]\n'
    )
    spec.write_text(text)
    before = spec.stat().st_mtime_ns
    result = check("--fix", "flat.yaml")
    assert result.exit_code == 1
    assert "help: write it without quotes" in result.stdout
    assert (spec.read_text(), spec.stat().st_mtime_ns) == (text, before)


def test_what_a_base_has_wrong_is_not_written_into_the_file_that_extends_it(check, tmp_path):
    base = "dlspec: 1\nname: base\nmodel:\n  inputs: {x: [8]}\n  graph: [{Dense: {unitss: 4}}]\n"
    (tmp_path / "base.yaml").write_text(base)
    over = "dlspec: 1\nname: over\nextends: base.yaml\n"
    (tmp_path / "over.yaml").write_text(over)
    assert check("--fix", "over.yaml").exit_code == 1
    assert (tmp_path / "over.yaml").read_text() == over
    assert (tmp_path / "base.yaml").read_text() == base


def test_standard_input_cannot_be_repaired_in_place(check):
    result = check("--fix", "-")
    assert result.exit_code == 2
    assert "`--fix` writes into files" in result.stderr


@pytest.mark.parametrize(
    ("word", "known", "text", "certain"),
    [
        ("kernal_size", ("kernel_size", "strides"), "kernel_size", True),
        ("KernelSize", ("kernel_size",), "kernel_size", True),
        ("mape", ("mae", "mse"), "mae", False),
        ("f1_mxcro", ("f1_macro", "f1_micro"), "f1_macro", False),
        ("glorot_unifrom", ("GlorotUniform", "glorot_uniform"), "glorot_uniform", True),
        ("GlorotUnifrom", ("GlorotUniform", "glorot_uniform"), "GlorotUniform", True),
    ],
)
def test_a_word_is_certain_when_it_is_long_and_no_other_is_as_near(word, known, text, certain):
    found = replacement_word(word, known)
    assert (found.text, found.certain) == (text, certain)


def test_a_word_near_to_none_has_no_replacement():
    assert replacement_word("padding", ("units", "activation")) is None


def test_a_word_three_slips_away_is_not_certain():
    known = ("categories", "category", "number")
    assert replacement_word("categorical", known).certain is False


def test_a_file_whose_name_cannot_be_a_models_is_told_one_way_out(check, tmp_path):
    (tmp_path / "odd.bad.yaml").write_text(
        "dlspec: 1\nname: odds\nmodel:\n  inputs: {x: [8]}\n  graph: [{Dense: 4}]\n"
    )
    said = "write `name: odd_bad` and call the file `odd_bad.yaml`"
    assert said in check("odd.bad.yaml").stdout
    text = (tmp_path / "odd.bad.yaml").read_text().replace("odds", "odd_bad")
    (tmp_path / "odd_bad.yaml").write_text(text)
    assert check("odd_bad.yaml").exit_code == 0


def test_a_bare_key_that_is_set_is_told_its_path(check, tmp_path):
    (tmp_path / "moons.yaml").write_text(
        "dlspec: 1\nname: moons\nmodel:\n  inputs: {x: [8]}\n  graph: [{Dense: 4}]\n"
    )
    result = check("moons.yaml", "--set", "epochs=3")
    assert "help: set `training.epochs`" in result.stdout + result.stderr
