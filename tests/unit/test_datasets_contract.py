"""The contract is checked whole, and what is odd is found."""

from dataclasses import replace

import numpy as np
import pytest
from refusals import objects

from dlspec.language.expectations import Expectation
from dlspec.language.features import (
    ClassFeature,
    ImageFeature,
    LabelsFeature,
    MaskFeature,
    NumberFeature,
    SequenceFeature,
    TensorFeature,
    TextFeature,
    TokensFeature,
    VectorFeature,
)
from dlspec.language.row_splits import TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets import ragged
from dlspec_pipelines.steps.datasets.contract import ContractBroken, validate_contract
from dlspec_pipelines.steps.datasets.hygiene import (
    class_counts,
    odd_balance,
    odd_columns,
    repeated_rows,
)
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.implied.implied_rules import implied_rules
from dlspec_pipelines.steps.preparation.implied.value_rules import moment_rules
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.step_errors import StepError


def _validate(columns, **expect):
    table = Table({name: np.asarray(column) for name, column in columns.items()})
    several = {name: one if isinstance(one, tuple) else (one,) for name, one in expect.items()}
    return validate_contract(table, several)


def _broken(columns, **expect):
    with pytest.raises(StepError) as caught:
        _validate(columns, **expect)
    assert caught.value.code == "DL612"
    return caught.value


def test_a_contract_that_holds_is_told_check_by_check():
    checked = _validate({"n": [1.0, 2.0]}, n=Expectation(nullable=False, in_range=(0, 2))).checked
    assert [(one.column, one.check, one.rows, one.failed) for one in checked] == [
        ("n", "not missing", 2, 0),
        ("n", "in_range [0, 2]", 2, 0),
    ]


def test_every_broken_check_of_every_column_is_told_with_its_rows():
    error = _broken(
        {"n": [1.0, np.nan, 7.0, -1.0], "s": objects("ab", "b|c", None, "ad")},
        n=Expectation(nullable=False, in_range=(0, 5)),
        s=Expectation(str_matches="a"),
    )
    assert error.message == (
        "the data breaks its contract: `n` fails not missing in 1 of 4 rows, "
        "`n` fails in_range [0, 5] in 2 of 4 rows, `s` fails str_matches a in 1 of 4 rows"
    )
    assert error.table.splitlines() == [
        "| row | column | value | check |",
        "|---|---|---|---|",
        "| 1 | n | a missing value | not missing |",
        "| 1 | s | `b\\|c` | str_matches a |",
        "| 2 | n | `7.0` | in_range [0, 5] |",
        "| 3 | n | `-1.0` | in_range [0, 5] |",
    ]


def test_the_table_shows_ten_rows_and_the_message_counts_all():
    error = _broken({"n": np.arange(100)}, n=Expectation(in_range=(0, 9)))
    assert "in 90 of 100 rows" in error.message
    assert len(error.table.splitlines()) == 12
    assert "| 10 | n | `10` |" in error.table


def test_a_value_that_comes_twice_is_not_unique():
    error = _broken({"n": [1, 2, 1]}, n=Expectation(unique=True))
    assert "| 2 | n | `1` | unique |" in error.table


def test_missing_values_are_not_equal_to_each_other():
    columns = {"n": [1.0, np.nan, np.nan], "s": objects("a", None, None)}
    checked = _validate(columns, n=Expectation(unique=True), s=Expectation(unique=True)).checked
    assert [one.failed for one in checked] == [0, 0]


def test_values_outside_a_list_are_found_by_their_type_too():
    error = _broken({"n": objects("1", "2", 3)}, n=Expectation(isin=("1", "2", "3")))
    assert error.table.splitlines()[2:] == ["| 2 | n | `3` | isin ['1', '2', '3'] |"]


@pytest.mark.parametrize(
    ("dtype", "column", "failing"),
    [
        ("integer", np.array([1.0, np.nan, 2.5]), [2]),
        ("integer", np.array([1, 2]), []),
        ("number", objects(1, "x", 1.5), [1]),
        ("text", objects("x", None, 3), [2]),
        ("boolean", np.array([True, False]), []),
        ("boolean", np.array([0, 1]), [0, 1]),
    ],
)
def test_the_type_of_each_value_is_checked(dtype, column, failing):
    if not failing:
        assert _validate({"n": column}, n=Expectation(dtype=dtype)).checked[0].failed == 0
        return
    error = _broken({"n": column}, n=Expectation(dtype=dtype))
    rows = [int(line.split("|")[1]) for line in error.table.splitlines()[2:]]
    assert rows == failing


def test_the_pixel_that_breaks_the_range_is_shown():
    images = np.zeros((3, 2, 2))
    images[1, 1, 0] = 300
    error = _broken({"n": images}, n=Expectation(in_range=(0, 255)))
    assert error.table.splitlines()[2:] == ["| 1 | n | `300.0` | in_range [0, 255] |"]


def test_the_number_of_a_ragged_row_that_breaks_the_range_is_shown():
    rows = objects([1, 2], [], [3, 9, 8])
    error = _broken({"n": rows}, n=Expectation(in_range=(0, 5)))
    assert error.table.splitlines()[2:] == ["| 2 | n | `9.0` | in_range [0, 5] |"]


def test_lists_of_texts_are_held_against_a_list():
    rows = objects(["a", "b"], None, ["b", "z"])
    error = _broken({"n": rows}, n=Expectation(isin=("a", "b")))
    assert [line.split("|")[1:4] for line in error.table.splitlines()[2:]] == [
        [" 2 ", " n ", " `z` "]
    ]


def test_equal_lists_are_not_unique():
    rows = objects([[1], [2, 3]], [[1], [2]], [[1], [2, 3]])
    assert (
        "| 2 | n | `[[1], [2, 3]]` | unique |"
        in _broken({"n": rows}, n=Expectation(unique=True)).table
    )


def test_values_that_cannot_be_compared_all_fail():
    dates = np.array(["2024-01-01", "2024-01-02"], dtype="M8[D]")
    assert "in 2 of 2 rows" in _broken({"n": dates}, n=Expectation(in_range=(0, 9))).message


def test_a_pattern_that_is_none_is_told():
    error = _broken({"s": objects("a")}, s=Expectation(str_matches="(a"))
    assert error.message.startswith("`(a` under `expect` is no regular expression: missing )")


def test_a_text_lies_in_no_range():
    error = _broken({"n": objects("5", "x", None)}, n=Expectation(in_range=(0, 9)))
    assert error.table.splitlines()[2:] == ["| 1 | n | `x` | in_range [0, 9] |"]


def test_a_column_of_the_contract_that_is_not_there_is_told():
    with pytest.raises(StepError, match="the source has no column `size`") as caught:
        _validate({"n": [1]}, size=Expectation(nullable=False))
    assert caught.value.code == "DL611"


def test_a_warned_check_is_counted_and_does_not_break_the_contract():
    expected = (Expectation(in_range=(0, 9)), Expectation(in_range=(0, 5), severity="warning"))
    verdict = _validate({"n": [1, 7, 3]}, n=expected)
    assert [(one.check, one.failed, one.severity) for one in verdict.checked] == [
        ("in_range [0, 9]", 0, "error"),
        ("in_range [0, 5]", 1, "warning"),
    ]
    (failing,) = verdict.failing
    assert (failing.place.row, failing.value, failing.severity) == (1, "7", "warning")


def test_an_error_beside_a_warning_is_told_alone_and_both_are_shown():
    expected = (Expectation(in_range=(0, 9)), Expectation(unique=True, severity="warning"))
    error = _broken({"n": [1, 1, 30]}, n=expected)
    assert error.message == (
        "the data breaks its contract: `n` fails in_range [0, 9] in 1 of 3 rows"
    )
    assert [line.split("|")[1].strip() for line in error.table.splitlines()[2:]] == ["1", "2"]


def _implied(feature, column):
    table = Table({"v": column})
    data = Data(CsvSource(("a.csv",)), {"f": feature}, {})
    try:
        verdict = validate_contract(table, {}, implied_rules(table, data))
    except ContractBroken as broken:
        verdict = broken.verdict
    return {
        one.check: (one.failed, [f.value for f in verdict.failing if f.check == one.check])
        for one in verdict.checked
    }


@pytest.mark.parametrize(
    ("feature", "column", "found"),
    [
        (
            NumberFeature("v"),
            objects("1", None, "x", 3),
            {"a value is there": (1, [""]), "a finite number": (1, ["x"])},
        ),
        (
            VectorFeature(("v",), length=2),
            objects([1, 2], [1], None, [np.inf, 0]),
            {
                "an array is there": (1, [""]),
                "2 numbers": (1, ["shape (1,)"]),
                "finite numbers": (1, ["inf"]),
            },
        ),
        (
            TensorFeature("v", (2, 2)),
            np.full((3, 2, 3), 0.5),
            {
                "an array is there": (0, []),
                "an array of shape (2, 2)": (3, ["shape (2, 3)"] * 3),
                "finite numbers": (0, []),
            },
        ),
        (
            SequenceFeature("v", 4, 2),
            objects([[1, 2]], [[1, 2], [3]], [], ["a"]),
            {
                "an array is there": (0, []),
                "steps of 2 numbers": (2, ["shape (2,)", "shape (1,)"]),
                "finite numbers": (2, ["[1 2]", "a"]),
            },
        ),
        (
            TokensFeature("v", 3, 10),
            objects([1, 2], [9, 10], [0.5]),
            {"an array is there": (0, []), "ids from 0 to 9": (2, ["10", "0.5"])},
        ),
        (
            MaskFeature("v", 3, (2,), ignore=255),
            objects([0, 2], [3, 0], [255], [[1]]),
            {
                "a target is there": (0, []),
                "a mask of shape (2,)": (1, ["shape (1, 1)"]),
                "class ids from 0 to 2, or 255": (1, ["3"]),
            },
        ),
        (
            LabelsFeature(("v",), ("a", "b")),
            objects("a|b", "a|c", None, ""),
            {"a target is there": (1, [""]), "labels of `classes`": (1, ["a|c"])},
        ),
        (
            ImageFeature("v", (2, 2), 1),
            np.zeros((2, 2, 2), dtype="u1"),
            {
                "an array is there": (0, []),
                "an image of shape (2, 2, 1)": (0, []),
                "finite numbers": (0, []),
            },
        ),
        (
            TextFeature("v", vocabulary=10, length=3),
            objects("a", " ", None),
            {"a text that is not empty": (2, [" ", ""])},
        ),
    ],
)
def test_what_a_feature_needs_of_a_row_is_part_of_the_contract(feature, column, found):
    assert _implied(feature, column) == found


@pytest.mark.parametrize("joined", [1, 3, 10**6])
def test_rows_that_are_looked_at_together_are_told_apart(monkeypatch, joined):
    monkeypatch.setattr(ragged, "_JOINED_VALUES", joined)
    column = objects(*(np.array(ids, dtype=int) for ids in ([], [1, 12], [2], [], [-1], [11])))
    found = _implied(TokensFeature("v", 3, 10), column)
    assert found["ids from 0 to 9"] == (3, ["12", "-1", "11"])


def test_a_rule_that_holds_is_told_and_leaves_those_that_are_said_to_be_checked():
    table = Table({"v": np.array([1.0, 2.0, 30.0])})
    data = Data(CsvSource(("a.csv",)), {"f": NumberFeature("v")}, {})
    expect = {"v": (Expectation(in_range=(0, 9)),)}
    with pytest.raises(ContractBroken) as caught:
        validate_contract(table, expect, implied_rules(table, data))
    assert [(one.check, one.failed) for one in caught.value.verdict.checked] == [
        ("in_range [0, 9]", 1),
        ("a value is there", 0),
        ("a finite number", 0),
    ]


def test_where_nothing_is_expected_no_help_says_to_change_it():
    data = Data(CsvSource(("a.csv",)), {"f": NumberFeature("v")}, {}, TimeSplit("t", 0.1, 0.1))
    table = Table({"v": objects(1, None), "t": objects("2024-01-31", "nothing")})
    with pytest.raises(ContractBroken) as caught:
        validate_contract(table, {}, implied_rules(table, data))
    assert [one.column for one in caught.value.verdict.checked if one.failed] == ["v", "t"]
    assert "expect" not in str(caught.value)


def test_a_file_that_has_two_labels_breaks_the_contract():
    columns = {"file": objects("a.png", "b.png", "a.png", "b.png"), "c": np.array([0, 1, 1, 1])}
    inputs, targets = {"x": ImageFeature("file", (2, 2), 1)}, {"c": ClassFeature("c", 2)}
    table, data = Table(columns), Data(CsvSource(("a.csv",)), inputs, targets)
    with pytest.raises(ContractBroken) as caught:
        validate_contract(table, {}, implied_rules(table, data))
    assert "`file` fails one `c` for each file in 2 of 4 rows" in caught.value.message
    assert [one.value for one in caught.value.verdict.failing] == ["a.png: 0", "a.png: 1"]


def test_a_file_that_stands_twice_with_one_label_is_no_mistake():
    columns = {"file": objects("a.png", "a.png"), "c": np.array([1, 1])}
    inputs, targets = {"x": ImageFeature("file", (2, 2), 1)}, {"c": ClassFeature("c", 2)}
    table, data = Table(columns), Data(CsvSource(("a.csv",)), inputs, targets)
    assert not any(
        one.failed for one in validate_contract(table, {}, implied_rules(table, data)).checked
    )


def test_a_row_that_is_no_moment_breaks_the_contract_of_a_split_by_time():
    table = Table({"t": objects("2024-01-01", "soon", None)})
    rules = list(moment_rules("t", table))
    with pytest.raises(ContractBroken, match="`t` fails a moment in time in 2 of 3 rows"):
        validate_contract(table, {}, rules)


def test_missing_values_and_constant_columns_are_found():
    columns = {
        "gap": np.array([1.0, np.nan, 2.0]),
        "same": objects("x", "x", "x"),
        "image": np.zeros((3, 2, 2)),
    }
    found = [(f.kind, f.subject, f.count) for f in odd_columns(Table(columns), list(columns))]
    assert found == [("missing_values", "gap", 1), ("constant_column", "same", 3)]


def test_test_samples_that_equal_a_training_sample_are_counted():
    rng = np.random.default_rng(1)
    train = {"a": rng.normal(size=(500, 3)).astype("f4"), "b": np.arange(500, dtype="i4")}
    test = {"a": train["a"][[7, 8, 9, 7]].copy(), "b": np.array([7, 8, 0, 7], dtype="i4")}
    (found,) = repeated_rows(train, {"test": test})
    assert (found.kind, found.subject, found.count) == ("repeated_rows", "test", 3)
    assert found.message == "3 of 4 test samples have the inputs of a training sample"


def test_samples_of_their_own_are_no_finding():
    rng = np.random.default_rng(1)
    one, two = ({"a": rng.normal(size=(500, 3)).astype("f4")} for _ in range(2))
    assert list(repeated_rows(one, {"test": two})) == []


def test_an_absent_class_and_an_imbalance_are_found():
    ids = {"train": np.array([0] * 33 + [1] * 3), "test": np.array([0, 0])}
    counts = class_counts(ids, 2)
    assert counts == {"train": [33, 3], "test": [2, 0]}
    found = [(f.kind, f.subject, f.count) for f in odd_balance("c", counts)]
    assert found == [("absent_class", "c/test", 1), ("imbalance", "c", 3)]


def test_a_column_of_time_that_is_not_there_is_told_with_the_one_meant(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    (tmp_path / "days.csv").write_text("\n".join(["when,x", *(f"{n},{n % 3}" for n in range(20))]))
    number = NumberFeature("x")
    data = Data(CsvSource(("days.csv",)), {"x": number}, {"y": number}, TimeSplit("wen", 0.0, 0.25))
    with pytest.raises(StepError) as caught:
        prepare_dataset(data, base=tmp_path)
    assert (caught.value.code, caught.value.help) == ("DL611", "write `when` for `wen`")
    followed = replace(data, split=TimeSplit("when", 0.0, 0.25))
    assert len(open_part(prepare_dataset(followed, base=tmp_path), "test").rows) == 5
