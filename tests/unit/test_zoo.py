"""The packaged architectures: parameter counts as published, params that hold, one table."""

import math
import re
from pathlib import Path

import pytest

import dlspec
from dlspec import zoo
from dlspec.diagnostics import Code
from dlspec.plan import walk
from dlspec.zoo_table import catalogue_table

# Published counts: LeCun 1998 with torch's usual 28x28 form; torchvision's tables for alexnet, vgg,
# resnet 18 and 34 (trainable); keras.applications for resnet 50 to 152 (all).
PUBLISHED = [
    ("lenet5", {}, 61_706),
    ("alexnet", {}, 61_100_840),
    ("vgg", {"depth": 11}, 132_863_336),
    ("vgg", {"depth": 13}, 133_047_848),
    ("vgg", {"depth": 16}, 138_357_544),
    ("vgg", {"depth": 19}, 143_667_240),
    ("resnet", {"depth": 50}, 25_636_712),
    ("resnet", {"depth": 101}, 44_707_176),
    ("resnet", {"depth": 152}, 60_419_944),
    ("siamese", {}, 38_951_745),
]
PUBLISHED_TRAINABLE = [(18, 11_689_512), (34, 21_797_672)]
FOLDER = Path(zoo.__file__).parent


def packaged(name: str, params=None) -> dlspec.Plan:
    return dlspec.load(FOLDER / f"{name}.yaml", params=params or {})


def count(plan: dlspec.Plan, *, trainable_only: bool = False) -> int:
    weights = [weight for node in walk(plan.graph) for weight in node.weights or ()]
    return sum(math.prod(w.shape) for w in weights if w.trainable or not trainable_only)


def users(text: str) -> dlspec.Plan:
    return dlspec.loads(f"dlspec: 1\nname: m\n{text}")


@pytest.mark.parametrize(("name", "params", "published"), PUBLISHED)
def test_the_parameters_are_as_many_as_published(name, params, published):
    assert count(packaged(name, params)) == published


@pytest.mark.parametrize(("depth", "published"), PUBLISHED_TRAINABLE)
def test_the_trainable_parameters_are_as_many_as_published(depth, published):
    assert count(packaged("resnet", {"depth": depth}), trainable_only=True) == published


@pytest.mark.parametrize("name", zoo.architectures())
def test_an_architecture_is_short_sound_and_known_throughout(name):
    plan = packaged(name)
    lines = zoo.text_of(name).splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 140
    assert re.search(r"\([A-Z].* (19|20)[0-9]{2}[,;)]", plan.description)
    assert [node.name for node in plan.graph.nodes if node.weights is None] == []
    assert all(plan.graph.tensor(reference).shape for _, reference in plan.graph.outputs)


def test_every_packaged_file_is_listed():
    assert zoo.architectures() == (
        "alexnet", "autoencoder", "bilstm", "cnn_rnn", "gru", "lenet5", "lstm", "mlp", "resnet",
        "siamese", "simple_rnn", "text_cnn", "transformer_encoder", "unet", "vgg",
    )  # fmt: skip


def test_a_spec_takes_an_architecture_and_names_its_output():
    plan = users(
        "model:\n  zoo: lenet5\n  with: {shape: [32, 32, 3], classes: 7}\n"
        "  outputs: {label: predictions}\n"
    )
    assert [i.shape for i in plan.graph.inputs] == [(None, 32, 32, 3)]
    ((name, reference),) = plan.graph.outputs
    assert (name, plan.graph.tensor(reference).shape) == ("label", (None, 7))


def test_params_of_the_spec_reach_the_architecture():
    plan = users("params: {units: 5}\nmodel:\n  zoo: lstm\n  with: {units: $units * 2, depth: 2}\n")
    widths = [node.outputs[0][1].shape for node in plan.graph.nodes]
    assert widths == [(None, 100, 10), (None, 10), (None, 10)]


def test_an_architecture_stands_inside_another_model():
    plan = users(
        "model:\n"
        "  models: {reader: {zoo: gru, with: {shape: [8, 3], classes: 4, units: 5}}}\n"
        "  inputs: {x: [8, 3]}\n  graph: [{use: reader}, {Dense: 2}]\n"
    )
    assert count(plan) == 3 * (3 * 5 + 5 * 5 + 2 * 5) + (5 * 4 + 4) + (4 * 2 + 2)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            "zoo: resnet\n  with: {depth: 20}",
            Code.NOT_A_CHOICE,
            "`depth` of `resnet` is one of `18`, `34`, `50`, `101`, `152`",
        ),
        (
            "zoo: vgg\n  with: {deepth: 11}",
            Code.UNKNOWN_PARAM,
            "`vgg` takes no `deepth`",
        ),
        ("zoo: lenet", Code.REFERENCE_NOT_FOUND, "there is no packaged architecture `lenet`"),
    ],
)
def test_a_mistake_in_what_is_taken_is_reported_where_it_stands(text, code, message):
    with pytest.raises(dlspec.SpecError) as caught:
        users(f"model:\n  {text}\n")
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == (code, message)
    assert found.span.source.path == "<text>"


def test_an_image_too_small_is_reported_at_the_layer_that_cannot_take_it():
    with pytest.raises(dlspec.SpecError) as caught:
        users("model:\n  zoo: lenet5\n  with: {shape: [8, 8, 1]}\n")
    (found,) = caught.value.diagnostics
    assert found.code is Code.WINDOW
    assert found.span.source.path == "zoo/lenet5.yaml"
    assert found.related[0].span.source.path == "<text>"


def test_the_table_gives_a_line_for_each_architecture():
    lines = catalogue_table().splitlines()
    assert lines[0].split()[:4] == ["name", "parameters", "lines", "source"]
    assert len(lines) == 1 + len(zoo.architectures())
    (lenet,) = [line for line in lines if line.startswith("lenet5 ")]
    assert lenet.split("  ")[0] == "lenet5"
    assert "61,706" in lenet
    assert "LeCun, Bottou, Bengio, Haffner 1998" in lenet
    assert "shape: [28, 28, 1], classes: 10, activation: tanh" in lenet
    assert not any("if depth" in line for line in lines)


def test_a_block_behind_a_condition_counts_as_used():
    plan = users(
        "params: {deep: false}\nmodel:\n  inputs: {x: [4]}\n"
        "  blocks:\n    Deep: {graph: [{Wide: 3}]}\n"
        "    Wide: {params: {n: int}, graph: [Dense: $n]}\n"
        "  graph: [{Deep, if: $deep}, {Dense: 2}]\n"
    )
    assert [node.name for node in plan.graph.nodes] == ["dense"]
