"""Models that a spec takes from another: every word beside `spec` counts, every mistake is told."""

import re
from pathlib import Path

import pytest

import dlspec
from dlspec.compiler import compile_file
from dlspec.resolve.chain import step_digest
from dlspec.resolve.plan import canonical_data

OTHER = """\
dlspec: 1
name: other
params: {units: 4, length: 6}
model:
  inputs: {x: ['$length']}
  graph:
    - {Dense: $units, name: body}
    - {Dense: 2, name: head}
""".replace("'$length'", "$length")
TAKING = """\
dlspec: 1
name: taking
model:
  models:
    seen: {spec: deep/other.yaml, with: {units: 3}, until: body, weights: other, trainable: false}
  inputs: {x: [6]}
  graph:
    - use: seen
    - Dense: 1
"""


@pytest.fixture
def specs(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "other.yaml").write_text(OTHER)
    return tmp_path


def _plan(folder: Path, text: str = TAKING) -> dlspec.Plan:
    (folder / "taking.yaml").write_text(text)
    return dlspec.load(folder / "taking.yaml")


@pytest.mark.parametrize(
    "word", ["with: {units: 3}", "until: body", "weights: other", "trainable: false"]
)
def test_each_word_beside_spec_changes_the_plan(specs, word):
    plan = canonical_data(_plan(specs))
    left_out = re.sub(r", \}", "}", TAKING.replace(f"{word}, ", "").replace(f", {word}", ""))
    assert word not in left_out
    assert canonical_data(_plan(specs, left_out)) != plan


def test_other_weights_and_another_text_of_the_other_spec_are_other_work(specs):
    first = step_digest(_plan(specs), "model")
    others = TAKING.replace("weights: other", "weights: next")
    assert step_digest(_plan(specs, others), "model") != first
    changed = OTHER.replace("Dense: $units", "Dense: [$units, {activation: relu}]")
    (specs / "deep" / "other.yaml").write_text(changed)
    assert step_digest(_plan(specs), "model") != first


def test_weights_are_found_from_the_file_that_names_them(specs):
    (start,) = _plan(specs).starts
    assert (start.model, start.weights, Path(start.folder)) == ("seen", "other", specs)
    (specs / "deep" / "outer.yaml").write_text(
        "dlspec: 1\nname: outer\nmodel:\n  inputs: {x: [6]}\n  models:\n"
        "    inner: {spec: other.yaml, weights: w.h5}\n  graph:\n    - use: inner\n"
    )
    plan = _plan(specs, TAKING.replace("other.yaml, with: {units: 3}, until: body", "outer.yaml"))
    assert [(s.model, s.weights, Path(s.folder)) for s in plan.starts] == [
        ("seen/inner", "w.h5", specs / "deep"),
        ("seen", "other", specs),
    ]


def test_specs_that_take_each_other_are_told_where_the_circle_closes(specs):
    (specs / "deep" / "other.yaml").write_text(
        OTHER.replace("model:\n", "model:\n  models: {back: {spec: ../taking.yaml}}\n", 1).replace(
            "    - {Dense: 2", "    - use: back\n    - {Dense: 2"
        )
    )
    (specs / "taking.yaml").write_text(TAKING)
    found = compile_file(specs / "taking.yaml").diagnostics
    circle = [d for d in found if d.code.value == "DL309"]
    assert [d.message for d in circle] == ["`taking.yaml` takes its own model"]
    assert Path(circle[0].span.source.path).name == "taking.yaml"


def test_a_taken_spec_that_extends_another_is_taken_whole(specs):
    (specs / "deep" / "over.yaml").write_text(
        "dlspec: 1\nname: over\nextends: other.yaml\nparams: {units: 5}\n"
    )
    plan = _plan(specs, TAKING.replace("other.yaml, with: {units: 3}", "over.yaml"))
    assert [w.shape for w in plan.graph.models["seen"].node("body").weights] == [(6, 5), (5,)]


def test_a_mistake_in_the_other_spec_is_told_at_the_line_that_takes_it(specs):
    (specs / "deep" / "other.yaml").write_text(OTHER.replace("Dense: $units", "Dense: $unitz"))
    (specs / "taking.yaml").write_text(TAKING.replace("with: {units: 3}, ", ""))
    (found,) = compile_file(specs / "taking.yaml").diagnostics
    assert found.span.text == "deep/other.yaml"
    (inner,) = found.related
    assert inner.span.text == "unitz"
    assert Path(inner.span.source.path).name == "other.yaml"
