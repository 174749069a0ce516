"""Random layers of several inputs: attention and merges."""

from hypothesis import strategies as st
from shape_cases import Case, Draw, batch, extent, flags, layer, policy, small, steps

from dlspec.resolve.shapes import Tensor


@st.composite
def attention(draw: Draw) -> Case:
    name = draw(st.sampled_from(["Attention", "AdditiveAttention", "Multi", "Multi", "Grouped"]))
    width = st.sampled_from([4, 4, 4, 3, None])
    middle = draw(st.lists(st.integers(2, 3), max_size=1 if name == "Multi" else 0))
    first = draw(batch)
    length = draw(steps)

    def tensor(extent: int | None, features: int | None) -> Tensor:
        return Tensor((first, *middle, extent, features), "float32")

    query, value = tensor(draw(steps), draw(width)), tensor(length, draw(width))
    key = tensor(draw(st.sampled_from([length, length, 4])), draw(width))
    call = {"return_attention_scores": True} if draw(flags) else {}
    if name.endswith("Attention"):
        arguments = {"use_scale": draw(flags)}
        if name == "Attention":
            arguments["score_mode"] = draw(st.sampled_from([..., "dot", "concat"]))
        given = draw(st.sampled_from([(query, value), (query, value, key), (query,)]))
        return Case(layer(name, **arguments), given, call)
    arguments = {"use_bias": draw(flags), "use_gate": draw(st.sampled_from([..., ..., True]))}
    if name == "Multi":
        arguments |= {"num_heads": draw(small), "key_dim": draw(small)}
        arguments["value_dim"] = draw(st.sampled_from([..., 3]))
        arguments["output_shape"] = draw(st.sampled_from([..., ..., 3, (2, 3)]))
        arguments["attention_axes"] = draw(st.sampled_from([..., ..., (1,)]))
        one = layer("MultiHeadAttention", **arguments)
    else:
        arguments |= {"head_dim": draw(small), "num_query_heads": 4}
        arguments["num_key_value_heads"] = draw(st.sampled_from([1, 2, 4, 3]))
        one = layer("GroupedQueryAttention", **arguments)
    named = {"query": query, "value": value} | ({"key": key} if draw(flags) else {})
    return Case(one, named, call)


@st.composite
def merging(draw: Draw) -> Case:
    names = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"]
    name = draw(st.sampled_from(names))
    base = draw(st.lists(extent, min_size=1, max_size=3))
    first = draw(batch)

    def near() -> tuple:
        changed = [draw(st.sampled_from([n, n, n, n, 1, 3])) for n in base]
        cut = draw(st.sampled_from([0, 0, 0, 0, 1]))
        return (first, *changed[cut:])

    count = 2 if name == "Dot" else draw(st.sampled_from([1, 2, 2, 3]))
    dtype = draw(st.sampled_from(["float32", "float32", "float16", "int32"]))
    tensors = tuple(Tensor(near(), dtype) for _ in range(count))
    arguments: dict[str, object] = {}
    if name == "Concatenate":
        arguments["axis"] = draw(st.sampled_from([..., 1, 2, -2, 4] if count > 1 else [...]))
    if name == "Dot":
        axis = st.sampled_from([1, 1, 2, -1, 3])
        arguments["axes"] = draw(axis | st.tuples(axis, axis))
    return Case(layer(name, dtype=draw(policy), **arguments), tensors)
