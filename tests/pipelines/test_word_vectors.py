"""Embeddings that begin with the vectors of a file, each row with that of its word."""

import gzip
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from mood_texts import GLOVE, GOOD, MOOD, write_mood_texts
from stopped_trainings import whole_and_continued

import dlspec
from dlspec.resolve.chain import step_digest
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.engine.batches import epoch_visit_order
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.vocabulary_words import ids_of_words
from dlspec_pipelines.steps.records import record_to_json
from dlspec_pipelines.steps.reports import write_report
from dlspec_pipelines.steps.reuse import trained_before
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.progress import Notice
from dlspec_pipelines.steps.training.train import samples_for_model, train
from dlspec_pipelines.steps.training.vectors_file import vectors_of_words


@pytest.fixture(autouse=True)
def _texts(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DLSPEC_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    write_mood_texts(tmp_path)


def prepared_mood(text=MOOD):
    Path("mood.yaml").write_text(text)
    plan = dlspec.load("mood.yaml")
    return plan, prepare_dataset(plan.data, base=Path.cwd())


def rows_of(trained, layer="seen"):
    return keras.models.load_model(Path(trained.path, "model.keras")).get_layer(layer).get_weights()


def ids_of(dataset):
    return ids_of_words(load_preparation(Path(dataset.path)).inputs["words"])


def test_each_row_begins_with_the_vector_of_its_word_and_a_frozen_one_keeps_it():
    plan, dataset = prepared_mood(MOOD.replace("name: seen", "trainable: false, name: seen"))
    heard = []
    trained = train(plan, dataset, run="r1", spec_text="", progress=heard.append)
    (table,) = rows_of(trained)
    keras.utils.set_random_seed(3)
    (fresh,) = dlspec.compile(plan).get_layer("seen").get_weights()
    ids, known = ids_of(dataset), dict(line.split(" ", 1) for line in GLOVE.splitlines())
    for word, row in ids.items():
        said = known.get(word, known.get(word.lower()))
        expected = fresh[row] if said is None else np.array(said.split(), np.float32)
        assert np.array_equal(table[row], expected), word
    # Padding and unknown words have no vector.
    assert np.array_equal(table[:2], fresh[:2])
    begun = trained.vectors_from["seen"]
    assert (begun.found, begun.missing, set(begun.examples)) == (18, 2, {"calm", "Sad"})
    (line,) = [said.text for said in heard if isinstance(said, Notice)]
    assert "18 of 20 words of `words` from `glove.txt`; 2 keep fresh rows" in line
    facts = json.loads(Path(trained.path, "run.json").read_text())
    assert facts["vectors_from"]["seen"]["digest"] == begun.digest


def test_rows_that_learn_end_as_those_of_a_program_of_keras_do():
    plan, dataset = prepared_mood()
    trained = train(plan, dataset, run="r1", spec_text="")
    keras.utils.set_random_seed(3)
    model = dlspec.compile(plan)
    table = model.get_layer("seen").get_weights()[0]
    known = {line.split()[0]: line.split()[1:] for line in GLOVE.splitlines()}
    for word, row in ids_of(dataset).items():
        if word.lower() in known:
            table[row] = known[word.lower()]
    model.get_layer("seen").set_weights([table])
    part = samples_for_model(plan, dataset, "train")
    x, y = np.array(part.inputs["words"]), np.array(part.targets["mood"])
    for epoch in range(3):
        visit = epoch_visit_order(3, epoch, len(x))
        model.fit(x[visit], y[visit], batch_size=32, shuffle=False, verbose=0)
    stored = keras.models.load_model(Path(trained.path, "model.keras"))
    pairs = zip(stored.get_weights(), model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_a_stopped_training_goes_on_and_a_changed_file_trains_anew():
    plan, dataset = prepared_mood()
    whole, resumed = whole_and_continued(plan, dataset)
    assert resumed.weights == whole.weights
    record = store.records_folder("mood", "model") / "r.json"
    record.parent.mkdir(parents=True)
    record.write_text(record_to_json(whole))
    known = trained_before(plan, dataset, None)
    assert known is not None
    assert known.vectors_from == whole.vectors_from
    Path("glove.txt").write_text(GLOVE.replace("fine 1", "fine 2"))
    assert trained_before(plan, dataset, None) is None
    assert train(plan, dataset, run="anew", spec_text="").weights != whole.weights
    without = dlspec.loads(MOOD.replace(" weights: glove.txt,", ""))
    assert step_digest(without, "model") != step_digest(plan, "model")


def test_the_report_tells_what_was_found():
    plan, dataset = prepared_mood()
    trained = train(plan, dataset, run="r1", spec_text=MOOD)
    evaluation = evaluate(plan, trained, dataset)
    report = write_report(plan, dataset, trained, evaluation)
    page = Path(report.html).read_text()
    assert "18 of 20 words" in page
    assert "glove.txt" in page


def test_an_inner_model_and_categories_begin_with_vectors_too():
    text = MOOD.replace(
        "text: text, length: 6, vocabulary: 22, standardize: none",
        "category: first, vocabulary: 22",
    ).replace(
        "  graph:\n    - {Embedding: [22, 4], weights: glove.txt, name: seen}\n"
        "    - GlobalAveragePooling1D\n",
        "  models:\n    reader:\n      inputs: {id: {shape: [], dtype: int32}}\n"
        "      graph: [{Embedding: [22, 4], weights: glove.txt, name: seen, trainable: false}]\n"
        "  graph:\n    - use: reader\n",
    )
    lines = Path("texts.csv").read_text().splitlines()
    rows = [f"{line.split(' ')[0]},{line}" for line in lines[1:]]
    Path("texts.csv").write_text("\n".join(["first,text,mood", *rows]))
    plan, dataset = prepared_mood(text)
    assert [one.path for one in plan.vectors] == ["reader.seen"]
    trained = train(plan, dataset, run="r1", spec_text="")
    model = keras.models.load_model(Path(trained.path, "model.keras"))
    (table,) = model.get_layer("reader").get_layer("seen").get_weights()
    ids = ids_of(dataset)
    assert table[ids["ugly"]].tolist() == [-1, 3, 0, 0.5]
    begun = trained.vectors_from["reader.seen"]
    assert set(begun.examples) == {"calm", "Sad"}
    assert begun.found == len(ids) - 2


WORD2VEC = "3 2\nthe 0.5 1\nThe 2 2 \n. . . 3 4\n"


def test_files_of_word2vec_and_packed_ones_are_read(tmp_path):
    path = tmp_path / "v.txt.gz"
    path.write_bytes(gzip.compress(WORD2VEC.encode()))
    words = ["The", "THE", ". . .", "3", "none"]
    found = vectors_of_words(path, words, 2)
    told = {word: vector.tolist() for word, vector in found.items()}
    assert told == {"The": [2, 2], "THE": [0.5, 1], ". . .": [3, 4]}


def test_the_first_of_two_lines_with_one_word_counts(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\na 3 4\n")
    assert vectors_of_words(path, ["a"], 2)["a"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"good 1 2 3\n", "line 1: a vector of 3 numbers, and the embedding has 4"),
        (b"2 3\ngood 1 2 3\n", "line 1: a vector of 3 numbers, and the embedding has 4"),
        (b"word,number\ngood,1\n", "line 1 holds no vector: no number stands behind a word"),
        (b"x 1 2 3 4\ngood 1 2\n", "line 2: a vector of 2 numbers, and the embedding has 4"),
        (b"x 1 2 3 4\ngood 1 2 y 4\n", "line 2 holds no vector: could not convert string"),
        (b"x 1 2 3 4\ngood 1 2 nan 4\n", "line 2 holds no vector: a number that is not finite"),
        (b"x 1 2 3 4\n\xff\xfe 1 2 3 4\n", "is no text in UTF-8"),
        (b"x 1 2 3 4\n", "has a vector for none of the 20 words of `words`"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(written, told):
    plan, dataset = prepared_mood()
    Path("glove.txt").write_bytes(written)
    with pytest.raises(StepError) as caught:
        train(plan, dataset, run="r1", spec_text="")
    assert caught.value.code == "DL616"
    assert told in caught.value.message


def test_a_file_is_looked_for_beside_the_spec_and_among_the_data(monkeypatch, tmp_path):
    plan, dataset = prepared_mood()
    Path("glove.txt").unlink()
    with pytest.raises(StepError) as caught:
        train(plan, dataset, run="r1", spec_text="")
    assert caught.value.code == "DL616"
    assert "there is no file `glove.txt` of vectors for `seen`" in caught.value.message
    (tmp_path / "data").mkdir()
    (tmp_path / "data/glove.txt").write_text(GLOVE)
    monkeypatch.setenv("DLSPEC_DATA", str(tmp_path / "data"))
    assert train(plan, dataset, run="r1", spec_text="").vectors_from["seen"].found == 18


SHARING = """\
model:
  models:
    seen:
      inputs: {w: {shape: [6], dtype: int32}}
      graph:
        - Embedding: [22, 4]
          weights: {file: glove.txt, feature: words}
          trainable: false
          name: rows
    left: {inputs: {w: {shape: [6], dtype: int32}}, graph: [{use: seen}, GlobalAveragePooling1D]}
    right: {inputs: {w: {shape: [6], dtype: int32}}, graph: [{use: seen}, GlobalMaxPooling1D]}
  graph:
    - use: left
    - {use: right, from: words}
    - {Concatenate, from: [left, right]}
    - {Dense: 1, name: mood}
"""


def test_an_embedding_that_models_share_begins_with_its_vectors():
    before, after = MOOD.index("model:"), MOOD.index("training:")
    plan, dataset = prepared_mood(MOOD[:before] + SHARING + MOOD[after:])
    done = train(plan, dataset, run="r", spec_text="")
    model = keras.models.load_model(Path(done.path, "model.keras"))
    tables = [
        model.get_layer(name).get_layer("seen").get_layer("rows").get_weights()[0]
        for name in ("left", "right")
    ]
    ids = ids_of(dataset)
    for i, word in enumerate(GOOD[:9]):
        if word in ids:
            assert all(table[ids[word]].tolist() == [1, i, 0, 0.5] for table in tables)
    assert len(set(GOOD[:9]) & set(ids)) > 5
