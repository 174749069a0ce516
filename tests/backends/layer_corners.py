"""The corners of products, attention, merges and norms."""

from itertools import product

from shape_cases import Case, layer

from dlspec.resolve.shapes import Tensor

ROW = Tensor((None, 5, 3))
IMAGE = Tensor((None, 6, 5, 3))
IDS = Tensor((None, 4), "int32")


def tables() -> list[Case]:
    """Return dense layers and embeddings with all their weights, over several ranks."""
    return [
        *(
            Case(layer("Dense", units=2, use_bias=bias, lora_rank=rank), Tensor((None, *rest, 3)))
            for bias, rank, rest in product((True, False), (..., 2), ((), (4,), (None, 4)))
        ),
        *(Case(layer("Dense", units=2), Tensor(shape)) for shape in ((None,), (None, None))),
        *(
            Case(layer("Embedding", input_dim=7, output_dim=3, lora_rank=rank), ids)
            for rank, ids in product((..., 2), (IDS, Tensor((None,), "int64")))
        ),
        *(
            Case(layer("ReversibleEmbedding", input_dim=7, output_dim=3, tie_weights=tied), x, call)
            for tied, (x, call) in product(
                (True, False),
                (
                    (IDS, {}),
                    (ROW, {"reverse": True}),
                    (Tensor((None, 3)), {"reverse": True}),
                    (Tensor((None, 4, 2)), {"reverse": True}),
                    (Tensor((None, 4, None)), {"reverse": True}),
                ),
            )
        ),
    ]


def equations() -> list[Case]:
    """Return EinsumDense in each form, with each bias and LoRA, and contradictions."""
    forms = [
        ("ab,bc->ac", (None, 3), (4,), "c"),
        ("abc,cd->abd", (None, 5, 3), (None, 4), "d"),
        ("abc,cd->abd", (None, 5, 3), (5, 4), "bd"),
        ("abc,cd->abd", (None, 5, 3), (5, 4), "b"),
        ("abc,cde->abde", (None, 5, 3), (5, 2, 4), "d"),
        ("abc,cde->abde", (None, 5, 3), (5, 2, 4), "be"),
        ("...x,xy->...y", (None, 5, 3), (4,), "y"),
        ("...x,xy->...y", (None, 5, 5, 3), (4,), "y"),
        ("...x,xy->...y", (3,), (4,), "y"),
        ("ab...,bc->ac...", (None, 3, 5), (4,), "c"),
        ("ab...,bc->ac...", (None, 3, 5, 6), (4,), "c"),
        ("ab...,bc->ac...", (None, 3), (4,), "c"),
        ("abc,bcd->ad", (None, 5, 3), (4,), "d"),
    ]
    refused = [
        ("ab,bc->ac", (None, 5, 3), (4,), None),
        ("abc,cd->abd", (None, 3), (4,), None),
        ("abc,cd", (None, 5, 3), (4,), None),
        ("abc,cd->abd", (None, 5, 3), (4,), None),
        ("abc,cd->abd", (None, 5, 3), (6, 4), None),
        ("abc,cd->abd", (None, 5, 3), (None, None), None),
        ("abc,ce->abd", (None, 5, 3), (None, 4), None),
        ("ab,bc->ac", (None, 3), (4,), "z"),
        ("ab,bc->ac", (None, None), (4,), None),
    ]
    return [
        *(
            Case(
                layer("EinsumDense", equation=e, output_shape=out, bias_axes=bias, lora_rank=rank),
                Tensor(shape),
            )
            for (e, shape, out, axes), rank in product(forms, (..., 2))
            for bias in ((axes, None) if rank is ... else (axes,))
        ),
        *(
            Case(layer("EinsumDense", equation=e, output_shape=out, bias_axes=bias), Tensor(shape))
            for e, shape, out, bias in refused
        ),
    ]


def attention() -> list[Case]:
    """Return attention of each width, with gates, axes and scores, and what does not fit."""
    query, value = Tensor((None, 4, 6)), Tensor((None, 5, 3))
    grid, wide = Tensor((None, 4, 2, 6)), Tensor((None, 5, 2, 3))
    scores = {"return_attention_scores": True}
    same = Tensor((None, 5, 6))
    heads = [
        {},
        {"value_dim": 5},
        {"use_bias": False},
        {"use_gate": True, "value_dim": 5},
        {"output_shape": 7},
        {"output_shape": (7, 8)},
    ]
    return [
        *(
            Case(
                layer("MultiHeadAttention", num_heads=2, key_dim=3, **more),
                {"query": query, "value": value, **key},
                scores,
            )
            for more, key in product(heads, ({}, {"key": Tensor((None, 5, 4))}))
        ),
        *(
            Case(
                layer("MultiHeadAttention", num_heads=2, key_dim=3, attention_axes=axes),
                {"query": grid, "value": wide},
                scores,
            )
            for axes in (..., (1,), (2,), (1, 2), (-2,), (0,), (3,), (-1,))
        ),
        *(
            Case(
                layer("GroupedQueryAttention", **shape, **more),
                {"query": query, "value": other},
                scores,
            )
            for shape, more, other in product(
                (
                    {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
                    {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 3},
                    {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 2},
                ),
                ({}, {"use_bias": False}, {"use_gate": True}),
                (same, value),
            )
        ),
        *(
            Case(layer(name, use_scale=scale, **mode), given, call)
            for name, mode in (
                ("Attention", {}),
                ("Attention", {"score_mode": "concat"}),
                ("AdditiveAttention", {}),
            )
            for scale, call in product((True, False), ({}, scores))
            for given in ((query, same), (query, Tensor((None, 5, 2)), same))
        ),
        *(
            Case(layer("Attention"), given)
            for given in ((query, value), (query, same, Tensor((None, 4, 6))), (query, wide))
        ),
    ]


def merged() -> list[Case]:
    """Return merges of shapes that fit, broadcast, or do not, joined and summed on each axis."""
    pairs = [
        (ROW, ROW),
        (ROW, Tensor((None, 1, 3))),
        (ROW, Tensor((None, 3))),
        (ROW, Tensor((None, 2))),
        (Tensor((2, 5, 3)), ROW),
        (Tensor((2, 5, 3)), Tensor((4, 5, 3))),
        (ROW, Tensor((None, None, 3))),
        (Tensor((None, 0, 3)), Tensor((None, 1, 3))),
        (Tensor((None, 2, 5, 3)), ROW),
    ]
    kinds = [("int32", "int32"), ("int32", "float32"), ("float16", "float32"), ("uint8", "int32")]
    return [
        *(
            Case(layer(name), pair)
            for name, pair in product(("Add", "Subtract", "Maximum", "Average"), pairs)
        ),
        *(
            Case(layer(name), (Tensor((None, 3), a), Tensor((None, 3), b)))
            for name, (a, b) in product(("Add", "Average", "Multiply", "Minimum"), kinds)
        ),
        *(
            Case(layer("Concatenate", axis=axis), (ROW, other))
            for axis, other in product(
                (1, 2, -1, -2, 3, -4),
                (ROW, Tensor((None, 4, 3)), Tensor((None, 5, 2)), Tensor((None, 5))),
            )
        ),
        *(
            Case(layer("Dot", axes=axes), pair)
            for axes, pair in product(
                (1, 2, -1, (1, 2), (2, 1), (2, 2), 0, 3, (1, 2, 1)),
                ((ROW, Tensor((None, 3, 5))), (ROW, ROW), (ROW, Tensor((None, 5)))),
            )
        ),
        Case(layer("Dot", axes=1), (Tensor((None, 5)), Tensor((None, 5)))),
        Case(layer("Dot", axes=1, normalize=True), (Tensor((None, 5)), Tensor((None, 5)))),
    ]


def normal() -> list[Case]:
    """Return norms over each axis, with every choice of weights."""
    axes = (..., 1, 2, -1, -2, 3, -4, (1, 2), (2, 1), (-1, 1), (1, 1))
    return [
        *(
            Case(layer(f"{name}Normalization", axis=axis), ROW)
            for name, axis in product(("Layer", "RMS", "Unit"), axes)
        ),
        *(
            Case(layer(f"{name}Normalization", axis=axis), ROW)
            for name, axis in product(("Batch",), (..., 1, 2, -2, 3))
        ),
        *(
            Case(layer(f"{name}Normalization", scale=scale, center=center), Tensor((None, 5, 4)))
            for name, scale, center in product(("Batch", "Layer"), (True, False), (True, False))
        ),
        *(
            Case(layer("GroupNormalization", groups=groups, axis=axis, scale=scale), ROW)
            for groups, axis, scale in product((-1, 1, 3, 5, 2, 6), (-1, 1), (True, False))
            if scale or groups == 1
        ),
        Case(layer("GroupNormalization", center=False, groups=1), ROW),
        *(
            Case(layer(name), Tensor((None, None)))
            for name in ("BatchNormalization", "LayerNormalization", "UnitNormalization")
        ),
        Case(layer("LayerNormalization", scale=False, center=False), Tensor((None, None))),
        Case(layer("BatchNormalization", renorm=True), ROW),
    ]


LAYER_CORNERS = {
    "tables": tables(),
    "equations": equations(),
    "attention": attention(),
    "merges": merged(),
    "norms": normal(),
}
