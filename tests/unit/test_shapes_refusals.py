"""What layers refuse: code, fact, the argument at fault and the repair, written out."""

import pytest

from dlspec.diagnostics.codes import Code
from dlspec.language.catalogue import Object
from dlspec.resolve.shapes import ShapeError, Tensor, infer_layer


def layer(class_name, **arguments):
    return Object("layer", class_name, arguments)


@pytest.mark.parametrize(
    ("one", "shape", "code", "field", "message", "repair"),
    [
        (
            layer("Conv2D", filters=16, kernel_size=5),
            (None, 4, 4, 6),
            Code.WINDOW,
            "kernel_size",
            "a window of 5 does not fit an extent of 4",
            "use `padding: same`, or a kernel_size of at most 4",
        ),
        (
            layer("Conv1D", filters=1, kernel_size=3, dilation_rate=3),
            (None, 6, 1),
            Code.WINDOW,
            "kernel_size",
            "a window of 7 (3 spread by a dilation of 3) does not fit an extent of 6",
            "use `padding: same`, or a kernel_size of at most 2",
        ),
        (
            layer("MaxPooling2D", pool_size=2),
            (None, 1, 1, 6),
            Code.WINDOW,
            "pool_size",
            "a window of 2 does not fit an extent of 1",
            "use `padding: same`, or a pool_size of at most 1",
        ),
        (
            layer("Conv2D", filters=8, kernel_size=3, groups=3),
            (None, 9, 9, 6),
            Code.CHANNELS,
            "groups",
            "3 groups do not divide 8 filters",
            "use a divisor of 8, such as `groups: 2`",
        ),
        (
            layer("LSTM", units=4),
            (None, 16),
            Code.RANK,
            None,
            "`LSTM` takes (batch, steps, features), not (None, 16)",
            "give it 3 axes, 1 more than here, as `Reshape` can",
        ),
        (
            layer("Dense", units=4),
            (None, None),
            Code.UNKNOWN_EXTENT,
            None,
            "`Dense` needs to know the extent of the last axis, which is None here",
            "give the input's extents as numbers, or remove the open axis, as global pooling does",
        ),
        (
            layer("Reshape", target_shape=(5, -1)),
            (None, 6, 2),
            Code.RESHAPE,
            "target_shape",
            "(5, -1) takes a multiple of 5 elements, (6, 2) has 12",
            "use extents whose product is 12; -1 stands for what is left",
        ),
        (
            layer("BatchNormalization", axis=3),
            (None, 4, 2),
            Code.AXIS,
            "axis",
            "(None, 4, 2) has no axis 3",
            "use an axis from -3 to 2",
        ),
        (
            layer("LayerNormalization", axis=(2, -1)),
            (None, 4, 2),
            Code.AXIS,
            "axis",
            "(2, -1) names an axis of (None, 4, 2) twice",
            "name each axis once",
        ),
        (
            layer("RMSNormalization", axis=1),
            (None, 4, 2),
            Code.AXIS,
            "axis",
            "`RMSNormalization` scales the last axes of (None, 4, 2), not (1,)",
            "move the axes to the end with `Permute`, or use `LayerNormalization`",
        ),
    ],
)
def test_a_refusal_names_the_fact_and_the_repair(one, shape, code, field, message, repair):
    with pytest.raises(ShapeError) as caught:
        infer_layer(one, Tensor(shape))
    error = caught.value
    assert (error.code, error.field, error.message) == (code, field, message)
    assert error.help == repair


def refusal(one, inputs, **call):
    with pytest.raises(ShapeError) as caught:
        infer_layer(one, inputs, call=call)
    return caught.value


def test_an_embedding_of_floats_is_refused():
    error = refusal(layer("Embedding", input_dim=9, output_dim=2), Tensor((None, 5), "float32"))
    assert (error.code, error.help) == (Code.DTYPE, "give the input `dtype: int32`")


def test_strings_are_refused_by_layers_that_compute():
    assert refusal(layer("Dense", units=1), Tensor((None, 2), "string")).code is Code.DTYPE
    assert infer_layer(layer("Flatten"), Tensor((None, 2), "string")).out.dtype == "string"


def test_states_of_another_width_are_refused():
    state = Tensor((None, 8))
    error = refusal(layer("LSTM", units=4), Tensor((None, 5, 3)), initial_state=(state, state))
    assert (error.code, error.field) == (Code.STATE, "initial_state")
    assert error.message == "a state of shape (None, 8) does not fit states of shape (None, 4)"


def test_both_directions_want_their_own_states():
    held = layer("LSTM", units=4)
    state = Tensor((None, 4))
    error = refusal(
        layer("Bidirectional", layer=held), Tensor((None, 5, 3)), initial_state=(state, state)
    )
    assert (error.code, error.message) == (Code.STATE, "`Bidirectional` keeps 4 states, not 2")


def test_a_merge_names_the_shapes_that_do_not_fit():
    error = refusal(layer("Add"), (Tensor((None, 4, 3)), Tensor((None, 4, 2))))
    assert error.code is Code.MERGE
    assert error.message == "extents of 3 and 2 do not fit: (None, 4, 3), (None, 4, 2)"


@pytest.mark.parametrize(
    ("one", "inputs"),
    [
        (layer("Dense", units=1), (Tensor((None, 2)), Tensor((None, 2)))),
        (layer("Add"), Tensor((None, 2))),
        (layer("Subtract"), (Tensor((None, 2)),) * 3),
        (layer("Attention"), (Tensor((None, 2, 2)),)),
        (layer("MultiHeadAttention", num_heads=1, key_dim=1), Tensor((None, 2, 2))),
    ],
)
def test_a_wrong_number_of_inputs_is_refused(one, inputs):
    assert refusal(one, inputs).code is Code.LAYER_INPUTS


def test_a_stateful_layer_needs_a_batch_size():
    error = refusal(layer("LSTM", units=4, stateful=True), Tensor((None, 5, 3)))
    assert (error.code, error.field) == (Code.UNKNOWN_EXTENT, "stateful")
    assert infer_layer(layer("LSTM", units=4, stateful=True), Tensor((2, 5, 3))).out.shape == (2, 4)


def test_both_directions_cannot_return_the_states_of_a_stateful_layer():
    held = layer("GRU", units=1, stateful=True, return_state=True)
    error = refusal(layer("Bidirectional", layer=held), Tensor((2, 5, 3)))
    assert (error.code, error.field) == (Code.CONFLICT, "layer")
    kept = layer("GRU", units=1, stateful=True)
    assert infer_layer(layer("Bidirectional", layer=kept), Tensor((2, 5, 3))).out.shape == (2, 2)
