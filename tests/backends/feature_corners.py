"""The corners of encodings, lookups and spectrograms."""

from itertools import product

from shape_cases import Case, layer

from dlspec.resolve.shapes import Tensor

ROW = Tensor((None, 5, 3))
MODES = ("int", "one_hot", "multi_hot", "count")
SHAPES = ((None,), (None, 1), (None, 4), (None, 4, 1))
WORDS = {"vocabulary": ("a", "b")}
FORMATS = (..., "channels_first")


def encodings() -> list[Case]:
    """Return counts and buckets of every mode and rank."""
    bins = {"bin_boundaries": (0.0, 1.0)}
    pairs = (
        *(((None,), (None,)), ((None, 1), (None, 1))),
        *(((None, 2), (None, 2)), ((None,), (None, 1))),
    )
    return [
        *(
            Case(layer("CategoryEncoding", num_tokens=5, output_mode=mode), Tensor(shape, "int32"))
            for mode, shape in product(MODES[1:], SHAPES)
        ),
        *(
            Case(layer("Hashing", num_bins=5, output_mode=mode), Tensor(shape, "int32"))
            for mode, shape in product(MODES, SHAPES)
        ),
        *(
            Case(layer("Discretization", output_mode=mode, **bins), Tensor(shape))
            for mode, shape in product(MODES, SHAPES)
        ),
        *(
            Case(
                layer("HashedCrossing", num_bins=5, output_mode=mode),
                (Tensor(a, kind), Tensor(b, kind)),
            )
            for mode, (a, b), kind in product(MODES[:2], pairs, ("int64", "string", "float32"))
        ),
        *(
            Case(layer("Normalization", axis=axis, **more), ROW)
            for axis, more in product(
                (..., None, 1, 2, -1, (1, 2), (2, 1), 3), ({}, {"mean": 0.5, "variance": 2.0})
            )
        ),
    ]


def lookups() -> list[Case]:
    """Return words and numbers looked up, both ways, with what stands for the unknown."""
    kinds = (
        ("IntegerLookup", "int64", {"vocabulary": (3, 4)}),
        ("StringLookup", "string", WORDS),
        ("StringLookup", "string", {**WORDS, "num_oov_indices": 2}),
        ("StringLookup", "string", {"vocabulary": ("[UNK]", "a", "b")}),
    )
    padded = {**WORDS, "max_tokens": 9, "pad_to_max_tokens": True}
    return [
        *(
            Case(layer(name, output_mode=mode, **more), Tensor(shape, kind))
            for (name, kind, more), mode, shape in product(kinds, MODES, SHAPES[1:])
        ),
        *(
            Case(layer(name, invert=invert, **more), Tensor((None, 4), kind))
            for name, more in (("StringLookup", WORDS), ("IntegerLookup", {"vocabulary": (3, 4)}))
            for invert, kind in product((True, False), ("int64", "string"))
        ),
        *(
            Case(layer("StringLookup", output_mode=mode, **padded), Tensor((None, 4), "string"))
            for mode in MODES[1:]
        ),
        *(
            Case(
                layer("TextVectorization", output_mode=mode, split=split, **WORDS, **more),
                Tensor(shape, "string"),
            )
            for mode, split, shape, more in product(
                ("int", "multi_hot", "count"),
                (..., None),
                SHAPES[:3],
                ({}, {"output_sequence_length": 6}, {"max_tokens": 8, "pad_to_max_tokens": True}),
            )
            if mode == "int" or "output_sequence_length" not in more
        ),
        *(
            Case(
                layer("TextVectorization", output_mode="tf_idf", idf_weights=(0.5, 0.7), **WORDS),
                Tensor(shape, "string"),
            )
            for shape in SHAPES[:2]
        ),
    ]


def spectra() -> list[Case]:
    """Return spectrograms whose frames fit just so, of every mode and layout."""
    return [
        *(
            Case(
                layer("MelSpectrogram", num_mel_bins=4, sequence_stride=stride, fft_length=16),
                Tensor((None, samples)),
            )
            for stride, samples in product((5, 8), (40, 43, None))
        ),
        *(
            Case(
                layer(
                    "STFTSpectrogram",
                    mode=mode,
                    frame_length=length,
                    expand_dims=expand,
                    data_format=chosen,
                    **more,
                ),
                Tensor((None, 40, 2)),
            )
            for mode, length, expand, chosen, more in product(
                ("log", "stft", "real", "imag"),
                (8, 9),
                (True, False),
                FORMATS,
                ({}, {"frame_step": 3, "fft_length": 32}),
            )
            if mode == "stft" or not more
        ),
    ]


FEATURE_CORNERS = {"encodings": encodings(), "lookups": lookups(), "spectra": spectra()}
