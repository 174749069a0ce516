"""Columns become the elements that the spec promises, fitted on the training rows alone."""

import numpy as np
import pytest
from refusals import objects

from dlspec.language.features import (
    BinaryFeature,
    CategoryFeature,
    ClassFeature,
    ImageFeature,
    NumberFeature,
    SequenceFeature,
    SeriesFeature,
    SeriesTarget,
    TokensFeature,
    VectorFeature,
)
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.fitting import (
    Preparation,
    class_target_labels,
    fit_feature,
    fitted_classes,
    invert_predictions,
    preparation_from_json,
    preparation_to_json,
)
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.preparation.sampling import Samples, element_batches
from dlspec_pipelines.steps.reports.targets import class_labels
from dlspec_pipelines.steps.step_errors import StepError


def _table(columns):
    return Table({name: np.asarray(column) for name, column in columns.items()})


def _made(feature, columns, train=None):
    """Return the fitted feature and the elements of all rows; `train` says which rows fit."""
    table = _table(columns)
    rows = np.arange(table.rows)
    raw = gather_raw_values(feature, table)
    fitted = fit_feature(feature, raw, rows if train is None else np.asarray(train))
    made = np.concatenate(list(element_batches(fitted, raw, Samples(rows, rows, None))))
    expected = feature.element
    assert made.dtype == expected.dtype
    assert len(made.shape) == 1 + len(expected.shape)
    return fitted, made


def _refusal(feature, columns, train=None):
    with pytest.raises(StepError) as caught:
        _made(feature, columns, train)
    assert caught.value.code == "DL613"
    return caught.value


def test_a_number_is_one_wide():
    _, made = _made(NumberFeature("n", scale=0.5), {"n": [2, 4]})
    assert made.tolist() == [[1.0], [2.0]]


def test_standardised_numbers_are_those_of_sklearn():
    from sklearn.preprocessing import StandardScaler

    values = np.random.default_rng(3).normal(50, 7, (200, 3))
    train = np.arange(0, 200, 2)
    columns = {"a": values[:, 0], "b": values[:, 1], "c": values[:, 2]}
    fitted, made = _made(VectorFeature(("a", "b", "c"), standardize=True), columns, train)
    theirs = StandardScaler().fit(values[train])
    np.testing.assert_allclose(fitted.scaling.mean, theirs.mean_, rtol=1e-12)
    np.testing.assert_allclose(fitted.scaling.deviation, theirs.scale_, rtol=1e-12)
    np.testing.assert_allclose(made, theirs.transform(values), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("missing", ["mean", "median"])
def test_gaps_are_filled_as_sklearn_fills_them(missing):
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    values = np.random.default_rng(4).exponential(3, (100, 2))
    values[::7, 0] = np.nan
    train = np.arange(60)
    feature = VectorFeature(("a", "b"), standardize=True, missing=missing)
    _, made = _made(feature, {"a": values[:, 0], "b": values[:, 1]}, train)
    theirs = make_pipeline(SimpleImputer(strategy=missing), StandardScaler()).fit(values[:60])
    np.testing.assert_allclose(made, theirs.transform(values), rtol=1e-5, atol=1e-6)


def test_a_number_stands_for_a_missing_one():
    _, made = _made(NumberFeature("n", missing=-1.0), {"n": [2.0, np.nan]})
    assert made.tolist() == [[2.0], [-1.0]]


def test_a_constant_column_becomes_zero_and_not_nan():
    fitted, made = _made(NumberFeature("n", standardize=True), {"n": [0.1] * 7 + [5.0]}, range(7))
    assert fitted.scaling.deviation == (1.0,)
    np.testing.assert_allclose(made[:7], 0, atol=1e-7)


def test_a_missing_number_without_a_word_for_it_is_refused():
    error = _refusal(NumberFeature("n"), {"n": [1.0, np.nan, np.nan]})
    assert error.message == "column `n`, row 1: the value is missing; 2 rows miss one"


def test_text_in_a_number_column_is_refused_with_its_row():
    error = _refusal(NumberFeature("n", missing="mean"), {"n": objects("1", None, "NA")})
    assert error.message == "column `n`, row 2: `NA` is not a number"


def test_an_infinite_number_is_refused():
    error = _refusal(NumberFeature("n", missing="mean"), {"n": [1.0, np.inf]})
    assert error.message == "column `n`, row 1: `inf` is not finite"


def test_a_median_of_nothing_is_refused():
    error = _refusal(NumberFeature("n", missing="median"), {"n": [np.nan, 1.0]}, [0])
    assert error.message == "column `n` has no value in the training rows, so it has no median"


def test_one_column_may_hold_vectors():
    _, made = _made(VectorFeature(("v",), 2), {"v": objects([1, 2], [3, 4.5])})
    assert made.tolist() == [[1, 2], [3, 4.5]]


def test_a_word_that_cannot_be_fitted_is_refused():
    error = _refusal(NumberFeature("n", missing="mode"), {"n": [1.0, np.nan]})
    assert error.message == "`missing: mode` says nothing that can be fitted"


def test_vectors_of_another_width_are_refused_with_their_row():
    error = _refusal(VectorFeature(("v",), 2), {"v": objects([1, 2], [3])})
    assert error.message.startswith("column `v`, row 1: an array of shape (1,)")
    error = _refusal(VectorFeature(("v",), 3), {"v": np.zeros((4, 2))})
    assert error.message == "column `v` holds vectors of 2 numbers, not 3"


def test_listed_categories_keep_their_order_and_id_0_is_the_unknown():
    fitted, made = _made(CategoryFeature("c", ("b", "a")), {"c": objects("a", "b", "z", None)})
    assert made.tolist() == [2, 1, 0, 0]
    assert fitted.vocabulary == ("b", "a")


def test_found_categories_are_those_of_the_training_rows_in_order():
    columns = {"c": objects("z", "b", "a", "b", "new")}
    fitted, made = _made(CategoryFeature("c", 10), columns, [0, 1, 2, 3])
    assert fitted.vocabulary == ("a", "b", "z")
    assert made.tolist() == [3, 2, 1, 2, 0]


def test_the_most_frequent_categories_are_kept():
    columns = {"c": [5, 5, 7, 9, 9, 9]}
    fitted, made = _made(CategoryFeature("c", 3, rare="unknown"), columns)
    assert fitted.vocabulary == (5, 9)
    assert made.tolist() == [1, 1, 0, 2, 2, 2]


def test_without_an_unknown_id_a_new_category_is_refused():
    feature = CategoryFeature("c", 3, unknown=False)
    _, made = _made(feature, {"c": [30, 10, 20]})
    assert made.tolist() == [2, 0, 1]
    error = _refusal(feature, {"c": [30, 10, 40]}, [0, 1])
    assert error.message == "column `c`, row 2: `40` is no category of the training rows"


@pytest.mark.parametrize("unknown", [True, False])
def test_more_categories_than_room_are_refused(unknown):
    feature = CategoryFeature("c", 2 + unknown, unknown=unknown)
    error = _refusal(feature, {"c": [1, 2, 3]})
    assert error.message == (
        "column `c` has 3 categories in the training rows, the vocabulary has room for 2"
    )
    assert f"`vocabulary: {3 + unknown}`" in error.help
    _made(CategoryFeature("c", 3 + unknown, unknown=unknown), {"c": [1, 2, 3]})


def test_a_vocabulary_of_another_type_is_refused_and_not_all_unknown():
    error = _refusal(CategoryFeature("c", ("1", "2")), {"c": [1, 2]})
    assert error.message == "no training row of column `c` holds a category of its vocabulary"


def test_class_ids_stay_ids():
    _, made = _made(ClassFeature("c", 3), {"c": [0.0, 2.0, 1.0]})
    assert made.tolist() == [0, 2, 1]
    assert made.dtype == np.int32


def test_listed_classes_become_ids_and_vectors():
    feature = ClassFeature("c", ("no", "yes"), one_hot=True)
    _, made = _made(feature, {"c": objects("yes", "no")})
    assert made.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ([0, 1, 3], "column `c`, row 2: `3` is no class id: ids run from 0 to 2"),
        ([0, -1], "column `c`, row 1: `-1` is no class id: ids run from 0 to 2"),
        ([0.0, 0.5], "column `c`, row 1: `0.5` is no class id: ids run from 0 to 2"),
        ([0.0, np.nan], "column `c`, row 1: a missing value is no class id: ids run from 0 to 2"),
        (objects("x", "y"), "column `c`, row 0: `x` is a text, not a class id"),
    ],
)
def test_what_is_no_class_is_refused(column, told):
    assert _refusal(ClassFeature("c", 3), {"c": column}).message == told


def test_a_class_that_is_not_listed_is_refused():
    error = _refusal(ClassFeature("c", ("a", "b")), {"c": objects("a", "c")})
    assert error.message == "column `c`, row 1: `c` is not one of `classes`"


def test_a_binary_target_is_0_or_1():
    assert _made(BinaryFeature("b"), {"b": [0, 1]})[1].tolist() == [[0.0], [1.0]]
    assert _made(BinaryFeature("b"), {"b": [True, False]})[1].tolist() == [[1.0], [0.0]]
    columns = {"b": objects("<=50K.", ">50K.")}
    assert _made(BinaryFeature("b", ">50K."), columns)[1].tolist() == [[0.0], [1.0]]


def test_a_positive_value_that_no_row_holds_is_refused():
    error = _refusal(BinaryFeature("b", ">50K"), {"b": objects(">50K.", "<=50K.")})
    assert error.message == "no row of column `b` holds `>50K`, the positive value"


def test_a_binary_target_of_other_numbers_is_refused():
    assert _refusal(BinaryFeature("b"), {"b": [0, 2]}).message.endswith("`2` is neither 0 nor 1")


def test_tokens_are_padded_at_the_end_and_cut_there():
    column = objects([1, 2], [3, 4, 5, 6], [])
    feature = TokensFeature("t", 3, 10)
    assert _made(feature, {"t": column})[1].tolist() == [[1, 2, 0], [3, 4, 5], [0, 0, 0]]
    assert gather_raw_values(feature, _table({"t": column})).cut == 1


def test_tokens_of_one_length_need_no_list():
    _, made = _made(TokensFeature("t", 3, 10), {"t": np.array([[1, 2], [3, 4]])})
    assert made.tolist() == [[1, 2, 0], [3, 4, 0]]


def test_a_token_that_is_not_below_the_vocabulary_is_refused():
    error = _refusal(TokensFeature("t", 3, 10), {"t": objects([1], [2, 10])})
    assert error.message == "column `t`, row 1: `10` is no id of a vocabulary of 10"


@pytest.mark.parametrize("shape", [(2, 3, 4, 1), (2, 3, 4), (2, 12)])
def test_grey_pixels_come_in_three_forms(shape):
    pixels = np.arange(24, dtype=np.uint8).reshape(shape)
    _, made = _made(ImageFeature("i", (3, 4), 1, scale=0.5), {"i": pixels})
    np.testing.assert_array_equal(made, np.arange(24).reshape(2, 3, 4, 1) / 2)


def test_images_are_standardised_per_channel():
    pixels = np.random.default_rng(1).integers(0, 256, (9, 4, 4, 3))
    fitted, made = _made(ImageFeature("i", (4, 4), 3, standardize=True), {"i": pixels})
    np.testing.assert_allclose(fitted.scaling.mean, pixels.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(made.std(axis=(0, 1, 2)), 1, rtol=1e-5)


def test_images_of_another_size_are_refused():
    error = _refusal(ImageFeature("i", (3, 4), 1), {"i": np.zeros((2, 4, 4))})
    assert error.message == "column `i` holds images of shape (4, 4), not (3, 4, 1)"


def test_sequences_are_padded_after_they_are_standardised():
    column = objects([[1.0], [3.0]], [[5.0]])
    feature = SequenceFeature("s", 3, 1, pad="start", standardize=True)
    fitted, made = _made(feature, {"s": column})
    assert fitted.scaling.mean == (3.0,)
    assert fitted.scaling.deviation == pytest.approx((np.std([1, 3, 5]),))
    low, middle, high = (np.array([1, 3, 5]) - 3) / np.std([1, 3, 5])
    np.testing.assert_allclose(made[:, :, 0], [[0, low, middle], [0, 0, high]], rtol=1e-6)


@pytest.mark.parametrize(("pad", "kept"), [("end", [1, 2]), ("start", [2, 3])])
def test_long_sequences_are_cut_where_short_ones_are_filled(pad, kept):
    for column in (objects([1, 2, 3], [1]), np.array([[1, 2, 3]])):
        _, made = _made(SequenceFeature("s", 2, 1, pad=pad), {"s": column})
        assert made[0, :, 0].tolist() == kept


def test_image_rows_are_a_sequence():
    images = np.arange(2 * 8 * 8.0).reshape(2, 8, 8)
    _, made = _made(SequenceFeature("s", 8, 8), {"s": images})
    np.testing.assert_array_equal(made, images)


def test_steps_of_another_width_are_refused():
    error = _refusal(SequenceFeature("s", 8, 4), {"s": np.zeros((2, 8, 8))})
    assert error.message == "column `s` has steps of shape (8,), not (4,)"


def _preparation(**kinds):
    everything = {"time": None, "fingerprint": "f", "digest": "d", "rows": {"train": 1}}
    return Preparation(**{"inputs": {}, "targets": {}, **everything, **kinds})


def test_a_preparation_survives_json_to_the_last_bit():
    rng = np.random.default_rng(2)
    columns = {"a": rng.normal(size=50) / 3, "b": rng.normal(size=50), "c": objects(*"xyyzz" * 10)}
    inputs = {
        "v": _made(VectorFeature(("a", "b"), standardize=True, missing="mean"), columns)[0],
        "c": _made(CategoryFeature("c", 9), columns)[0],
    }
    targets = {"k": _made(ClassFeature("c", ("x", "y", "z")), columns)[0]}
    kept = _preparation(inputs=inputs, targets=targets)
    assert preparation_from_json(preparation_to_json(kept)) == kept
    assert class_target_labels(kept, "k") == ("x", "y", "z")


def test_predictions_come_back_in_the_unit_of_the_column():
    values = np.array([10.0, 20.0, 40.0])
    fitted, made = _made(NumberFeature("n", standardize=True, scale=0.1), {"n": values})
    back = invert_predictions(_preparation(targets={"n": fitted}), "n", made)
    np.testing.assert_allclose(back[:, 0], values, rtol=1e-6)


def test_new_rows_are_prepared_as_the_training_rows_were():
    columns = {"n": np.array([0.0, 10.0]), "c": objects("a", "b")}
    inputs = {
        "n": _made(NumberFeature("n", standardize=True), columns)[0],
        "c": _made(CategoryFeature("c", 5), columns)[0],
    }
    part = apply_preparation(
        _preparation(inputs=inputs), _table({"n": [10.0, 5.0], "c": objects("b", "?")})
    )
    assert part.inputs["n"].tolist() == [[1.0], [0.0]]
    assert part.inputs["c"].tolist() == [2, 0]
    assert part.rows.tolist() == [0, 1]


def test_new_rows_without_a_column_are_refused():
    inputs = {"n": _made(NumberFeature("n"), {"n": [1.0]})[0]}
    with pytest.raises(StepError) as caught:
        apply_preparation(_preparation(inputs=inputs), _table({"m": [1.0]}))
    assert caught.value.code == "DL611"


def test_the_last_window_of_new_rows_forecasts_behind_them():
    columns = {"t": [3, 1, 2, 0], "v": [30.0, 10.0, 20.0, 0.0]}
    made = {
        "inputs": {"past": SeriesFeature(("v",), 2)},
        "targets": {"next": SeriesTarget(("v",), 1)},
    }
    rows, table = np.arange(4), _table(columns)
    fitted = {
        side: {
            name: fit_feature(f, gather_raw_values(f, table), rows) for name, f in features.items()
        }
        for side, features in made.items()
    }
    part = apply_preparation(_preparation(**{**fitted, "time": "t"}), table)
    assert part.inputs["past"][:, :, 0].tolist() == [[0, 10], [10, 20], [20, 30]]
    assert part.rows.tolist() == [2, 0, 4]


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (("no", "yes", "no"), ("no", "yes")),
        (("no", "yes", "maybe"), ("not yes", "yes")),
        (("yes", "yes"), ("not yes", "yes")),
    ],
)
def test_the_other_value_of_a_binary_is_called_by_its_name(values, classes):
    feature = BinaryFeature("b", "yes")
    fitted, _ = _made(feature, {"b": objects(*values)})
    kept = Preparation({}, {"b": fitted}, None, "", "", {})
    again = preparation_from_json(preparation_to_json(kept))
    assert class_labels(feature, fitted_classes(again).get("b")) == classes
