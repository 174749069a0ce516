"""The JSON Schema: the committed file is current, every spec fits it, and typos do not."""

import json
from pathlib import Path

import jsonschema
import pytest

from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source
from dlspec.expand import zoo
from dlspec.syntax.parse import parse
from dlspec.syntax.substitution import plain_value
from dlspec.tools.json_schema.schema import schema_text
from dlspec.tools.new.new_spec import new_text

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "specs", ROOT / "../shared/examples", Path(zoo.__file__).parent)
SPECS = [path for folder in FOLDERS for path in sorted(folder.rglob("*.yaml"))]
SCHEMA = json.loads(schema_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
BARE = {"dlspec": 1, "name": "m"}


def document(text: str):
    reporter = Reporter()
    tree = parse(Source("spec.yaml", text), reporter)
    assert reporter.diagnostics == ()
    return as_json(plain_value(tree))


def as_json(value):
    if isinstance(value, tuple):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    return value


def model(graph, **others):
    return {**BARE, "model": {"inputs": {"x": [8, 8, 1]}, "graph": graph, **others}}


def fits(value) -> bool:
    return VALIDATOR.is_valid(value)


def test_the_committed_schema_is_what_the_code_gives():
    committed = ROOT / "schemas" / "dlspec-1.json"
    assert committed.read_text("utf-8") == schema_text(), (
        "run `dlspec schema > schemas/dlspec-1.json`"
    )


def test_it_is_a_valid_schema_of_the_draft_it_names():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_spec_fits(path):
    assert [error.message for error in VALIDATOR.iter_errors(document(path.read_text()))] == []


def test_specs_were_found():
    assert len(SPECS) >= 20


@pytest.mark.parametrize("pair", [("lenet5", "digits"), ("lstm", "sine"), ("text_cnn", "imdb")])
def test_a_new_spec_fits(pair):
    assert fits(document(new_text("first", *pair)))


@pytest.mark.parametrize(
    "graph",
    [
        ["Flatten", {"Dense": 10}],
        [{"Dense": [10, {"activation": "relu"}], "name": "head", "from": "x", "if": "$deep"}],
        [{"Conv2D": ["$filters", [3, 1], {"padding": "same"}], "repeat": "$n", "trainable": False}],
        [{"Conv2D": {"filters": 4, "kernel_size": 3, "kernel_initializer": {"HeNormal": {}}}}],
        [{"Reshape": [4, -1]}, {"Permute": [2, 1]}, {"LSTM": {"units": 3, "return_state": True}}],
        [{"Bidirectional": {"layer": {"LSTM": 3}}}, {"Bidirectional": {"LSTM": 3}}],
        [{"TimeDistributed": {"layer": {"model": "frame"}}}, {"use": "twin", "from": ["a", "b.h"]}],
        [
            {"for": {"f": [1, 2]}, "do": [{"Dense": "$f"}]},
            {"Add": None, "branches": [[], ["ReLU"]]},
        ],
        [
            {
                "MultiHeadAttention": [2, 3],
                "from": {"query": "x", "value": "x"},
                "call": {"mask": "m"},
            }
        ],
        [{"ops.clip": [0, 1]}, {"ops.multiply": {"args": ["x", 2.0]}}, "ops.absolute"],
        [{"Dense": {"units": 3, "kernel_regularizer": {"L2": 1e-4}, "activation": "$activation"}}],
        [{"Convolution2D": [4, 3]}],
    ],
)
def test_every_form_of_an_entry_fits(graph):
    assert fits(model(graph))


@pytest.mark.parametrize(
    "graph",
    [
        ["Flaten"],
        [{"Con2D": [4, 3]}],
        [{"Conv2D": {"filters": 4, "kernal_size": 3}}],
        [{"Conv2D": {"filters": "many", "kernel_size": 3}}],
        [{"Conv2D": [4, 3, 1, "sam"]}],
        [{"Dense": {"units": 0}}],
        [{"Dense": {"units": 3, "activation": "rely"}}],
        [{"Dense": {"units": 3, "kernel_initializer": "HeNorml"}}],
        [{"Dense": 3, "nam": "head"}],
        [{"Lambda": "x"}],
        [{"ops.absolut": None}],
        [{"for": {"f": [1]}, "do": [{"Dens": 3}]}],
        [{"Add": None, "branches": [["Rel"]]}],
        [{"Dense": 3, "trainable": "no"}],
    ],
)
def test_a_typo_in_the_graph_does_not_fit(graph):
    assert not fits(model(graph))


def test_a_block_may_be_named_only_where_blocks_are_declared():
    graph, blocks = [{"Stage": 3}], {"Stage": {"params": {"n": "int"}, "graph": [{"Dense": "$n"}]}}
    assert fits(model(graph, blocks=blocks))
    assert not fits(model(graph))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("epochs: 40", "epoch: 40"),
        ("epochs: 40", "epochs: none"),
        ("{sklearn: digits}", "{sklearn: digit}"),
        ("{sklearn: digits}", "{skleran: digits}"),
        ("channels: 1", "chanels: 1"),
        ("stratify: digit", "stratfy: digit"),
        ("learning_rate: 1e-3", "lr: 1e-3"),
        ("Adam:", "Adm:"),
        ("SparseCategoricalCrossentropy", "SparseCrossentropy"),
        ("monitor: val_loss", "moniter: val_loss"),
        ('">= 0.97"', '"at least 0.97"'),
        ("metric: accuracy", "metric: acuracy"),
        ("determinism: exact", "determinism: yes"),
        ("dlspec: 1", "dlspec: 2"),
        ("retraining:", "retrain:"),
        ("MaxPooling2D: 2", "MaxPool: 2"),
    ],
)
def test_a_typo_in_a_shipped_spec_does_not_fit(old, new):
    text = (ROOT / "specs" / "digits_lenet5.yaml").read_text()
    assert old in text
    assert fits(document(text))
    assert not fits(document(text.replace(old, new, 1)))


def _evaluated(**evaluation):
    text = (ROOT / "specs" / "digits_lenet5.yaml").read_text()
    return fits({**document(text), "evaluation": evaluation})


def test_metrics_of_keras_may_be_asked_for_by_what_their_figures_are_called():
    top, named = ({"SparseTopKCategoricalAccuracy": {"k": 3, **n}} for n in ({}, {"name": "top"}))
    figure = "sparse_top_k_categorical_accuracy"
    assert _evaluated(metrics=[top], gates={figure: ">= 0.9"}, champion={"metric": figure})
    assert _evaluated(metrics=[named], gates={"top": ">= 0.9"}, champion={"metric": "top"})
    # Nothing is called so where no metric has a name of its own.
    assert not _evaluated(metrics=[top], gates={"top": ">= 0.9"})
    assert not _evaluated(metrics=["acuracy"])
    assert not _evaluated(metrics=[{"SparseTopKCategoricalAccuracy": {"kk": 3}}])


def test_a_threshold_is_a_share_or_what_it_is_best_for():
    assert _evaluated(metrics=["f1"], threshold=0.3)
    assert _evaluated(metrics=["f1"], threshold={"maximize": "f1"})
    assert not _evaluated(metrics=["f1"], threshold=30)
    assert not _evaluated(metrics=["f1"], threshold={"maximise": "f1"})


def test_an_architecture_takes_only_its_own_params():
    assert fits({**BARE, "model": {"zoo": "vgg", "with": {"depth": 11}}})
    assert not fits({**BARE, "model": {"zoo": "vgg", "with": {"deepth": 11}}})
    assert not fits({**BARE, "model": {"zoo": "vgg17"}})


def test_a_spec_that_extends_another_may_leave_things_out():
    assert fits({"dlspec": 1, "extends": "base.yaml", "training": {"epochs": 3}})
    assert not fits({"dlspec": 1, "name": "m", "training": {"epochs": 3}})
