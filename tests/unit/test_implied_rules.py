"""What each feature asks of its column, rule by rule: the text, the failing rows, the way on."""

import numpy as np
import pytest
from refusals import objects

from dlspec.language.features import (
    AudioFeature,
    BinaryFeature,
    BoxesFeature,
    CategoryFeature,
    ClassFeature,
    ImageFeature,
    LabelsFeature,
    MaskFeature,
    NumberFeature,
    SequenceFeature,
    SeriesFeature,
    TensorFeature,
    TextFeature,
    TokensFeature,
    VectorFeature,
)
from dlspec.language.row_splits import TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps import data_memory
from dlspec_pipelines.steps.datasets.failing_rows import value_text
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.implied.implied_rules import implied_rules

LEAVE = "leave these rows out"
MEND = "mend these rows, or leave them out"
FILL = "leave these rows out; of a `number`, `vector` or `series`, `missing: median` fills them"
TEXT = "add such a text to the source's `missing`, or take the column as a `category`"
STEPS = "give every step of these rows as many numbers, or say how many all steps have"
SHAPE = "the first of these has the shape {}: say that, or mend them"
SIZE = (
    "say the `size` and the `channels` that the images have, or how they come to it: "
    "`resize: stretch`, `crop` or `pad`"
)
WAVES = "give each row a list of samples, or the name of a file"
LABELS = "leave these rows out, or write `missing: none`, where no label holds then"
ZERO_OR_ONE = "name one column that holds the labels, or columns of 0 and 1"
LISTED = "list the values under `classes` in the order of their ids"


def rules_of(columns, *, inputs=(), targets=(), split=None):
    """Return each rule: its column, its text, what is shown of the rows that fail, its help."""
    named = [dict(enumerate(features)) for features in (inputs, targets)]
    data = Data(CsvSource(("a.csv",)), *named, *(() if split is None else (split,)))
    table = Table(columns)
    found = []
    for rule in implied_rules(table, data):
        assert len(rule.decides) == table.rows
        failing = np.flatnonzero(~np.asarray(rule.decides, dtype=bool))
        shown = {int(row): value_text(rule.shows[row]) for row in failing}
        found.append((rule.column, rule.text, shown, rule.help))
    return found


def asked(feature, column, *, is_target=False):
    kind = {"targets" if is_target else "inputs": [feature]}
    rules = rules_of({"v": column}, **kind)
    assert {name for name, *_ in rules} <= {"v"}
    return [rule[1:] for rule in rules]


HERE = ("an array is there", {}, LEAVE)
FINITE = ("finite numbers", {}, MEND)


# -- arrays --------------------------------------------------------------------------------------


def test_a_vector_has_its_numbers_in_any_shape():
    vector = VectorFeature(("v",), length=4)
    column = objects([1, 2, 3, 4], np.zeros((2, 2)), [[1, 2, 3]], None, [1, np.nan, 3, 4])
    assert asked(vector, column) == [
        ("an array is there", {3: ""}, LEAVE),
        ("4 numbers", {2: "shape (1, 3)"}, SHAPE.format("(1, 3)")),
        ("finite numbers", {4: ""}, FILL),
    ]
    assert asked(vector, np.zeros((2, 2, 2))) == [
        HERE,
        ("4 numbers", {}, "say that, or mend them"),
        ("finite numbers", {}, FILL),
    ]
    assert asked(vector, np.zeros((2, 3)))[1] == (
        "4 numbers",
        {0: "shape (3,)", 1: "shape (3,)"},
        SHAPE.format("(3,)"),
    )
    # Without a length the first training row says it.
    assert asked(VectorFeature(("v",)), column)[1][:2] == ("finite numbers", {4: ""})


def test_a_gap_is_filled_and_infinity_is_not():
    column = objects([1.0, np.nan], [np.inf, 0.0], [3, 4])
    assert asked(VectorFeature(("v",), missing="median"), column) == [
        HERE,
        ("finite numbers", {1: "inf"}, FILL),
    ]
    dense = np.array([[1, np.nan], [np.inf, 0.0], [3, -np.inf]])
    assert asked(VectorFeature(("v",), missing="median"), dense)[1][1] == {1: "inf", 2: "-inf"}
    assert asked(VectorFeature(("v",)), dense)[1][1] == {0: "", 1: "inf", 2: "-inf"}


@pytest.mark.parametrize(
    ("wanted", "fitting", "others"),
    [
        ((2, 3), [(2, 3), (6,), (2, 3, 1)], [(3, 2), (2, 3, 2), (1, 2, 3), (5,)]),
        ((2, 3, 1), [(2, 3, 1), (2, 3), (6,), (2, 3, 1, 1)], [(1, 2, 3), (2,)]),
    ],
)
def test_an_array_may_be_flat_or_lack_an_axis_of_one(wanted, fitting, others):
    column = objects(*(np.zeros(shape) for shape in [*fitting, *others]))
    text = f"an array of shape {wanted}"
    shown = {len(fitting) + at: f"shape {shape}" for at, shape in enumerate(others)}
    rules = [HERE, (text, shown, SHAPE.format(others[0])), FINITE]
    assert asked(TensorFeature("v", wanted), column) == rules
    for shape in fitting:
        assert asked(TensorFeature("v", wanted), np.zeros((2, *shape)))[1] == (
            text,
            {},
            "say that, or mend them",
        )


@pytest.mark.parametrize(
    ("wanted", "text", "fitting", "others"),
    [
        ((4,), "steps of one number", [(2,), (9,), (0, 5)], [(2, 3), (4, 1)]),
        ((4, 3), "steps of 3 numbers", [(2, 3), (0,), (9, 3)], [(3,), (3, 4), (2, 3, 1)]),
        ((4, 1), "steps of 1 number", [(2, 1), (5,)], [(2, 2), (2, 1, 1)]),
        ((4, 3, 2), "steps of (3, 2)", [(5, 3, 2)], [(5, 2, 3), (5, 6)]),
    ],
)
def test_an_array_of_any_first_extent_has_steps_of_one_shape(wanted, text, fitting, others):
    column = objects(*(np.ones(shape) for shape in [*fitting, *others]))
    shown = {len(fitting) + at: f"shape {shape}" for at, shape in enumerate(others)}
    rules = [HERE, (text, shown, STEPS), FINITE]
    assert asked(TensorFeature("v", wanted, pad="end"), column) == rules
    if len(wanted) == 2:
        assert asked(SequenceFeature("v", wanted[0], wanted[1]), column) == rules


def test_lists_of_several_lengths_have_the_shape_of_their_first_axis():
    column = objects([[1, 2], [3]], [[1, 2], [3, 4]], [], [["a", "b"]], 7, "x")
    assert asked(SequenceFeature("v", 4, 2), column) == [
        ("an array is there", {4: "7", 5: "x"}, LEAVE),
        ("steps of 2 numbers", {0: "shape (2,)"}, STEPS),
        ("finite numbers", {0: "[1 2]", 3: "a"}, MEND),
    ]


def test_lists_in_object_arrays_are_arrays_too():
    inner = objects([1.0, 2.0], [3.0, 4.0])
    column = objects(inner, [np.array([1, 2]), [3, 4]], objects(np.zeros(2), None))
    assert asked(TensorFeature("v", (2, 2)), column)[1][1] == {2: "shape (2,)"}


def test_texts_and_plain_numbers_are_asked_for_no_array():
    for column in (np.arange(3.0), objects("a.png", "b.png"), np.array([["a", "b"], ["c", "d"]])):
        for feature in (
            TensorFeature("v", (2,)),
            SequenceFeature("v", 4, 2),
            ImageFeature("v", (2, 2), 1),
            AudioFeature("v", 10, 1.0),
            TokensFeature("v", 2, 5),
            VectorFeature(("v",), length=2),
        ):
            assert asked(feature, column) == []
        assert asked(MaskFeature("v", 3, (2,)), column, is_target=True) == []


def test_texts_in_two_axes_are_arrays_and_no_numbers():
    assert asked(TensorFeature("v", (2,)), np.array([["a", "b"], ["c", "d"]], dtype=object)) == [
        HERE,
        ("an array of shape (2,)", {}, "say that, or mend them"),
        ("finite numbers", {0: "a", 1: "c"}, MEND),
    ]


@pytest.mark.parametrize(
    ("channels", "fitting", "others"),
    [
        (1, [(2, 3, 1), (2, 3), (6,)], [(3, 2), (2, 3, 3), (6, 1)]),
        (3, [(2, 3, 3), (18,)], [(2, 3), (3, 2, 3), (6,)]),
    ],
)
def test_pixels_of_the_size_that_is_said(channels, fitting, others):
    column = objects(*(np.ones(shape) for shape in [*fitting, *others]))
    text = f"an image of shape (2, 3, {channels})"
    shown = {len(fitting) + at: f"shape {shape}" for at, shape in enumerate(others)}
    image = ImageFeature("v", (2, 3), channels)
    assert asked(image, column) == [HERE, (text, shown, SIZE), FINITE]
    for shape in fitting:
        assert asked(image, np.ones((2, *shape)))[1] == (text, {}, SIZE)
    for shape in others:
        assert list(asked(image, np.ones((2, *shape)))[1][1]) == [0, 1]


@pytest.mark.parametrize(
    ("channels", "fitting", "others"),
    [
        (1, [(5, 7), (4, 4, 1)], [(5, 7, 3), (4,), (0, 4), (4, 4, 1, 1)]),
        (3, [(5, 7, 3)], [(5, 7), (5, 7, 1), (3, 0, 3), (3,)]),
    ],
)
def test_pixels_that_are_resized_have_their_channels(channels, fitting, others):
    column = objects(*(np.ones(shape) for shape in [*fitting, *others]))
    shown = {len(fitting) + at: f"shape {shape}" for at, shape in enumerate(others)}
    image = ImageFeature("v", (2, 3), channels, resize="stretch")
    help = "say the `channels` that the images have"
    text = {1: "an image of 1 channel", 3: "an image of 3 channels"}[channels]
    assert asked(image, column) == [HERE, (text, shown, help), FINITE]
    # Of a dense array preparation tells it once.
    assert asked(image, np.ones((2, 5, 7, 2))) == [HERE, FINITE]


def test_a_wave_has_samples_in_one_row():
    column = objects([0.5, 0.1], [[0.5], [0.1]], [], None, [np.nan])
    assert asked(AudioFeature("v", 10, 1.0), column) == [
        ("an array is there", {3: ""}, LEAVE),
        ("a wave", {1: "shape (2, 1)", 2: "shape (0,)"}, WAVES),
        ("finite numbers", {4: ""}, MEND),
    ]
    assert asked(AudioFeature("v", 10, 1.0), np.ones((2, 5))) == [
        HERE,
        ("a wave", {}, WAVES),
        FINITE,
    ]


def test_ids_are_whole_and_of_the_vocabulary():
    column = objects([0, 9], [10, 11], [-1], [2, 0.5], [], None, ["a"])
    larger = (
        "of ids past it write a larger `vocabulary`, or `above: unknown`, which reads them as one "
        "id and counts them; mend rows that hold anything else"
    )
    wrong = {1: "10", 2: "-1", 3: "0.5", 6: "a"}
    there = ("an array is there", {5: ""}, LEAVE)
    assert asked(TokensFeature("v", 3, 10), column) == [there, ("ids from 0 to 9", wrong, larger)]
    del wrong[1]
    assert asked(TokensFeature("v", 3, 10, above="unknown"), column) == [
        there,
        ("ids from 0 on", wrong, MEND),
    ]
    assert asked(TokensFeature("v", 2, 3), np.array([[0, 2], [3, 0]]))[1][1] == {1: "3"}


def test_every_block_of_a_dense_array_is_looked_at(monkeypatch):
    ids = np.arange(24).reshape(6, 2, 2)
    monkeypatch.setattr(data_memory, "BLOCK_BYTES", 2 * ids[:1].nbytes)
    found = asked(TokensFeature("v", 4, 18), ids)[1][1]
    assert found == {4: "18", 5: "20"}


# -- masks ---------------------------------------------------------------------------------------

MASK_HELP = (
    "list the values under `classes` in the order of their ids, or write `ignore` with the value "
    "of places of no class"
)
SHAPE_OF_ALL = "say the `shape` that all masks have"


def masks(feature, column):
    there, shape, classes = asked(feature, column, is_target=True)
    assert there[0] == "a target is there"
    assert there[2] == LEAVE
    return there[1], shape, classes


def test_a_mask_has_a_class_in_each_place():
    column = objects(
        [[0, 1], [2, 0]],
        np.zeros((2, 2, 1)),
        [0, 1, 2, 0],
        None,
        [[0, 3], [0, 0]],
        [[-1, 0], [0, 0]],
        [[0.5, 0], [0, 0]],
        [[0, 0], [0, 0], [0, 0]],
        [["a", "b"], ["a", "a"]],
    )
    assert masks(MaskFeature("v", 3, (2, 2)), column) == (
        {3: ""},
        (
            "a mask of shape (2, 2)",
            {7: "shape (3, 2)"},
            SHAPE_OF_ALL + ", or `ignore`, which fills up shorter ones",
        ),
        ("class ids from 0 to 2", {4: "3", 5: "-1", 6: "0.5", 8: "a"}, MASK_HELP),
    )


def test_a_mask_with_places_of_no_class_has_any_first_extent():
    column = objects(
        [[0, 9], [2, 0]],
        [[0, 1]],
        [0, 1, 2, 0],
        [[0, 1, 2]],
        np.full((2, 2, 1), 9),
        np.full((3, 2, 1), 9),
        [[4, 0]],
    )
    assert masks(MaskFeature("v", 3, (2, 2), ignore=9), column) == (
        {},
        (
            "a mask of shape (2, 2)",
            {2: "shape (4,)", 3: "shape (1, 3)", 5: "shape (3, 2, 1)"},
            SHAPE_OF_ALL,
        ),
        ("class ids from 0 to 2, or 9", {6: "4"}, MASK_HELP),
    )


def test_a_mask_may_hold_the_values_of_its_classes():
    column = objects(["sky", "sea"], ["sea", "sand"], [1, 2])
    named = MaskFeature("v", ("sky", "sea"), (2,))
    assert masks(named, column)[2] == ("values of `classes`", {1: "sand", 2: "1"}, MASK_HELP)
    some = MaskFeature("v", ("sky", "sea"), (2,), ignore=255)
    column = np.array([["sky", "sand"], ["sky", 255], [255, 7]], dtype=object)
    assert masks(some, column)[2][1] == {0: "sand", 2: "7"}
    numbers = MaskFeature("v", (7, 9), (2,), ignore=0)
    assert masks(numbers, np.array([[7, 9], [0, 8], [9, 1]]))[2] == (
        "values of `classes`, or 0",
        {1: "8", 2: "1"},
        MASK_HELP,
    )


# -- plain values --------------------------------------------------------------------------------


def test_numbers_are_there_and_finite():
    column = objects("1", None, "x", 3, np.inf, float("nan"))
    assert asked(NumberFeature("v"), column) == [
        ("a value is there", {1: "", 5: ""}, FILL),
        ("a finite number", {2: "x", 4: "inf"}, TEXT),
    ]
    assert asked(NumberFeature("v"), column, is_target=True) == [
        ("a target is there", {1: "", 5: ""}, LEAVE),
        ("a finite number", {2: "x", 4: "inf"}, TEXT),
    ]
    floats = np.array([1, np.nan, np.inf])
    assert asked(NumberFeature("v", missing="median"), floats) == [
        ("a finite number", {2: "inf"}, MEND)
    ]
    assert asked(NumberFeature("v"), np.array([1, 2])) == [
        ("a value is there", {}, FILL),
        ("a finite number", {}, MEND),
    ]


def test_dates_are_no_numbers_and_a_column_in_an_axis_of_one_is_read():
    dates = np.array(["2024-01-01", "NaT"], dtype="M8[s]")
    there, finite = asked(NumberFeature("v"), dates)
    assert (there[1], list(finite[1])) == ({1: ""}, [0])
    assert asked(NumberFeature("v"), np.array([[1.0], [np.inf]]))[1][1] == {1: "inf"}
    assert asked(NumberFeature("v"), np.zeros((2, 2))) == []
    assert asked(NumberFeature("v"), objects([1], [2])) == []


def test_each_of_several_columns_is_asked_once():
    columns = {"a": np.array([1, np.nan]), "b": np.array([np.inf, 2])}
    vector = VectorFeature(("a", "b"))
    rules = [
        ("a", "a value is there", {1: "nan"}, FILL),
        ("a", "a finite number", {}, MEND),
        ("b", "a value is there", {}, FILL),
        ("b", "a finite number", {0: "inf"}, MEND),
    ]
    found = rules_of(columns, inputs=[vector, NumberFeature("a"), SeriesFeature(("a", "b"), 1)])
    assert [(*rule[:2], list(rule[2]), rule[3]) for rule in found] == [
        (*rule[:2], list(rule[2]), rule[3]) for rule in rules
    ]
    # A target that is an input too is asked for as an input.
    found = rules_of(columns, inputs=[NumberFeature("a")], targets=[NumberFeature("a")])
    assert [rule[1] for rule in found] == ["a value is there", "a finite number"]
    gaps = SeriesFeature(("a", "b"), 1, missing="median")
    assert [rule[1] for rule in rules_of(columns, inputs=[gaps])] == ["a finite number"] * 2


def test_texts_hold_more_than_blanks():
    text = TextFeature("v", vocabulary=10, length=3)
    assert asked(text, objects("a", " ", None, 7, "")) == [
        ("a text that is not empty", {1: " ", 2: "", 3: "7", 4: ""}, LEAVE)
    ]
    assert asked(text, np.arange(3)) == []
    assert asked(text, objects(["a"], ["b"])) == []
    assert asked(CategoryFeature("v", vocabulary=4), objects("a", None)) == []


def test_rows_are_ordered_by_moments():
    help = "order rows by a column of numbers or of dates such as 2024-01-31"

    def moments(column):
        columns = {"v": np.zeros(len(column)), "t": column}
        split = TimeSplit("t", 0.2, 0.2)
        return rules_of(columns, inputs=[CategoryFeature("v", 4)], split=split)

    assert moments(objects("2024-01-31", "soon", None)) == [
        ("t", "a moment in time", {1: "soon", 2: ""}, help)
    ]
    assert moments(np.array([1.0, np.nan]))[0][2] == {1: ""}
    assert moments(np.array([1, 2]))[0][2] == {}
    assert moments(np.array(["2024-01-31", "NaT"], dtype="M8[D]"))[0][2] == {1: ""}
    assert moments(np.array(["2024-01-31", "soon"])) == []
    assert moments(np.zeros((2, 2))) == []


# -- targets of classes and labels ---------------------------------------------------------------


def test_classes_are_ids_in_their_range():
    column = np.array([0, 2, 3, -1, 0.5, np.nan])
    there, ids = asked(ClassFeature("v", 3), column, is_target=True)
    assert there == ("a target is there", {5: ""}, LEAVE)
    assert ids == ("a class id from 0 to 2", {2: "3.0", 3: "-1.0", 4: "0.5"}, LISTED)
    there, ids = asked(ClassFeature("v", 3), objects("0", "1", None, "2"), is_target=True)
    assert there[1] == {2: ""}
    assert ids[1:] == (
        {0: "0", 1: "1", 3: "2"},
        "list the values in the order of their ids: `classes: [0, 1, 2]`",
    )
    assert asked(ClassFeature("v", 3), np.zeros((2, 2)), is_target=True) == []


@pytest.mark.parametrize(
    ("classes", "values", "way"),
    [
        (3, [2, 0, 5], "list the values in the order of their ids: `classes: [0, 2, 5]`"),
        (3, [2, 0, "b"], "list the values in the order of their ids: `classes: [0, 2, b]`"),
        (3, [0, 1, 2, 3], "write `classes: 4`, or mend the rows"),
        (3, [1, 15], "write `classes: 16`, or mend the rows"),
        (3, [1, 16], LISTED),
        (3, [-1, 1], LISTED),
        (3, [0, "b"], LISTED),
        (3, [0, None, 4], "write `classes: 5`, or mend the rows"),
    ],
)
def test_the_way_to_list_classes(classes, values, way):
    assert asked(ClassFeature("v", classes), objects(*values), is_target=True)[1][2] == way


def test_classes_that_are_listed():
    column = objects("cat", "cta", "ox", None, "dog", "dgo")
    cats = ClassFeature("v", ("cat", "dog"))
    there, listed = asked(cats, column, is_target=True)
    assert there[1] == {3: ""}
    assert listed == (
        "one of `classes`",
        {1: "cta", 2: "ox", 5: "dgo"},
        "write `cat` for `cta`, `dog` for `dgo`, or list every value under `classes`",
    )
    # So many are looked at, and no more.
    far = objects("ab", "bc", "cd", "de", "ef", "gh", "cta")
    assert asked(cats, far, is_target=True)[1][2] == "list every value under `classes`"
    near = objects("ab", "bc", "cd", "de", "ef", "cta")
    assert asked(cats, near, is_target=True)[1][2].startswith("write `cat` for `cta`, or")


def test_one_of_two_is_0_or_1_or_what_is_positive():
    column = objects("0", "1", 2, None, "yes", 1.0)
    assert asked(BinaryFeature("v"), column, is_target=True) == [
        ("a target is there", {3: ""}, LEAVE),
        ("0 or 1", {2: "2", 4: "yes"}, "write `positive`, the value that is 1"),
    ]
    assert asked(BinaryFeature("v", positive="yes"), column, is_target=True) == [
        ("a target is there", {3: ""}, LEAVE)
    ]
    assert asked(BinaryFeature("v"), np.zeros((2, 2)), is_target=True) == []


def test_labels_in_columns_of_0_and_1():
    columns = {"a": np.array([0, 1, np.nan, 2]), "b": objects("0", None, "x", 1), "c": np.eye(4)[0]}
    found = rules_of(columns, targets=[LabelsFeature(("a", "b", "c"))])
    assert [(*rule[:2], list(rule[2]), rule[3]) for rule in found] == [
        ("a", "a target is there", [2], LABELS),
        ("a", "0 or 1", [3], ZERO_OR_ONE),
        ("b", "a target is there", [1], LABELS),
        ("b", "0 or 1", [2], ZERO_OR_ONE),
        ("c", "a target is there", [], LABELS),
        ("c", "0 or 1", [], ZERO_OR_ONE),
    ]
    found = rules_of(columns, targets=[LabelsFeature(("a", "b"), missing="none")])
    assert [(rule[0], rule[1], list(rule[2])) for rule in found] == [
        ("a", "0 or 1", [3]),
        ("b", "0 or 1", [2]),
    ]


def test_labels_in_vectors_of_0_and_1():
    vectors = np.array([[0, 1, 1], [0, 2, 1], [0, np.nan, 1], [0.5, np.nan, 1]])
    found = asked(LabelsFeature(("v",), 3), vectors, is_target=True)
    assert [(text, list(rows), help) for text, rows, help in found] == [
        ("a target is there", [2, 3], LABELS),
        ("0 or 1", [1, 3], ZERO_OR_ONE),
    ]
    assert asked(LabelsFeature(("v",), 3), np.array([["a"] * 3] * 2), is_target=True) == []


def test_labels_in_texts_and_lists():
    column = objects("a|b", "a| b |", "c", ["b"], None, "", "a,b")
    assert asked(LabelsFeature(("v",), ("a", "b")), column, is_target=True) == [
        ("a target is there", {4: ""}, LABELS),
        (
            "labels of `classes`",
            {2: "c", 6: "a,b"},
            "add them to `classes`, or write the `separator` that the column has",
        ),
    ]
    commas = LabelsFeature(("v",), ("a", "b"), separator=",", missing="none")
    (known,) = asked(commas, column, is_target=True)
    assert known[:2] == ("labels of `classes`", {0: "a|b", 1: "a| b |", 2: "c"})
    ids = LabelsFeature(("v",), 3)
    assert asked(ids, objects([0, 2], ["1"], [3], "2|4"), is_target=True)[1] == (
        "label ids from 0 to 2",
        {2: "[3]", 3: "2|4"},
        "list the labels under `classes` in the order of their ids",
    )


def test_boxes_are_told_with_the_first_at_fault():
    column = objects([[0.1, 0.1, 0.5, 0.5, 1]], [[0.1, 0.1, 0.5, 0.5, 2]], None)
    other = (
        "say the `format` and the `size` that the boxes have, all `classes` and a `most` that all "
        "samples keep, or mend these rows; a sample without a box has an empty list"
    )
    assert asked(BoxesFeature("v", 3, 2, "xywh"), column, is_target=True) == [
        (
            "3 boxes at most, `xywh` within the picture, each of a class",
            {1: "box 0: `2` is no class from 0 to 1", 2: "the value is missing"},
            other,
        )
    ]
    ((_, shown, help),) = asked(
        BoxesFeature("v", 3, 2, "xywh"), objects("[[0,0,1,1,0]]", []), is_target=True
    )
    assert list(shown) == [0]
    assert help == (
        "texts are no lists: give the rows as `json_lines` or `parquet`, whose columns hold lists "
        "of lists; a csv holds none"
    )


def test_the_classes_of_boxes_may_stand_in_a_column_of_their_own():
    boxes = objects([[0.1, 0.1, 0.5, 0.5]], [[0.1, 0.1, 0.5, 0.5]], [])
    columns = {"b": boxes, "k": objects(["cat"], ["ox"], [])}
    feature = BoxesFeature("b", 3, ("cat", "dog"), "xywh", "k")
    ((*_, shown, _),) = rules_of(columns, targets=[feature])
    assert shown == {1: "box 0: `ox` is none of `classes`"}


def test_a_file_has_one_label():
    image = ImageFeature("file", (2, 2), 1)
    once = objects("a", "b", "c", "d", "e")
    columns = {
        "once": once,
        "file": objects("a.png", "b.png", "a.png", "b.png", None),
        "n": np.arange(5.0),
        "hot": np.eye(5)[:, :2],
        "c": objects("x", "y", "y", "y", "x"),
        "b": np.array([0, 0, 1, 1, 1]),
    }
    targets = [
        NumberFeature("n"),
        ClassFeature("hot", 2),
        ClassFeature("c", ("x", "y")),
        BinaryFeature("b"),
    ]
    inputs = [ImageFeature("once", (2, 2), 1), image]
    found = rules_of(columns, inputs=inputs, targets=targets)
    assert [rule for rule in found if rule[0] == "file"] == [
        (
            "file",
            "one `c` for each file",
            {0: "a.png: x", 2: "a.png: y"},
            "leave the rows out whose label is wrong",
        ),
        (
            "file",
            "one `b` for each file",
            {0: "a.png: 0", 1: "b.png: 0", 2: "a.png: 1", 3: "b.png: 1"},
            "leave the rows out whose label is wrong",
        ),
    ]
    assert not [rule for rule in found if rule[0] == "once"]
    # A text that stands twice and names no file has any labels.
    assert not [
        r
        for r in rules_of(columns, inputs=[CategoryFeature("file", 4)], targets=targets)
        if r[0] == "file"
    ]


def test_files_of_one_name_in_two_folders_are_two(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    columns = {"file": objects("a.png", "a.png"), "b": np.array([0, 1])}
    data = Data(
        CsvSource(("a.csv",)), {"i": ImageFeature("file", (2, 2), 1)}, {"b": BinaryFeature("b")}
    )
    for files, fits in (
        (((tmp_path / "one", 1), (tmp_path / "two", 1)), True),
        (((tmp_path / "one", 2),), False),
    ):
        *_, rule = implied_rules(Table(columns, files=files), data)
        assert rule.text == "one `b` for each file"
        assert (np.asarray(rule.decides) == fits).all()
