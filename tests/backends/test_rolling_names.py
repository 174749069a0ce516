"""Names that Keras counts up leave no trace; what the language refuses is told, not returned."""

import keras
import pytest
from test_rolling import assert_rolls

import dlspec

LAYERS = keras.layers


def sequential():
    return keras.Sequential(
        [
            keras.Input((12, 4)),
            LAYERS.LSTM(8, return_sequences=True),
            LAYERS.LSTM(8),
            LAYERS.Dense(3, activation="softmax"),
        ]
    )


def shared():
    left, right = keras.Input((12, 4)), keras.Input((12, 4))
    inner = keras.Sequential([keras.Input((8,)), LAYERS.Dense(8), LAYERS.Dense(8)])
    twin, timed = LAYERS.LSTM(8), LAYERS.TimeDistributed(inner)
    tensors = [inner(twin(timed(LAYERS.Dense(8)(x)))) for x in (left, right)]
    gap = keras.ops.abs(tensors[0] - tensors[1])
    gap = keras.ops.rms_normalization(gap)
    functional = keras.Model(x := keras.Input((8,)), LAYERS.Dense(2)(LAYERS.ReLU()(x)))
    return keras.Model([left, right], [functional(gap), LAYERS.Dense(1)(functional(tensors[0]))])


def crossed():
    """Calls a shared layer so that the call made first stands last in the text."""
    left, right = keras.Input((12, 4)), keras.Input((12, 4))
    twin = LAYERS.LSTM(8)
    one, other = twin(left), twin(right)
    return keras.Model([left, right], LAYERS.Concatenate()([other, one, other]))


@pytest.mark.parametrize("build", [sequential, shared, crossed], ids=lambda f: f.__name__)
def test_the_same_architecture_built_twice_in_a_process_gives_one_text(build):
    keras.backend.clear_session()
    first = assert_rolls(build())
    for _ in range(12):
        LAYERS.LSTM(1), LAYERS.Dense(1), keras.Sequential(), keras.Input((1,)), LAYERS.ReLU()
    assert assert_rolls(build()) == first


def test_the_flat_form_keeps_the_names_that_keras_counted():
    keras.backend.clear_session()
    sequential()
    text = dlspec.decompile(sequential(), flat=True)
    assert "name: sequential_1\n" in text
    assert "name: dense_1" in text
    assert dlspec.decompile(dlspec.compile(dlspec.loads(text)), flat=True) == text


def test_the_keys_of_inputs_that_come_as_a_mapping_stay():
    inputs = {key: keras.Input((4,), name=key) for key in ("input_layer_7", "input_layer_3")}
    merged = LAYERS.Add()(list(inputs.values()))
    text = assert_rolls(keras.Model(inputs, LAYERS.Dense(2)(merged), name="keyed"))
    assert "inputs: {input_layer_7: [4], input_layer_3: [4]}" in text


@pytest.mark.parametrize("flat", [True, False])
def test_a_model_that_the_language_refuses_is_refused_at_its_place_in_the_flat_text(flat):
    x = keras.Input((6,), name="x")
    vectors = LAYERS.Embedding(10, 4, name="vectors")(x)
    model = keras.Model(x, LAYERS.Dense(1, name="y")(vectors), name="floats")
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.decompile(model, flat=flat)
    [found] = caught.value.diagnostics
    assert found.code.value == "DL405"
    assert (
        found.span.source.text.splitlines()[found.span.line - 1]
        == "    - {Embedding: {input_dim: 10, output_dim: 4}, name: vectors}"
    )


def test_numbered_params_are_declared_in_the_order_of_their_first_use():
    image = x = keras.Input((32, 32, 3), name="image")
    for inner, outer in [(8, 16), (12, 20), (20, 36)]:
        x = LAYERS.Conv2D(inner, 3, padding="same")(x)
        x = LAYERS.BatchNormalization()(x)
        x = LAYERS.ReLU()(x)
        x = LAYERS.Conv2D(outer, 1)(x)
        x = LAYERS.BatchNormalization()(x)
        x = LAYERS.Dropout(0.5)(x)
    text = assert_rolls(keras.Model(image, LAYERS.Flatten()(x), name="numbered"))
    assert text.index("$filters,") < text.index("$filters_2,")
