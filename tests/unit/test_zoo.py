"""The packaged architectures: parameter counts as published, params that hold, one table."""

import math
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import dlspec
from benchmarks.zoo import PUBLISHED, Published, plan_of, table
from dlspec.cli import main
from dlspec.diagnostics.codes import Code
from dlspec.expand import zoo
from dlspec.resolve.costs import graph_cost
from dlspec.resolve.plan import walk_graph_nodes
from dlspec.tools.show.edges import edges_into
from dlspec.tools.zoo_table import catalogue_table, source_of


def packaged(name: str, params=None) -> dlspec.Plan:
    return plan_of(name, params or {})


def variant(published: Published) -> str:
    return "-".join(map(str, (published.name, *published.params.values())))


def count(plan: dlspec.Plan, *, trainable_only: bool = False) -> int:
    weights = [weight for node in walk_graph_nodes(plan.graph) for weight in node.weights or ()]
    return sum(math.prod(w.shape) for w in weights if w.trainable or not trainable_only)


def users(text: str) -> dlspec.Plan:
    return dlspec.loads(f"dlspec: 1\nname: m\n{text}")


@pytest.mark.parametrize("published", PUBLISHED, ids=variant)
def test_the_parameters_are_as_many_as_published(published):
    plan = packaged(published.name, dict(published.params))
    assert published.agrees(count(plan, trainable_only=published.counts == "trainable"))


@pytest.mark.parametrize("published", [p for p in PUBLISHED if p.gmac], ids=variant)
def test_the_multiply_adds_are_as_many_as_published(published):
    cost = graph_cost(packaged(published.name, dict(published.params)).graph)
    # The papers print two digits, and count a shortcut or the head in or out.
    assert cost.macs == pytest.approx(published.gmac * 1e9, rel=0.02)


def test_a_count_is_compared_as_it_was_printed():
    exact, short = Published("m", {}, 269_722, ""), Published("m", {}, "0.27M", "")
    assert [exact.agrees(n) for n in (269_722, 269_723)] == [True, False]
    assert [short.agrees(n) for n in (269_722, 274_999, 275_001)] == [True, True, False]


@pytest.mark.parametrize("name", zoo.architecture_names())
def test_an_architecture_is_short_sound_and_known_throughout(name):
    plan = packaged(name)
    lines = zoo.text_of(name).splitlines()
    assert len(lines) <= 80
    assert max(map(len, lines)) <= 140
    assert re.search(r"\([A-Z].* (19|20)[0-9]{2}[,;)]", plan.description)
    assert [node.name for node in plan.graph.nodes if node.weights is None] == []
    assert all(plan.graph.tensor(reference).shape for _, reference in plan.graph.outputs)


def test_every_packaged_file_is_listed():
    assert zoo.architecture_names() == (
        "alexnet", "autoencoder", "bilstm", "bilstm_attention", "cbow", "char_lm", "cnn_rnn",
        "conv_lstm", "convmixer", "convnext", "crnn", "dcgan", "deeplab_v3_plus", "densenet",
        "efficientnet", "fcn", "fpn", "gru", "inception", "lenet5", "lstm", "lstm_autoencoder",
        "mlp", "mlp_mixer", "mobilenet", "mobilenet_v2", "mobilenet_v3", "nbeats", "pointnet",
        "resnet", "resnet_cifar", "segnet", "seq2seq", "siamese", "simple_rnn", "skip_gram",
        "speech_to_text", "stacked_lstm", "tcn", "text_cnn", "text_to_mel", "transformer_encoder",
        "two_tower", "unet", "unet_plus_plus", "vae", "vgg", "video_cnn_rnn", "vit", "wavenet",
        "xception",
    )  # fmt: skip


def test_a_spec_takes_an_architecture_and_names_its_output():
    plan = users(
        "model:\n  zoo: lenet5\n  with: {shape: [32, 32, 3], classes: 7}\n"
        "  outputs: {label: predictions}\n"
    )
    assert [i.shape for i in plan.graph.inputs] == [(None, 32, 32, 3)]
    ((name, reference),) = plan.graph.outputs
    assert (name, plan.graph.tensor(reference).shape) == ("label", (None, 7))


@pytest.mark.parametrize("name", zoo.architecture_names())
def test_every_output_can_be_named_by_a_spec_alone(name):
    for output, reference in packaged(name).graph.outputs:
        plan = users(f"model:\n  zoo: {name}\n  outputs: {{answer: {output}}}\n")
        assert plan.graph.outputs == (("answer", reference),)


def test_what_leads_to_outputs_that_are_not_wanted_is_left_out():
    wanted = users("model: {zoo: vae, outputs: {picture: reconstruction}}\n").graph
    assert [node.name for node in wanted.nodes][-1] == "reconstruction"
    assert "kl" in {node.name for node in packaged("vae").graph.nodes}
    # What leads to no output that the architecture offers is still told.
    with pytest.raises(dlspec.SpecError) as caught:
        users("model: {zoo: lenet5, outputs: {digit: fc1}}\n")
    assert caught.value.diagnostics[0].code is Code.DEAD_NODE


def test_params_of_the_spec_reach_the_architecture():
    plan = users("params: {units: 5}\nmodel:\n  zoo: lstm\n  with: {units: $units * 2, depth: 2}\n")
    widths = [node.outputs[0][1].shape for node in plan.graph.nodes]
    assert widths == [(None, 100, 10), (None, 10), (None, 10)]


def test_an_architecture_ends_where_it_is_told_to():
    shape = "shape: [64, 64, 3]"
    whole = users(f"model: {{zoo: resnet, with: {{depth: 18, {shape}}}}}\n").graph
    end = "stage3.next1.out"
    plan = users(f"model: {{zoo: resnet, with: {{depth: 18, {shape}}}, until: {end}}}\n")
    cut = plan.graph
    assert [name for name, _ in cut.outputs] == [end]
    names = [node.name for node in cut.nodes]
    assert names[-1] == end
    assert names == [node.name for node in whole.nodes][: len(names)]
    assert cut.tensor(cut.outputs[0][1]).shape == (None, 4, 4, 256)
    # ResNet-18 has 11,689,512 trainable ones; its last stage and its head are left out.
    stage = (256 * 512 + 512 * 512 * 3) * 9 + 256 * 512 + 2 * 512 * 5
    assert count(plan, trainable_only=True) == 11_689_512 - stage - (512 * 1000 + 1000)


def test_an_input_that_only_the_head_reads_is_left_out_with_it():
    plan = users("model: {zoo: seq2seq, with: {source_length: 9}, until: encoder}\n")
    assert [(one.name, one.shape) for one in plan.graph.inputs] == [("source", (None, 9))]
    assert plan.graph.inputs_as == "single"


@pytest.mark.parametrize(
    ("taken", "found"),
    [
        ("zoo: seq2seq, with: {length: 9}, until: encoder", ["DL305 `length`"]),
        ("zoo: resnet, with: {depth: 18, classes: 3}, until: stage2", ["DL305 `classes`"]),
        ("zoo: resnet, with: {depth: 18, stem: cifar}, until: stage2", []),
        # What stands behind the end is not there: no entry can be moved up.
        ("zoo: lenet5, until: flatten, outputs: {digit: predictions}", ["DL301 `predictions`"]),
    ],
)
def test_what_is_said_of_a_part_that_is_cut_off_is_told(taken, found):
    try:
        users(f"model: {{{taken}}}\n")
        told = []
    except dlspec.SpecError as refused:
        told = [
            f"{one.code.value} {re.search('`[a-z]+`', one.message).group()}"
            for one in refused.diagnostics
        ]
    assert told == found


def test_what_is_taken_is_frozen_as_a_whole():
    text = (
        "model:\n"
        "  models: {reader: {zoo: gru, with: {shape: [8, 3]}, until: last, trainable: false}}\n"
        "  inputs: {x: [8, 3]}\n  graph: [{use: reader}, {Dense: 2}]\n"
    )
    nodes = [node for node in walk_graph_nodes(users(text).graph) if node.weights]
    assert {node.name: node.trainable for node in nodes} == {"last": False, "dense": True}


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
        (
            "zoo: seq2seq\n  with: {attention: Luong}",
            Code.NOT_A_CHOICE,
            "`attention` of `seq2seq` is one of `none`, `luong`, `bahdanau`",
        ),
        (
            "zoo: resnet_cifar\n  with: {depth: 18}",
            Code.NOT_A_CHOICE,
            "`depth` of `resnet_cifar` is one of `20`, `32`, `44`, `56`, `110`",
        ),
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
    assert found.span.source.path == "<text>"
    assert found.related[0].span.source.path == "zoo/lenet5.yaml"


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        (
            "zoo: inception\n  with: {shape: [224, 224]}",
            "`conv1.conv` cannot take the output of `image`",
            "zoo/inception.yaml",
        ),
        (
            "zoo: stacked_lstm\n  with: {units: [64, -1]}",
            "`units` of `LSTM` must be at least 1",
            "zoo/stacked_lstm.yaml",
        ),
        (
            "zoo: crnn\n  with: {shape: [16, 100, 1]}",
            "`conv7` cannot take the output of `pool6`",
            "zoo/crnn.yaml",
        ),
        (
            "zoo: siamese\n  with: {kernels: [3, 3]}",
            "the lists of `for` run in step and have different lengths",
            "zoo/siamese.yaml",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_reported_with_the_line_that_gave_it(text, message, place):
    with pytest.raises(dlspec.SpecError) as caught:
        users(f"model:\n  {text}\n")
    found = caught.value.diagnostics[0]
    assert (found.message, found.span.source.path) == (message, "<text>")
    assert found.related[0].span.source.path == place
    assert "zoo" not in found.help.partition("dlspec zoo")[0]


@pytest.mark.parametrize("choice", sorted(zoo.architecture_choices()), ids=".".join)
def test_every_choice_is_a_param_and_compiles(choice):
    name, param = choice
    default = zoo.architecture_params(name)[param]
    values = zoo.architecture_choices()[choice]
    assert default in values
    assert len({graph_cost(packaged(name, {param: value}).graph) for value in values}) in (
        len(values),
        1,  # the padding of a pooling, where extents are even
    )


def test_choices_are_for_reading():
    with pytest.raises(TypeError):
        zoo.architecture_choices()["vgg", "depth"] = (12,)  # type: ignore[index]


def test_the_table_gives_a_line_for_each_architecture():
    lines = catalogue_table().splitlines()
    assert lines[0].split() == ["name", "parameters", "FLOPs", "MACs", "input", "source"]
    assert len(lines) == 1 + len(zoo.architecture_names())
    (lenet,) = [line for line in lines if line.startswith("lenet5 ")]
    assert re.split("  +", lenet) == [
        "lenet5", "61,706", "852 k", "417 k", "image [28, 28, 1]", "LeCun et al. 1998",
    ]  # fmt: skip
    assert max(map(len, lines)) <= 100
    # The samples of a batch are multiplied with each other there: no cost is one sample's.
    assert [line.split()[0] for line in lines if "?" in line] == ["two_tower"]


@pytest.mark.parametrize(
    ("description", "source"),
    [
        ("One (Elman 1990, Finding structure in time).", "Elman 1990"),
        ("Two (Simonyan, Zisserman 2014, Very deep).", "Simonyan, Zisserman 2014"),
        ("Three (Shi, Bai, Yao 2015, An end-to-end).", "Shi et al. 2015"),
        ("Many (Cho et al. 2014, Learning phrases).", "Cho et al. 2014"),
    ],
)
def test_a_source_is_two_authors_or_the_first_and_the_year(description, source):
    assert source_of(description) == source


def test_the_page_of_the_zoo_is_current():
    assert table() in (Path(__file__).parents[2] / "docs/zoo.md").read_text("utf-8")


def test_the_command_prints_an_architecture_that_compiles_as_it_is():
    found = CliRunner().invoke(main, ["zoo", "skip_gram"])
    assert (found.exit_code, found.output) == (0, zoo.text_of("skip_gram"))
    assert dlspec.loads(found.output, path="skip_gram.yaml").name == "skip_gram"


def test_the_command_answers_an_unknown_name_with_the_nearest():
    found = CliRunner().invoke(main, ["zoo", "skipgram"])
    assert found.exit_code == 2
    assert "there is no packaged architecture `skipgram`; write `skip_gram`" in found.output


def test_two_tables_of_word_vectors_are_all_there_is():
    sizes = {"vocabulary": 50, "dim": 7}
    assert count(packaged("skip_gram", sizes)) == 2 * 50 * 7
    assert count(packaged("cbow", sizes)) == 2 * 50 * 7


def test_a_taught_decoder_gives_logits_for_every_place_of_the_answer():
    sizes = {"source_vocabulary": 9, "vocabulary": 11, "source_length": 4, "length": 6}
    for cell in ("lstm", "gru"):
        for attention in ("none", "luong", "bahdanau"):
            plan = packaged("seq2seq", {**sizes, "cell": cell, "attention": attention})
            assert [(i.name, i.shape) for i in plan.graph.inputs] == [
                ("source", (None, 4)),
                ("previous", (None, 6)),
            ]
            ((name, reference),) = plan.graph.outputs
            assert (name, plan.graph.tensor(reference).shape) == ("next", (None, 6, 11))


def test_a_pyramid_has_as_many_parameters_as_that_of_torchvision():
    nodes = packaged("fpn").graph.nodes
    head = [node.name for node in nodes if ".step" in node.name or node.name == "score"]
    weights = [w for node in nodes if node.name not in head for w in node.weights or ()]
    assert sum(math.prod(w.shape) for w in weights if w.trainable) == 26_852_416


def test_a_loop_over_one_block_hands_on_all_that_the_block_takes():
    plan = users(
        "model:\n  inputs: {x: [4]}\n  blocks:\n"
        "    Step:\n      params: {n: int}\n      inputs: [seen, said]\n      graph:\n"
        "        - {Dense: $n, name: more, from: seen}\n"
        "        - {Dense: 3, name: word}\n        - {Add, name: sum, from: [said, word]}\n"
        "      outputs: {seen: more, said: sum}\n"
        "  graph:\n    - {Dense: 3, name: begun}\n"
        "    - {for: {n: [5, 6]}, name: loop, from: [x, begun], do: [{Step: $n, name: step}]}\n"
        "    - {Concatenate, name: y, from: [loop.seen, loop.said, loop1.step.said]}\n"
    )
    inputs = {node.name: [one.source.node for one in edges_into(node)] for node in plan.graph.nodes}
    assert inputs["loop1.step.more"] == ["x"]
    assert inputs["loop1.step.sum"] == ["begun", "loop1.step.word"]
    assert inputs["loop2.step.more"] == ["loop1.step.more"]
    assert inputs["loop2.step.sum"] == ["loop1.step.sum", "loop2.step.word"]
    assert inputs["y"] == ["loop2.step.more", "loop2.step.sum", "loop1.step.sum"]


def test_a_loop_behind_a_condition_is_left_out():
    text = (
        "params: {deep: false}\nmodel:\n  inputs: {x: [4]}\n  graph:\n"
        "    - {for: {n: [3, 5]}, if: $deep, name: more, do: [{Dense: $n}]}\n"
        "    - {Dense: 2, name: y}\n"
    )
    assert [node.name for node in users(text).graph.nodes] == ["y"]
    deep = users(text.replace("deep: false", "deep: true"))
    assert [node.name for node in deep.graph.nodes] == ["more1.dense", "more2.dense", "y"]


def test_a_block_behind_a_condition_counts_as_used():
    plan = users(
        "params: {deep: false}\nmodel:\n  inputs: {x: [4]}\n"
        "  blocks:\n    Deep: {graph: [{Wide: 3}]}\n"
        "    Wide: {params: {n: int}, graph: [Dense: $n]}\n"
        "  graph: [{Deep, if: $deep}, {Dense: 2}]\n"
    )
    assert [node.name for node in plan.graph.nodes] == ["dense"]
