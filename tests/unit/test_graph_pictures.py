"""`show --graph`: the file that the ending says, and blocks folded into boxes."""

import re
from io import BytesIO

import pytest
from PIL import Image

import dlspec
from dlspec.tools.show import graph_svg
from dlspec.tools.show.folded_graph import graph_groups
from dlspec.tools.show.panels import graph_panels
from dlspec.tools.show.picture_png import graph_png

BLOCKS = """dlspec: 1
name: blocks
model:
  inputs: {x: [8]}
  blocks:
    Twice:
      params: {width: int}
      graph:
        - {Dense: $width, name: a}
        - {Dense: $width, name: b}
  graph:
    - {Twice: {width: 8}, name: first, repeat: 3}
    - {Twice: {width: 4}, name: second}
    - {Dense: 4, name: plain, repeat: 2}
    - {Dense: 3, name: head}
"""
# Reads what is inside two blocks, and a layer between them.
ACROSS = """dlspec: 1
name: across
model:
  inputs: {x: [8]}
  blocks:
    Two:
      graph: [{Dense: 8, name: a}, {Dense: 8, name: b}]
  graph:
    - {Two, name: left}
    - {Dense: 8, name: between}
    - {Two, name: right}
    - {Add, from: [left, between, right], name: sum}
"""


def groups(text):
    return [(group.name, len(group.nodes), group.times) for group in graph_groups(graph(text))]


def graph(text):
    return dlspec.loads(text).graph


def test_a_block_is_one_group_and_equal_ones_in_a_row_are_one_too():
    assert groups(BLOCKS) == [
        ("first1 to first3", 6, 3),
        ("second", 2, 1),
        ("plain1 to plain2", 2, 2),
        ("head", 1, 1),
    ]


def test_blocks_with_a_layer_between_stay_apart():
    assert [name for name, *_ in groups(ACROSS)] == ["left", "between", "right", "sum"]
    (panel,) = graph_panels(graph(ACROSS), fold=True)
    # x, left, between, right, sum, and the output.
    assert set(panel.labels) == {(0, 1), (1, 2), (2, 3), (1, 4), (2, 4), (3, 4), (4, 5)}


def test_a_folded_picture_says_what_a_box_holds():
    whole, folded = graph_svg(graph(BLOCKS)), graph_svg(graph(BLOCKS), fold=True)
    assert whole.count('class="name"') == 11 + 2
    assert folded.count('class="name"') == 4 + 2
    # Six layers of 8 times 8 weights and 8 biases.
    assert "3 x 2 layers, 432 parameters" in folded


def test_every_zoo_graph_folds_into_no_more_boxes():
    for name in ("resnet", "inception", "unet", "mobilenet"):
        found = dlspec.loads(f"dlspec: 1\nname: x\nmodel: {{zoo: {name}}}\n", path="x.yaml").graph
        kept = [node.name for group in graph_groups(found) for node in group.nodes]
        assert kept == [node.name for node in found.nodes]
        assert len(graph_groups(found)) < len(found.nodes) / 2


@pytest.mark.parametrize("fold", [False, True])
def test_a_png_has_twice_the_size_of_the_svg_and_its_colours(fold):
    size = re.search(r'width="(\d+)" height="(\d+)"', graph_svg(graph(BLOCKS), fold=fold)).groups()
    image = Image.open(BytesIO(graph_png(graph(BLOCKS), fold=fold)))
    assert image.format == "PNG"
    assert all(abs(a - 2 * int(b)) <= 2 for a, b in zip(image.size, size, strict=True))
    counted = {color for _, color in image.getcolors(1 << 20)}
    # The frame of an end, the line of an edge, the text of a name.
    assert {(0x2F, 0x5B, 0xD3), (0x7F, 0x8A, 0x9C), (0x1B, 0x23, 0x30)} <= counted
