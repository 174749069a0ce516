"""The canonical layout: meaning and comments are kept, a second run changes nothing."""

import os
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from dlspec.cli import main
from dlspec.compiler import compile_source
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source
from dlspec.expand import zoo
from dlspec.resolve.plan import canonical_digest
from dlspec.syntax.formatting import formatted_spec

ROOT = Path(__file__).parents[2]
SHIPPED = [
    *sorted((ROOT / "specs").rglob("*.yaml")),
    *sorted(Path(zoo.__file__).parent.glob("*.yaml")),
]
VALID = sorted((ROOT / "tests" / "golden" / "valid").glob("*.yaml"))
INVALID = sorted((ROOT / "tests" / "golden" / "invalid").glob("*.yaml"))

MESSY = """\
# yaml-language-server: $schema=../schemas/dlspec-1.json

model:
    # the graph
    graph:
    - Flatten@
    # the head
    -   Dense:
          units: 4   # four
    inputs: {x: [8,
                 8]}


description: >-
      folded
      text

        kept
# who it is
name: messy
dlspec: 1
runtime: {backend: tensorflow}
# the end
""".replace("@", "   ")
CANONICAL = """\
# yaml-language-server: $schema=../schemas/dlspec-1.json

dlspec: 1
# who it is
name: messy
description: >-
  folded
  text

    kept

model:
  # the graph
  graph:
    - Flatten
    # the head
    - Dense:
        units: 4   # four
  inputs: {x: [8,
               8]}

runtime: {backend: tensorflow}
# the end
"""


def laid_out(text: str, path: str = "<text>") -> str:
    reporter = Reporter()
    result = formatted_spec(Source(path, text), reporter)
    assert result is not None, [str(d) for d in reporter.diagnostics]
    return result


def comments(text: str) -> list[str]:
    return sorted(found.strip() for found in re.findall(r"(?:^|\s)(#.*)$", text, re.MULTILINE))


def test_a_messy_spec_becomes_canonical():
    assert laid_out(MESSY) == CANONICAL


def test_the_canonical_layout_is_left_alone():
    assert laid_out(CANONICAL) == CANONICAL


@pytest.mark.parametrize("spec", SHIPPED, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_what_ships_is_canonical(spec):
    assert laid_out(spec.read_text("utf-8")) == spec.read_text("utf-8")


@pytest.mark.parametrize("spec", [*SHIPPED, *VALID], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_the_plan_is_the_same_before_and_after(spec):
    text = spec.read_text("utf-8")
    before, after = (
        compile_source(Source(str(spec), one)).plan for one in (text, laid_out(text, str(spec)))
    )
    assert before is not None
    assert canonical_digest(before) == canonical_digest(after)


@pytest.mark.parametrize("spec", INVALID, ids=lambda p: p.stem)
def test_a_spec_with_mistakes_keeps_its_values_or_is_refused(spec):
    text = spec.read_bytes().decode("utf-8", "replace")
    reporter = Reporter()
    result = formatted_spec(Source("spec.yaml", text), reporter)
    if result is None:
        assert reporter.diagnostics
        return
    assert yaml.safe_load(result) == yaml.safe_load(text)
    assert comments(result) == comments(text)
    assert laid_out(result) == result


def chunks(text: str) -> list[str]:
    """Cut a spec at its top keys; what stands above the first one is left out."""
    body = re.split(r"^(?=[a-z]+:)", text, flags=re.MULTILINE)
    return [part if part.endswith("\n") else part + "\n" for part in body[1:]]


def wider(text: str, *, step: int) -> str:
    """Indent every level by `step` instead of two, but for what goes on in a later line."""

    def grown(line: str) -> str:
        indent, dashes, rest = re.fullmatch(r"( *)((?:- )*)(.*\n?)", line).groups()
        spread = dashes.replace("- ", "-".ljust(step))
        return " " * (len(indent) // 2 * step + len(indent) % 2) + spread + rest

    return "".join(grown(line) for line in text.splitlines(keepends=True))


@given(
    spec=st.sampled_from([*SHIPPED, *VALID]),
    step=st.integers(2, 6),
    ending=st.sampled_from(["\n", "\r\n", "  \n", "\n\n\n"]),
    data=st.data(),
)
def test_a_shuffled_and_indented_spec_is_laid_out_as_before(spec, step, ending, data):
    text = spec.read_text("utf-8")
    head = text[: text.index("dlspec:")]
    canonical = laid_out(text)
    parts = data.draw(st.permutations(chunks(text)))
    moved = head + wider("".join(parts), step=step)
    if ">-" not in moved:
        moved = moved.replace("\n", ending)
    result = laid_out(moved)
    assert yaml.safe_load(result) == yaml.safe_load(text)
    assert list(yaml.safe_load(result)) == list(yaml.safe_load(canonical))
    assert comments(result) == comments(text)
    assert laid_out(result) == result


TEXTS = [
    "a: |\n    one\n     two\n\n    three\n# c\nb: 1\n",
    "a: |+\n  kept\n\n\n",
    "a: |\n no line feed at the end",
    "a: |2\n    two spaces stay\nb:\n  - |1\n    x\n",
    "a:\n  b: >\n        deep\n\n        text\n     # a comment, not text\n  c: 1\n",
    "a: \"one\n\n  two\\\n  three   \"\nb: 'it\n  goes on'\n",
    "a:\n- b\n-   - c\n    - d\n-\n  e: 1\n- f:\n  - g\n",
    "a: &x {b: 1}\nname: *x\ndlspec: 1\n",
    "---\nname: a\ndlspec: 1\n...\n",
    "%YAML 1.2\n---\nname: a\n",
    "a:\n    [b,\n  c]\n",
    "  a: 1\n  b:\n     c: 2\n",
    "a: b\n   c\n\n   d\nx: # c\n    y\n",
    "{dlspec: 1,\n    name: a}\n",
    "? a\n: b\n",
    "a:\n  # only a comment\n  b: 1\n    # deeper\n # shallower\nc: 2\n\n# end\n",
    "a: -1\nb:\n-  -1\n-  -2\n",
    "a: {b: 1, # in the middle\n  c: 2}\nd: 1\n",
    'a: "\u00e9\u2028  b"\n',
]


@pytest.mark.parametrize("text", TEXTS)
def test_any_yaml_keeps_its_values_and_comments(text):
    result = laid_out(text)
    assert yaml.safe_load(result) == yaml.safe_load(text)
    assert comments(result) == comments(text)
    assert laid_out(result) == result


LINES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(
            [
                *("a: 1", "b:", "- c", "- d: 2", "e: |", "f: >-", "text # no", "# said", ""),
                *("- - g", 'h: "x', 'y"', "i: [1,", "2]", "- {j: 1,", "k: 2}", "- |+"),
                *("dlspec: 1", "name: n"),
            ]
        ),
    ),
    max_size=14,
)


@given(lines=LINES, step=st.integers(1, 4))
def test_whatever_can_be_read_is_laid_out_without_a_change_of_meaning(lines, step):
    text = "".join(f"{' ' * (depth * step)}{line}\n" for depth, line in lines)
    reporter = Reporter()
    result = formatted_spec(Source("<text>", text), reporter)
    if result is None:
        assert reporter.diagnostics
        return
    assert yaml.safe_load(result) == yaml.safe_load(text)
    assert laid_out(result) == result


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "messy.yaml").write_text(MESSY)
    (tmp_path / "specs" / "tidy.yaml").write_text(CANONICAL)
    return lambda *arguments, text=None: CliRunner().invoke(main, ("fmt", *arguments), input=text)


def test_check_names_what_would_change_and_changes_nothing(run):
    result = run("--check")
    assert result.exit_code == 1
    assert result.stderr == "specs/messy.yaml would change\n2 specs read: 1 would change\n"
    assert Path("specs/messy.yaml").read_text() == MESSY
    assert run("--check", "specs/tidy.yaml").exit_code == 0


def test_a_file_is_rewritten_whole_and_keeps_its_permissions(run):
    Path("specs/messy.yaml").chmod(0o640)
    result = run()
    assert (result.exit_code, result.stderr) == (
        0,
        "changed specs/messy.yaml\n2 specs read: 1 changed\n",
    )
    assert Path("specs/messy.yaml").read_text() == CANONICAL
    assert Path("specs/messy.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in Path("specs").iterdir()) == ["messy.yaml", "tidy.yaml"]


def test_a_link_stays_a_link(run):
    Path("linked.yaml").symlink_to("specs/messy.yaml")
    assert run("linked.yaml").exit_code == 0
    assert Path("linked.yaml").is_symlink()
    assert Path("specs/messy.yaml").read_text() == CANONICAL


def test_standard_input_goes_to_standard_output(run):
    result = run("-", text=MESSY)
    assert (result.exit_code, result.stdout, result.stderr) == (0, CANONICAL, "")


def test_a_file_that_cannot_be_read_is_refused_and_the_others_are_laid_out(run):
    Path("specs/broken.yaml").write_text("dlspec: 1\nname: [a\n")
    result = run()
    assert result.exit_code == 1
    assert "error[DL103]" in result.stderr
    assert Path("specs/broken.yaml").read_text() == "dlspec: 1\nname: [a\n"
    assert Path("specs/messy.yaml").read_text() == CANONICAL


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written_ends_in_a_sentence(run):
    Path("specs/messy.yaml").chmod(0o444)
    result = run()
    assert result.exit_code == 1
    assert result.stderr == "Error: specs/messy.yaml cannot be written: Permission denied\n"
