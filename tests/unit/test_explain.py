"""The pages of the codes: their examples do what they say."""

import re
from pathlib import Path

import pytest

from dlspec.compiler import compile_source
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.explain import explanation_page
from dlspec.diagnostics.source import Source

# Reported about files, about what comes from outside, by Keras or by the pipeline.
WITHOUT_EXAMPLE = frozenset(
    {
        *("DL101", "DL102", "DL107", "DL112", "DL218", "DL316", "DL409"),
        *("DL610", "DL611", "DL612", "DL613"),
    }
)
_EXAMPLE = re.compile(r"^## (Wrong|Right)\n\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODES = [code.value for code in Code]


def _examples(code: str) -> dict[str, str]:
    return dict(_EXAMPLE.findall(explanation_page(code)))


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
def test_pages_have_examples_unless_no_text_can_show_the_code(code):
    assert list(_examples(code)) == ([] if code in WITHOUT_EXAMPLE else ["Wrong", "Right"])


@pytest.mark.parametrize("code", [c for c in CODES if c not in WITHOUT_EXAMPLE])
def test_the_wrong_example_has_its_code_and_no_other(code, tmp_path):
    assert set(_codes(_examples(code)["Wrong"], tmp_path)) == {code}


@pytest.mark.parametrize("code", [c for c in CODES if c not in WITHOUT_EXAMPLE])
def test_the_right_example_has_no_mistake(code, tmp_path):
    assert _codes(_examples(code)["Right"], tmp_path) == []


@pytest.mark.parametrize("code", ["DL999", "", "../diagnostics", "402"])
def test_no_page_exists_for_what_is_no_code(code):
    assert explanation_page(code) is None
