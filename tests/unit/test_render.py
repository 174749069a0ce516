"""Tables and pictures of plans: right sums, right shapes, nothing drawn over anything else."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dlspec
from dlspec.expand.flat import Input
from dlspec.language.catalogue import Object
from dlspec.language.tensors import Tensor
from dlspec.resolve.plan import Graph, Node, Reference
from dlspec.tools.show import graph_cost, graph_svg, layer_table, plan_json
from dlspec.tools.show.layout import lay_out
from dlspec.tools.show.words import bytes_text, short_count

SVG = "{http://www.w3.org/2000/svg}"

CHAIN = """\
dlspec: 1
name: small
model:
  inputs: {image: [8, 8, 1]}
  graph:
    - Conv2D: {filters: 4, kernel_size: 3}
    - BatchNormalization
    - Flatten
    - {Dense: 10, name: digit}
"""

CHAIN_TABLE = """\
layer                class               output shape     parameters  FLOPs  activations
-------------------  ------------------  ---------------  ----------  -----  -----------
image                Input               (None, 8, 8, 1)
conv2d               Conv2D              (None, 6, 6, 4)          40  2,736        576 B
batch_normalization  BatchNormalization  (None, 6, 6, 4)          16    288        576 B
flatten              Flatten             (None, 144)               0      0        576 B
digit                Dense               (None, 10)            1,450  2,890         40 B
-------------------  ------------------  ---------------  ----------  -----  -----------
total                                                          1,506  5,914      1.77 kB
1,498 parameters are trainable, 8 are not
"""

TWINS = """\
dlspec: 1
name: twins
model:
  models:
    tower:
      inputs: {x: [4]}
      graph: [{Dense: 8, name: code}]
  inputs: {left: [4], right: [4]}
  graph:
    - {use: tower, name: left_code, from: left}
    - {use: tower, name: right_code, from: right}
    - {Subtract, name: apart, from: [left_code, right_code]}
    - {Dense: [1, {activation: sigmoid}], name: same}
"""

SKIP = """\
dlspec: 1
name: skip
model:
  inputs: {x: [16]}
  graph:
    - {Dense: [16, {activation: relu}], name: first}
    - {Dense: 16, name: second}
    - {Add, name: sum, from: [second, first]}
    - {Dense: 3, name: kind}
"""

ENCODER_DECODER = """\
dlspec: 1
name: pair
model:
  inputs: {source: [5, 2], target: [7, 2]}
  graph:
    - {LSTM: {units: 6, return_state: true}, name: encoder, from: source}
    - LSTM: {units: 6, return_sequences: true}
      name: decoder
      from: target
      call: {initial_state: [encoder.h, encoder.c]}
    - {Dense: 2, name: next}
"""


def _rows(table):
    return {line.split()[0]: line.split() for line in table.splitlines() if line.strip()}


def test_the_table_of_a_chain_is_this_text():
    assert layer_table(dlspec.loads(CHAIN)) == CHAIN_TABLE


def test_a_model_called_twice_counts_its_parameters_once():
    table = layer_table(dlspec.loads(TWINS))
    assert graph_cost(dlspec.loads(TWINS).graph).parameters == (4 * 8 + 8) + (8 + 1)
    assert "right_code" in table
    assert "shared" in _rows(table)["right_code"]


def test_the_layers_of_a_called_model_are_indented_under_its_first_call():
    lines = layer_table(dlspec.loads(TWINS)).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("left_code"))
    assert [line.split()[0] for line in lines[first + 1 : first + 4]] == ["x", "code", "right_code"]
    assert lines[first + 2].startswith("  code")
    assert sum(line.split()[0] == "code" for line in lines if line.strip()) == 1


def test_layers_beside_a_chain_say_what_they_read():
    rows = _rows(layer_table(dlspec.loads(SKIP)))
    assert rows["sum"][-2:] == ["second,", "first"]


def test_a_state_that_is_read_is_named_after_its_output():
    rows = _rows(layer_table(dlspec.loads(ENCODER_DECODER)))
    assert rows["decoder"][-3:] == ["target,", "encoder.h,", "encoder.c"]


def test_unknown_costs_show_as_a_question_mark_and_are_said_below():
    unknown = Node(
        "odd",
        Object("layer", "Odd", {}),
        Reference("x"),
        {},
        (("out", Tensor(None, None)),),
        None,
        None,
    )
    inputs = (Input("x", (None, 4)),)
    outputs = (("odd", Reference("odd")),)
    graph = Graph("g", inputs, (unknown,), outputs, "single", "single", {})
    table = layer_table(replace(dlspec.loads(CHAIN), graph=graph))
    assert _rows(table)["odd"] == ["odd", "Odd", "?", "?", "?", "?"]
    assert table.endswith(
        "the parameters of 1 layer are known once built and are not in the total\n"
    )


def test_the_json_of_a_plan_is_json_and_agrees_with_the_table():
    found = json.loads(json.dumps(plan_json(dlspec.loads(CHAIN))))
    assert found["model"]["total"]["parameters"] == 1506
    assert [layer["class"] for layer in found["model"]["layers"]] == [
        "Conv2D",
        "BatchNormalization",
        "Flatten",
        "Dense",
    ]
    assert found["model"]["layers"][0]["outputs"]["out"] == {
        "shape": [None, 6, 6, 4],
        "dtype": "float32",
        "bytes": 576,
    }
    assert found["model"]["outputs"] == {"digit": "digit"}


@pytest.mark.parametrize("text", [CHAIN, TWINS, SKIP, ENCODER_DECODER])
def test_the_picture_is_one_svg_element_without_script_or_address(text):
    svg = graph_svg(dlspec.loads(text).graph)
    root = ET.fromstring(svg)
    assert root.tag == SVG + "svg"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "title",
        "style",
        "g",
        "path",
        "rect",
        "text",
    }
    assert re.findall(r"(?:href|src|url\(|on\w+=)", svg) == []


def test_every_node_is_in_the_picture_with_its_shape():
    svg = graph_svg(dlspec.loads(CHAIN).graph)
    texts = [element.text for element in ET.fromstring(svg).iter(SVG + "text")]
    assert texts == [
        *("image", "(None, 8, 8, 1)", "input"),
        *("conv2d", "(None, 6, 6, 4)", "Conv2D filters 4, kernel_size 3"),
        *("batch_normalization", "(None, 6, 6, 4)", "BatchNormalization"),
        *("flatten", "(None, 144)", "Flatten"),
        *("digit", "(None, 10)", "Dense units 10"),
        *("digit", "(None, 10)", "output"),
    ]


def test_states_are_labelled_on_the_edge_they_take():
    svg = graph_svg(dlspec.loads(ENCODER_DECODER).graph)
    assert ">initial_state h, c</text>" in svg


def test_the_models_that_a_graph_calls_are_drawn_beside_it():
    assert ">model tower</text>" in graph_svg(dlspec.loads(TWINS).graph)


def test_text_in_a_picture_is_escaped():
    graph = Graph(
        "<g>", (Input("<i>&", (None, 1)),), (), (("y", Reference("<i>&")),), "single", "single", {}
    )
    svg = graph_svg(graph)
    assert "<i>" not in svg
    assert "&lt;i&gt;&amp;" in svg


def test_the_same_graph_gives_the_same_picture():
    assert graph_svg(dlspec.loads(SKIP).graph) == graph_svg(dlspec.loads(SKIP).graph)


def test_a_skip_connection_goes_around_the_chain_that_stays_straight():
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (1, 4)]
    layout = lay_out(5, edges, width=100, passage=10, gap=20)
    assert [layout.rows[i] for i in range(5)] == [0, 1, 2, 3, 4]
    assert {round(layout.x[i]) for i in range(5)} == {50}
    assert len(layout.routes[1, 4]) == 2
    assert all(abs(x - 50) >= 50 + 20 + 5 - 1 for x in layout.routes[1, 4])


def test_a_late_input_is_drawn_beside_its_reader_and_not_at_the_top():
    edges = [(0, 2), (2, 3), (3, 4), (1, 4)]
    layout = lay_out(5, edges, width=100, passage=10, gap=20)
    assert layout.rows[1] == layout.rows[4] - 1


@st.composite
def _graphs(draw):
    count = draw(st.integers(2, 30))
    edges = {
        (draw(st.integers(max(0, target - 6), target - 1)), target)
        for target in range(1, count)
        for _ in range(draw(st.integers(1, 3)))
    }
    return count, sorted(edges)


@given(_graphs())
def test_in_any_graph_edges_go_down_and_boxes_keep_apart(graph):
    count, edges = graph
    layout = lay_out(count, edges, width=100, passage=10, gap=20)
    assert all(layout.rows[source] < layout.rows[target] for source, target in edges)
    rows = {}
    for node in range(count):
        rows.setdefault(layout.rows[node], []).append(layout.x[node])
    for places in rows.values():
        assert all(right - left >= 120 - 1e-6 for left, right in pairwise(sorted(places)))
    assert all(50 - 1e-6 <= x <= layout.width - 50 + 1e-6 for x in layout.x.values())


@given(_graphs())
def test_in_any_graph_a_long_edge_crosses_no_box(graph):
    count, edges = graph
    layout = lay_out(count, edges, width=100, passage=10, gap=20)
    for (source, target), route in layout.routes.items():
        assert len(route) == layout.rows[target] - layout.rows[source] - 1
        for step, x in enumerate(route, start=1):
            row = layout.rows[source] + step
            beside = [layout.x[node] for node in range(count) if layout.rows[node] == row]
            assert all(abs(x - other) >= 75 - 1e-6 for other in beside)


def test_a_thousand_dense_edges_are_laid_out_all_the_same():
    edges = [(source, target) for target in range(60) for source in range(target)]
    layout = lay_out(60, edges, width=100, passage=10, gap=20)
    assert [layout.rows[node] for node in range(60)] == list(range(60))


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (61706, "61.7 k"), (1814073344, "1.81 G"), (999_600, "1.00 M")],
)
def test_short_counts_have_three_digits(count, text):
    assert short_count(count) == text


@pytest.mark.parametrize(("count", "text"), [(512, "512 B"), (8192, "8.19 kB"), (None, "?")])
def test_bytes_are_said_in_decimal_units(count, text):
    assert bytes_text(count) == text


def test_outputs_that_only_keras_counts_are_shown_by_their_numbers(tmp_path):
    plan = dlspec.loads(
        """\
dlspec: 1
name: halves
model:
  inputs: {x: [null, 6]}
  graph:
    - ops.pad: {pad_width: [[0, 0], [1, 1], [0, 0]], mode: reflect}
    - ops.split: {indices_or_sections: 2, axis: -1}
    - {ops.add, from: [split, split.1]}
"""
    )
    assert "split, split.1" in layer_table(plan)
    assert "split.1" in json.dumps(plan_json(plan))
    ET.fromstring(graph_svg(plan.graph))
