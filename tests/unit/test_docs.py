"""The documentation says what is so: tables are current, examples compile, links lead somewhere."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from dlspec.compiler import compile_source
from dlspec.diagnostics.source import Source
from dlspec.language import catalogue
from dlspec.tools.json_schema.schema import schema_text

ROOT = Path(__file__).parents[2]
PAGES = tuple(sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]))
_YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)|src=\"([^\"]+)\"")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
EXAMPLES = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, text in enumerate(_YAML.findall(page.read_text("utf-8")), 1)
]


def _make_language():
    described = importlib.util.spec_from_file_location(
        "make_language", ROOT / "docs/make_language.py"
    )
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


def _anchors(page: Path) -> set[str]:
    headings = _HEADING.findall(page.read_text("utf-8"))
    return {"#" + re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def test_the_tables_of_the_language_are_current():
    page = (ROOT / "docs/language.md").read_text("utf-8")
    assert _make_language().updated(page) == page


def test_there_are_examples():
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_of_the_documentation_compiles(text):
    whole = text if "\ndlspec:" in "\n" + text else "dlspec: 1\nname: example\n" + text
    found = compile_source(Source("example", whole)).diagnostics
    assert [(d.code.value, d.message, d.span.line) for d in found] == []


def test_every_key_of_the_graph_language_is_on_the_page():
    page = (ROOT / "docs/language.md").read_text("utf-8")
    graph = page[page.index("## `model`: the graph") : page.index("## `data`")]
    definitions = json.loads(schema_text())["$defs"]
    model = definitions["model"]["else"]["properties"]
    # Heads that are Keras classes or functions, by their hundreds, are in the catalogue.
    entry = [k for k in _properties(definitions["entry"]) if k[0].islower() and "ops." not in k]
    keys = {*model, *entry, *_properties(definitions["block"]), *_properties(definitions["input"])}
    assert {key for key in keys if not re.search(rf"\b{key}\b", graph)} == set()
    assert {"from", "repeat", "branches", "do", "models", "inputs_as", "sparse", "params"} <= keys


def _properties(schema) -> set[str]:
    inner = [
        key
        for choice in (*schema.get("anyOf", ()), *([schema["then"]] if "then" in schema else ()))
        for key in _properties(choice)
    ]
    return {*schema.get("properties", ()), *inner}


def test_every_name_of_the_catalogue_is_on_the_page():
    page = (ROOT / "docs/language.md").read_text("utf-8")
    kinds = [kind for kind in catalogue.KINDS if kind != "op"]
    names = [name for kind in kinds for name in catalogue.names_of_kind(kind)]
    assert [name for name in names if f"`{name}`" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_of_the_documentation_leads_somewhere(page):
    for path, anchor, source in _LINK.findall(page.read_text("utf-8")):
        target = (page.parent / (path or source)) if path or source else page
        assert target.exists(), target
        assert not anchor or anchor in _anchors(target), anchor


def test_the_readme_names_tests_that_are_there():
    readme = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+?)`", readme))
    there = {
        name
        for file in (ROOT / "tests").rglob("*.py")
        for name in [
            file.stem,
            *re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE),
        ]
    }
    assert named - there == set()
    assert named


def test_the_commands_of_the_readme_are_those_of_the_makefile():
    readme = (ROOT / "README.md").read_text("utf-8")
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert "    make demo\n" in readme
    assert "    make test\n" in readme
    assert set(re.findall(r"\bmake ([a-z]+)`", readme)) <= set(targets)
