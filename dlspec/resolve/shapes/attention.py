"""Attention layers."""

from collections.abc import Mapping
from math import prod

from dlspec.diagnostics.codes import Code
from dlspec.language.tensors import Dim, Shape, Tensor
from dlspec.resolve.shapes.call import (
    Call,
    asked_scores,
    flag_argument,
    integer_argument,
    integer_tuple,
    known_shape,
    optional_integer_argument,
    require_known_extent,
    several_inputs,
)
from dlspec.resolve.shapes.cost import product_if_known, sample_elements, sum_if_known
from dlspec.resolve.shapes.divisors import divisor_help, is_divisor
from dlspec.resolve.shapes.tensor import Inferred, ShapeError, Weight

# Batch, steps, features.
_LEAST_RANK = 3


def infer_dot_attention(call: Call) -> Inferred:
    """Infer Attention and AdditiveAttention over `[query, value]` or `[query, value, key]`.

    Shapes:
        query: (batch, ..., queries, features)
        value: (batch, ..., steps, width)
        key: (batch, ..., steps, features)
        returns: (batch, ..., queries, width); with scores also (batch, ..., queries, steps)
    """
    query, value, key = _listed_query_value_key(call)
    _require_same(query[-1], key[-1], what="features", pair="a query", other="keys")
    _require_same(key[-2], value[-2], what="steps", pair="a key", other="values")
    out, scores = (*query[:-1], value[-1]), (*query[:-1], key[-2])
    additive = call.layer.class_name == "AdditiveAttention"
    pairs = product_if_known(*scores[1:])
    dot = not additive and call.layer["score_mode"] == "dot"
    macs = sum_if_known(
        product_if_known(pairs, query[-1]) if dot else 0, product_if_known(pairs, value[-1])
    )
    extra = sum_if_known(pairs, 0 if dot else product_if_known(3, pairs, query[-1]))
    return _attention_result(
        call, out, scores, _score_weights(call, query[-1]), macs=macs, extra=extra
    )


def _listed_query_value_key(call: Call) -> tuple[Shape, Shape, Shape]:
    shapes = [known_shape(tensor) for tensor in several_inputs(call, 2, 3)]
    for shape in shapes:
        if len(shape) < _LEAST_RANK or len(shape) != len(shapes[0]):
            raise ShapeError(
                Code.RANK,
                f"`{call.layer.class_name}` takes (batch, steps, features) of each, not {shape}",
                help="give query, value and key three axes each, as `Reshape` can",
            )
    return shapes[0], shapes[1], shapes[2] if len(shapes) > 2 else shapes[1]


def _score_weights(call: Call, features: Dim) -> tuple[Weight, ...]:
    if call.layer.class_name == "AdditiveAttention":
        if not flag_argument(call, "use_scale"):
            return ()
        width = require_known_extent(call, features, what="the number of features")
        return (Weight("scale", (width,)),)
    scale = (Weight("scale", ()),) if flag_argument(call, "use_scale") else ()
    concat = call.layer["score_mode"] == "concat"
    return (*scale, *((Weight("concat_score_weight", ()),) if concat else ()))


def _require_same(a: Dim, b: Dim, *, what: str, pair: str, other: str) -> None:
    if a is not None and b is not None and a != b:
        raise ShapeError(
            Code.MERGE,
            f"{pair} of {a} {what} does not fit {other} of {b}",
            help=f"give them the same number of {what}, for example with `Dense`"
            if what == "features"
            else f"give them the same number of {what}",
        )


def infer_multi_head_attention(call: Call) -> Inferred:
    """Infer MultiHeadAttention over `query`, `value` and, if it is another, `key`.

    Shapes:
        query: (batch, ..., queries, features)
        value: (batch, ..., steps, features')
        key: (batch, ..., steps, features'')
        returns: (batch, ..., queries, features), or the axes of `output_shape` instead of the last;
            with scores also (batch, ..., num_heads, queries, steps)
    """
    query, value, key = _named_query_value_key(call)
    heads, key_dim = integer_argument(call, "num_heads"), integer_argument(call, "key_dim")
    value_dim = optional_integer_argument(call, "value_dim") or key_dim
    last = _output_axes(call, query)
    parts = {
        "query": (query, (heads, key_dim)),
        "key": (key, (heads, key_dim)),
        **({"gate": (query, (heads, value_dim))} if flag_argument(call, "use_gate") else {}),
        "value": (value, (heads, value_dim)),
    }
    weights, macs = _query_key_value_projections(call, parts)
    weights += [Weight("kernel", (heads, value_dim, *last)), *_projection_bias(call, last)]
    axes = _attention_axes(call, query)
    scores = _score_shape(query, value, heads, axes)
    out = (*query[:-1], *last)
    attending = product_if_known(*scores[1:], key_dim + value_dim)
    into_out = product_if_known(*query[1:-1], heads * value_dim, prod(last))
    macs = sum_if_known(macs, attending, into_out)
    return _attention_result(
        call, out, scores, tuple(weights), macs=macs, extra=sample_elements(scores)
    )


def infer_grouped_query_attention(call: Call) -> Inferred:
    """Infer GroupedQueryAttention, in which several query heads share a key-value head.

    Shapes:
        query: (batch, queries, features)
        value: (batch, steps, features)
        key: (batch, steps, features')
        returns: (batch, queries, features); with scores also (batch, heads, queries, steps)
    """
    query, value, key = _named_query_value_key(call)
    if len(query) != _LEAST_RANK:
        raise ShapeError(
            Code.RANK,
            f"`GroupedQueryAttention` takes (batch, steps, features), not {query}",
            help="use `MultiHeadAttention`, which takes more axes",
        )
    if query[-1] != value[-1]:
        _raise_features(query, value)
    heads, shared = (
        integer_argument(call, "num_query_heads"),
        integer_argument(call, "num_key_value_heads"),
    )
    width = integer_argument(call, "head_dim")
    if not is_divisor(shared, heads):
        raise ShapeError(
            Code.CHANNELS,
            f"{shared} key-value heads do not divide {heads} query heads",
            field="num_key_value_heads",
            help=divisor_help("num_key_value_heads", shared, heads),
        )
    parts = {
        "query": (query, (heads, width)),
        "key": (key, (shared, width)),
        **({"gate": (query, (heads, width))} if flag_argument(call, "use_gate") else {}),
        "value": (value, (shared, width)),
    }
    weights, macs = _query_key_value_projections(call, parts)
    features = require_known_extent(call, query[-1], what="the number of features")
    weights += [Weight("kernel", (heads, width, features)), *_projection_bias(call, (features,))]
    scores = (query[0], heads, query[1], value[1])
    macs = sum_if_known(
        macs,
        product_if_known(*scores[1:], 2 * width),
        product_if_known(query[1], heads * width, features),
    )
    return _attention_result(
        call, query, scores, tuple(weights), macs=macs, extra=sample_elements(scores)
    )


def _raise_features(query: Shape, value: Shape) -> None:
    raise ShapeError(
        Code.MERGE,
        f"a query of {query[-1]} features does not fit values of {value[-1]}",
        help="give query and value the same number of features, for example with `Dense`",
    )


def _named_query_value_key(call: Call) -> tuple[Shape, Shape, Shape]:
    given = call.inputs
    if not isinstance(given, Mapping) or "query" not in given or "value" not in given:
        raise ShapeError(
            Code.LAYER_INPUTS,
            f"`{call.layer.class_name}` takes `query` and `value` by name",
            help="name them, as in `from: {query: a, value: b}`",
        )
    query, value = known_shape(given["query"]), known_shape(given["value"])
    key = known_shape(given["key"]) if "key" in given else value
    _require_ranks(call, query, value, key)
    if value[1:-1] != key[1:-1]:
        raise ShapeError(
            Code.MERGE,
            f"keys of shape {key} do not fit values of shape {value}",
            help="give keys and values the same steps",
        )
    return query, value, key


def _require_ranks(call: Call, query: Shape, value: Shape, key: Shape) -> None:
    for shape in (query, value, key):
        if len(shape) < _LEAST_RANK or len(shape) != len(query):
            raise ShapeError(
                Code.RANK,
                f"`{call.layer.class_name}` takes (batch, steps, features) of each, not {shape}",
                help="give query, value and key the same number of axes, at least three",
            )


Parts = Mapping[str, tuple[Shape, tuple[int, ...]]]


def _query_key_value_projections(call: Call, parts: Parts) -> tuple[list[Weight], int | None]:
    """Return the weights and MACs of the products that make query, key and value."""
    weights: list[Weight] = []
    macs: int | None = 0
    for name, (shape, last) in parts.items():
        features = require_known_extent(call, shape[-1], what=f"the features of `{name}`")
        weights += [Weight("kernel", (features, *last)), *_projection_bias(call, last)]
        macs = sum_if_known(macs, product_if_known(*shape[1:], prod(last)))
    return weights, macs


def _projection_bias(call: Call, shape: tuple[int, ...]) -> tuple[Weight, ...]:
    return (Weight("bias", shape),) if flag_argument(call, "use_bias") else ()


def _output_axes(call: Call, query: Shape) -> tuple[int, ...]:
    given = call.layer["output_shape"]
    if given is None or given == ():
        return (require_known_extent(call, query[-1], what="the features of `query`"),)
    return integer_tuple(given)


def _attention_axes(call: Call, query: Shape) -> tuple[int, ...]:
    """Return the axes that attend, counted from the front; all but batch and features if unsaid."""
    given = call.layer["attention_axes"]
    if given is None or given == ():
        return tuple(range(1, len(query) - 1))
    axes = tuple(axis if axis >= 0 else len(query) + axis for axis in integer_tuple(given))
    if all(0 < axis < len(query) - 1 for axis in axes):
        return axes
    raise ShapeError(
        Code.AXIS,
        f"attention over {given} of {query} reaches its batch or features",
        field="attention_axes",
        help=f"use axes from 1 to {len(query) - 2}",
    )


def _score_shape(query: Shape, value: Shape, heads: int, axes: tuple[int, ...]) -> Shape:
    kept = tuple(query[axis] for axis in range(len(query) - 1) if axis not in axes)
    return (*kept, heads, *(query[axis] for axis in axes), *(value[axis] for axis in axes))


def _attention_result(
    call: Call,
    out: Shape,
    scores: Shape,
    weights: tuple[Weight, ...],
    *,
    macs: int | None,
    extra: int | None,
) -> Inferred:
    outputs = [("out", Tensor(out, call.dtype))]
    if asked_scores(call):
        outputs.append(("scores", Tensor(scores, call.dtype)))
    return Inferred(tuple(outputs), weights, macs, sum_if_known(product_if_known(2, macs), extra))
