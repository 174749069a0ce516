"""`--set path=value`: what a path means, what it changes, and where a wrong one is reported."""

from pathlib import Path

import pytest

import dlspec
from dlspec.compiler import compile_file, compile_source
from dlspec.diagnostics.source import Source
from dlspec.resolve.plan import canonical_digest

ROOT = Path(__file__).parents[2]
SPEC = """\
dlspec: 1
name: small
params: {width: 8}
data:
  source: {synthetic: two_moons, samples: 200}
  inputs: {point: {vector: [x, y]}}
  targets: {moon: {binary: moon}}
  expect: {x.1: {nullable: false}, x: {nullable: false}}
model:
  inputs: {point: [2]}
  graph:
    - Dense: [$width, {activation: relu}]
    - {ReLU, name: bent}
    - {Dense: 1, name: moon}
training:
  epochs: 4
  optimizer: Adam
  loss: {BinaryCrossentropy: {from_logits: true}}
"""


def _compiled(**sets):
    return compile_source(Source("<text>", SPEC), sets=sets)


def _set(path, value):
    compilation = compile_source(Source("<text>", SPEC), sets={path: value})
    assert compilation.plan is not None, [str(d) for d in compilation.diagnostics]
    return compilation.plan


def _refusal(path, value=1):
    compilation = compile_source(Source("<text>", SPEC), sets={path: value})
    assert compilation.plan is None
    (found,) = compilation.diagnostics
    return found


@pytest.mark.parametrize(
    ("path", "value", "read"),
    [
        ("width", 16, lambda p: p.params["width"]),
        ("params.width", 16, lambda p: p.params["width"]),
        ("training.epochs", 9, lambda p: p.training.epochs),
        ("training.batch_size", 5, lambda p: p.training.batch_size),
        ("training.ema.momentum", 0.5, lambda p: p.training.ema.momentum),
        ("runtime.precision", "mixed_bfloat16", lambda p: p.runtime.precision),
        ("data.split.seed", 9, lambda p: p.data.split.seed),
        ("data.expect.x.1.nullable", True, lambda p: p.data.expect["x.1"][0].nullable),
        (
            "model.graph.0.Dense.1.activation",
            "elu",
            lambda p: p.graph.node("dense").operation["activation"],
        ),
        (
            "model.graph.bent.ReLU.max_value",
            6.0,
            lambda p: p.graph.node("bent").operation["max_value"],
        ),
        ("training.optimizer", "SGD", lambda p: p.training.optimizer.class_name),
        (
            "training.optimizer.Adam.learning_rate",
            0.25,
            lambda p: p.training.optimizer["learning_rate"],
        ),
        ("tags.domain", "points", lambda p: p.tags["domain"]),
    ],
)
def test_a_path_reaches_the_value(path, value, read):
    found = read(_set(path, value))
    assert (found.class_name.lower() if hasattr(found, "class_name") else found) == value


def test_a_value_may_be_an_expression_over_the_params():
    assert _set("training.epochs", "$width * 2").training.epochs == 16
    assert _set("model.graph.0.Dense.0", "$width + 1").graph.nodes[0].operation["units"] == 9


@pytest.mark.parametrize(
    ("path", "code", "column", "said"),
    [
        ("widht", "DL316", 7, "set `width`"),
        ("params.widht", "DL316", 14, "set `width`"),
        ("training.epoch", "DL201", 10, "write `epochs`"),
        ("trainin.epochs", "DL201", 1, "write `training`"),
        ("model.graph.mooon.Dense", "DL316", 13, "write `model.graph.moon`"),
        ("model.graph.7.Dense", "DL316", 13, None),
        ("training.epochs.x", "DL316", 17, "write `--set training.epochs=...` to replace it"),
        ("training.epochs", "DL203", 17, None),
        ("extends", "DL316", 9, None),
    ],
)
def test_a_wrong_path_is_reported_at_the_set_with_what_is_near(path, code, column, said):
    found = _refusal(path, value="none")
    assert (found.code.value, found.span.source.path, found.span.column) == (code, "--set", column)
    if said is not None:
        assert said in (found.help or "")


def test_a_param_whose_only_reader_is_replaced_goes_with_it():
    text = SPEC.replace("{width: 8}", "{half: 4, width: $half * 2}")
    compiled = compile_source(Source("<text>", text), sets={"model.graph.0.Dense.0": 3})
    assert compiled.plan.graph.nodes[0].operation["units"] == 3
    assert compiled.plan.params == {}
    assert compile_source(Source("<text>", compiled.text)).plan == compiled.plan


def test_a_param_that_is_set_and_read_by_nothing_is_an_error():
    compiled = _compiled(width=3, **{"model.graph.0.Dense.0": 3})
    assert [found.code.value for found in compiled.diagnostics] == ["DL305"]


def test_params_in_python_stay_params():
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.loads(SPEC, params={"training.epochs": 3})
    assert "there is no param `training.epochs`" in str(caught.value)


def test_a_text_that_nothing_changed_is_kept_as_it_was_written():
    assert _compiled().text == SPEC


def test_a_text_as_compiled_gives_the_same_plan_without_what_was_set():
    changed = _compiled(width=3, **{"training.epochs": 2, "tags.note": 'a "b": $$c\n'})
    again = compile_source(Source("<text>", changed.text))
    assert again.plan == changed.plan
    assert canonical_digest(again.plan) == canonical_digest(changed.plan)


def test_every_shipped_spec_as_compiled_gives_the_same_plan():
    paths = [*ROOT.glob("specs/**/*.yaml"), *ROOT.glob("tests/golden/valid/*.yaml")]
    assert len(paths) > 20
    for path in paths:
        compiled = compile_file(path, sets={"description": "another: one"})
        again = compile_source(Source(str(path), compiled.text))
        assert again.plan is not None, path
        assert canonical_digest(again.plan) == canonical_digest(compiled.plan), path


def test_a_spec_that_extends_is_kept_whole(tmp_path):
    (tmp_path / "small.yaml").write_text(SPEC)
    over = tmp_path / "over.yaml"
    over.write_text("dlspec: 1\nname: over\nextends: small.yaml\ntraining: {epochs: 2}\n")
    compiled = compile_file(over)
    assert "extends" not in compiled.text
    (tmp_path / "small.yaml").unlink()
    assert compile_source(Source(str(over), compiled.text)).plan == compiled.plan
