"""Every shipped spec, and every wiring of the language, as the Keras model it means."""

from pathlib import Path

import keras
import numpy as np
import pytest

import dlspec

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").rglob("*.yaml"))
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
        if node.weights is not None and node.name in {layer.name for layer in model.layers}:
            shapes = [tuple(weight.shape) for weight in model.get_layer(node.name).weights]
            assert shapes == [weight.shape for weight in node.weights], node.name


def test_there_are_specs():
    assert len(SPECS) >= 5


@pytest.mark.parametrize("path", [*SPECS, *GRAPHS], ids=lambda path: path.stem)
def test_a_spec_lowers_to_what_its_plan_says(path):
    plan = dlspec.load(path)
    _assert_as_planned(plan, dlspec.compile(plan))


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


def test_operations_take_tensors_and_literals():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {a: [3], b: [3]}
  graph:
    - ops.subtract: {args: [a, b]}
    - ops.absolute
    - ops.clip: [0, 1]
    - {ops.concatenate: {axis: -1}, from: [clip, a]}
""")
    )
    a, b = np.array([[1.0, 2.0, 3.0]], "float32"), np.array([[1.5, 2.0, 9.0]], "float32")
    assert np.array_equal(model([a, b]), [[0.5, 0.0, 1.0, 1.0, 2.0, 3.0]])


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


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_one_step_of_training_lowers_no_shape_mistake(path):
    plan = dlspec.load(path)
    model = dlspec.compile(plan)
    rng = np.random.default_rng(0)
    x = [rng.integers(0, 2, (4, *i.shape[1:])).astype(i.dtype) for i in plan.graph.inputs]
    name, feature = next(iter(plan.data.targets.items()))
    shape = dlspec.features.element(feature).shape
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
