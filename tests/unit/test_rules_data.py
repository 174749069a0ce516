"""The data of a spec against itself and against the model: each condition by a spec of its own."""

import pytest
from image_specs import codes, found_codes, image_spec

_ROWS = """\
dlspec: 1
name: example
data:
  source: {{csv: a.csv}}
  inputs: {{{inputs}}}
  targets: {{{targets}}}
  split: {{{split}}}
  expect: {{{expect}}}
model:
  inputs: {{{model}}}
  outputs: [{outputs}]
  graph: [{graph}]
"""


def found_in_rows(**said):
    """Return the codes of all that is found in a spec over rows of a table."""
    filled = {
        "inputs": "x: {vector: [a, b]}",
        "targets": "y: {number: y}",
        "split": "test: 0.2",
        "expect": "",
        "model": "x: [2]",
        "outputs": "y",
        "graph": "{Dense: 1, name: y}",
        **said,
    }
    return found_codes(_ROWS.format(**filled))


# -- splits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("split", "found"),
    [
        ("validation: 0.5, test: 0.5", ["DL204"]),
        ("validation: 0.4, test: 0.5", []),
        ("validation: 0.6, test: 0.5", ["DL204"]),
        ("time: t, validation: 0.5, test: 0.5", ["DL204"]),
        ("time: t, validation: 0.4, test: 0.5", []),
        ("column: t, validation: [1], test: [2]", []),
        ("test: given", ["DL216"]),
        ("test: given, validation: 0.9", ["DL216"]),
    ],
)
def test_a_split_leaves_rows_to_train_on(split, found):
    assert found_in_rows(split=split) == found


def test_a_source_with_test_rows_of_its_own_may_give_them():
    given = image_spec(split="test: given")
    assert found_codes(given) == ["DL216"]
    assert "DL216" not in found_codes(given.replace("sklearn: digits", "keras: mnist"))


@pytest.mark.parametrize("split", ["test: 0.2", "test: given"])
@pytest.mark.parametrize(
    ("targets", "inputs", "name", "found"),
    [
        ("y: {class: c, classes: 3}", "x: {vector: [a, b]}", "y", False),
        ("y: {binary: c}", "x: {vector: [a, b]}", "y", False),
        ("y: {number: c}", "x: {vector: [a, b]}", "y", True),
        ("y: {class: c, classes: 3}", "x: {vector: [a, b]}", "x", True),
        ("y: {class: c, classes: 3}", "x: {vector: [a, b]}", "c", True),
        ("y: {number: c}", "x: {category: d, categories: [p, q]}", "x", False),
    ],
)
def test_rows_are_stratified_by_what_has_few_values(split, targets, inputs, name, found):
    said = found_in_rows(split=f"{split}, stratify: {name}", targets=targets, inputs=inputs)
    assert ("DL301" in said) is found


@pytest.mark.parametrize(
    ("split", "found"),
    [
        ("time: t, test: 0.2", []),
        ("column: part, test: [2]", []),
        ("test: 0.2", ["DL216"]),
        ("test: given", ["DL216"]),
        ("test: given, validation: 0.1", ["DL216", "DL216"]),
    ],
)
def test_windows_are_cut_from_rows_in_order(split, found):
    said = {
        "inputs": "x: {series: [a], length: 4}",
        "targets": "y: {series: [a], horizon: 1}",
        "model": "x: [4, 1]",
        "graph": "Flatten, {Dense: 1, name: y}",
    }
    assert found_in_rows(split=split, **said) == found


@pytest.mark.parametrize(
    ("inputs", "targets", "found"),
    [
        ("x: {series: [a], length: 4}", "y: {number: y}", ["DL216"]),
        ("x: {series: [a], length: 4}", "y: {binary: y}", ["DL216"]),
        ("x: {vector: [a, b, c, d]}", "y: {series: [a], horizon: 1}", ["DL216"]),
    ],
)
def test_beside_a_series_every_feature_is_one(inputs, targets, found):
    shape = "[4, 1]" if "series" in inputs else "[4]"
    said = {"inputs": inputs, "targets": targets, "model": f"x: {shape}"}
    graph = "Flatten, {Dense: 1, name: y}"
    assert found_in_rows(split="time: t, test: 0.2", graph=graph, **said) == found


@pytest.mark.parametrize(
    ("expect", "split", "found"),
    [
        ("age: {nullable: false}", "test: 0.2", []),
        # A column that nothing reads may have a contract, unless it looks like a mistyped one.
        ("ages: {nullable: false}", "test: 0.2", ["DL301"]),
        ("elsewhere: {nullable: false}", "test: 0.2", []),
        ("moment: {nullable: false}", "time: moment, test: 0.2", []),
        ("moments: {nullable: false}", "time: moment, test: 0.2", ["DL301"]),
        ("moments: {nullable: false}", "test: 0.2", []),
        ("portion: {nullable: false}", "column: portion, test: [1]", []),
        ("portions: {nullable: false}", "column: portion, test: [1]", ["DL301"]),
        ("outcome: {nullable: false}", "test: 0.2", []),
        ("outcomes: {nullable: false}", "test: 0.2", ["DL301"]),
        ("elsewhere: {str_matches: '[a-z]+'}", "test: 0.2", []),
        ("elsewhere: {str_matches: '[a-z'}", "test: 0.2", ["DL203"]),
        ("ages: {str_matches: '[a-z'}", "test: 0.2", ["DL203", "DL301"]),
    ],
)
def test_a_contract_is_on_a_column_that_something_reads_or_on_another_one(expect, split, found):
    said = {"inputs": "x: {vector: [age, weight]}", "targets": "y: {number: outcome}"}
    assert sorted(found_in_rows(expect=expect, split=split, **said)) == found


# -- features against inputs ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ("[2]", []),
        ("[3]", ["DL601"]),
        ("[2, 1]", ["DL601"]),
        ("{shape: [2], dtype: float16}", []),
        ("{shape: [2], dtype: int32}", ["DL603"]),
        ("{shape: [2], dtype: uint8}", ["DL603"]),
    ],
)
def test_an_input_has_the_shape_and_the_kind_of_numbers_of_its_feature(shape, found):
    assert found_in_rows(model=f"x: {shape}", graph="Flatten, {Dense: 1, name: y}") == found


@pytest.mark.parametrize(
    ("dtype", "found"),
    [("int32", []), ("int64", []), ("uint8", []), ("float32", ["DL603"])],
)
def test_ids_go_into_any_input_of_integers(dtype, found):
    said = {
        "inputs": "x: {tokens: a, length: 4, vocabulary: 9}",
        "model": f"x: {{shape: [4], dtype: {dtype}}}",
        "graph": "{Rescaling: 1.0}, Flatten, {Dense: 1, name: y}",
    }
    assert found_in_rows(**said) == found


@pytest.mark.parametrize("extent", ["4", "null"])
def test_an_open_extent_takes_what_the_feature_gives(extent):
    said = {
        "inputs": "x: {tokens: a, length: 4, vocabulary: 9}",
        "model": f"x: {{shape: [{extent}], dtype: int32}}",
        "graph": "{Embedding: [9, 2]}, {LSTM: 1, name: y}",
    }
    assert found_in_rows(**said) == []


@pytest.mark.parametrize(
    ("features", "found"),
    [
        ("x: {vector: [a, b]}, z: {number: c}", []),
        ("x: {vector: [a, b]}", ["DL602"]),
        ("z: {number: c}", ["DL602"]),
        # A feature under another name is one mistake, one too many beside it another.
        ("x: {vector: [a, b]}, q: {number: c}", ["DL602"]),
        ("x: {vector: [a, b]}, z: {number: c}, q: {number: d}", ["DL602"]),
        ("x: {vector: [a, b]}, p: {number: c}, q: {number: d}", ["DL602", "DL602"]),
    ],
)
def test_every_input_has_a_feature_and_every_feature_an_input(features, found):
    graph = "{Concatenate, from: [x, z]}, {Dense: 1, name: y}"
    assert found_in_rows(inputs=features, model="x: [2], z: [1]", graph=graph) == found


# -- targets against outputs ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "head", "found"),
    [
        ("y: {number: y}", "{Dense: 1, name: y}", []),
        ("y: {number: y}", "{Dense: 2, name: y}", ["DL604"]),
        ("y: {vector: [c, d]}", "{Dense: 2, name: y}", []),
        ("y: {vector: [c, d]}", "{Dense: 3, name: y}", ["DL604"]),
        ("y: {vector: [c, d]}", "{Reshape: [2, 1]}, {Dense: 2, name: y}", ["DL604"]),
        ("y: {class: c, classes: 3}", "{Dense: 3, name: y}", []),
        ("y: {class: c, classes: 3}", "{Reshape: [2, 1]}, {Dense: 3, name: y}", ["DL604"]),
        ("y: {class: c, classes: 3, one_hot: true}", "{Dense: 3, name: y}", []),
        ("y: {class: c, classes: 3, one_hot: true}", "{Dense: 4, name: y}", ["DL506"]),
        ("y: {class: c, classes: 3}", "{Dense: 4, name: y}", ["DL506"]),
        ("z: {number: y}", "{Dense: 1, name: y}", ["DL307"]),
        ("y: {number: y}, z: {number: z}", "{Dense: 1, name: y}", ["DL307"]),
    ],
)
def test_an_output_has_the_shape_of_its_target(targets, head, found):
    assert found_in_rows(targets=targets, graph=head) == found


@pytest.mark.parametrize(
    ("targets", "outputs", "found"),
    [
        ("y: {number: y}, z: {number: z}", "y, z", []),
        ("z: {number: z}, y: {number: y}", "y, z", []),
        ("y: {number: y}, q: {number: z}", "y, z", ["DL307"]),
    ],
)
def test_targets_are_told_from_each_other_by_name(targets, outputs, found):
    graph = "{Dense: 1, name: y, from: x}, {Dense: 1, name: z, from: x}"
    assert found_in_rows(targets=targets, outputs=outputs, graph=graph) == found


@pytest.mark.parametrize(
    ("length", "found"),
    [(6, []), (5, ["DL604"])],
)
def test_words_come_out_for_every_place_of_the_target(length, found):
    said = {
        "inputs": "x: {tokens: a, length: 6, vocabulary: 9}",
        "targets": f"y: {{tokens: b, length: {length}, vocabulary: 9}}",
        "model": "x: {shape: [6], dtype: int32}",
        "graph": "{Embedding: [9, 4]}, {Dense: 9, name: y}",
    }
    assert found_in_rows(**said) == found


def test_a_broken_feature_hides_no_other():
    said = {"inputs": "x: {vector: [a, b], scale: nine}", "graph": "{Dense: 2, name: y}"}
    assert found_in_rows(**said) == ["DL203", "DL604"]


def test_an_image_goes_in_as_the_spec_lays_it_out():
    assert codes() == []
    assert found_codes(image_spec().replace("[8, 8, 1]", "[8, 8, 3]")) == ["DL601"]
