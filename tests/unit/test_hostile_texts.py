"""Every text ends soon: its work grows as the text does, or is cut off at a count."""

import gc
import resource
import sys
import time

import pytest
from hostile_texts import HOSTILE, spec_around
from hypothesis import given, settings
from hypothesis import strategies as st

from dlspec.compiler import compile_source
from dlspec.diagnostics import work
from dlspec.diagnostics.source import Source

# 0.8 is the most of any text on two quiet cores; 9,000 layers in 410 kB that are a model take 0.65.
# Steps are what is bounded: four times as much lets a slower or busy machine pass, and stops the
# hours that these texts took once.
MOST_CPU_SECONDS = 3.2
LARGE = 9000
# Each of these took hours, or more memory than there is, or ended in a RecursionError.
WORST = (
    "params that double",
    "copies of a long list",
    "an expression over a list in a loop",
    "unknown names",
    "long names",
    "a loop over what it leaves out",
    "blocks inside blocks",
    "a block of many params",
    "models inside models",
    "uses of a large model",
    "one output, many times",
    "findings in one wide line",
    "a requirement of many digits",
)
# Large enough that what every text needs hides nothing, small enough to stay below each limit.
SMALL = 80
# Doubling the number doubles the calls; where it multiplies two lengths, it makes four of each.
MOST_GROWTH = 4.4


def compile_counted(text: str) -> tuple[str, int]:
    """Compile a text, render what was found, and count the calls of Python functions."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event == "call"

    source = Source("<text>", text)
    sys.setprofile(count)
    try:
        said = "\n".join(map(str, compile_source(source).diagnostics))
    finally:
        sys.setprofile(None)
    return said, calls


@pytest.mark.parametrize(
    "name",
    [name if name in WORST else pytest.param(name, marks=pytest.mark.slow) for name in HOSTILE],
)
def test_a_hostile_text_ends_soon(name):
    text = HOSTILE[name](LARGE)
    start = time.process_time()
    compilation = compile_source(Source("<text>", text))
    "\n".join(map(str, compilation.diagnostics))
    assert time.process_time() - start < MOST_CPU_SECONDS
    assert compilation.plan is not None or compilation.diagnostics


def test_a_loop_asks_the_system_for_no_memory_at_each_turn_however_deep_it_stands():
    text = HOSTILE["named loops in named loops"](LARGE)
    compile_source(Source("<text>", text))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    compile_source(Source("<text>", text))
    # 172,000 pages for 9,000 turns, where each one got its frames anew.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 2 * LARGE


@pytest.mark.parametrize("enabled", [True, False])
def test_the_search_for_cycles_is_left_as_it_was(enabled):
    was = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        for name in ("functions in a row", "params that double"):  # a plan, and work that is spent
            compile_source(Source("<text>", HOSTILE[name](LARGE)))
            assert gc.isenabled() is enabled
    finally:
        (gc.enable if was else gc.disable)()


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_grows_no_faster_than_what_is_asked_for(name):
    compile_counted(HOSTILE[name](SMALL))  # what is read once, such as the catalogue
    _, calls = compile_counted(HOSTILE[name](SMALL))
    _, twice = compile_counted(HOSTILE[name](2 * SMALL))
    assert twice <= calls * MOST_GROWTH


def test_mistypings_past_the_search_are_told_without_what_was_meant():
    text = HOSTILE["unknown names"](1000)
    found = compile_source(Source("<text>", text)).diagnostics
    unknown = [one for one in found if one.code.value == "DL301"]
    assert len(unknown) == 1000
    assert unknown[0].help.startswith("write `abcdef")
    assert unknown[-1].help.startswith("the names are abcdef00000, ")


def test_a_text_that_asks_for_too_much_says_where():
    found = compile_source(Source("<text>", HOSTILE["copies of a long list"](LARGE))).diagnostics
    assert [one.code.value for one in found] == ["DL107"]
    assert "p2" in found[0].span.source.line(found[0].span.line) or found[0].span.line > 4


def test_more_findings_than_anyone_reads_are_cut_off():
    found = compile_source(Source("<text>", HOSTILE["unknown keys"](LARGE))).diagnostics
    assert len(found) <= work.MOST_WORK // work.FINDING_STEPS + 1
    assert found[-1].code.value == "DL107"
    assert found[-1].help == "mend what is told before it, and check again"


# -- texts that nobody thought of ----------------------------------------------------------------

COUNTS = st.sampled_from([0, 1, 2, 3, 50, 9999, 10**6, 10**12, -1])
NAMES = st.sampled_from(["a", "b", "p", "q", "x", "y", "m", "B", "C", "y.out", "zz"])
VALUES = st.one_of(
    COUNTS.map(str),
    NAMES.map(lambda name: f"${name}"),
    st.builds("'$[{0}] * {1}'".format, NAMES, COUNTS),
    st.builds("'$[{0}, {0}, {1}]'".format, NAMES, COUNTS),
    st.builds("'$len({0}) + {1}'".format, NAMES, COUNTS),
    st.builds("'${0} ** {1}'".format, NAMES, COUNTS),
    st.sampled_from(["[]", "null", "true", "é" * 300, "'$" + "(" * 90 + "1" + ")" * 90 + "'"]),
)
LEAVES = st.one_of(
    st.builds("{{Dense: {0}}}".format, VALUES),
    st.builds("{{Dense: {0}, repeat: {1}}}".format, VALUES, VALUES),
    st.builds("{{Dense: 4, name: {0}}}".format, NAMES),
    st.builds("{{use: {0}, repeat: {1}}}".format, NAMES, COUNTS),
    st.builds("{{Add: , from: [{0}, {1}]}}".format, NAMES, NAMES),
    st.builds("{{Reshape: {0}}}".format, VALUES),
    st.builds("{{ops.reshape: {{newshape: {0}}}}}".format, VALUES),
    st.builds("{{ops.add: {{args: [{0}, {1}]}}}}".format, NAMES, VALUES),
    st.builds("{{B: {{p: {0}}}, repeat: {1}}}".format, VALUES, COUNTS),
    st.builds("{{C, repeat: {0}}}".format, COUNTS),
    st.sampled_from(["{TimeDistributed: {layer: {model: m}}}", "{Densee: 4}", "{B: {q: 1}}"]),
)
ENTRIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(
            "{{for: {{{0}: {1}}}, do: [{2}]}}".format,
            NAMES,
            VALUES,
            st.lists(inner, max_size=3).map(", ".join),
        ),
        st.builds(
            "{{for: {{{0}: {1}}}, name: t, do: [{2}]}}".format,
            NAMES,
            VALUES,
            st.lists(inner, max_size=3).map(", ".join),
        ),
        st.builds(
            "{{Concatenate: , branches: [[{0}], [{1}]]}}".format,
            st.lists(inner, max_size=2).map(", ".join),
            st.lists(inner, max_size=2).map(", ".join),
        ),
    ),
    max_leaves=8,
)
ROWS = st.lists(ENTRIES, max_size=5)


def written(
    params: dict[str, str], b: list[str], c: list[str], m: list[str], row: list[str]
) -> str:
    blocks = f"{{B: {{params: {{p: 1}}, graph: [{', '.join(b)}]}}, C: {{graph: [{', '.join(c)}]}}}}"
    models = f"{{m: {{inputs: {{x: [4]}}, graph: [{', '.join(m)}]}}}}"
    return spec_around(
        "".join(f"    - {entry}\n" for entry in row),
        inside_model=f"  blocks: {blocks}\n  models: {models}\n",
        above_model=f"params: {{{', '.join(f'{n}: {v}' for n, v in params.items())}}}\n",
    )


TEXTS = st.builds(
    written,
    st.dictionaries(st.sampled_from(["p", "q", "a"]), VALUES, max_size=3),
    ROWS,
    ROWS,
    ROWS,
    ROWS,
)


def require_plan_or_findings(text: str) -> None:
    start = time.process_time()
    compilation = compile_source(Source("<text>", text))
    assert all(map(str, compilation.diagnostics))
    assert compilation.plan is not None or compilation.diagnostics
    assert time.process_time() - start < MOST_CPU_SECONDS


@settings(max_examples=60)
@given(TEXTS)
def test_any_written_graph_gives_a_plan_or_findings_soon(text):
    require_plan_or_findings(text)


@pytest.mark.slow
@settings(max_examples=2000)
@given(TEXTS)
def test_very_many_written_graphs_give_a_plan_or_findings_soon(text):
    require_plan_or_findings(text)
