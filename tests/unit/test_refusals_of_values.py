"""What a preparer says of values that its feature cannot take, and what it makes of the others."""

import numpy as np
import pytest
from refusals import objects, told

from dlspec.language.features import (
    BinaryFeature,
    BoxesFeature,
    CategoriesFeature,
    CategoryFeature,
    ClassFeature,
    ImageFeature,
    LabelsFeature,
    MaskFeature,
    NumberFeature,
    VectorFeature,
)
from dlspec.language.row_splits import ColumnSplit, FractionSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.fitting import fit_feature
from dlspec_pipelines.steps.preparation.moments import has_offsets, moments_of_column
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values, preparer_of
from dlspec_pipelines.steps.preparation.sampling import Samples, feature_elements
from dlspec_pipelines.steps.preparation.splits import deal_rows


def refused(feature, *values):
    column = values[0] if isinstance(values[0], np.ndarray) else objects(*values)
    return told(preparer_of(feature).raw_values, Table({"v": column}))


def elements(feature, columns, train, rows=None):
    """Return the elements of all rows, fitted on some."""
    table = Table(columns if isinstance(columns, dict) else {"v": columns})
    raw = gather_raw_values(feature, table)
    fitted = fit_feature(feature, raw, np.asarray(train))
    order = np.arange(table.rows)
    samples = Samples(order, order if rows is None else np.asarray(rows), None)
    return feature_elements({"v": fitted}, {"v": raw}, samples)["v"]


# -- numbers ---------------------------------------------------------------------------------------


FILL = "leave these rows out; of a `number`, `vector` or `series`, `missing: median` fills them"


@pytest.mark.parametrize(
    ("values", "why", "help"),
    [
        (
            (1, "x", None),
            "row 1: `x` is not a number",
            "add such a text to the source's `missing`, or take the column as a `category`",
        ),
        ((1, None), "row 1: the value is missing", FILL),
        ((1, None, None), "row 1: the value is missing; 2 rows miss one", FILL),
        ((np.inf, None), "row 0: `inf` is not finite", None),
        ((np.array(["a", "b"]),), "row 0: `a` is not a number", None),
    ],
)
def test_what_is_no_number(values, why, help):
    assert refused(NumberFeature("v"), *values) == (f"column `v`, {why}", help)


def test_arrays_are_no_number_and_an_axis_of_one_is():
    assert refused(NumberFeature("v"), np.zeros((2, 3))) == (
        "column `v` holds arrays of shape (3,), not numbers",
        "take it as a `vector`, an `image` or a `sequence`",
    )
    assert refused(NumberFeature("v"), np.zeros((2, 1, 1)))[0].endswith("shape (1, 1), not numbers")
    raw = preparer_of(NumberFeature("v")).raw_values(Table({"v": np.array([[1], [2]])}))
    assert raw.values.tolist() == [[1], [2]]
    assert refused(VectorFeature(("v",)), np.array([[1, 2], ["3", "x"]], dtype=object))[0] == (
        "column `v`, row 1: `x` is not a number"
    )


def test_a_constant_column_is_standardised_to_0():
    assert (
        elements(NumberFeature("v", standardize=True), np.full(4, 0.1), [0, 1]).tolist()
        == [[0]] * 4
    )
    one = elements(NumberFeature("v", standardize=True), np.array([1.0, 3.0]), [0])
    assert one.tolist() == [[0], [2]]


# -- categories ------------------------------------------------------------------------------------


def test_categories_have_ids_in_their_order_as_int32():
    column = objects("b", "a", 3, None, "b")
    found = elements(CategoryFeature("v", vocabulary=4), column, [0, 1, 2])
    assert (found.dtype, found.tolist()) == (np.int32, [3, 2, 1, 0, 3])
    known = elements(CategoryFeature("v", vocabulary=3, unknown=False), column[:3], [0, 1, 2])
    assert (known.dtype, known.tolist()) == (np.int32, [2, 1, 0])
    listed = CategoryFeature("v", vocabulary=("b", "z"))
    assert elements(listed, column, [0, 1]).tolist() == [1, 0, 0, 0, 1]


def test_categories_that_have_no_room_or_are_none_of_a_list():
    column = objects("a", "b", "c", "a")
    assert told(elements, CategoryFeature("v", vocabulary=3), column, [0, 1, 2]) == (
        "column `v` has 3 categories in the training rows, the vocabulary has room for 2",
        "write `vocabulary: 4`, or `rare: unknown`, which makes the rarest unknown",
    )
    alone = CategoryFeature("v", vocabulary=2, unknown=False)
    assert told(elements, alone, column, [0, 1, 2]) == (
        "column `v` has 3 categories in the training rows, the vocabulary has room for 2",
        "write `vocabulary: 3`",
    )
    rare = CategoryFeature("v", vocabulary=3, rare="unknown")
    assert elements(rare, column, [0, 1, 2, 3]).tolist() == [1, 2, 0, 1]
    two = {"v": column, "w": objects("x", "y", "a", "b")}
    assert told(elements, CategoriesFeature(("v", "w"), vocabulary=3), two, [0, 1])[0] == (
        "columns `v`, `w` have 4 categories in the training rows, the vocabulary has room for 2"
    )
    assert told(
        elements, CategoryFeature("v", vocabulary=("x", "y")), objects(None, "q"), [0, 1]
    ) == (
        "no training row of column `v` holds a category of its vocabulary",
        "list values as the column has them; the first is `q`",
    )
    strict = CategoryFeature("v", vocabulary=2, unknown=False)
    for value, shown in (("z", "`z`"), (None, "a missing value")):
        assert told(elements, strict, objects("a", "b", "a", value), [0, 1], [2, 3]) == (
            f"column `v`, row 3: {shown} is no category of the training rows",
            "write `unknown: true`, which keeps id 0 for such values",
        )


# -- targets ---------------------------------------------------------------------------------------


IDS = "list the values under `classes` in the order of their ids"


@pytest.mark.parametrize(
    ("classes", "values", "why", "help"),
    [
        (3, (0, 3), "row 1: `3` is no class id: ids run from 0 to 2", IDS),
        (3, (0, -1), "row 1: `-1` is no class id: ids run from 0 to 2", IDS),
        (3, (0, 0.5), "row 1: `0.5` is no class id: ids run from 0 to 2", IDS),
        (3, (0, None), "row 1: a missing value is no class id: ids run from 0 to 2", IDS),
        (
            3,
            (0, "b", "a"),
            "row 1: `b` is a text, not a class id",
            "list the values under `classes`, such as [a, b]",
        ),
        (
            ("cat", "dog"),
            ("cat", "cta"),
            "row 1: `cta` is not one of `classes`",
            "`classes` has `cat`: write one as the other",
        ),
        (("cat", "dog"), ("cat", "ox"), "row 1: `ox` is not one of `classes`", None),
        (("cat", "dog"), ("cat", None), "row 1: a missing value is not one of `classes`", None),
    ],
)
def test_what_is_no_class(classes, values, why, help):
    assert refused(ClassFeature("v", classes), *values) == (f"column `v`, {why}", help)


def test_classes_become_ids_or_vectors():
    ids = elements(ClassFeature("v", ("b", "a")), objects("a", "b"), [0])
    assert (ids.dtype, ids.tolist()) == (np.int32, [1, 0])
    flags = elements(ClassFeature("v", 2), np.array([True, False]), [0])
    assert (flags.dtype, flags.tolist()) == (np.int32, [1, 0])
    hot = elements(ClassFeature("v", 3, one_hot=True), np.array([2, 0]), [0])
    assert (hot.dtype, hot.tolist()) == (np.float32, [[0, 0, 1], [1, 0, 0]])


@pytest.mark.parametrize(
    ("positive", "values", "why", "help"),
    [
        (None, (0, 2), ", row 1: `2` is neither 0 nor 1", "write `positive`"),
        (None, (0, None), ", row 1: a missing value is no target", "leave these rows out"),
        ("yes", ("yes", None), ", row 1: a missing value is no target", "leave these rows out"),
    ],
)
def test_what_is_neither_of_two(positive, values, why, help):
    assert refused(BinaryFeature("v", positive=positive), *values) == (f"column `v`{why}", help)


def test_one_of_two_values_is_1():
    assert refused(BinaryFeature("v", positive="yes"), "no", "Yes") == (
        "no row of column `v` holds `yes`, the positive value",
        "write the value as the column has it; the first row holds `no`",
    )
    found = preparer_of(BinaryFeature("v", positive="yes")).raw_values(
        Table({"v": objects("no", "yes")})
    )
    assert (found.values.dtype, found.values.reshape(-1).tolist()) == (np.float32, [0, 1])
    plain = preparer_of(BinaryFeature("v")).raw_values(Table({"v": np.array([1, 0])}))
    assert (plain.values.dtype, plain.values.reshape(-1).tolist()) == (np.float32, [1, 0])


LABELS = "leave these rows out, or write `missing: none`, where no label holds then"


def test_what_is_no_label():
    names, ids = LabelsFeature(("v",), ("a", "b")), LabelsFeature(("v",), 2)
    assert refused(names, "a|b", "a|c") == (
        "column `v`, row 1: `c` is not one of `classes`",
        "add it to `classes`, or write the `separator` that the column has",
    )
    assert refused(ids, "0", "1|2") == (
        "column `v`, row 1: `2` is no label id: ids run from 0 to 1",
        "list the labels under `classes` in the order of their ids",
    )
    for feature in (names, ids):
        for gap in (None, float("nan")):
            assert refused(feature, [], gap) == (
                "column `v`, row 1: a missing value is no target",
                LABELS,
            )
    assert refused(ids, np.zeros((2, 3))) == (
        "column `v` holds arrays of shape (3,), not of 2 labels",
        "say under `classes` how many labels there are",
    )
    assert refused(ids, np.array([[0, 1], [1, np.nan]]))[0].endswith("a missing value is no target")
    assert refused(ids, np.array([[0, 1], [1, 2.0]])) == (
        "column `v`, row 1: `[1. 2.]` is neither 0 nor 1",
        "name one column that holds the labels, or columns of 0 and 1",
    )


def test_labels_become_vectors():
    none = LabelsFeature(("v",), ("a", "b"), missing="none")
    column = objects("b| a", ["a"], None, "", np.array(["b"]))
    found = elements(none, column, [0])
    assert (found.dtype, found.tolist()) == (np.float32, [[1, 1], [1, 0], [0, 0], [0, 0], [0, 1]])
    columns = {"a": np.array([0, 1]), "b": np.array([1.0, np.nan])}
    found = elements(LabelsFeature(("a", "b"), missing="none"), columns, [0])
    assert (found.dtype, found.tolist()) == (np.float32, [[0, 1], [1, 0]])
    assert elements(LabelsFeature(("v",), 3), objects(2, "0|1"), [0]).tolist() == [
        [0, 0, 1],
        [1, 1, 0],
    ]


def test_boxes_are_made_as_float32():
    cells = objects([[0.1, 0.1, 0.5, 0.5]], [])
    table = {"v": cells, "k": objects(["dog"], [])}
    found = elements(BoxesFeature("v", 1, ("cat", "dog"), "xywh", "k"), table, [0])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[[0.1, 0.1, 0.5, 0.5, 1]], [[-1] * 5]], rtol=1e-6)


def test_boxes_that_are_none_are_told_with_their_row():
    assert refused(BoxesFeature("v", 1, 2, "xywh"), [], [[0.1, 0.1, 0.5, 0.5, 2]]) == (
        "column `v`, row 1: box 0: `2` is no class from 0 to 1",
        None,
    )


def test_what_is_no_mask():
    mask = MaskFeature("v", 3, (2,))
    shape = "say the `shape` that all masks have"
    fill = ", or `ignore`, which fills up shorter ones"
    assert refused(mask, [0, 1], [0, 1, 2]) == (
        "column `v`, row 1: a mask of shape (3,), not (2,)",
        shape + fill,
    )
    assert refused(mask, [0, 1], [[0, 1]]) == (
        "column `v`, row 1: a mask of shape (1, 2), not (2,)",
        shape,
    )
    assert refused(mask, [0, 1], None) == (
        "column `v`, row 1: a missing value is no target",
        "leave these rows out",
    )
    way = IDS + ", or write `ignore` with the value of places of no class"
    assert refused(mask, [0, 1], [0, 3]) == (
        "column `v`, row 1: `3` is no class id: ids run from 0 to 2",
        way,
    )
    assert refused(MaskFeature("v", ("sky", "sea"), (2,)), ["sea", "sand"]) == (
        "column `v`, row 0: `sand` is not one of `classes`",
        way,
    )
    some = preparer_of(MaskFeature("v", 3, (3,), ignore=9)).raw_values(
        Table({"v": objects([0], [1, 9, 2, 0], [[2], [1], [0]])})
    )
    assert some.values.tolist() == [[0, 9, 9], [1, 9, 2], [2, 1, 0]]
    assert (some.values.dtype, some.cut) == (np.int32, 1)


# -- images ----------------------------------------------------------------------------------------


def test_what_is_no_image_of_the_size():
    assert refused(ImageFeature("v", (2, 3), 1), np.zeros((2, 3, 2))) == (
        "column `v` holds images of shape (3, 2), not (2, 3, 1)",
        "say the `size` and the `channels` that the images have",
    )
    assert refused(ImageFeature("v", (2, 3), 3), np.zeros((2, 2, 3)))[0].endswith("not (2, 3, 3)")
    for shape in ((2, 3), (6,), (2, 3, 1)):
        raw = preparer_of(ImageFeature("v", (2, 3), 1)).raw_values(
            Table({"v": np.ones((4, *shape))})
        )
        assert raw.values.shape == (4, 2, 3, 1)
    resized = ImageFeature("v", (2, 3), 3, resize="stretch")
    way = "say the `channels` that the images have"
    for shape in ((4, 4), (4, 4, 1), (0, 4, 3)):
        assert refused(resized, objects(np.zeros((4, 4, 3)), np.zeros(shape))) == (
            f"column `v`, row 1: an image of shape {shape}, not of 3 channels",
            way,
        )
    message, help = refused(resized, objects(np.zeros((4, 4, 3)), np.zeros(3)))
    assert (message, help) == ("column `v`, row 1: `[0. 0. 0.]` is no array of pixels", None)
    assert refused(resized, np.full((2, 4, 4, 3), np.nan))[0] == (
        "column `v`, row 0: the value is missing; 2 rows miss one"
    )


# -- splits ----------------------------------------------------------------------------------------


def _dealt(split, **columns):
    inputs, targets = {"n": NumberFeature("n")}, {"c": ClassFeature("c", 9)}
    rows = len(next(iter(columns.values())))
    filled = {"n": np.arange(float(rows)), "c": np.zeros(rows, dtype=int), **columns}
    return deal_rows(Table(filled), Data(CsvSource(("a.csv",)), inputs, targets, split))


def test_parts_that_a_column_names():
    column = objects("a", "b", "t", "v", "t")
    parts = _dealt(ColumnSplit("p", ("t",), ("v",)), p=column).parts
    assert {name: rows.tolist() for name, rows in parts.items()} == {
        "train": [0, 1],
        "validation": [3],
        "test": [2, 4],
    }
    assert told(_dealt, ColumnSplit("p", ("q",), ("v",)), p=column) == (
        "no row has `q` in column `p`, as `split.test` says",
        "write a value as the column has it; row 0 holds `a`",
    )
    assert told(_dealt, ColumnSplit("p", ("t", "v"), ("v",)), p=column) == (
        "row 3 would be both a validation and a test row",
        "name each value under one of `validation` and `test`",
    )


def test_rows_of_a_group_stay_together():
    group = np.repeat(np.arange(10), 3)
    parts = _dealt(FractionSplit(0.2, 0.2, None, 1, group="g"), g=group).parts
    for rows in parts.values():
        assert set(np.bincount(group[rows], minlength=10).tolist()) <= {0, 3}
    gaps = objects(*group.tolist()[:-2], None, None)
    assert told(_dealt, FractionSplit(0.2, 0.2, None, 1, group="g"), g=gaps) == (
        "column `g`, row 28: the value is missing, and `split.group` deals rows by it "
        "(2 such rows)",
        "write a group into such rows, or leave them out of the source",
    )


def test_what_orders_no_rows():
    order = "order rows by a column of numbers or of dates such as 2024-01-31"
    split = TimeSplit("t", 0.2, 0.2)
    days = objects("2024-01-01", "soon", None)
    assert told(_dealt, split, t=days) == ("column `t`, row 1: `soon` is no moment in time", order)
    mixed = objects("2024-01-01", "2024-01-02T10:00+01:00", "2024-01-03")
    assert told(moments_of_column, "t", mixed) == (
        "column `t`, row 0: `2024-01-01` has no offset from UTC, and row 1 has one",
        "write all moments with an offset, such as 2024-01-31T12:00+01:00, or none",
    )
    utc = moments_of_column("t", objects("2024-01-02T10:00+01:00", "2024-01-02T10:00Z"))
    assert utc.astype("M8[s]").astype(str).tolist() == [
        "2024-01-02T09:00:00",
        "2024-01-02T10:00:00",
    ]
    assert has_offsets(mixed)
    assert not has_offsets(days)
    assert not has_offsets(np.array(["2024-01-02T10:00"], dtype="M8[s]"))
    assert told(moments_of_column, "t", np.array([True, False]))[0].endswith("is no moment in time")
