"""What layers and functions refuse, each refusal once: code, argument, fact and repair."""

from pathlib import Path

from dlspec.language.catalogue import Object
from dlspec.resolve.shapes import ShapeError, Tensor, infer_layer, infer_op

HERE = Path(__file__).parent
STATE = Tensor((None, 4))


def layer(class_name, **arguments):
    return Object("layer", class_name, arguments)


def named(**shapes):
    return {name: Tensor(shape) for name, shape in shapes.items()}


def several(*shapes):
    return tuple(Tensor(shape) for shape in shapes)


DENSE = layer("Dense", units=2)
GRU, LSTM = layer("GRU", units=4), layer("LSTM", units=4)
HEADS = layer("MultiHeadAttention", num_heads=2, key_dim=3)
SHARED = {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 3}
TRANSPOSED = {"filters": 2, "kernel_size": 3, "strides": 2}
BACK = layer("GRU", units=4, go_backwards=True)


def einsum(equation, output_shape, bias_axes=None):
    return layer("EinsumDense", equation=equation, output_shape=output_shape, bias_axes=bias_axes)


LAYERS = [
    # inputs
    (DENSE, several((None, 3), (None, 3))),
    (DENSE, named(a=(None, 3), b=(None, 3))),
    (DENSE, Tensor((None,))),
    (DENSE, Tensor((None, None))),
    (DENSE, Tensor((None, 3), "string")),
    (layer("Add"), Tensor((None, 3))),
    (layer("Add"), named(a=(None, 3))),
    (layer("Subtract"), several((None, 3))),
    (layer("Attention"), several((None, 3, 2))),
    (layer("RepeatVector", n=2), Tensor((None, 3, 2))),
    (layer("RepeatVector", n=2), Tensor((None,))),
    # tables and activations
    (layer("Embedding", input_dim=9, output_dim=2), Tensor((None, 3))),
    (
        layer("ReversibleEmbedding", input_dim=9, output_dim=2),
        Tensor((None, 3)),
        {"reverse": True},
    ),
    (layer("PReLU", shared_axes=(3,)), Tensor((None, 3, 2))),
    (layer("PReLU"), Tensor((None, None, 2))),
    (layer("SpatialDropout1D", rate=0.5), Tensor((None, 3))),
    (layer("Softmax", axis=3), Tensor((None, 3))),
    (layer("Softmax", axis=(1, -1)), Tensor((None, 3))),
    # windows
    (layer("Conv1D", filters=2, kernel_size=7), Tensor((None, 6, 3))),
    (layer("Conv1D", filters=2, kernel_size=3, dilation_rate=3), Tensor((None, 6, 3))),
    (layer("Conv2D", filters=2, kernel_size=(2, 2, 2)), Tensor((None, 6, 6, 3))),
    (layer("Conv2D", filters=2, kernel_size=2), Tensor((None, 6, 3))),
    (
        layer("Conv2D", filters=2, kernel_size=2, data_format="channels_first"),
        Tensor((None, 3, 6)),
    ),
    (layer("Conv1D", filters=2, kernel_size=2), Tensor((None, 6, None))),
    (layer("Conv1D", filters=2, kernel_size=2, strides=2, dilation_rate=2), Tensor((None, 6, 3))),
    (layer("Conv1D", filters=8, kernel_size=2, groups=3), Tensor((None, 6, 6))),
    (layer("Conv1D", filters=9, kernel_size=2, groups=3), Tensor((None, 6, 4))),
    (layer("Conv1DTranspose", **TRANSPOSED, output_padding=2), Tensor((None, 6, 3))),
    (layer("MaxPooling1D", pool_size=2), Tensor((None, 1, 3))),
    (layer("ConvLSTM1D", filters=2, kernel_size=2), Tensor((None, 6, 3))),
    (layer("ConvLSTM1D", filters=2, kernel_size=2), Tensor((None, 6, None, 3))),
    # moved elements
    (layer("Reshape", target_shape=(5,)), Tensor((None, 3, 2))),
    (layer("Reshape", target_shape=(4, -1)), Tensor((None, 3, 2))),
    (layer("Reshape", target_shape=(-1, -1)), Tensor((None, 3, 2))),
    (layer("Reshape", target_shape=(-2, -1)), Tensor((None, 3, 2))),
    (layer("Permute", dims=(1, 3)), Tensor((None, 3, 2))),
    (layer("Permute", dims=(2, 1, 3)), Tensor((None, 3, 2))),
    (layer("Cropping1D", cropping=(2, 1)), Tensor((None, 3, 2))),
    (layer("Cropping2D", cropping=((1, 1),)), Tensor((None, 3, 3, 2))),
    # norms
    (layer("BatchNormalization", axis=3), Tensor((None, 3, 2))),
    (layer("BatchNormalization"), Tensor((None, 3, None))),
    (layer("LayerNormalization", axis=(2, -1)), Tensor((None, 3, 2))),
    (layer("RMSNormalization", axis=1), Tensor((None, 3, 2))),
    (layer("GroupNormalization", groups=3), Tensor((None, 3, 4))),
    (layer("GroupNormalization"), Tensor((None, 3, 4))),
    # steps
    (LSTM, Tensor((None, 3))),
    (LSTM, Tensor((None, 3, None))),
    (LSTM, Tensor((None, 5, 3)), {"initial_state": several((None, 8), (None, 8))}),
    (GRU, Tensor((None, 5, 3)), {"initial_state": several((None, 4), (None, 4))}),
    (LSTM, Tensor((None, 5, 3)), {"initial_state": (STATE,)}),
    (layer("LSTM", units=4, stateful=True), Tensor((None, 5, 3))),
    (layer("LSTM", units=4, unroll=True), Tensor((None, None, 3))),
    (layer("GRUCell", units=4), Tensor((None, 3))),
    (layer("GRUCell", units=4), Tensor((None, 3)), {"states": (STATE, STATE)}),
    # layers inside layers
    (layer("Bidirectional", layer=DENSE), Tensor((None, 5, 3))),
    (layer("Bidirectional", layer=BACK, backward_layer=BACK), Tensor((None, 5, 3))),
    (layer("Bidirectional", layer=GRU, backward_layer=GRU), Tensor((None, 5, 3))),
    (layer("Bidirectional", layer=BACK), Tensor((None, 5, 3))),
    (
        layer(
            "Bidirectional",
            layer=GRU,
            backward_layer=layer("GRU", units=4, go_backwards=True, return_sequences=True),
        ),
        Tensor((None, 5, 3)),
    ),
    (
        layer("Bidirectional", layer=layer("GRU", units=4, stateful=True, return_state=True)),
        Tensor((2, 5, 3)),
    ),
    (
        layer(
            "Bidirectional",
            layer=GRU,
            backward_layer=layer("GRU", units=3, go_backwards=True),
            merge_mode="sum",
        ),
        Tensor((None, 5, 3)),
    ),
    (layer("Bidirectional", layer=LSTM), Tensor((None, 5, 3)), {"initial_state": (STATE, STATE)}),
    (layer("TimeDistributed", layer=DENSE), Tensor((None, 3))),
    (
        layer("TimeDistributed", layer=layer("GRU", units=4, return_state=True)),
        Tensor((None, 2, 5, 3)),
    ),
    (layer("SpectralNormalization", layer=layer("Flatten")), Tensor((None, 5, 3))),
    # attention
    (layer("Attention"), several((None, 4, 2), (None, 5, 3))),
    (layer("Attention"), several((None, 4, 2), (None, 5, 2), (None, 6, 2))),
    (layer("Attention"), several((None, 2), (None, 2))),
    (layer("AdditiveAttention"), several((None, 4, None), (None, 5, None))),
    (HEADS, several((None, 4, 2), (None, 5, 2))),
    (HEADS, named(query=(None, 4, 2))),
    (HEADS, named(query=(None, 2), value=(None, 2))),
    (HEADS, named(query=(None, 4, 2), value=(None, 5, 2), key=(None, 6, 2))),
    (HEADS, named(query=(None, 4, None), value=(None, 5, 2))),
    (HEADS, named(query=(None, 4, 2), value=(None, 5, None))),
    (
        layer("MultiHeadAttention", num_heads=2, key_dim=3, attention_axes=(0,)),
        named(query=(None, 4, 2), value=(None, 5, 2)),
    ),
    (layer("GroupedQueryAttention", **SHARED), named(query=(None, 4, 2), value=(None, 5, 2))),
    (layer("GroupedQueryAttention", **SHARED), named(query=(None, 4, 2), value=(None, 5, 3))),
    (layer("GroupedQueryAttention", **SHARED), named(query=(2, 4, 4, 2), value=(2, 5, 4, 2))),
    # merges
    (layer("Add"), several((None, 4, 3), (None, 4, 2))),
    (layer("Add"), several((2, 4), (3, 4))),
    (layer("Concatenate"), several((None, 4, 3), (None, 3))),
    (layer("Concatenate"), several((None, 4, 3), (None, 5, 3))),
    (layer("Concatenate", axis=3), several((None, 4, 3), (None, 4, 3))),
    (layer("Dot", axes=1), several((None, 4, 3), (None, 5, 3))),
    (layer("Dot", axes=(1, 2, 1)), several((None, 4, 3), (None, 4, 3))),
    (layer("Dot", axes=0), several((None, 4, 3), (None, 4, 3))),
    (layer("Dot", axes=4), several((None, 4, 3), (None, 4, 3))),
    # equations
    (einsum("ab,bc", (4,)), Tensor((None, 3))),
    (einsum("ab,bc->ac", (4,)), Tensor((None, 5, 3))),
    (einsum("abc,cd->abd", (4,)), Tensor((None, 5, 3))),
    (einsum("abc,cd->abd", (6, 4)), Tensor((None, 5, 3))),
    (einsum("abc,cd->abd", (5, 4)), Tensor((None, None, 3))),
    (einsum("abc,ce->abd", (5, 4)), Tensor((None, 5, 3))),
    (einsum("ab,bc->ac", (4,)), Tensor((None, None))),
    (einsum("ab,bc->ac", (4,), "z"), Tensor((None, 3))),
    # features
    (layer("CategoryEncoding"), Tensor((None, 3), "int32")),
    (
        layer("CategoryEncoding", num_tokens=4, output_mode="count"),
        Tensor((None, 3, 2), "int32"),
    ),
    (layer("Hashing", num_bins=4, output_mode="one_hot"), Tensor((None, 3), "int32")),
    (layer("HashedCrossing", num_bins=4), several((None, 3), (None, 3))),
    (layer("HashedCrossing", num_bins=4), several((None, 1), (None, 1))),
    (layer("StringLookup", vocabulary=("a",)), Tensor((None, 1), "int32")),
    (layer("IntegerLookup", vocabulary=(3,)), Tensor((None, 1), "string")),
    (layer("TextVectorization"), Tensor((None, 1), "int32")),
    (layer("TextVectorization"), Tensor((None, 3), "string")),
    (layer("TextVectorization", split=None), Tensor((None,), "string")),
    (layer("Normalization"), Tensor((None, None))),
    (layer("MelSpectrogram"), Tensor((None, 9, 2))),
    (layer("STFTSpectrogram", frame_length=9), Tensor((None, 9, None))),
    # images
    (layer("RandomFlip"), Tensor((None, 4, 3))),
    (layer("RandomFlip", data_format="channels_first"), Tensor((None, 4, 3))),
    (layer("RandomColorDegeneration", factor=0.5), Tensor((None, 4, 4, 2))),
    (layer("LayerScale", init_values=0.1, projection_dim=3), Tensor((None, 4, 2))),
    (layer("CustomScaleLayer", scale=0.5), several((None, 4, 2), (None, 4, 3))),
]
X, WORDS = Tensor((None, 4, 3)), Tensor((2, 4, 3))
IMAGES = Tensor((None, 8, 6, 3))
FUNCTIONS = [
    ("add", (X, Tensor((None, 4, 2)))),
    ("add", (X, ((1, 2), (1, 2, 3)))),
    ("where", (Tensor((None, 4, 2), "bool"), X, X)),
    ("where", (Tensor((None, 4, 3), "bool"), X, Tensor((2,)))),
    ("matmul", (X, Tensor((4, 7)))),
    ("matmul", (WORDS, Tensor((3, 3, 7)))),
    ("sum", (X, 3)),
    ("concatenate", ((X, Tensor((None, 5, 3))), 2)),
    ("concatenate", ((X, Tensor((None, 4))), 1)),
    ("concatenate", ((X, X), 3)),
    ("stack", ((X, Tensor((None, 5, 3))), 0)),
    ("stack", ((X, X), 4)),
    ("reshape", (WORDS, (5, -1))),
    ("reshape", (WORDS, (-1, -1))),
    ("transpose", (X, (0, 1))),
    ("expand_dims", (X, 4)),
    ("squeeze", (X, 1)),
    ("squeeze", (X, 3)),
    ("swapaxes", (X, 3, 1)),
    ("swapaxes", (X, 1, -4)),
    ("one_hot", (Tensor((None, 4), "int32"), 9, -2)),
    ("take", (X, Tensor((2,), "int32"), 3)),
    ("broadcast_to", (WORDS, (2, 4, 5))),
    ("broadcast_to", (WORDS, (1, 4, 3))),
    ("get_item", (X, (0, 0, 0, 0))),
    ("get_item", (X, (":", 4))),
    ("image.resize", (Tensor((None, 8)), (4, 5))),
    ("image.sobel_edges", (Tensor((8, 6, 3)),)),
    ("image.rgb_to_grayscale", (Tensor((None, 8, 6, 4)),)),
    ("image.rgb_to_hsv", (Tensor((None, 8, 6, 1)),)),
    ("image.rgb_to_hsv", (Tensor((None, 8, 6, 3), "int32"),)),
    ("image.pad_images", (IMAGES,), {"top_padding": 1, "left_padding": 2}),
    (
        "image.crop_images",
        (IMAGES,),
        {"top_cropping": 5, "bottom_cropping": 4, "left_cropping": 2, "target_width": 2},
    ),
    (
        "image.pad_images",
        (IMAGES,),
        {"top_padding": 1, "target_height": 8, "left_padding": 2, "target_width": 9},
    ),
]


def refusal(called, infer):
    """Return the text of one refusal."""
    try:
        found = infer()
    except ShapeError as error:
        at = f" at {error.field}" if error.field else ""
        return f"{called}\n  {error.code.value}{at}: {error.message}\n  help: {error.help}\n"
    raise AssertionError(f"{called} is not refused: {found}")


def shown(value):
    match value:
        case Object():
            return f"{value.class_name}({shown(value.arguments)})"
        case Tensor():
            return f"{value.shape}" + (f" {value.dtype}" if value.dtype != "float32" else "")
        case tuple():
            return "[" + ", ".join(map(shown, value)) + "]"
        case dict():
            return ", ".join(f"{name}={shown(item)}" for name, item in value.items())
    return repr(value)


def test_what_a_layer_refuses_reads_as_it_did(golden):
    texts = []
    for one, inputs, *more in LAYERS:
        call = more[0] if more else {}
        beside = f" with {shown(call)}" if call else ""
        texts.append(
            refusal(
                f"{shown(one)} of {shown(inputs)}{beside}",
                lambda one=one, inputs=inputs, call=call: infer_layer(one, inputs, call=call),
            )
        )
    golden(HERE / "refusals/layers.txt", "\n".join(texts))


def test_what_a_function_refuses_reads_as_it_did(golden):
    texts = []
    for name, arguments, *more in FUNCTIONS:
        given = more[0] if more else {}
        texts.append(
            refusal(
                f"{name}({', '.join(map(shown, arguments))}{', ' * bool(given)}{shown(given)})",
                lambda name=name, arguments=arguments, given=given: infer_op(
                    name, arguments, given
                ),
            )
        )
    golden(HERE / "refusals/functions.txt", "\n".join(texts))
