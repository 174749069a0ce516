"""`dlspec new`: what it writes compiles without findings, and nothing of yours is overwritten."""

import pytest

from dlspec.compiler import compile_file, compile_source
from dlspec.diagnostics.source import Source
from dlspec.expand import zoo
from dlspec.tools.new.architecture_fits import FITS, UNPAIRED, view_of
from dlspec.tools.new.data_presets import DATA
from dlspec.tools.new.new_spec import new_text, write_new

PAIRS = [(a, d) for a in zoo.architecture_names() for d in DATA if view_of(a, d)]
MISFITS = [(a, d) for a in zoo.architecture_names() for d in DATA if not view_of(a, d)]


@pytest.mark.parametrize(("architecture", "data"), PAIRS)
def test_a_pair_that_fits_compiles_without_findings(architecture, data):
    compiled = compile_source(Source("first.yaml", new_text("first", architecture, data)))
    assert compiled.diagnostics == ()
    assert compiled.plan is not None
    assert compiled.plan.data is not None
    assert compiled.plan.training is not None
    assert compiled.plan.evaluation is not None
    assert compiled.plan.evaluation.gates != ()


@pytest.mark.parametrize(("architecture", "data"), MISFITS)
def test_a_pair_that_does_not_fit_is_refused_with_what_fits(architecture, data):
    with pytest.raises(ValueError, match=f"`{architecture}` does not fit `{data}`: .* fits "):
        new_text("first", architecture, data)


def test_every_architecture_has_a_pair_or_is_known_to_have_none():
    assert {a for a, _ in PAIRS} == set(FITS)
    assert set(FITS) | set(UNPAIRED) == set(zoo.architecture_names())
    assert {d for _, d in PAIRS} == set(DATA)


def test_the_file_reads_as_a_person_writes_it(tmp_path):
    path = write_new("my_digits", "lenet5", "digits", tmp_path / "specs")
    assert path == tmp_path / "specs" / "my_digits.yaml"
    assert compile_file(path).diagnostics == ()
    assert path.read_text() == (
        """\
# yaml-language-server: $schema=../schemas/dlspec-1.json
dlspec: 1
name: my_digits
description: LeNet-5 for the 8x8 handwritten digits that ship with scikit-learn.

params: {activation: tanh}   # change them with `--set`

data:
  source: {sklearn: digits}
  inputs:  {image: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}

model:
  zoo: lenet5
  with: {shape: [8, 8, 1], classes: 10, activation: $activation, padding: same}
  outputs: {digit: predictions}

training:
  epochs: 40   # at most: training ends when validation gets no better
  batch_size: 32
  optimizer: {Adam: {learning_rate: 1e-3}}
  loss: SparseCategoricalCrossentropy   # the head ends in softmax
  metrics: [accuracy]
  callbacks:
    - EarlyStopping: {monitor: val_loss, patience: 8, restore_best_weights: true}
  seed: 7

evaluation:
  metrics: [accuracy, f1_macro]
  gates: {accuracy: ">= 0.90"}   # what a model must reach to be promoted
  champion: {metric: accuracy, test: mcnemar}
"""
    )


def test_a_file_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine.yaml").write_text("mine")
    with pytest.raises(ValueError, match="is there already; choose another name"):
        write_new("mine", "mlp", "iris", tmp_path)
    assert (tmp_path / "mine.yaml").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["mine.yaml"]


@pytest.mark.parametrize("name", ["", "1st", "../up", "a b", "null", "true"])
def test_a_name_that_cannot_be_one_is_refused_before_anything_is_written(name, tmp_path):
    with pytest.raises(ValueError, match="cannot be a name"):
        write_new(name, "mlp", "iris", tmp_path / "specs")
    assert list(tmp_path.iterdir()) == []


def test_a_mistyped_word_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="no packaged architecture `lenet`; write `lenet5`"):
        new_text("first", "lenet", "digits")
    with pytest.raises(ValueError, match="no data set `digit`; write `digits`"):
        new_text("first", "lenet5", "digit")


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "specs").write_text("a file in the folder's place")
    with pytest.raises(FileExistsError):
        write_new("first", "mlp", "iris", tmp_path / "specs")
    assert [p.name for p in tmp_path.iterdir()] == ["specs"]
