"""The corners of formulas, one by one: what random cases meet too seldom."""

from itertools import product

from shape_cases import Case, layer

from dlspec.resolve.shapes import Tensor

ROW = Tensor((None, 5, 3))


def transposed() -> list[Case]:
    """Return every small kernel, stride, dilation and padding of a transposed convolution."""
    shapes = product((1, 2, 3, 4), (1, 2, 3), (..., 2), ("valid", "same"), (..., 0, 1, 2, 3))
    return [
        Case(
            layer(
                "Conv1DTranspose",
                filters=2,
                kernel_size=size,
                strides=stride,
                dilation_rate=dilation,
                padding=padding,
                output_padding=more,
            ),
            ROW,
        )
        for size, stride, dilation, padding, more in shapes
        if dilation is ... or stride == 1
    ]


def convolutions() -> list[Case]:
    """Return windows at the edge of an extent, groups, LoRA and multipliers."""
    windows = product((4, 5, 6), (1, 2, 5), ("valid", "same", "causal"))
    return [
        *(
            Case(layer("Conv1D", filters=2, kernel_size=k, strides=s, padding=p), ROW)
            for k, s, p in windows
        ),
        *(
            Case(layer(f"Conv{rank}D", filters=4, kernel_size=2, lora_rank=2, use_bias=bias), x)
            for rank, x in ((1, ROW), (2, Tensor((2, 4, 5, 3))), (3, Tensor((2, 3, 4, 5, 3))))
            for bias in (True, False)
        ),
        *(
            Case(
                layer("Conv1D", filters=filters, kernel_size=1, groups=groups), Tensor((None, 4, 6))
            )
            for filters, groups in product((3, 6), (1, 2, 3, 4, 6))
        ),
        *(
            Case(layer(f"{name}Conv1D", kernel_size=3, depth_multiplier=2, **given), ROW)
            for name, given in (("Depthwise", {}), ("Separable", {"filters": 4}))
        ),
    ]


def held() -> list[Case]:
    """Return layers inside layers, with what the inner one says of itself."""
    steps = Tensor((None, 4, 5, 3))
    inner = [
        layer("Dense", units=2, trainable=False),
        layer("Dense", units=2, dtype="float16"),
        layer("LSTM", units=2, trainable=False),
        layer("GRU", units=2, return_sequences=True),
        layer("TimeDistributed", layer=layer("Dense", units=2, trainable=False)),
        layer("Bidirectional", layer=layer("GRU", units=2, return_sequences=True)),
        layer("BatchNormalization", trainable=False),
    ]
    directions = [
        {"layer": layer("LSTM", units=2, trainable=False)},
        {"layer": layer("LSTM", units=2, return_sequences=True, return_state=True)},
        {"layer": layer("GRU", units=2), "merge_mode": None},
        {"layer": layer("RNN", cell=layer("LSTMCell", units=2), return_state=True)},
    ]
    return [
        *(Case(layer("TimeDistributed", layer=one), steps) for one in inner),
        *(Case(layer("Bidirectional", **one), ROW) for one in directions),
        Case(layer("SpectralNormalization", layer=layer("Dense", units=2, trainable=False)), ROW),
        Case(layer("SpectralNormalization", layer=layer("Dense", units=2, lora_rank=1)), ROW),
        Case(layer("RNN", cell=layer("StackedRNNCells", cells=(layer("GRUCell", units=2),))), ROW),
    ]


CORNERS = {
    "transposed convolutions": transposed(),
    "convolutions": convolutions(),
    "layers inside layers": held(),
}
