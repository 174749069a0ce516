"""Any functional graph, rolled up: the same weights, the same numbers, and the same text again."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import dlspec
from dlspec.backends.rolling import rolled_text, same_graph
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source
from dlspec.expand.flat import Use
from dlspec.resolve.plan import Graph, Op, Reference
from dlspec.syntax.formatting import formatted_spec

LAYERS = keras.layers


def assert_rolls(model: keras.Model) -> str:
    """Lift and lower; compare weights and outputs bit for bit, lift again; return the text."""
    text = dlspec.decompile(model, recognise=False)
    rebuilt = dlspec.compile(dlspec.loads(text))
    assert [w.shape for w in rebuilt.weights] == [w.shape for w in model.weights], text
    rebuilt.set_weights(model.get_weights())
    samples = [_sample(tensor) for tensor in model.inputs]
    for one, other in zip(_outputs(model, samples), _outputs(rebuilt, samples), strict=True):
        np.testing.assert_array_equal(one, other, text)
    assert dlspec.decompile(rebuilt, recognise=False) == text
    assert formatted_spec(Source("<text>", text), Reporter()) == text
    return text


def _sample(tensor):
    rng = np.random.default_rng(7)
    shape = [3 if extent is None else extent for extent in tensor.shape]
    if "int" in tensor.dtype:
        return rng.integers(0, 5, shape).astype(tensor.dtype)
    return rng.normal(size=shape).astype(tensor.dtype)


def _outputs(model, samples):
    functional = getattr(model, "_functional", model)
    packed = keras.tree.pack_sequence_as(functional._inputs_struct, samples)
    return [np.asarray(out) for out in keras.tree.flatten(model(packed, training=False))]


# -- random graphs -------------------------------------------------------------------------------

STEPS = (
    "dense", "norm", "relu", "unit", "residual", "branches", "skip", "shared", "gru", "op", "inner",
)  # fmt: skip


@st.composite
def programs(draw) -> list[tuple[str, int, int]]:
    """Return steps of a graph over sequences; some stretches come again, as in real networks."""
    stretch = st.lists(
        st.tuples(st.sampled_from(STEPS), st.sampled_from([4, 8, 12]), st.integers(0, 3)),
        min_size=1,
        max_size=4,
    )
    steps = []
    for one in draw(st.lists(stretch, min_size=1, max_size=4)):
        wider = draw(st.sampled_from([1, 1, 2]))
        for turn in range(draw(st.integers(1, 4))):
            steps += [(kind, width * wider**turn, back) for kind, width, back in one]
    return steps[:24]


class Flat:
    """Writes the entries of a flat spec from steps; every tensor is (batch, 5, width)."""

    def __init__(self, inputs):
        self.lines = []
        self.tensors = [(name, 4) for name in inputs]
        self.calls = {}
        self.models = {}

    def add(self, head, *sources, width, **beside):
        name = f"n{len(self.lines)}"
        source = sources[0] if len(sources) == 1 else f"[{', '.join(sources)}]"
        more = "".join(f", {key}: {value}" for key, value in beside.items())
        self.lines.append(f"    - {{{head}, name: {name}, from: {source}{more}}}")
        return name, width

    def step(self, kind, width, back):
        x = self.tensors[-1]
        other = self.tensors[max(0, len(self.tensors) - 1 - back)]
        self.tensors.append(getattr(self, kind)(x, other, width))

    def dense(self, x, _other, width):
        return self.add(f"Dense: [{width}, {{activation: tanh}}]", x[0], width=width)

    def norm(self, x, _other, _width):
        return self.add("LayerNormalization: {epsilon: 1e-5}", x[0], width=x[1])

    def relu(self, x, _other, _width):
        return self.add("ReLU", x[0], width=x[1])

    def unit(self, x, _other, width):
        x = self.add(f"Conv1D: [{width}, 3, {{padding: same}}]", x[0], width=width)
        return self.relu(self.norm(x, x, 0), x, 0)

    def residual(self, x, _other, _width):
        inner = self.add(f"Dense: [{x[1] * 2}, {{activation: relu}}]", x[0], width=x[1] * 2)
        inner = self.add(f"Dense: {x[1]}", inner[0], width=x[1])
        return self.relu(self.add("Add", x[0], inner[0], width=x[1]), x, 0)

    def branches(self, x, _other, width):
        one = self.add(f"Dense: {width}", x[0], width=width)
        two = self.unit(x, x, 2)
        return self.add("Concatenate", x[0], one[0], two[0], width=x[1] + width + 2)

    def skip(self, x, other, _width):
        return self.add("Concatenate", x[0], other[0], width=x[1] + other[1])

    def shared(self, x, _other, width):
        first = self.calls.get((x[1], width))
        made = self.add(f"use: {first}" if first else f"Dense: {width}", x[0], width=width)
        self.calls.setdefault((x[1], width), made[0])
        return made

    def gru(self, x, _other, width):
        states = self.add(
            f"GRU: {{units: {width}, return_sequences: true, return_state: true}}",
            x[0],
            width=width,
        )
        again = self.add(
            f"GRU: {{units: {width}, return_sequences: true}}",
            x[0],
            width=width,
            call=f"{{initial_state: {states[0]}.h}}",
        )
        return self.add("Add", states[0], again[0], width=width)

    def op(self, x, other, _width):
        y = self.add("ops.mean: {axis: -1, keepdims: true}", other[0], width=1)
        y = self.add("ops.add", x[0], y[0], width=x[1])
        name = f"n{len(self.lines)}"
        self.lines.append(f"    - {{ops.multiply: {{args: [{y[0]}, 0.5]}}, name: {name}}}")
        return name, x[1]

    def inner(self, x, _other, width):
        word = f"inner_{x[1]}_{width}"
        self.models[word] = (x[1], width)
        return self.add(f"use: {word}", x[0], width=width)


def flat_text(steps, *, inputs, outputs) -> str:
    """Return the flat spec of some steps."""
    names = [f"in{i}" for i in range(inputs)]
    flat = Flat(names)
    if inputs > 1:
        flat.tensors.append(flat.add("Concatenate", *names, width=4 * inputs))
    for kind, width, back in steps:
        flat.step(kind, width, back)
    for i in range(outputs):
        flat.lines.append(f"    - {{Dense: 2, name: out{i}, from: {flat.tensors[-1][0]}}}")
    models = "".join(
        f"    {word}:\n      inputs: {{given: [5, {w}]}}\n"
        f"      graph: [Dense: {width}, Dense: {width}, Dense: {width}]\n"
        for word, (w, width) in flat.models.items()
    )
    return (
        "dlspec: 1\nname: random\nmodel:\n  inputs: {"
        + ", ".join(f"{name}: [5, 4]" for name in names)
        + "}\n"
        + (f"  models:\n{models}" if models else "")
        + "  graph:\n"
        + "\n".join(flat.lines)
        + "\n  outputs: "
        + (f"[{', '.join(f'out{i}' for i in range(outputs))}]" if outputs > 1 else "out0")
        + "\n"
    )


def moved(value, names):
    """Return a value of a plan that reads the nodes under their new names."""
    match value:
        case Reference():
            return replace(value, node=names[value.node])
        case Use(of="node"):
            return replace(value, target=names[value.target])
        case Op():
            arguments, keywords = moved(value.arguments, names), moved(value.keywords, names)
            return replace(value, arguments=arguments, keywords=keywords)
        case tuple():
            return tuple(moved(item, names) for item in value)
        case dict():
            return {name: moved(item, names) for name, item in value.items()}
    return value


def renamed(graph: Graph) -> Graph:
    """Return a graph whose nodes are called as a lifted model's: no dots, each name once."""
    names = {declared.name: declared.name for declared in graph.inputs}
    for node in graph.nodes:
        base = name = node.name.replace(".", "_")
        count = 0
        while name in names.values():
            count += 1
            name = f"{base}_{count}"
        names[node.name] = name

    nodes = tuple(
        replace(
            node,
            name=names[node.name],
            operation=moved(node.operation, names),
            inputs=moved(node.inputs, names),
            call=moved(node.call, names),
        )
        for node in graph.nodes
    )
    return replace(
        graph,
        nodes=nodes,
        outputs=moved(graph.outputs, names),
        models={word: renamed(inner) for word, inner in graph.models.items()},
    )


RANDOM = given(programs(), st.integers(1, 2), st.integers(1, 2))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@RANDOM
def test_the_rolled_form_of_a_random_graph_is_the_same_graph(steps, inputs, outputs):
    graph = dlspec.loads(flat_text(steps, inputs=inputs, outputs=outputs)).graph
    text = rolled_text("random", graph)
    again = dlspec.loads(text).graph
    assert same_graph(graph, again), text
    assert rolled_text("random", renamed(again)) == text
    assert formatted_spec(Source("<text>", text), Reporter()) == text
    assert all(len(line) <= 110 for line in text.splitlines())


@pytest.mark.slow
@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
@RANDOM
def test_a_random_graph_comes_back_from_its_rolled_form(steps, inputs, outputs):
    keras.backend.clear_session()
    text = flat_text(steps, inputs=inputs, outputs=outputs)
    assert_rolls(dlspec.compile(dlspec.loads(text)))


# -- single properties ---------------------------------------------------------------------------


def body(text: str) -> str:
    return text.partition("  graph:\n")[2]


def rolled(graph: str) -> str:
    """Return the graph's lines of a spec with one input, rolled up."""
    text = f"dlspec: 1\nname: small\nmodel:\n  inputs: {{x: [8]}}\n  graph:\n{graph}"
    return body(rolled_text("small", dlspec.loads(text).graph))


def test_an_output_stays_outside_a_repeat():
    text = rolled("    - {Dense: 8, repeat: 3}\n    - {Dense: 8, name: digit}\n")
    assert text == "    - {Dense: 8, repeat: 3}\n    - {Dense: 8, name: digit}\n"


def test_a_layer_that_is_called_twice_is_used_by_name():
    text = rolled(
        "    - {Dense: 8, name: twin}\n    - {use: twin}\n    - {use: twin}\n    - Dense: 1\n"
    )
    assert text == (
        "    - {Dense: 8, name: twin}\n    - use: twin\n    - use: twin\n    - Dense: 1\n"
    )


def test_widths_that_are_multiples_become_formulas():
    rows = "".join(
        f"    - {{Dense: {n}}}\n    - {{LayerNormalization: {{epsilon: 1e-5}}}}\n"
        f"    - {{Dense: [{4 * n}, {{activation: gelu}}]}}\n    - {{Dropout: 0.1}}\n"
        for n in (8, 16, 24, 32)
    )
    assert rolled(rows + "    - Dense: 1\n") == (
        "    - for: {units: [8, 16, 24, 32]}\n"
        "      do:\n"
        "        - Dense: $units\n"
        "        - LayerNormalization: {epsilon: 1e-05}\n"
        "        - Dense: [$units * 4, {activation: gelu}]\n"
        "        - Dropout: 0.1\n"
        "    - Dense: 1\n"
    )


def test_a_merge_of_chains_from_one_tensor_has_branches():
    text = rolled(
        "    - {Dense: 8, name: a}\n    - {ReLU, name: b}\n"
        "    - {Dense: 8, name: c, from: x}\n    - {Add, from: [x, b, c]}\n    - Dense: 1\n"
    )
    assert text == (
        "    - {Add, branches: [[], [{Dense: 8}, ReLU], [{Dense: 8}]]}\n    - Dense: 1\n"
    )


def test_names_that_a_person_gave_stay_where_a_layer_stands_alone():
    text = rolled("    - {Dense: 9, name: stem}\n    - {ReLU, name: re_lu_7}\n    - Dense: 1\n")
    assert text == "    - {Dense: 9, name: stem}\n    - ReLU\n    - Dense: 1\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dense: 8", "Dense: 9"),
        ("{Dense: 8, trainable: false}", "Dense: 8"),
        ("Dense: [8, {activation: relu}]", "Dense: [8, {activation: tanh}]"),
        ("{Add, branches: [[], [ReLU]]}", "{Add, branches: [[ReLU], []]}"),
        ("ops.add: {x2: 1.0}", "ops.add: {x2: 1.5}"),
    ],
)
def test_graphs_that_differ_in_one_thing_are_not_the_same(one, other):
    start = "dlspec: 1\nname: small\nmodel: {inputs: {x: [8]}, graph: ["
    graphs = [dlspec.loads(f"{start}{entry}, Dense: 1]}}\n").graph for entry in (one, other)]
    assert same_graph(graphs[0], graphs[0])
    assert not same_graph(*graphs)


def test_an_argument_that_is_the_default_makes_no_difference():
    start = "dlspec: 1\nname: small\nmodel: {inputs: {x: [8, 8, 1]}, graph: ["
    entries = ("Conv2D: [4, 3]", "Conv2D: {filters: 4, kernel_size: [3, 3], strides: 1}")
    graphs = [dlspec.loads(f"{start}{entry}]}}\n").graph for entry in entries]
    assert same_graph(*graphs)
