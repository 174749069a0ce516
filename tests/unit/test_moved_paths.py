"""What a spec takes over from one of another folder names the same files in its own text."""

from pathlib import Path

import pytest

from dlspec.compiler import compile_file, compile_source
from dlspec.diagnostics.source import Source
from dlspec.resolve.plan import canonical_digest

OTHER = "dlspec: 1\nname: other\nmodel: {inputs: {x: [6]}, graph: [{Dense: 2}]}\n"
BASE = """\
dlspec: 1
name: base
model:
  models:
    one: {spec: deep/other.yaml, weights: w.h5}
    two: {spec: deep/other.yaml, weights: other}
  inputs: {x: [6]}
  graph:
    - use: one
    - {use: two, from: x}
    - {Add, from: [one, two]}
"""


WORDS = """\
dlspec: 1
name: words
data:
  source: {csv: reviews.csv}
  inputs: {words: {text: review, length: 9, vocabulary: 50}}
  targets: {good: {binary: good}}
  split: {validation: 0.1, test: 0.1, seed: 7}
model:
  graph:
    - {Embedding: [50, 4], weights: vectors.txt}
    - GlobalAveragePooling1D
    - {Dense: 1, name: good}
training: {epochs: 1, loss: {BinaryCrossentropy: {from_logits: true}}}
"""


@pytest.fixture
def specs(tmp_path):
    for path, text in (
        ("a/deep/other.yaml", OTHER),
        ("a/base.yaml", BASE),
        ("a/w.h5", ""),
        ("b/top.yaml", "dlspec: 1\nname: top\nextends: ../a/base.yaml\n"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_the_text_of_a_spec_over_one_of_another_folder_gives_the_same_plan(specs):
    found = compile_file(specs / "b" / "top.yaml")
    assert 'spec: "../a/deep/other.yaml"' in found.text
    again = compile_source(Source(str(specs / "b" / "top.yaml"), found.text))
    assert again.diagnostics == ()
    assert canonical_digest(again.plan) == canonical_digest(found.plan)
    for start in (*found.plan.starts, *again.plan.starts):
        if start.model == "one":
            assert Path(start.folder, start.weights).samefile(specs / "a" / "w.h5")
    # A run is named, and no file.
    assert [start.weights for start in again.plan.starts] == ["../a/w.h5", "other"]


def test_paths_of_one_folder_stay_as_they_are_written(specs):
    (specs / "a" / "top.yaml").write_text("dlspec: 1\nname: top\nextends: base.yaml\n")
    found = compile_file(specs / "a" / "top.yaml")
    assert "../a" not in found.text
    assert [start.weights for start in found.plan.starts] == ["w.h5", "other"]


def test_vectors_of_words_are_the_same_file_too(specs):
    (specs / "a" / "words.yaml").write_text(WORDS)
    (specs / "a" / "vectors.txt").write_text("so 1 2 3 4\n")
    (specs / "b" / "top.yaml").write_text("dlspec: 1\nname: top\nextends: ../a/words.yaml\n")
    found = compile_file(specs / "b" / "top.yaml")
    again = compile_source(Source(str(specs / "b" / "top.yaml"), found.text))
    assert canonical_digest(again.plan) == canonical_digest(found.plan)
    for (vectors,) in (found.plan.vectors, again.plan.vectors):
        assert Path(vectors.folder, vectors.file).samefile(specs / "a" / "vectors.txt")
