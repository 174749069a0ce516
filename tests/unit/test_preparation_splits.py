"""Every row goes to one part, by the rule that the spec names."""

import numpy as np
import pytest

from dlspec.language.features import ClassFeature, NumberFeature, SeriesFeature, SeriesTarget
from dlspec.language.row_splits import ColumnSplit, FractionSplit, GivenSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.splits import deal_rows
from dlspec_pipelines.steps.preparation.time_steps import NO_BREAKS
from dlspec_pipelines.steps.preparation.windows import Window, window_anchors, window_of
from dlspec_pipelines.steps.step_errors import StepError


def _deal(split, columns, given=None):
    inputs, targets = {"n": NumberFeature("n")}, {"c": ClassFeature("c", 3)}
    table = Table({name: np.asarray(column) for name, column in columns.items()}, given)
    return deal_rows(table, Data(CsvSource(("a.csv",)), inputs, targets, split))


def _lists(dealt):
    return {name: positions.tolist() for name, positions in dealt.parts.items()}


def test_the_seed_decides_the_deal():
    columns = {"n": np.arange(50.0)}
    one, same, other = (_lists(_deal(FractionSplit(seed=s), columns)) for s in (1, 1, 2))
    assert one == same
    assert one != other


def test_a_stratum_with_one_row_is_refused():
    with pytest.raises(StepError) as caught:
        _deal(FractionSplit(0.0, 0.2, "c"), {"n": np.arange(8.0), "c": [0, 0, 0, 0, 2, 1, 1, 1]})
    assert caught.value.code == "DL613"
    assert "`2` stands in 1 row (row 4 first)" in caught.value.message


def test_the_test_rows_of_the_source_stay_test_rows():
    given = np.array([False, True, False, False, True, False])
    parts = _lists(_deal(GivenSplit("given", 0.25, None, 1), {"n": np.arange(6.0)}, given))
    assert parts["test"] == [1, 4]
    assert parts["validation"]
    assert sorted(parts["train"] + parts["validation"]) == [0, 2, 3, 5]


def test_a_source_without_test_rows_of_its_own_is_refused():
    with pytest.raises(StepError, match="no test rows of its own") as caught:
        _deal(GivenSplit("given"), {"n": np.zeros(6)})
    assert caught.value.code == "DL613"


def test_a_column_deals_the_rows():
    columns = {"fold": [1, 5, 4, 2, 5, 3]}
    assert _lists(_deal(ColumnSplit("fold", (5,), (4,)), columns)) == {
        "train": [0, 3, 5],
        "validation": [2],
        "test": [1, 4],
    }


def test_a_value_that_no_row_has_is_refused():
    columns = {"fold": np.array(["a", "b"], dtype=object)}
    with pytest.raises(StepError, match="no row has `c` in column `fold`"):
        _deal(ColumnSplit("fold", ("c",)), columns)


def test_a_row_is_not_dealt_twice():
    with pytest.raises(StepError, match="row 1 would be both"):
        _deal(ColumnSplit("fold", (2,), (2,)), {"fold": [1, 2]})


def test_time_cuts_the_ordered_rows():
    dealt = _deal(TimeSplit("t", 0.2, 0.3), {"t": np.array([9, 8, 7, 6, 5, 4, 3, 2, 1, 0])})
    assert dealt.order.tolist() == list(range(9, -1, -1))
    assert _lists(dealt) == {
        "train": [0, 1, 2, 3, 4],
        "validation": [5, 6],
        "test": [7, 8, 9],
    }


def test_rows_of_one_moment_stay_together():
    dealt = _deal(TimeSplit("t", 0.0, 0.2), {"t": [0, 0, 1, 1, 2, 2, 3, 3, 3, 3]})
    assert _lists(dealt)["test"] == [6, 7, 8, 9]


def test_dates_as_texts_are_ordered():
    dates = np.array(["2024-03-01", "2023-12-31T23:00", "2024-01", "2024-02-29"], dtype=object)
    assert _deal(TimeSplit("t", 0.0, 0.25), {"t": dates}).order.tolist() == [1, 2, 3, 0]


def test_a_date_of_another_kind_is_refused_and_not_guessed():
    dates = np.array(["2024-01-02", "1/3/2024"], dtype=object)
    with pytest.raises(StepError) as caught:
        _deal(TimeSplit("t"), {"t": dates})
    assert caught.value.message == "column `t`, row 1: `1/3/2024` is no moment in time"


def test_a_number_among_dates_is_refused():
    dates = np.array(["2024-01-02", 7], dtype=object)
    with pytest.raises(StepError, match="column `t`, row 1: `7` is no moment in time"):
        _deal(TimeSplit("t"), {"t": dates})


@pytest.mark.parametrize("split", [TimeSplit("t"), ColumnSplit("t", (1,))])
def test_a_column_of_arrays_deals_no_rows(split):
    with pytest.raises(StepError, match="does not hold one plain value per row"):
        _deal(split, {"t": np.zeros((4, 2))})


def test_a_split_that_leaves_no_training_rows_is_refused():
    with pytest.raises(StepError, match="no row for train"):
        _deal(TimeSplit("t", 0.0, 0.5), {"t": [3, 3, 3]})


def test_a_window_lies_within_its_part():
    assert window_anchors(np.arange(10, 20), Window(4, 2, 1), NO_BREAKS).tolist() == [
        14,
        15,
        16,
        17,
        18,
    ]


def test_a_gap_ends_a_run():
    positions = np.array([0, 1, 2, 3, 10, 11, 12, 13, 14])
    assert window_anchors(positions, Window(3, 1, 1), NO_BREAKS).tolist() == [3, 13, 14]


def test_the_stride_counts_from_the_start_of_a_run():
    positions = np.concatenate([np.arange(3, 11), np.arange(20, 27)])
    assert window_anchors(positions, Window(2, 1, 3), NO_BREAKS).tolist() == [5, 8, 22, 25]


def test_no_window_fits_a_run_that_is_too_short():
    assert window_anchors(np.arange(4), Window(4, 1, 1), NO_BREAKS).tolist() == []


def test_series_of_one_sample_meet_at_its_anchor():
    features = [SeriesFeature(("a",), 24), SeriesFeature(("b",), 7), SeriesTarget(("a",), 3)]
    assert window_of(features) == Window(24, 3, 1)


def test_what_is_forecast_later_lengthens_the_horizon():
    features = [
        SeriesFeature(("a",), 4, step=3),
        SeriesTarget(("a",), 2, gap=5, step=2),
        SeriesTarget(("a",), 1, gap=9),
    ]
    assert window_of(features) == Window(10, 10, 1, 5)
    itself = [SeriesFeature(("a",), 4), SeriesTarget(("a",), window_="input", length=4)]
    assert window_of(itself) == Window(4, 0, 1, 0)


def test_series_of_several_strides_are_refused():
    with pytest.raises(StepError, match="several strides"):
        window_of([SeriesFeature(("a",), 4), SeriesFeature(("b",), 4, 2)])


@pytest.mark.parametrize(
    ("split", "columns", "message", "help_"),
    [
        (
            *(TimeSplit("t", 0.0, 0.5), {"t": [3, 3, 3]}),
            "the split leaves no row for train: the source has 3 rows",
            "change the shares under `split`",
        ),
        (
            *(GivenSplit("given"), {"n": [0, 0]}),
            "the source has no test rows of its own, as `test: given` asks for",
            "write a share, such as `test: 0.2`, or name the file of the test rows beside `source`",
        ),
        (
            *(ColumnSplit("n", (9,), ()), {"n": [4, 5]}),
            "no row has `9` in column `n`, as `split.test` says",
            "write a value as the column has it; row 0 holds `4`",
        ),
        (
            *(FractionSplit(0.2, 0.2, "c"), {"n": np.arange(5), "c": [1, 0, 0, 0, 1]}),
            "`1` stands in 2 rows (row 0 first), and a stratum needs one for each of 3 parts",
            "leave `stratify` out, or leave such rows out of the source",
        ),
    ],
)
def test_a_split_that_is_not_possible_says_what_to_write(split, columns, message, help_):
    with pytest.raises(StepError) as caught:
        _deal(split, columns)
    assert (caught.value.message, caught.value.help) == (message, help_)


def test_a_stratum_needs_one_row_for_each_part_and_no_more():
    classes = np.repeat([0, 1], [3, 57])
    parts = _deal(FractionSplit(0.4, 0.4, "c"), {"n": np.arange(60), "c": classes}).parts
    assert [int((classes[rows] == 0).sum()) for rows in parts.values()] == [1, 1, 1]


def test_a_column_of_arrays_makes_no_strata():
    with pytest.raises(StepError, match="column `c`"):
        _deal(FractionSplit(0.0, 0.2, "c"), {"n": np.arange(4), "c": np.zeros((4, 2))})


def test_the_other_rows_of_a_given_test_are_dealt_by_the_seed():
    classes, given = np.tile([0, 1], 100), np.arange(200) >= 160
    columns = {"n": np.arange(200), "c": classes}
    parts = _deal(GivenSplit("given", 0.25, "c", 1), columns, given).parts
    same = _deal(GivenSplit("given", 0.25, "c", 1), columns, given).parts
    other = _deal(GivenSplit("given", 0.25, "c", 2), columns, given).parts
    assert parts["validation"].tolist() == same["validation"].tolist()
    assert parts["validation"].tolist() != other["validation"].tolist()


@pytest.mark.parametrize(
    ("validation", "sizes"), [(0.0, (8, 0, 2)), (0.01, (7, 1, 2)), (0.3, (5, 3, 2))]
)
def test_a_share_of_time_above_nothing_is_at_least_a_row(validation, sizes):
    parts = _deal(TimeSplit("n", validation, 0.2), {"n": np.arange(10)}).parts
    assert tuple(len(parts[name]) for name in ("train", "validation", "test")) == sizes
