"""The schema in a real editor's hands: completion, hover and squiggles of yaml-language-server."""

import os
import shutil
from pathlib import Path

import pytest
from language_server import LanguageServer

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").rglob("*.yaml"))
OTHERS = [
    *sorted((ROOT / "dlspec" / "zoo").glob("*.yaml")),
    *sorted((ROOT / "tests" / "golden" / "valid").glob("*.yaml")),
]
LENET = (ROOT / "specs" / "digits_lenet5.yaml").read_text("utf-8")
FIRST_LINE = "# yaml-language-server: $schema=../schemas/dlspec-1.json\n"
HEAD = f"{FIRST_LINE}dlspec: 1\nname: spec\n"
GRAPH = f"{HEAD}model:\n  inputs: {{x: [8, 8, 1]}}\n  graph:\n"
TRAINING = f"{GRAPH}    - Flatten\ntraining:\n"


def program() -> Path | None:
    """Return the server of DLSPEC_YAML_LS, or the one on the PATH."""
    named = os.environ.get("DLSPEC_YAML_LS") or shutil.which("yaml-language-server")
    return Path(named).resolve() if named and shutil.which("node") else None


pytestmark = pytest.mark.skipif(
    program() is None,
    reason="needs node and `npm install yaml-language-server`; DLSPEC_YAML_LS names its program",
)


@pytest.fixture(scope="module")
def server():
    running = LanguageServer(program(), ROOT)
    yield running
    running.stop()


@pytest.mark.parametrize("spec", SPECS, ids=lambda p: p.stem)
def test_a_shipped_spec_has_no_squiggle(server, spec):
    text = spec.read_text("utf-8")
    assert text.startswith(FIRST_LINE)
    assert server.mistakes(text) == []


def test_no_valid_spec_has_a_squiggle(server):
    texts = {spec.name: FIRST_LINE + spec.read_text("utf-8") for spec in OTHERS}
    assert {name: found for name, text in texts.items() if (found := server.mistakes(text))} == {}


@pytest.mark.parametrize(
    ("old", "new", "marked", "said"),
    [
        ("- Conv2D: {filters: 32", "- Con2D: {filters: 32", "Con2D", "Property Con2D is not"),
        ("same, activation:", "same, activaton:", "activaton", "Property activaton is not allowed"),
        ("[120, {activation", "[120, {activaton", "activaton", "Property activaton is not allowed"),
        ("batch_size: 32", "batchsize: 32", "batchsize", "Property batchsize is not allowed"),
        ("- Flatten", "- Flaten", "Flaten", "No layer or operation is called so."),
        ("- MaxPooling2D: 2", "- MaxPooling2D: two", "two", "Incorrect type"),
        ("padding: same", "padding: sam", "sam", '"valid", "same"'),
        ("{filters: 32, ", "{", "Conv2D", 'Missing property "filters"'),
        ("kernel_size: $kernel", "kernel_size: 0", "0", "minimum of 1"),
        ("name: digit}", "nam: digit}", "nam", "Property nam is not allowed"),
        ("epochs: 40", "epochs: many", "many", 'Expected "integer"'),
        ("  epochs: 40\n", "", "training", 'Missing property "epochs"'),
        ("{learning_rate: 1e-3}", "{lr: 1e-3}", "lr", "Property lr is not allowed"),
        ("{Adam: {learning_rate: 1e-3}}", "adm", "adm", "No optimizer is called so."),
        ("{SparseC", "{SparsC", "SparsCategoricalCrossentropy", "is not allowed"),
        ("EarlyStopping:", "EarlyStoping:", "EarlyStoping", "Property EarlyStoping is not"),
        ("metrics: [accuracy]", "metrics: [acuracy]", "acuracy", "No metric is called so."),
        ("sklearn: digits", "sklearn: digit", "digit", '"digits", "iris", "wine"'),
        ("channels: 1", "chanels: 1", "chanels", "Property chanels is not allowed"),
        ("stratify:", "stratfy:", "stratfy", "Property stratfy is not allowed"),
        ("{metric: accuracy", "{metric: acuracy", "acuracy", "Value is not accepted"),
    ],
)
def test_a_slip_is_marked_where_it_stands(server, old, new, marked, said):
    assert old in LENET
    ((where, message),) = server.mistakes(LENET.replace(old, new, 1))
    assert where == marked
    assert said in message
    assert len(message) < 250


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (f"{GRAPH}    - |", {"Conv2D": "Conv2D: ", "Flatten": "Flatten: ", "name": "name: "}),
        (f"{GRAPH}    - Conv|", {"Conv2D": "Conv2D: ", "Conv1DTranspose": "Conv1DTranspose: "}),
        (
            f"{GRAPH}    - Conv2D:\n        |",
            {"filters": "filters: ", "padding": "padding: ${1:valid}"},
        ),
        (f"{GRAPH}    - Conv2D: {{filters: 3, ker|}}", {"kernel_size": "kernel_size"}),
        (f"{GRAPH}    - Dense: [3, {{ac|}}]", {"activation": "activation"}),
        (f"{GRAPH}    - Conv2D: {{padding: |}}", {"valid": "valid", "same": "same"}),
        (f"{GRAPH}    - Dense: {{activation: re|}}", {"relu": "relu"}),
        (f"{HEAD}model: {{zoo: |}}", {"lenet5": "lenet5", "unet": "unet"}),
        (f"{HEAD}model: {{zoo: resnet, with: {{de|}}}}", {"depth": "depth"}),
        (f"{HEAD}data:\n  source:\n    |", {"sklearn": "sklearn: ", "csv": "csv: "}),
        (f"{TRAINING}  |", {"epochs": "epochs: ", "loss": "loss: "}),
        (f"{TRAINING}  loss: |", {"MeanSquaredError": "MeanSquaredError"}),
        (f"{TRAINING}  optimizer: |", {"Adam": "Adam"}),
        (f"{TRAINING}  optimizer: {{Adam: {{le|}}}}", {"learning_rate": "learning_rate"}),
    ],
)
def test_what_fits_is_offered(server, text, offered):
    found = server.completions(text)
    assert {label: found.get(label) for label in offered} == offered


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("Con|v2D: {filters: 32", "Layer of Keras. Needs filters, kernel_size. Takes strides,"),
        ("fil|ters: 32", "An integer, at least 1; required."),
        ("pad|ding: same", "Valid or same; default valid."),
        ("Flat|ten", "Layer of Keras."),
        ("{Ad|am:", "Optimizer of Keras. Takes learning_rate,"),
        ("learn|ing_rate", "A number, or a learning-rate schedule; default 0.001."),
        ("batch|_size", "Samples per step."),
        ("strat|ify", "A class target whose shares are kept in every part."),
    ],
)
def test_hovering_tells_type_and_default(server, at, shown):
    plain = at.replace("|", "")
    assert plain in LENET
    assert shown in server.hover(LENET.replace("|", "").replace(plain, at, 1))
