"""Rows of a part together as the samples of a model: pairs and triplets, and new rows as such."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from dlspec.language.features import (
    CategoriesFeature,
    ClassFeature,
    NumberFeature,
    TextFeature,
    VectorFeature,
)
from dlspec.language.row_splits import ColumnSplit, FractionSplit
from dlspec.language.sample_draws import ContextsDraw, PairsDraw, TripletsDraw
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.engine.row_pairs import rows_by_class
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.drawn_samples import drawn_samples
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import Preparation, fit_feature
from dlspec_pipelines.steps.preparation.model_parts import (
    fixed_contexts,
    learned_in_training,
    open_model_part,
    preparation_of_samples,
    rows_together,
)
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.step_errors import StepError

PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Keep one folder and one home for the module."""
    base = tmp_path_factory.mktemp("samples")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLSPEC_HOME", str(base / "home"))
        patch.delenv("DLSPEC_DATA", raising=False)
        lines = [f"{row},{row % 3},{'abc'[row % 3]}" for row in range(60)]
        (base / "rows.csv").write_text("\n".join(["x,c,k", *lines]))
        words = [" ".join(three) for three in product(("red", "green", "blue", "sky"), repeat=3)]
        (base / "words.csv").write_text("\n".join(["t,n", *(f"{w},1" for w in words)]))
        yield base


def data_of(draw, split=None):
    inputs, targets = {"x": NumberFeature("x")}, {"c": ClassFeature("c", 3)}
    given = FractionSplit(0.2, 0.2, "c", 1) if split is None else split
    return Data(CsvSource(("rows.csv",)), inputs, targets, given, sampling=draw)


@pytest.fixture(scope="module")
def dataset(folder):
    return prepare_dataset(data_of(None), base=folder)


@pytest.mark.parametrize("part", PARTS)
def test_pairs_are_of_rows_of_the_part_and_agree_as_their_target_says(dataset, part):
    opened, sample = (
        open_part(dataset, part),
        open_model_part(data_of(PairsDraw("c")), dataset, part),
    )
    count = len(opened.rows)
    assert sample.rows.tolist() == list(range(count))
    assert list(sample.inputs) == list(sample.source_rows) == ["left", "right"]
    ids = {}
    for name, values in sample.inputs.items():
        source = sample.source_rows[name]
        assert set(source.tolist()) <= set(np.asarray(opened.rows).tolist())
        # The number of a row is its place in the source.
        np.testing.assert_array_equal(np.asarray(values[:]).reshape(-1), source)
        ids[name] = source % 3
    same = sample.targets["same"]
    assert same.dtype == np.float32
    np.testing.assert_array_equal(same, (ids["left"] == ids["right"])[:, None])
    assert sorted(sample.source_rows["left"].tolist()) == sorted(np.asarray(opened.rows).tolist())


def test_triplets_are_two_of_a_class_and_one_of_another(dataset):
    sample = open_model_part(data_of(TripletsDraw("c")), dataset, "test")
    source = {name: rows % 3 for name, rows in sample.source_rows.items()}
    assert list(source) == list(sample.inputs) == ["anchor", "positive", "negative"]
    assert (source["anchor"] == source["positive"]).all()
    assert (source["anchor"] != source["negative"]).all()
    assert sample.targets == {}
    assert len(sample.rows) == dataset.rows["test"]


def test_the_samples_of_a_part_are_drawn_by_the_seed_and_the_part(dataset):
    def drawn(seed, part="train"):
        return open_model_part(data_of(PairsDraw("c", seed=seed)), dataset, part).source_rows

    assert drawn(1)["right"].tolist() == drawn(1)["right"].tolist()
    assert drawn(1)["right"].tolist() != drawn(2)["right"].tolist()
    # Twenty test rows of one seed are not those of validation by another place.
    same = rows_together(
        PairsDraw("c", seed=1), rows_by_class(np.arange(12) % 3, part="x"), (1, 1), training=False
    )
    test = rows_together(
        PairsDraw("c", seed=1), rows_by_class(np.arange(12) % 3, part="x"), (1, 2), training=False
    )
    assert same.places["left"].tolist() != test.places["left"].tolist()


def test_an_epoch_has_as_many_samples_as_are_asked_for(dataset):
    for draw in (PairsDraw("c", per_epoch=7), TripletsDraw("c", per_epoch=7)):
        sample = open_model_part(data_of(draw), dataset, "train")
        assert {len(rows) for rows in (sample.rows, *sample.source_rows.values())} == {7}
        assert len(open_model_part(data_of(draw), dataset, "test").rows) == dataset.rows["test"]


def test_a_part_without_rows_has_no_samples(folder):
    data = data_of(PairsDraw("c"), FractionSplit(0.0, 0.2, "c", 1))
    sample = open_model_part(data, prepare_dataset(data, base=folder), "validation")
    assert sample.rows.tolist() == []
    assert {name: np.asarray(v[:]).shape for name, v in sample.inputs.items()} == {
        "left": (0, 1),
        "right": (0, 1),
    }
    assert (sample.targets["same"].shape, sample.targets["same"].dtype) == ((0, 1), np.float32)
    assert sample.source_rows["left"].tolist() == []


def test_rows_of_one_class_are_told_with_their_part(folder):
    folds = [(row, row % 2, "train") for row in range(30)]
    folds += [(row, 1, "validation") for row in range(30, 40)]
    folds += [(row, row % 2, "test") for row in range(40, 50)]
    lines = ["x,c,fold", *(",".join(map(str, fold)) for fold in folds)]
    (folder / "one.csv").write_text("\n".join(lines))
    split = ColumnSplit("fold", test=("test",), validation=("validation",))
    data = replace(data_of(PairsDraw("c"), split), source=CsvSource(("one.csv",)))
    made = prepare_dataset(replace(data, sampling=None), base=folder)
    with pytest.raises(StepError, match="all validation rows are of one class"):
        open_model_part(data, made, "validation")
    assert learned_in_training(data, made)["same"].shape == (30, 1)
    assert open_model_part(data, made, "test").targets["same"].shape == (10, 1)


def test_without_a_draw_a_model_sees_the_rows(dataset):
    opened, sample = open_part(dataset, "test"), open_model_part(data_of(None), dataset, "test")
    np.testing.assert_array_equal(sample.inputs["x"], opened.inputs["x"])
    np.testing.assert_array_equal(sample.targets["c"], opened.targets["c"])
    np.testing.assert_array_equal(sample.rows, opened.rows)
    assert sample.source_rows == {}


# -- words and what stands near them -------------------------------------------------------------


def words_of(draw, **text):
    feature = TextFeature("t", **({"vocabulary": 8, "length": 4} | text))
    split = FractionSplit(0.2, 0.2, None, 1)
    return Data(CsvSource(("words.csv",)), {"t": feature}, {}, split, sampling=draw)


def test_contexts_of_each_part_are_drawn_of_its_rows(folder):
    draw = ContextsDraw("t", window=1, negatives=2)
    data = words_of(draw)
    made = prepare_dataset(data, base=folder)
    for number, part in enumerate(PARTS):
        sample, contexts = open_model_part(data, made, part), fixed_contexts(data, draw, made, part)
        assert contexts.seed == (0, number)
        whole = contexts.samples(0, len(contexts))
        assert list(sample.inputs) == ["target", "context"]
        for values, wanted in zip(
            (*sample.inputs.values(), sample.targets["label"]), whole, strict=True
        ):
            np.testing.assert_array_equal(np.asarray(values[:]), wanted)
        assert sample.rows.tolist() == list(range(len(contexts)))
        assert sample.source_rows == {}
        # Each of two neighbours is the target once, and with it come two drawn words.
        rows = np.asarray(open_part(made, part).inputs["t"])
        neighbours = int(((rows[:, 1:] > 1) & (rows[:, :-1] > 1)).sum())
        assert len(contexts) == 2 * neighbours * (1 + 2)
    learned = learned_in_training(data, made)
    assert list(learned) == ["label"]
    assert set(np.unique(learned["label"])) == {0.0, 1.0}


def test_how_many_samples_are_drawn_is_told(folder, dataset):
    draw = ContextsDraw("t", window=1, negatives=2)
    data = words_of(draw)
    made = prepare_dataset(data, base=folder)
    found = drawn_samples(data, made)
    counts = {part: len(fixed_contexts(data, draw, made, part)) for part in PARTS}
    assert (found.what, found.target, found.counts) == ("contexts", "label", counts)
    assert found.positive == {part: count // 3 for part, count in counts.items()}
    assert found.text.startswith(f"{counts['train']:,} in an epoch of training, ")
    pairs = drawn_samples(data_of(PairsDraw("c", per_epoch=8)), dataset)
    assert (pairs.what, pairs.target) == ("pairs", "same")
    assert pairs.counts == dataset.rows | {"train": 8}
    assert list(pairs.positive) == list(PARTS)
    assert (pairs.positive["train"], pairs.positive["test"]) == (4, dataset.rows["test"] // 2)
    assert pairs.text == (
        f"8 in an epoch of training, {dataset.rows['validation']} validation, "
        f"{dataset.rows['test']} test; `same` is 1 in "
        + ", ".join(str(count) for count in pairs.positive.values())
    )
    three = drawn_samples(data_of(TripletsDraw("c", per_epoch=8)), dataset)
    assert (three.what, three.target, three.positive) == ("triplets", "", {})
    assert three.text.startswith("8 in an epoch of training, ")
    assert three.text.endswith(f" validation, {dataset.rows['test']} test")
    assert drawn_samples(data_of(None), dataset) is None


def test_rows_without_words_side_by_side_are_refused(folder):
    (folder / "alone.csv").write_text("\n".join(["t,n", *(f"w{n},1" for n in range(20))]))
    data = replace(words_of(ContextsDraw("t"), vocabulary=30), source=CsvSource(("alone.csv",)))
    made = prepare_dataset(replace(data, sampling=None), base=folder)
    for part, word in (("train", "training"), ("test", "test")):
        with pytest.raises(StepError) as caught:
            open_model_part(data, made, part)
        assert (caught.value.message, caught.value.help) == (
            f"no two words of a row of `t` stand together in the {word} rows",
            "write a larger `window` or `vocabulary`, or give the part a larger share",
        )
    (folder / "same.csv").write_text("\n".join(["t,n", *(f"red red w{n},1" for n in range(20))]))
    # Beside padding and the unknown there is room for one word.
    data = replace(words_of(ContextsDraw("t"), vocabulary=3), source=CsvSource(("same.csv",)))
    made = prepare_dataset(replace(data, sampling=None), base=folder)
    with pytest.raises(StepError) as caught:
        open_model_part(data, made, "train")
    assert (caught.value.message, caught.value.help) == (
        "the training rows of `t` do not hold two words that differ",
        "give more training rows, or a larger `vocabulary`",
    )


# -- new rows ------------------------------------------------------------------------------------


def preparation_for(feature, columns):
    table = Table({name: np.asarray(column) for name, column in columns.items()})
    fitted = fit_feature(feature, gather_raw_values(feature, table), np.arange(table.rows))
    targets = {"c": Fitted(ClassFeature("c", 2))}
    return Preparation({"x": fitted}, targets, None, "", "", {})


def test_a_pair_to_predict_has_a_column_for_each_side():
    preparation = preparation_for(NumberFeature("x", standardize=True), {"x": [1.0, 3.0]})
    pairs = preparation_of_samples(PairsDraw("c"), preparation)
    assert list(pairs.inputs) == ["left", "right"]
    assert list(pairs.targets) == ["same"]
    table = Table({"left": np.array([1.0, 2.0]), "right": np.array([3.0, 3.0])})
    found = apply_preparation(replace(pairs, targets={}), table).inputs
    np.testing.assert_allclose(found["left"].reshape(-1), [-1, 0])
    np.testing.assert_allclose(found["right"].reshape(-1), [1, 1])
    assert preparation_of_samples(None, preparation) is preparation
    assert preparation_of_samples(ContextsDraw("x"), preparation) is preparation


def test_a_side_of_several_columns_has_a_column_for_each():
    vector = VectorFeature(("a", "b"), standardize=True)
    preparation = preparation_for(vector, {"a": [1.0, 3.0], "b": [10.0, 30.0]})
    sides = preparation_of_samples(TripletsDraw("c"), preparation)
    assert {name: one.feature.columns for name, one in sides.inputs.items()} == {
        name: (f"{name}.a", f"{name}.b") for name in ("anchor", "positive", "negative")
    }
    assert sides.targets == {}


def test_the_words_of_a_side_of_categories_are_of_its_columns():
    feature = CategoriesFeature(("a", "b"), vocabulary=9, per_column=True)
    columns = {"a": np.array(["x", "y"], dtype=object), "b": np.array(["u", "x"], dtype=object)}
    preparation = preparation_for(feature, columns)
    sides = preparation_of_samples(PairsDraw("c"), preparation)
    left = sides.inputs["left"]
    words = preparation.inputs["x"].vocabulary
    assert left.vocabulary == tuple(
        (f"left.{w[0]}", w[1]) if isinstance(w, tuple) else w for w in words
    )
    table = Table({f"{side}.{name}": columns[name] for side in ("left", "right") for name in "ab"})
    found = apply_preparation(replace(sides, targets={}), table).inputs
    expected = apply_preparation(replace(preparation, targets={}), Table(columns)).inputs["x"]
    np.testing.assert_array_equal(found["left"], expected)
    np.testing.assert_array_equal(found["right"], expected)
