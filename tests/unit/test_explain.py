"""The pages of the codes: their examples do what they say."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from dlspec.cli import main
from dlspec.compiler import compile_source
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.explain import explanation_page
from dlspec.diagnostics.source import Source

# Whose wrong example the compiler alone cannot refuse, and who does.
FOUND_ELSEWHERE = {
    "DL101": "in what is typed: no file is there",
    "DL102": "in the bytes of a file",
    "DL112": "in a saved model",
    "DL218": "in pyproject.toml",
    "DL409": "by Keras, when the model is built",
    "DL610": "in data",
    "DL611": "in data",
    "DL612": "in data",
    "DL613": "in data",
    "DL614": "on the disk that data is prepared on",
    "DL615": "in a file of weights, when the training begins",
    "DL616": "in a file of vectors, when the training begins",
}
_EXAMPLE = re.compile(
    r"^## (Wrong|Right)\n\n```(yaml|toml|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
CODES = [code.value for code in Code]


def _examples(code: str) -> dict[str, str]:
    """Return the first pair; further ones have tests of their own."""
    found = [(which, text) for which, _, text in _EXAMPLE.findall(explanation_page(code))]
    return dict(found[:2])


def _further_pairs() -> list[tuple[str, str, str]]:
    texts = {
        code: [text for _, _, text in _EXAMPLE.findall(explanation_page(code))] for code in CODES
    }
    return [
        (code, found[i], found[i + 1])
        for code, found in texts.items()
        for i in range(2, len(found), 2)
    ]


def _codes(text: str, folder: Path) -> list[str]:
    """Return the codes that an example gets with the oldest Keras that is supported."""
    compilation = compile_source(Source(str(folder / "example.yaml"), text), keras="3.8.0")
    return [found.code.value for found in compilation.diagnostics]


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_page_that_begins_with_its_name(code):
    text = explanation_page(code.lower())
    assert text.startswith(f"# {code}: ")
    assert "\n## Why it matters\n" in text


@pytest.mark.parametrize("code", CODES)
def test_every_page_has_a_wrong_and_a_right_example(code):
    examples = _examples(code)
    assert list(examples) == ["Wrong", "Right"]
    assert examples["Wrong"] != examples["Right"]


@pytest.mark.parametrize(("code", "wrong", "right"), _further_pairs())
def test_further_examples_do_what_they_say_too(code, wrong, right, tmp_path):
    assert set(_codes(wrong, tmp_path)) == {code}
    assert _codes(right, tmp_path) == []


SPEC = """dlspec: 1
name: own
data:
  source: {synthetic: two_moons}
  inputs: {point: {vector: [x, y]}}
  targets: {moon: {binary: moon}}
model:
  inputs: {point: [2]}
  graph:
    - {Dense: [1, sigmoid], name: moon}
training: {epochs: 1, loss: BinaryCrossentropy}
"""


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("BinaryCrossentropy", "Crossentropy", "loss: BinaryCrossEntropy"),
        ("sigmoid", "sigmod", "Dense: [16, rleu]"),
        ("epochs: 1", "epochs: 1, optimizer: SDG", "optimizer: adamm"),
        ("{Dense: [1, sigmoid]", "{Dnse: [1, sigmoid]", "- Flaten"),
        ("own", "own", "- Flaten"),
    ],
)
def test_the_example_nearest_to_the_finding_is_shown(old, new, shown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(SPEC.replace(old, new))
    told = CliRunner().invoke(main, ["explain", "dl206", "own.yaml"])
    assert told.exit_code == 0
    assert told.stdout.count("## Wrong") == 1
    assert shown in told.stdout.partition("## Wrong")[2]
    assert told.stdout.startswith("error[DL206]: unknown") == (old != new)
    assert told.stderr == ("" if old != new else "DL206 is not found in `own.yaml`\n")


@pytest.mark.parametrize("code", [c for c in CODES if c not in FOUND_ELSEWHERE])
def test_the_wrong_example_has_its_code_and_no_other(code, tmp_path):
    assert set(_codes(_examples(code)["Wrong"], tmp_path)) == {code}


@pytest.mark.parametrize("code", [c for c in CODES if "\n```yaml\n" in explanation_page(c)])
def test_the_right_example_has_no_mistake(code, tmp_path):
    assert _codes(_examples(code)["Right"], tmp_path) == []


@pytest.mark.parametrize("code", FOUND_ELSEWHERE)
def test_only_what_is_found_elsewhere_is_excused(code, tmp_path):
    examples = _examples(code)
    if "\n```yaml\n" in explanation_page(code):
        assert _codes(examples["Wrong"], tmp_path) == []


@pytest.mark.parametrize(("which", "expected"), [("Wrong", ["DL218"]), ("Right", [])])
def test_the_listed_layers_of_the_examples_do_what_they_say(which, expected, tmp_path):
    (tmp_path / "pyproject.toml").write_text(_examples("DL218")[which])
    (tmp_path / "swish.py").write_text(
        "import keras\n\nclass Swish(keras.layers.Layer):\n    pass\n"
    )
    spec = "dlspec: 1\nname: example\nmodel:\n  inputs: {x: [4]}\n  graph: [Swish, {Dense: 1}]\n"
    assert _codes(spec, tmp_path) == expected


@pytest.mark.parametrize("code", ["DL999", "", "../diagnostics", "402"])
def test_no_page_exists_for_what_is_no_code(code):
    assert explanation_page(code) is None
