"""Random layers with random inputs, drawn family by family, for comparison with Keras."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from dlspec.language.catalogue import Object, Value
from dlspec.resolve.shapes import Inputs, Tensor

Draw = Callable[[st.SearchStrategy], object]


@dataclass(frozen=True)
class Case:
    """One call of one layer."""

    layer: Object
    inputs: Inputs
    call: Mapping[str, object] = field(default_factory=dict)


def layer(class_name: str, **arguments: Value) -> Object:
    """Return a layer of the catalogue; an argument of `...` is left out."""
    given = {name: value for name, value in arguments.items() if value is not ...}
    return Object("layer", class_name, given)


small = st.integers(1, 4)
some = st.integers(1, 8)
extent = st.integers(1, 9) | st.none()
batch = st.sampled_from([None, None, None, 2])
floats = st.sampled_from(["float32", "float32", "float16", "bfloat16"])
numbers = st.sampled_from(["float32", "float32", "float16", "int32", "uint8", "bool"])
policy = st.sampled_from([..., ..., ..., "float16", "mixed_bfloat16"])
flags = st.booleans()
data_format = st.sampled_from([..., "channels_last", "channels_first"])
activations = st.sampled_from([..., "relu", "softmax", "linear"])


def lengths(rank: int) -> st.SearchStrategy:
    """Return one number for all axes or one per axis."""
    return small | st.tuples(*[small] * rank)


@st.composite
def images(draw: Draw, rank: int, channels: st.SearchStrategy = some) -> tuple:
    """Draw a shape of `rank` spatial axes, sometimes with an axis too many or too few."""
    wrong = draw(st.sampled_from([0] * 12 + [-1, 1]))
    spatial = [draw(extent) for _ in range(rank + wrong)]
    return (draw(batch), *spatial, draw(channels))


def formatted(shape: tuple, chosen: object) -> tuple:
    """Return a channels-last shape in the format chosen."""
    first = chosen == "channels_first" and len(shape) > 2
    return (shape[0], shape[-1], *shape[1:-1]) if first else shape


@st.composite
def core(draw: Draw) -> Case:
    name = draw(st.sampled_from(["Dense", "Embedding", "ReversibleEmbedding", *_PLAIN]))
    shape = tuple(draw(st.lists(extent, min_size=0, max_size=4)))
    dtype = draw(numbers)
    if name == "Dense":
        arguments = {
            "units": draw(small),
            "use_bias": draw(flags),
            "activation": draw(activations),
            "lora_rank": draw(st.sampled_from([..., ..., 2])),
        }
    elif name in ("Embedding", "ReversibleEmbedding"):
        dtype = draw(st.sampled_from(["int32", "int64", "uint8"]))
        arguments = {"input_dim": 5, "output_dim": draw(small), "mask_zero": draw(flags)}
        if name == "ReversibleEmbedding":
            arguments["tie_weights"] = draw(flags)
    else:
        arguments = {key: draw(value) for key, value in _PLAIN[name].items()}
    return Case(layer(name, dtype=draw(policy), **arguments), Tensor((draw(batch), *shape), dtype))


_axis = st.integers(-4, 4)
_rate: dict[str, st.SearchStrategy] = {"rate": st.just(0.25)}
_PLAIN: dict[str, dict[str, st.SearchStrategy]] = {
    "Activation": {"activation": st.sampled_from(["relu", "tanh", "linear"])},
    "ActivityRegularization": {},
    "AlphaDropout": _rate,
    "Dropout": _rate,
    "ELU": {},
    "GaussianDropout": _rate,
    "GaussianNoise": {"stddev": st.just(0.5)},
    "Identity": {},
    "LeakyReLU": {},
    "Masking": {},
    "PReLU": {"shared_axes": st.sampled_from([..., (1,), (1, 2), (2,), (3,)])},
    "ReLU": {},
    "Softmax": {"axis": _axis | st.tuples(_axis, _axis)},
    "SpatialDropout1D": _rate,
    "SpatialDropout2D": _rate,
    "SpatialDropout3D": _rate,
}


@st.composite
def einsum(draw: Draw) -> Case:
    equation, shape, output_shape = draw(
        st.sampled_from(
            [
                ("ab,bc->ac", 2, (3,)),
                ("abc,cd->abd", 3, (None, 3)),
                ("abc,cde->abde", 3, (None, 2, 3)),
                ("abc,bcd->ad", 3, (3,)),
                ("abcd,cde->abe", 4, (None, 3)),
                ("...x,xy->...y", 3, (3,)),
                ("...bc,cd->...bd", 3, (4, 3)),
                ("ab...,bc->ac...", 3, (3,)),
                ("abc,cd", 3, (3,)),
                ("abc,ce->abd", 3, (None, 3)),
            ]
        )
    )
    bias = draw(st.sampled_from([..., "d", "c", "y", "bd", "de"]))
    sizes = [draw(st.sampled_from([3, 4, 5, None])) for _ in range(shape - 1)]
    given = tuple(n if n is None or draw(flags) else draw(small) for n in output_shape)
    one = layer("EinsumDense", equation=equation, output_shape=given, bias_axes=bias)
    return Case(one, Tensor((draw(batch), *sizes), "float32"))


@st.composite
def reshaping(draw: Draw) -> Case:
    kind = draw(st.sampled_from(["Flatten", "Reshape", "Permute", "RepeatVector", "sides", "up"]))
    dtype = draw(numbers)
    if kind in ("Flatten", "Reshape", "Permute", "RepeatVector"):
        shape = (draw(batch), *draw(st.lists(extent, max_size=4)))
        size = st.sampled_from([1, 2, 3, 4, 6, -1])
        arguments = {
            "Flatten": {"data_format": draw(data_format)},
            "Reshape": {"target_shape": tuple(draw(st.lists(size, max_size=4)))},
            "Permute": {"dims": tuple(draw(st.permutations(range(1, draw(st.integers(2, 5))))))},
            "RepeatVector": {"n": draw(small)},
        }[kind]
        return Case(layer(kind, **arguments), Tensor(shape, dtype))
    rank, chosen = draw(st.integers(1, 3)), draw(data_format)
    shape = draw(images(rank))
    if kind == "up":
        arguments = {"size": draw(small if rank == 1 else lengths(rank))}
        if rank == 2:
            arguments["interpolation"] = draw(st.sampled_from([..., "nearest", "bilinear"]))
        named, has_format = f"UpSampling{rank}D", rank > 1
    else:
        named, field_name = draw(
            st.sampled_from([(f"ZeroPadding{rank}D", "padding"), (f"Cropping{rank}D", "cropping")])
        )
        pair = st.tuples(st.integers(0, 3), st.integers(0, 3))
        sides = pair if rank == 1 else st.tuples(*[pair] * rank)
        arguments = {field_name: draw(st.integers(0, 3) | sides)}
        has_format = named != "Cropping1D"
    if has_format:
        arguments["data_format"] = chosen
        shape = formatted(shape, chosen)
    return Case(layer(named, dtype=draw(policy), **arguments), Tensor(shape, dtype))


@st.composite
def convolution(draw: Draw) -> Case:
    rank = draw(st.integers(1, 3))
    kinds = [
        "Conv{}D",
        "Conv{}DTranspose",
        *(["DepthwiseConv{}D", "SeparableConv{}D"] * (rank < 3)),
    ]
    name = draw(st.sampled_from(kinds)).format(rank)
    chosen = draw(data_format)
    arguments: dict[str, object] = {
        "kernel_size": draw(lengths(rank)),
        "strides": draw(st.sampled_from([..., ..., 2]) | lengths(rank)),
        "padding": draw(st.sampled_from([..., "valid", "same"])),
        "dilation_rate": draw(st.sampled_from([..., ..., ..., 2]) | lengths(rank)),
        "data_format": chosen,
        "activation": draw(activations),
        "use_bias": draw(flags),
    }
    if not name.startswith("Depthwise"):
        arguments["filters"] = draw(st.integers(1, 8))
    if name == f"Conv{rank}D":
        arguments["groups"] = draw(st.sampled_from([..., ..., 1, 2, 3, 4]))
        arguments["lora_rank"] = draw(st.sampled_from([..., ..., ..., 2]))
        if rank == 1 and draw(flags):
            arguments["padding"] = "causal"
    elif name.endswith("Transpose"):
        arguments["output_padding"] = draw(st.sampled_from([..., ..., 0, 1]))
    else:
        arguments["depth_multiplier"] = draw(st.sampled_from([..., 1, 2, 3]))
    channels = st.sampled_from([1, 2, 3, 4, 6, None])
    shape = formatted(draw(images(rank, channels)), chosen)
    return Case(layer(name, dtype=draw(policy), **arguments), Tensor(shape, draw(floats)))


@st.composite
def pooling(draw: Draw) -> Case:
    rank, chosen = draw(st.integers(1, 3)), draw(data_format)
    mode = draw(st.sampled_from(["Max", "Average"]))
    kind = draw(st.sampled_from(["", "", "Global", "Adaptive"]))
    arguments: dict[str, object] = {"data_format": chosen}
    if kind == "":
        default = st.sampled_from([...]) if mode == "Max" else st.nothing()
        arguments["pool_size"] = draw(default | lengths(rank))
        arguments["strides"] = draw(st.sampled_from([..., ..., None]) | lengths(rank))
        arguments["padding"] = draw(st.sampled_from([..., "valid", "same"]))
    elif kind == "Global":
        arguments["keepdims"] = draw(flags)
    else:
        arguments["output_size"] = draw(lengths(rank))
    shape = formatted(draw(images(rank, st.sampled_from([1, 3, None]))), chosen)
    name = f"{kind}{mode}Pooling{rank}D"
    return Case(layer(name, dtype=draw(policy), **arguments), Tensor(shape, draw(numbers)))


@st.composite
def cells(draw: Draw, suffix: str = "Cell") -> Object:
    name = draw(st.sampled_from(["SimpleRNN", "GRU", "LSTM"]))
    arguments = {"units": draw(small), "use_bias": draw(flags)}
    if name == "GRU":
        arguments["reset_after"] = draw(flags)
    if suffix == "":
        arguments["return_sequences"] = draw(flags)
        arguments["return_state"] = draw(flags)
        arguments["go_backwards"] = draw(st.sampled_from([..., ..., True]))
        arguments["stateful"] = draw(st.sampled_from([..., ..., ..., ..., True]))
    return layer(name + suffix, **arguments)


@st.composite
def _recurrent_layer(draw: Draw) -> Object:
    if draw(flags):
        return draw(cells(suffix=""))
    cell = draw(cells() | st.lists(cells(), min_size=1, max_size=3).map(tuple))
    if isinstance(cell, tuple) and draw(flags):
        cell = layer("StackedRNNCells", cells=cell)
    return layer("RNN", cell=cell, return_sequences=draw(flags), return_state=draw(flags))


steps = st.sampled_from([None, 1, 3, 5])
_sequences = st.tuples(batch, steps, st.sampled_from([1, 2, 5, None]))


@st.composite
def recurrent(draw: Draw) -> Case:
    shape = draw(_sequences | st.tuples(batch, st.integers(1, 5)))
    kind = draw(st.sampled_from(["one", "one", "states", "cell"]))
    if kind == "cell":
        cell = draw(cells())
        width = cell["units"] if draw(flags) else draw(small)
        state = Tensor((shape[0], width), "float32")
        states = (state, state) if cell.class_name == "LSTMCell" else (state,)
        return Case(cell, Tensor((shape[0], shape[-1]), "float32"), {"states": states})
    if kind == "one":
        one = draw(_recurrent_layer())
        return Case(one, Tensor(shape, draw(floats)))
    one = draw(cells(suffix=""))
    width = one["units"] if draw(flags) else draw(small)
    state = Tensor((shape[0], width), "float32")
    states = (state, state) if one.class_name == "LSTM" else (state,)
    return Case(one, Tensor(shape, "float32"), {"initial_state": states})


@st.composite
def wrappers(draw: Draw) -> Case:
    kind = draw(st.sampled_from(["Bidirectional", "TimeDistributed", "SpectralNormalization"]))
    if kind == "Bidirectional":
        merge = st.sampled_from([..., "concat", "sum", "mul", "ave", None])
        backward = draw(st.just(...) | cells(suffix=""))
        held = draw(_recurrent_layer())
        one = layer(kind, layer=held, merge_mode=draw(merge), backward_layer=backward)
        shape = draw(_sequences)
        if held.class_name == "RNN" or draw(flags):
            return Case(one, Tensor(shape, "float32"))
        width = held["units"] if draw(flags) else draw(small)
        state = Tensor((shape[0], width), "float32")
        states = (state,) * (4 if held.class_name == "LSTM" else 2)
        return Case(one, Tensor(shape, "float32"), {"initial_state": states})
    held = draw(core() | convolution() | pooling() | normalization() | reshaping())
    assert isinstance(held.inputs, Tensor)
    shape = held.inputs.shape
    if kind == "TimeDistributed":
        shape = (shape[0], draw(steps), *shape[1:])
    # A held layer runs in the wrapper's dtype or its own, which only a run shows.
    plain = {name: value for name, value in held.layer.arguments.items() if name != "dtype"}
    inner = layer(held.layer.class_name, **plain)
    return Case(layer(kind, layer=inner), Tensor(shape, held.inputs.dtype))


@st.composite
def recurrent_convolution(draw: Draw) -> Case:
    rank, chosen = draw(st.integers(1, 3)), draw(data_format)
    one = layer(
        f"ConvLSTM{rank}D",
        filters=draw(small),
        kernel_size=draw(lengths(rank)),
        strides=draw(st.sampled_from([..., ..., 2])),
        padding=draw(st.sampled_from([..., "same"])),
        dilation_rate=draw(st.sampled_from([..., ..., ..., 2])),
        data_format=chosen,
        use_bias=draw(flags),
        return_sequences=draw(flags),
        return_state=draw(flags),
    )
    spatial = st.sampled_from([2, 3, 4, 5, 5, 6, None])
    step = (*(draw(spatial) for _ in range(rank)), draw(st.sampled_from([1, 2, 2, None])))
    shape = formatted((draw(batch), *step), chosen)
    return Case(one, Tensor((shape[0], draw(steps), *shape[1:]), "float32"))


@st.composite
def normalization(draw: Draw) -> Case:
    names = ["Batch", "Layer", "Group", "RMS", "Unit"]
    name = draw(st.sampled_from(names)) + "Normalization"
    arguments: dict[str, object] = {"axis": draw(st.sampled_from([...]) | _axis)}
    if name in ("LayerNormalization", "RMSNormalization", "UnitNormalization") and draw(flags):
        axes = st.sampled_from([1, 2, -1, -2, 3])
        arguments["axis"] = tuple(draw(st.lists(axes, min_size=1, max_size=2, unique=True)))
    if name in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
        arguments |= {"center": draw(flags), "scale": draw(flags)}
    if name == "BatchNormalization":
        arguments["renorm"] = draw(st.sampled_from([..., ..., True]))
    if name == "GroupNormalization":
        arguments["groups"] = draw(st.sampled_from([-1, 1, 2, 3]))
    shape = (draw(batch), *draw(st.lists(st.sampled_from([1, 2, 4, 6, None]), max_size=3)))
    return Case(layer(name, dtype=draw(policy), **arguments), Tensor(shape, draw(floats)))
