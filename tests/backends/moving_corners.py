"""The corners of what moves elements, of windows, steps and encodings."""

from itertools import product

from shape_cases import Case, layer

from dlspec.resolve.shapes import Tensor

ROW = Tensor((None, 5, 3))
IMAGE = Tensor((None, 6, 5, 3))


def moved() -> list[Case]:
    """Return what moves elements: targets, margins and repetitions at the edge of what fits."""
    targets = ((15,), (-1,), (3, 5), (3, -1), (-1, 15), (-1, -1), (4, -1), (14,), (0, -1), (-2, 5))
    margins = (1, 2, 3, (1, 2), (2, 3), (0, 4), (0, 5))
    pairs = (2, ((1, 2), (0, 3)), ((3, 2), (0, 4)), ((3, 3), (0, 4)), (1, 2), ((1, 2),))
    formats = (..., "channels_first")
    return [
        *(Case(layer("Reshape", target_shape=target), ROW) for target in targets),
        *(
            Case(layer("Reshape", target_shape=target), Tensor((None, None, 3)))
            for target in ((-1,), (3, -1), (15,))
        ),
        *(
            Case(layer("Permute", dims=dims), ROW)
            for dims in ((1, 2), (2, 1), (1,), (1, 2, 3), (1, 3), (0, 1), (2, 2))
        ),
        *(Case(layer("RepeatVector", n=n), x) for n in (1, 3) for x in (ROW, Tensor((None, 3)))),
        *(Case(layer("Cropping1D", cropping=margin), ROW) for margin in margins),
        *(Case(layer("ZeroPadding1D", padding=margin), ROW) for margin in margins),
        *(
            Case(layer(name, data_format=chosen, **{field: margin}), IMAGE)
            for name, field in (("Cropping2D", "cropping"), ("ZeroPadding2D", "padding"))
            for margin, chosen in product(pairs, formats)
        ),
        *(
            Case(layer("UpSampling2D", size=size, data_format=chosen), IMAGE)
            for size, chosen in product((1, 3, (2, 3)), formats)
        ),
        *(Case(layer("UpSampling1D", size=size), ROW) for size in (1, 3)),
        *(
            Case(layer(name, **{field: 1}, data_format=chosen), Tensor((None, 4, 5, 6, 3)))
            for name, field in (
                *(("Cropping3D", "cropping"), ("ZeroPadding3D", "padding")),
                ("UpSampling3D", "size"),
            )
            for chosen in formats
        ),
        *(
            Case(layer("PReLU", shared_axes=shared), IMAGE)
            for shared in (..., (1,), (1, 2), (3,), (4,))
        ),
        *(
            Case(layer(f"SpatialDropout{rank}D", rate=0.5), x)
            for rank, x in product((1, 2, 3), (ROW, IMAGE))
        ),
    ]


def pooled() -> list[Case]:
    """Return windows as wide as what they slide over, strides of their own, and all at once."""
    return [
        *(
            Case(layer(f"{mode}Pooling1D", pool_size=size, strides=stride, padding=padding), ROW)
            for mode, size, stride, padding in product(
                ("Max", "Average"), (1, 2, 5, 6), (None, 1, 3), ("valid", "same")
            )
        ),
        *(
            Case(layer(f"Global{mode}Pooling2D", keepdims=keep, data_format=chosen), IMAGE)
            for mode, keep, chosen in product(
                ("Max", "Average"), (True, False), (..., "channels_first")
            )
        ),
        *(
            Case(layer(f"{mode}Pooling{rank}D", pool_size=2), x)
            for mode, rank, x in product(("Max", "Average"), (1, 2, 3), (ROW, IMAGE))
        ),
        *(
            Case(layer("MaxPooling2D", pool_size=(2, 3), strides=(1, 2), data_format=chosen), IMAGE)
            for chosen in (..., "channels_first")
        ),
    ]


def stepped() -> list[Case]:
    """Return recurrent layers and cells with each choice of what they keep and return."""
    cells = [
        layer(name, units=2, use_bias=bias, **more)
        for name, more in (
            ("SimpleRNN", {}),
            ("LSTM", {}),
            ("GRU", {}),
            ("GRU", {"reset_after": False}),
        )
        for bias in (True, False)
    ]
    own = [layer(f"{one.class_name}Cell", **dict(one.arguments.items())) for one in cells]
    one_state, two_states = (Tensor((None, 2)),), (Tensor((None, 2)), Tensor((None, 2)))
    asked = [
        {"return_sequences": a, "return_state": b} for a, b in product((True, False), (True, False))
    ]
    return [
        *(
            Case(layer(one.class_name, **{**one.arguments, **more}), ROW)
            for one, more in product(cells, asked)
        ),
        *(
            Case(
                one,
                Tensor((None, 3)),
                {"states": two_states if "LSTM" in one.class_name else one_state},
            )
            for one in own
        ),
        *(
            Case(layer("RNN", cell=cell, return_state=True), ROW)
            for cell in (own[2], (own[0], own[4]), layer("StackedRNNCells", cells=(own[2], own[4])))
        ),
        *(Case(layer(name, units=2, unroll=True), ROW) for name in ("LSTM", "SimpleRNN")),
        *(
            Case(layer(name, units=2, stateful=True), x)
            for name, x in product(("LSTM", "GRU"), (ROW, Tensor((4, 5, 3))))
        ),
        *(
            Case(layer("LSTM", units=2), ROW, {"initial_state": states})
            for states in (two_states, (Tensor((None, 3)),) * 2, (*two_states, Tensor((None, 2))))
        ),
        *(
            Case(
                layer(
                    f"ConvLSTM{rank}D",
                    filters=2,
                    kernel_size=2,
                    use_bias=bias,
                    return_sequences=bias,
                    return_state=not bias,
                    data_format=chosen,
                ),
                Tensor((None, 3, *(4, 5, 6)[:rank], 3)),
            )
            for rank, bias, chosen in product((1, 2), (True, False), (..., "channels_first"))
        ),
    ]


MOVING_CORNERS = {"moves": moved(), "pools": pooled(), "steps": stepped()}
