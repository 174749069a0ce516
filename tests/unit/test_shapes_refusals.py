"""What layers refuse, beside the golden list of every refusal: what stands near it."""

import pytest

from dlspec.diagnostics.codes import Code
from dlspec.language.catalogue import Object
from dlspec.resolve.shapes import ShapeError, Tensor, infer_layer


def layer(class_name, **arguments):
    return Object("layer", class_name, arguments)


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
