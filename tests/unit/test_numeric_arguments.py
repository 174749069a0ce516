"""Every numeric argument of every layer and op, at its edges and past them: a Plan or findings."""

import time

import pytest
from class_specs import ClassSpec, layer_specs, op_specs
from hypothesis import example, given, settings
from hypothesis import strategies as st

import dlspec
from dlspec.language import catalogue
from dlspec.language.catalogue import Parameter

EDGES = (0, 1, -1, 3, 1000, 10**12, -(10**12))
BROKEN = (0.0, -0.5, 1.5, 1e300)
# Those need another layer around them, or inputs of two kinds that no row of shapes holds.
WITHOUT_A_SPEC = {
    *("GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"),
    *("image.scale_and_translate", "select", "slice_update"),
    # Draws without a mean are no output of a model.
    *("random.categorical", "random.randint", "random.shuffle"),
}
# The slowest takes 20 ms on this class of machine; another may be fifty times slower.
MOST_SECONDS = 1.0


def edges_of(parameter: Parameter) -> list[object]:
    """Return numbers, and lists of them, that an argument may be given."""
    rank = parameter.rank or 2
    lists = [[number] * length for number in (0, -1, 10**12) for length in (1, rank)]
    mixed = [[0, *[1] * (rank - 1)], [None], []]
    return [*EDGES, *BROKEN, *lists, *mixed]


def outcome(text: str) -> str | None:
    """Return what is wrong with how a spec ends; a Plan or findings within the time are right."""
    start = time.perf_counter()
    try:
        dlspec.loads(text)
    except dlspec.SpecError:
        pass
    except Exception as error:
        error.add_note(text)
        raise
    seconds = time.perf_counter() - start
    return None if seconds < MOST_SECONDS else f"{seconds:.1f} s\n{text}"


def failures(spec: ClassSpec) -> list[str]:
    texts = (
        spec.text(**{parameter.name: value})
        for parameter in spec.numeric_parameters()
        for value in edges_of(parameter)
    )
    return [problem for problem in map(outcome, texts) if problem]


@pytest.mark.parametrize("name", sorted(layer_specs()))
def test_any_number_in_a_layer_gives_a_plan_or_findings(name):
    assert failures(layer_specs()[name]) == []


@pytest.mark.parametrize("name", sorted(op_specs()))
def test_any_number_in_an_op_gives_a_plan_or_findings(name):
    assert failures(op_specs()[name]) == []


@settings(max_examples=500)
@given(
    name=st.sampled_from(sorted(layer_specs())),
    values=st.lists(st.sampled_from(EDGES), min_size=2, max_size=4),
    shift=st.integers(0, 20),
    extent=st.sampled_from([0, 1, 8, 10**12, None]),
)
@example(name="Conv2D", values=[10**12, 3], shift=0, extent=10**12)
def test_several_numbers_in_a_layer_give_a_plan_or_findings(name, values, shift, extent):
    spec = layer_specs()[name]
    whole = [p.name for p in spec.numeric_parameters() if p.type in ("integer", "extents")]
    chosen = (whole[shift % (len(whole) or 1) :] + whole)[: len(values)]
    text = spec.text(**dict(zip(chosen, values, strict=False)))
    written = "null" if extent is None else str(extent)
    assert outcome(text) is None
    assert outcome(text.replace("- 8\n", f"- {written}\n")) is None


def test_groups_too_large_to_try_are_refused_at_once():
    text = layer_specs()["Conv2D"].text(filters=999_999_999_989, groups=3)
    assert outcome(text) is None


def test_every_class_has_a_spec_to_vary():
    names = {*catalogue.names_of_kind("layer"), *catalogue.names_of_kind("op")}
    assert names - set(layer_specs()) - set(op_specs()) == WITHOUT_A_SPEC
