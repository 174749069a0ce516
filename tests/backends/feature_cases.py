"""Random layers that prepare features, and the private layers of Keras's applications."""

from hypothesis import strategies as st
from shape_cases import Case, Draw, batch, data_format, extent, flags, formatted, layer, small

from dlspec.language.catalogue import Value
from dlspec.resolve.shapes import Tensor


@st.composite
def preprocessing(draw: Draw) -> Case:
    name = draw(st.sampled_from(sorted(_PREPARING)))
    dtypes, arguments = _PREPARING[name]
    drawn = {key: draw(value) for key, value in arguments.items()}
    shape = (draw(batch), *draw(st.lists(extent, max_size=2)))
    if name == "HashedCrossing":
        pair = Tensor(draw(st.sampled_from([(None,), (None, 1), (2, 1), (2, 3)])), "int64")
        return Case(layer(name, **drawn), (pair, pair))
    if name == "STFTSpectrogram":
        shape = draw(st.tuples(batch, st.sampled_from([None, 3, 40, 64]), st.integers(1, 3)))
        shape = formatted(shape, drawn["data_format"])
    if name == "MelSpectrogram":
        shape = (draw(batch), draw(st.sampled_from([None, 40, 100, 1001])))
    return Case(layer(name, **drawn), Tensor(shape, draw(st.sampled_from(dtypes))))


_modes = st.sampled_from([..., "int", "one_hot", "multi_hot", "count"])
_encodings = st.sampled_from([..., "one_hot", "multi_hot", "count"])
_INTEGERS, _FLOATS = ["int32", "int64"], ["float32"]
_PREPARING: dict[str, tuple[list[str], dict[str, st.SearchStrategy]]] = {
    "CategoryEncoding": (_INTEGERS, {"num_tokens": small, "output_mode": _encodings}),
    "Discretization": (
        _FLOATS,
        {"bin_boundaries": st.just((0.0, 1.0, 2.0)), "output_mode": _modes},
    ),
    "HashedCrossing": ([], {"num_bins": small, "output_mode": st.sampled_from([..., "one_hot"])}),
    "Hashing": (_INTEGERS, {"num_bins": small, "output_mode": _modes}),
    "IntegerLookup": (_INTEGERS, {"vocabulary": st.just((3, 4)), "output_mode": _modes}),
    "MelSpectrogram": (
        _FLOATS,
        {"num_mel_bins": small, "sequence_stride": st.just(7), "fft_length": st.just(16)},
    ),
    "Normalization": (_FLOATS, {"axis": st.sampled_from([..., None, 1, (1, 2), 3])}),
    "Rescaling": (["float32", "uint8"], {"scale": st.just(0.5)}),
    "STFTSpectrogram": (
        _FLOATS,
        {
            "mode": st.sampled_from(["log", "magnitude", "psd", "real", "imag", "angle", "stft"]),
            "frame_length": st.sampled_from([4, 9, 16]),
            "frame_step": st.sampled_from([..., 2, 3]),
            "fft_length": st.sampled_from([..., 16, 32]),
            "padding": st.sampled_from([..., "same"]),
            "expand_dims": flags,
            "data_format": data_format,
        },
    ),
    "StringLookup": (
        ["string"],
        {"vocabulary": st.sampled_from([("a", "b"), ("[UNK]", "a")]), "output_mode": _modes},
    ),
    "TextVectorization": (
        ["string"],
        {
            "output_mode": _modes,
            "max_tokens": st.just(9),
            "pad_to_max_tokens": flags,
            "split": st.sampled_from([..., "character", None]),
            "vocabulary": st.sampled_from([..., ("a", "b")]),
        },
    ),
}


@st.composite
def augmentation(draw: Draw) -> Case:
    name, arguments = draw(st.sampled_from(list(_VARYING.items())))
    shape = draw(st.sampled_from([(None, 8, 9, 3), (2, 6, 6, 3), (None, None, 5, 3)]))
    return Case(
        layer(name, **arguments), Tensor(shape, draw(st.sampled_from(["float32", "uint8"])))
    )


_FACTOR: dict[str, Value] = {"factor": 0.5}
_SIZE: dict[str, Value] = {"height": 4, "width": 3}
_VARYING: dict[str, dict[str, Value]] = {
    "AugMix": {},
    "AutoContrast": {},
    "CenterCrop": _SIZE,
    "Equalization": {},
    "RandAugment": {},
    "RandomBrightness": _FACTOR,
    "RandomColorDegeneration": _FACTOR,
    "RandomColorJitter": {},
    "RandomContrast": _FACTOR,
    "RandomCrop": _SIZE,
    "RandomElasticTransform": {},
    "RandomErasing": {},
    "RandomFlip": {},
    "RandomGaussianBlur": {},
    "RandomGrayscale": _FACTOR,
    "RandomHue": _FACTOR,
    "RandomInvert": _FACTOR,
    "RandomPerspective": {},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": _FACTOR,
    "RandomSaturation": _FACTOR,
    "RandomSharpness": _FACTOR,
    "RandomShear": {"x_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
    "Resizing": _SIZE,
    "Solarization": {},
}


@st.composite
def private(draw: Draw) -> Case:
    shape = (draw(batch), 4, 5, draw(st.sampled_from([1, 3, None])))
    x, y = (
        Tensor(shape, "float32"),
        Tensor((*shape[:3], draw(st.sampled_from([3, 3, 2]))), "float32"),
    )
    return draw(
        st.sampled_from(
            [
                Case(layer("LayerScale", init_values=0.1, projection_dim=3), x),
                Case(layer("StochasticDepth", drop_path_rate=0.1), x),
                Case(layer("CustomScaleLayer", scale=0.5), (y, y)),
                Case(layer("CustomScaleLayer", scale=0.5), (y,)),
            ]
        )
    )
