"""Every shipped spec, and every wiring of the language, as the Keras model it means."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import dlspec
from dlspec.backends.lower import _is_raised_here
from dlspec.backends.terms_model import TermsModel
from dlspec.expand.flat import Use
from dlspec.resolve.shapes import Tensor

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
QUICK = ("digits_lenet5", "sine_forecast")
TRAINED = sorted((ROOT / "specs" / "benchmarks").glob("*.yaml"))
GRAPHS = [
    path
    for path in sorted((ROOT / "tests/golden/valid").glob("*.yaml"))
    if path.stem not in ("packaged_resnet",)
]
HEAD = "dlspec: 1\nname: m\n"


@pytest.fixture(autouse=True)
def _fresh_keras():
    yield
    keras.backend.clear_session()
    keras.config.set_dtype_policy("float32")


def _loads(text: str) -> dlspec.Plan:
    return dlspec.loads(HEAD + text)


def _assert_as_planned(plan: dlspec.Plan, model: keras.Model) -> None:
    outputs = model.outputs
    for (name, reference), tensor in zip(plan.graph.outputs, outputs, strict=True):
        assert plan.graph.tensor(reference).shape in (None, tuple(tensor.shape)), name
    for node in plan.graph.nodes:
        # A model's weights are those of its own nodes.
        is_layer = node.name in {layer.name for layer in model.layers}
        if is_layer and node.weights is not None and not isinstance(node.operation, Use):
            # Keras orders the layers of a model inside a wrapper by their depth.
            shapes = sorted(tuple(weight.shape) for weight in model.get_layer(node.name).weights)
            assert shapes == sorted(weight.shape for weight in node.weights), node.name


def test_there_are_specs():
    assert len(SPECS) >= 5


@pytest.mark.parametrize(
    "path",
    [*SPECS, *GRAPHS, *(pytest.param(path, marks=pytest.mark.slow) for path in TRAINED)],
    ids=lambda path: path.stem,
)
def test_a_spec_lowers_to_what_its_plan_says(path):
    plan = dlspec.load(path)
    model = dlspec.compile(plan)
    # One that is trained on terms holds the one that predicts.
    _assert_as_planned(plan, model.predicting if isinstance(model, TermsModel) else model)


def test_a_layer_used_again_has_one_set_of_weights():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {a: [8], b: [8]}
  graph:
    - {Dense: 4, from: a, name: shared}
    - {use: shared, from: b, name: again}
    - {Subtract, from: [shared, again]}
""")
    )
    assert model.count_params() == 8 * 4 + 4
    x = np.random.default_rng(0).normal(size=(3, 8)).astype("float32")
    assert np.array_equal(model([x, x]), np.zeros((3, 4)))


def test_a_declared_model_is_called_as_often_as_it_is_used():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {a: [8], b: [8]}
  models:
    tower: {inputs: {z: [8]}, graph: [{Dense: [4, relu]}, {Dense: 3}]}
  graph:
    - {use: tower, from: a, name: left}
    - {use: tower, from: b, name: right}
    - {Concatenate, from: [left, right]}
""")
    )
    assert model.count_params() == (8 * 4 + 4) + (4 * 3 + 3)


def test_time_distributed_applies_a_model_to_every_step():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {video: [5, 6, 6, 1]}
  models:
    frame: {inputs: {image: [6, 6, 1]}, graph: [{Conv2D: [2, 3]}, Flatten]}
  graph: [{TimeDistributed: {layer: {model: frame}}}]
""")
    )
    assert model.output_shape == (None, 5, 4 * 4 * 2)
    assert model.count_params() == 3 * 3 * 2 + 2


def test_an_encoder_hands_its_states_to_the_decoder():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {source: [5, 3], target: [4, 3]}
  graph:
    - {LSTM: [6, {return_state: true}], from: source, name: enc}
    - LSTM: [6, {return_sequences: true}]
      from: target
      name: dec
      call: {initial_state: [enc.h, enc.c]}
    - {Dense: 2, name: head}
""")
    )
    rng = np.random.default_rng(0)
    target = rng.normal(size=(2, 4, 3)).astype("float32")
    one, other = (rng.normal(size=(2, 5, 3)).astype("float32") for _ in range(2))
    assert model.output_shape == (None, 4, 2)
    assert not np.allclose(model([one, target]), model([other, target]))


def test_branches_for_repeat_and_if_build_the_graph_they_say():
    model = dlspec.compile(
        _loads("""
params: {widths: [8, 8], skip: false}
model:
  inputs: {x: [8]}
  graph:
    - for: {w: $widths}
      name: stage
      do:
        - Add:
          branches: [[{Dense: $w}, ReLU], []]
          name: joined
    - {Dense: 8, repeat: 2, name: deep}
    - {Dropout: 0.5, if: $skip}
    - {Dense: 2, name: head}
""")
    )
    assert [layer.name for layer in model.layers] == [
        *("x", "stage1.dense", "stage1.re_lu", "stage1.joined"),
        *("stage2.dense", "stage2.re_lu", "stage2.joined"),
        *("deep1", "deep2", "head"),
    ]


def test_inputs_and_outputs_have_the_forms_that_are_asked_for():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {a: [3], b: [3]}
  inputs_as: mapping
  graph:
    - {Add, from: [a, b], name: sum}
    - {Subtract, from: [a, b], name: difference}
  outputs: {plus: sum, minus: difference}
""")
    )
    one = np.ones((1, 3), "float32")
    result = model({"a": one, "b": one})
    assert sorted(result) == ["minus", "plus"]
    assert np.array_equal(result["plus"], [[2, 2, 2]])


TWO = """
data:
  source: {csv: a.csv}
  inputs: {x: {vector: [a, b]}}
  targets: {price: {number: c}, sold: {binary: d}}
model:
  inputs: {x: [2]}
  graph:
    - {Dense: [8, relu], name: body}
    - {Dense: 1, name: price}
    - {Dense: [1, sigmoid], from: body, name: sold}
  outputs: FORM
training:
  epochs: 1
  loss: {price: mse, sold: {BinaryCrossentropy: {}}}
  loss_weights: {price: 0.25}
  metrics: {sold: [accuracy]}
"""


@pytest.mark.parametrize("form", ["[price, sold]", "{price: price, sold: sold}"])
def test_each_output_has_its_loss_and_its_weight(form):
    model = dlspec.compile(_loads(TWO.replace("FORM", form)))
    x = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
    y = [np.zeros((8, 1), "float32"), np.ones((8, 1), "float32")]
    given = y if form[0] == "[" else dict(zip(("price", "sold"), y, strict=True))
    history = model.fit(x, given, batch_size=8, verbose=0).history
    total = 0.25 * history["price_loss"][0] + history["sold_loss"][0]
    assert history["loss"][0] == pytest.approx(total, rel=1e-5)
    assert "sold_accuracy" in history


def test_mixed_precision_computes_low_and_keeps_weights_high():
    plan = _loads("""
model:
  inputs: {x: [4]}
  graph: [{Dense: 3, name: low}, {Dense: [2, {dtype: float32}], name: high}]
runtime: {precision: mixed_bfloat16}
""")
    model = dlspec.compile(plan)
    assert model.get_layer("low").compute_dtype == "bfloat16"
    assert model.get_layer("low").kernel.dtype == "float32"
    assert [plan.graph.node(name).outputs[0][1].dtype for name in ("low", "high")] == [
        "bfloat16",
        "float32",
    ]
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    "path",
    [
        # A step of a recurrent network takes Keras half a minute to trace and run.
        pytest.param(path, marks=() if path.stem in QUICK else pytest.mark.slow)
        for path in (*SPECS, *TRAINED)
    ],
    ids=lambda path: path.stem,
)
def test_one_step_of_training_lowers_no_shape_mistake(path):
    plan = dlspec.load(path)
    model = dlspec.compile(plan)
    rng = np.random.default_rng(0)
    x = [rng.integers(0, 2, (4, *i.shape[1:])).astype(i.dtype) for i in plan.graph.inputs]
    name, feature = next(iter(plan.data.targets.items()))
    shape = feature.element.shape
    y = rng.integers(0, 2, (4, *shape)).astype("float32")
    before = [weight.numpy() for weight in model.trainable_weights]
    loss = model.fit(x if len(x) > 1 else x[0], y, epochs=1, verbose=0).history["loss"][0]
    assert np.isfinite(loss), name
    after = [weight.numpy() for weight in model.trainable_weights]
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_training_keys_reach_the_optimizer():
    model = dlspec.compile(
        _loads(
            TWO.replace("FORM", "[price, sold]")
            + """  optimizer: {SGD: {learning_rate: 0.5, momentum: 0.9}}
  clip: {global_norm: 2.0}
  ema: {momentum: 0.5}
  gradient_accumulation_steps: 2
"""
        )
    )
    optimizer = model.optimizer
    assert (optimizer.momentum, optimizer.global_clipnorm, optimizer.use_ema) == (0.9, 2.0, True)
    assert (optimizer.ema_momentum, optimizer.gradient_accumulation_steps) == (0.5, 2)
    assert float(optimizer.learning_rate) == 0.5


def test_what_only_keras_can_refuse_is_reported_at_the_node():
    plan = dlspec.loads(
        "dlspec: 1\nname: crossed\nmodel:\n  inputs: {a: [3], b: [4]}\n"
        "  graph:\n    - {ops.cross, from: [a, b]}\n"
    )
    with pytest.raises(dlspec.SpecError) as refused:
        dlspec.compile(plan)
    (found,) = refused.value.diagnostics
    assert (found.code.value, found.span.line, found.span.column) == ("DL409", 6, 8)
    assert found.message == "Keras refuses `cross`"


@pytest.mark.parametrize(
    ("modules", "ours"),
    [
        (("dlspec.a",), True),
        (("dlspec.a", "keras.b"), False),
        (("dlspec.a", "keras.b", "dlspec.c"), True),
        (("dlspec.a", "listed_by_a_project"), False),
    ],
)
def test_a_fault_of_the_compiler_inside_a_call_of_keras_is_no_refusal(modules, ours):
    text = "def call(rest):\n    return rest[0](rest[1:]) if rest else json.loads('{')\n"
    calls = []
    for module in modules:
        names = {"__name__": module, "json": json}
        exec(text, names)
        calls.append(names["call"])
    with pytest.raises(json.JSONDecodeError) as raised:
        calls[0](calls[1:])
    assert _is_raised_here(raised.value) is ours


def test_a_layer_that_keras_makes_a_cycle_of_is_reported_at_the_node():
    plan = _loads("model:\n  inputs: {x: [4, 4, 3]}\n  graph:\n    - Equalization\n    - Flatten\n")
    with pytest.raises(dlspec.SpecError) as refused:
        dlspec.compile(plan)
    (found,) = refused.value.diagnostics
    assert (found.code.value, found.span.line, found.span.column) == ("DL409", 6, 7)
    assert found.label == "it gives back the very tensor it takes, a cycle in a graph of Keras"


def test_whole_numbers_stay_whole_through_layers_that_announce_floats():
    plan = _loads("""
model:
  inputs: {x: {shape: [1], dtype: int32}}
  graph:
    - {IntegerLookup: {vocabulary: [7, 9]}, name: ids}
    - Flatten
    - {RepeatVector: 3, name: again}
""")
    # As planned: whole numbers; Keras announces floats for RepeatVector and hands on integers.
    assert [dict(node.outputs)["out"].dtype for node in plan.graph.nodes] == [
        "int64", "int64", "int64",
    ]  # fmt: skip
    found = dlspec.compile(plan)(np.array([[9], [5]], "int32"))
    np.testing.assert_array_equal(found, [[[2]] * 3, [[0]] * 3])


def test_one_output_several_times_is_counted_through():
    plan = _loads("model:\n  inputs: {x: [4]}\n  graph:\n    - {Dense: 2, name: a}\n"
                  "    - {Dense: 3, name: a_1}\n  outputs: [a, a_1, a]\n")  # fmt: skip
    assert [name for name, _ in plan.graph.outputs] == ["a", "a_1", "a_2"]
    model = dlspec.compile(plan)
    assert [tuple(output.shape) for output in model.outputs] == [(None, 2), (None, 3), (None, 2)]


def test_a_wrapped_model_that_holds_a_model_has_keras_weights():
    plan = dlspec.loads(
        """
dlspec: 1
name: nested
model:
  inputs: {frames: [5, 4]}
  models:
    outer:
      inputs: {y: [4]}
      models:
        inner:
          inputs: {z: [4]}
          graph: [Dense: 3]
      graph:
        - use: inner
        - Dense: 2
  graph:
    - TimeDistributed: {layer: {model: outer}}
"""
    )
    weights = plan.graph.nodes[0].weights
    assert weights is not None
    assert [w.shape for w in weights] == [tuple(w.shape) for w in dlspec.compile(plan).weights]


def test_a_model_knows_its_extents_from_what_it_is_called_on():
    plan = _loads("""
model:
  inputs: {x: {shape: [8, 8, 3], batch: 2}}
  models:
    features: {inputs: {image: [null, null, 3]}, graph: [{Conv2D: [4, 3]}, {MaxPooling2D: 2}]}
  graph:
    - {use: features, name: seen}
    - Flatten
    - Dense: 5
""")
    assert plan.graph.node("seen").outputs == (("out", Tensor((2, 3, 3, 4))),)
    assert dlspec.compile(plan).count_params() == 3 * 3 * 3 * 4 + 4 + 36 * 5 + 5


def test_a_layer_that_the_inputs_of_a_call_do_not_fit_is_reported_at_the_call():
    with pytest.raises(dlspec.SpecError) as refused:
        _loads("""
model:
  inputs: {x: [2, 2, 3]}
  models:
    features: {inputs: {image: [null, null, 3]}, graph: [{Conv2D: [4, 3]}]}
  graph:
    - use: features
""")
    (found,) = refused.value.diagnostics
    assert (found.code.value, found.span.line) == ("DL402", 9)
    assert "a window of 3 does not fit an extent of 2" in found.label


def test_inputs_by_name_reach_a_model_whatever_their_order():
    model = dlspec.compile(
        _loads(
            """
model:
  inputs: {p: [3], q: [3]}
  models:
    minus:
      inputs: {b: [3], a: [3]}
      inputs_as: FORM
      graph: [{Subtract, from: [b, a]}]
  graph:
    - {use: minus, from: {a: p, b: q}}
""".replace("FORM", "mapping")
        )
    )
    one, two = np.ones((1, 3), "float32"), np.full((1, 3), 2, "float32")
    np.testing.assert_array_equal(model([one, two]), [[1, 1, 1]])


def test_layers_inside_wrappers_and_used_models_can_be_frozen():
    plan = _loads("""
model:
  inputs: {x: [3, 4]}
  models:
    body: {inputs: {z: [3, 2]}, graph: [{Dense: 5}, BatchNormalization]}
  graph:
    - TimeDistributed: {layer: {Dense: [2, {trainable: false}]}}
    - {use: body, trainable: false}
    - {Dense: 1, name: head}
""")
    model = dlspec.compile(plan)
    assert [w.path for w in model.trainable_weights] == ["head/kernel", "head/bias"]
    assert [w.trainable for w in plan.graph.nodes[0].weights] == [False, False]


def test_regularizers_constraints_and_initializers_reach_the_layer():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {x: [3]}
  graph:
    - Dense:
        units: 2
        activation: LeakyReLU
        kernel_initializer: {Constant: 0.5}
        kernel_regularizer: {L1L2: {l1: 0.25, l2: 0.5}}
        bias_constraint: {MaxNorm: 3}
        activity_regularizer: {L2: 0.125}
      name: head
""")
    )
    config = model.get_layer("head").get_config()
    named = ("kernel_initializer", "kernel_regularizer", "bias_constraint", "activity_regularizer")
    assert {n: (config[n]["class_name"], config[n]["config"]) for n in named} == {
        "kernel_initializer": ("Constant", {"value": 0.5}),
        "kernel_regularizer": ("L1L2", {"l1": 0.25, "l2": 0.5}),
        "bias_constraint": ("MaxNorm", {"max_value": 3, "axis": 0}),
        "activity_regularizer": ("L2", {"l2": 0.125}),
    }
    assert config["activation"]["class_name"] == "LeakyReLU"


@pytest.mark.parametrize(
    ("dtype", "weights", "computed"),
    [
        ("mixed_float16", ["float32", "float32"], "float16"),
        ("float64", ["float64", "float64"], "float64"),
        ("int8_from_float32", ["int8", "float32", "float32"], "float32"),
    ],
)
def test_a_layer_has_the_dtype_policy_that_it_names(dtype, weights, computed):
    plan = _loads(f"model:\n  inputs: {{x: [4]}}\n  graph: [{{Dense: [3, {{dtype: {dtype}}}]}}]\n")
    layer = dlspec.compile(plan).layers[1]
    assert sorted(w.dtype for w in layer.weights) == sorted(weights)
    assert (layer.dtype_policy.name, layer.compute_dtype) == (dtype, computed)


def test_a_dtype_that_keras_has_not_is_reported_where_it_stands():
    with pytest.raises(dlspec.SpecError) as refused:
        _loads("model:\n  inputs: {x: [4]}\n  graph:\n    - Dense: [3, {dtype: flaot32}]\n")
    (found,) = refused.value.diagnostics
    assert (found.code.value, found.span.column, found.help) == ("DL205", 26, "write `float32`")


def test_what_is_compiled_is_what_the_text_says():
    model = dlspec.compile(
        _loads("""
data:
  source: {csv: a.csv}
  inputs: {x: {vector: [a, b]}}
  targets: {price: {number: c}, sold: {binary: d}}
model:
  inputs: {x: [2]}
  graph:
    - {Dense: [8, relu], name: body}
    - {Dense: 1, name: price}
    - {Dense: 1, from: body, name: sold}
  outputs: [price, sold]
training:
  epochs: 1
  optimizer:
    AdamW:
      learning_rate: {CosineDecay: {initial_learning_rate: 0.125, decay_steps: 100, alpha: 0.5}}
      beta_1: 0.75
      weight_decay: 0.25
  loss: {price: {Huber: {delta: 2.0}}, sold: {BinaryCrossentropy: {from_logits: true}}}
  loss_weights: {price: 0.25, sold: 4.0}
  metrics:
    price: [{RootMeanSquaredError: {name: rmse}}]
    sold: [{BinaryAccuracy: {threshold: 0.0}}, {AUC: {from_logits: true, num_thresholds: 50}}]
  clip: {norm: 1.5}
""")
    )
    optimizer = keras.optimizers.serialize(model.optimizer)
    config = optimizer["config"]
    assert (optimizer["class_name"], config["beta_1"], config["weight_decay"]) == (
        *("AdamW", 0.75, 0.25),
    )
    assert (config["clipnorm"], config["global_clipnorm"], config["clipvalue"]) == (1.5, None, None)
    schedule = config["learning_rate"]
    assert schedule["class_name"] == "CosineDecay"
    wanted = {"initial_learning_rate": 0.125, "decay_steps": 100, "alpha": 0.5}
    assert {name: schedule["config"][name] for name in wanted} == wanted
    compiled = model.get_compile_config()
    assert compiled["loss_weights"] == [0.25, 4.0]
    huber, crossentropy = compiled["loss"]
    assert huber["class_name"] == "Huber"
    # Its config leaves `delta` out: an error of 4 costs delta * (4 - delta / 2).
    assert float(model.loss[0](np.array([[0.0]]), np.array([[4.0]]))) == 6.0
    assert crossentropy["class_name"] == "BinaryCrossentropy"
    assert crossentropy["config"]["from_logits"] is True
    (rmse,), (accuracy, auc) = compiled["metrics"]
    assert (rmse["class_name"], rmse["config"]["name"]) == ("RootMeanSquaredError", "rmse")
    assert (accuracy["class_name"], accuracy["config"]["threshold"]) == ("BinaryAccuracy", 0.0)
    assert (auc["config"]["from_logits"], auc["config"]["num_thresholds"]) == (True, 50)


def test_the_states_of_several_cells_are_counted_one_by_one():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {x: [5, 4]}
  graph:
    - RNN: {cell: {StackedRNNCells: [{LSTMCell: 3}, {GRUCell: 2}]}, return_state: true}
      name: read
    - RNN: {cell: {StackedRNNCells: [{LSTMCell: 3}, {GRUCell: 2}]}}
      name: again
      from: x
      call: {initial_state: [[read.1, read.2], read.3]}
  outputs: [read.1, read.2, read.3, again]
""")
    )
    assert [tuple(t.shape) for t in model.outputs] == [(None, 3), (None, 3), (None, 2), (None, 2)]


def test_outputs_of_blocks_are_the_tensors_that_they_name():
    plan = _loads(
        """\
model:
  blocks:
    Coupling:
      inputs: [moves, stays]
      graph:
        - {Dense: 3, from: stays, name: shift}
        - {Add, from: [moves, shift], name: moved}
      outputs: {first: stays, second: moved}
    Sum:
      inputs: parts
      graph: [{Add, from: parts}]
  inputs: {a: [3], b: [3]}
  graph:
    - {Coupling, from: [a, b], repeat: 2, name: flow}
    - {Sum, from: [flow, flow.second, flow1.second, a]}
"""
    )
    model = dlspec.compile(plan)
    a, b = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    dense = {turn: model.get_layer(f"flow{turn}.shift").get_weights() for turn in (1, 2)}
    # From turn to turn the tensors change places: what moved stays, what stayed moves.
    moved1 = a + b @ dense[1][0] + dense[1][1]
    moved2 = b + moved1 @ dense[2][0] + dense[2][1]
    seen = model.predict([a, b], verbose=0)
    np.testing.assert_allclose(seen, moved1 + moved2 + moved1 + a, rtol=1e-5, atol=1e-6)
