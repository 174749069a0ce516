"""The corners of splits, scalings, sequences and repeated rows: what one condition decides."""

import numpy as np
import pytest

from dlspec.language.features import (
    CategoryFeature,
    ClassFeature,
    ImageFeature,
    NumberFeature,
    SequenceFeature,
    SeriesFeature,
    VectorFeature,
)
from dlspec.language.row_splits import FractionSplit, GivenSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.hygiene import odd_balance, odd_columns, repeated_rows
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.features.scaled_numbers import fit_number_scaling
from dlspec_pipelines.steps.preparation.fitting import fit_feature
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.preparation.raw_columns import Fill, Raw, padded_rows
from dlspec_pipelines.steps.preparation.splits import deal_rows
from dlspec_pipelines.steps.step_errors import StepError

# -- splits --------------------------------------------------------------------------------------


def parts_of(split, columns, given=None):
    """Return the rows of each part, dealt by the class `c` where the split is stratified."""
    table = Table({name: np.asarray(column) for name, column in columns.items()}, given)
    inputs, targets = {"n": NumberFeature("n")}, {"c": ClassFeature("c", 20)}
    return deal_rows(table, Data(CsvSource(("a.csv",)), inputs, targets, split)).parts


@pytest.mark.parametrize("seed", range(20))
def test_a_stratum_of_which_a_part_is_to_hold_a_row_gives_it_one(seed):
    # Ten classes of 5 rows, of which a share of 0.2 is one, and one of 50.
    classes = np.concatenate([np.repeat(np.arange(10), 5), np.full(50, 10)])
    split = FractionSplit(0.2, 0.2, "c", seed)
    parts = parts_of(split, {"n": np.arange(100.0), "c": classes})
    for rows in parts.values():
        assert np.bincount(classes[rows], minlength=11).min() >= 1
    assert sorted(np.concatenate(list(parts.values()))) == list(range(100))


def test_a_stratum_needs_a_row_for_each_part_and_no_more():
    numbers = np.arange(10.0)
    classes = [0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    parts = parts_of(FractionSplit(0.34, 0.34, "c"), {"n": numbers, "c": classes})
    assert all(np.isin([0, 1, 2], rows).sum() == 1 for rows in parts.values())
    rare = {"n": numbers, "c": [0, 0, 1, 1, 1, 1, 1, 1, 1, 1]}
    with pytest.raises(StepError, match=r"`0` stands in 2 rows \(row 0 first\)") as caught:
        parts_of(FractionSplit(0.3, 0.3, "c"), rare)
    assert caught.value.message.endswith("a stratum needs one for each of 3 parts")
    # Without a validation part two rows are enough.
    parts_of(FractionSplit(0.0, 0.3, "c"), rare)


def test_equal_rows_of_a_stratum_count_once():
    doubled = {"n": [5, 5, 5, *range(7)], "c": [0, 0, 0, 1, 1, 1, 1, 1, 1, 1]}
    with pytest.raises(StepError, match="`0` stands in 3 rows, 1 different"):
        parts_of(FractionSplit(0.3, 0.3, "c"), doubled)


def test_a_small_share_is_one_row_and_no_share_is_none():
    parts = parts_of(FractionSplit(0.001, 0.001), {"n": np.arange(10.0)})
    assert {name: len(rows) for name, rows in parts.items()} == {
        "train": 8,
        "test": 1,
        "validation": 1,
    }
    assert not parts_of(FractionSplit(0.0, 0.2), {"n": np.arange(10.0)})["validation"].size


def test_given_test_rows_leave_the_others_to_be_dealt_by_stratum():
    given = np.arange(30) % 3 == 0
    classes = np.arange(30) % 2
    split = GivenSplit("given", 0.5, "c", 1)
    parts = parts_of(split, {"n": np.arange(30.0), "c": classes}, given)
    assert parts["test"].tolist() == list(range(0, 30, 3))
    assert np.bincount(classes[parts["validation"]]).min() >= 1
    assert not given[np.concatenate([parts["train"], parts["validation"]])].any()


@pytest.mark.parametrize(
    ("times", "split", "sizes"),
    [
        (np.arange(10), TimeSplit("t", 0.2, 0.3), (5, 2, 3)),
        # A border inside a moment goes to its start.
        ([0, 1, 2, 3, 4, 4, 4, 7, 8, 9], TimeSplit("t", 0.2, 0.4), (2, 2, 6)),
        ([0, 1, 2, 3, 3, 5, 6, 7, 8, 9], TimeSplit("t", 0.2, 0.4), (3, 3, 4)),
        (np.arange(10), TimeSplit("t", 0.0, 0.3), (7, 0, 3)),
    ],
)
def test_time_is_cut_between_moments(times, split, sizes):
    parts = parts_of(split, {"t": np.asarray(times)})
    assert tuple(len(parts[name]) for name in ("train", "validation", "test")) == sizes


def test_a_split_without_rows_for_a_part_says_what_to_change():
    with pytest.raises(StepError) as caught:
        parts_of(TimeSplit("t", 0.0, 0.5), {"t": [3, 3, 3]})
    assert caught.value.message == "the split leaves no row for train: the source has 3 rows"
    assert caught.value.help == "change the shares under `split`"


# -- scalings ------------------------------------------------------------------------------------


def fitted_on(feature, columns, train):
    """Return the scaling or the vocabulary that a feature gets from some rows."""
    table = Table({name: np.asarray(column) for name, column in columns.items()})
    fitted = fit_feature(feature, gather_raw_values(feature, table), np.asarray(train))
    return fitted.vocabulary or fitted.scaling


_FIRST = np.array([1.0, 3.0, 100.0, 200.0])


@pytest.mark.parametrize(
    ("feature", "columns", "mean"),
    [
        (NumberFeature("n", standardize=True), {"n": _FIRST}, (2.0,)),
        (
            VectorFeature(("n", "m"), standardize=True),
            {"n": _FIRST, "m": 10 * _FIRST},
            (2.0, 20.0),
        ),
        (
            SequenceFeature("s", 2, 1, standardize=True),
            {"s": np.stack([_FIRST, _FIRST + 2], axis=1)[:, :, None]},
            (3.0,),
        ),
        (
            ImageFeature("i", (1, 1), 2, standardize=True),
            {"i": np.stack([_FIRST, 10 * _FIRST], axis=1)[:, None, None]},
            (2.0, 20.0),
        ),
    ],
)
def test_each_kind_of_numbers_is_standardised_on_its_training_rows_alone(feature, columns, mean):
    assert fitted_on(feature, columns, [0, 1]).mean == pytest.approx(mean)
    assert fitted_on(feature, columns, [0, 1, 2, 3]).mean != pytest.approx(mean)


def test_categories_are_found_in_the_training_rows_alone():
    columns = {"n": np.array(["a", "b", "c", "c"], dtype=object)}
    assert fitted_on(CategoryFeature("n", vocabulary=4), columns, [0, 1]) == ("a", "b")


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_a_column_is_standardised_whatever_its_unit(unit):
    values = unit * np.array([[10.0, 0.1], [11.0, 0.1], [12.0, 0.1]])
    scaling = fit_number_scaling(Raw(values), np.arange(3), standardize=True, scale=None)
    varied, constant = scaling.deviation
    assert varied == pytest.approx(unit * np.sqrt(2 / 3))
    assert constant == 1.0


def test_a_mask_leaves_steps_out_of_the_statistics():
    values = np.array([[[1.0], [99.0]], [[3.0], [5.0]]])
    mask = np.array([[True, False], [True, True]])
    scaling = fit_number_scaling(Raw(values, mask), np.arange(2), standardize=True, scale=None)
    assert scaling.mean == (3.0,)
    assert scaling.deviation == pytest.approx((np.std([1, 3, 5]),))


# -- sequences -----------------------------------------------------------------------------------


def rows_of(*lengths):
    column = np.empty(len(lengths), dtype=object)
    for at, length in enumerate(lengths):
        column[at] = list(range(1, length + 1))
    return column


@pytest.mark.parametrize(
    ("lengths", "cut", "mask"),
    [
        ((2, 3), 0, [[True, True, False], [True, True, True]]),
        ((3, 3), 0, None),
        ((4, 3), 1, None),
        ((4, 5), 2, None),
        ((4, 1), 1, [[True, True, True], [True, False, False]]),
    ],
)
def test_what_is_as_long_as_the_feature_is_neither_filled_nor_cut(lengths, cut, mask):
    raw = padded_rows("s", rows_of(*lengths), (3, 1), Fill())
    assert raw.cut == cut
    assert (raw.mask.tolist() if raw.mask is not None else None) == mask


@pytest.mark.parametrize(
    ("length", "cut", "side", "kept", "mask"),
    [
        (3, 0, "end", [1, 2, 3], None),
        (2, 2, "end", [1, 2], None),
        (2, 2, "start", [2, 3], None),
        (4, 0, "end", [1, 2, 3, 0], [True, True, True, False]),
        (4, 0, "start", [0, 1, 2, 3], [False, True, True, True]),
    ],
)
def test_rows_of_one_length_are_filled_and_cut_at_the_side_that_is_said(
    length, cut, side, kept, mask
):
    raw = padded_rows("s", np.array([[1, 2, 3], [1, 2, 3]]), (length, 1), Fill(side, side))
    assert raw.cut == cut
    assert raw.values[1, :, 0].tolist() == kept
    assert (raw.mask[1].tolist() if raw.mask is not None else None) == mask


# -- oddities ------------------------------------------------------------------------------------


def test_samples_are_compared_one_by_one():
    # Bytes that agree, and one value that equals nothing, not even itself.
    train = {"a": np.array([[np.nan], [1.0], [2.0]], dtype="f4")}
    (found,) = repeated_rows(train, {"test": {"a": np.array([[np.nan], [1.0]], dtype="f4")}})
    assert found.count == 1


@pytest.mark.parametrize("rows", [(0, 0), (0, 2), (2, 0)])
def test_a_part_without_rows_repeats_none(rows):
    one, two = ({"a": np.zeros((count, 3), "f4"), "b": np.zeros(count, "f4")} for count in rows)
    assert list(repeated_rows(one, {"test": two})) == []


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        (np.array([1, 1]), ["constant_column"]),
        (np.array([1, 2]), []),
        (np.array([1]), []),
        (np.array([[1, 1], [1, 1]]), []),
        (np.array([np.nan, 1.0]), ["missing_values"]),
        (np.array([[np.nan, np.nan], [1.0, 1.0]]), ["missing_values"]),
        (np.array([None, "a"], dtype=object), ["missing_values"]),
        (np.array(["NaT", "2024-01-01"], dtype="datetime64[D]"), ["missing_values"]),
    ],
)
def test_a_column_is_odd_where_values_are_missing_or_all_the_same(column, kinds):
    found = list(odd_columns(Table({"n": column}), ["n", "n"]))
    assert [one.kind for one in found] == kinds
    assert all(
        one.subject == "n" and one.count == (1 if "miss" in one.kind else 2) for one in found
    )


@pytest.mark.parametrize(
    ("train", "kinds"),
    [
        ([30, 3], []),
        ([31, 3], ["imbalance"]),
        ([31, 0, 31], ["absent_class"]),
        ([0, 0], []),
    ],
)
def test_classes_are_out_of_balance_above_ten_to_one(train, kinds):
    assert [one.kind for one in odd_balance("c", {"train": train})] == kinds


@pytest.mark.parametrize(
    ("feature", "columns"),
    [
        (NumberFeature("n", scale=0.5, standardize=True), {"n": _FIRST}),
        (
            SequenceFeature("s", 1, 1, scale=0.5, standardize=True),
            {"s": _FIRST[:, None, None]},
        ),
        (
            ImageFeature("i", (1, 1), 1, scale=0.5, standardize=True),
            {"i": _FIRST[:, None, None, None]},
        ),
    ],
)
def test_a_mean_is_that_of_the_scaled_numbers(feature, columns):
    assert fitted_on(feature, columns, [0, 1]).mean == pytest.approx((1.0,))


def test_a_series_has_no_gaps():
    table = Table({"a": np.array([1.0, np.nan, 3.0])})
    with pytest.raises(StepError, match="column `a`, row 1: the value is missing"):
        gather_raw_values(SeriesFeature(("a",), 2), table)
