"""All families of layers that are compared with Keras."""

from feature_cases import augmentation, preprocessing, private
from hypothesis import strategies as st
from joining_cases import attention, merging
from shape_cases import (
    convolution,
    core,
    einsum,
    normalization,
    pooling,
    recurrent,
    recurrent_convolution,
    reshaping,
    wrappers,
)

FAMILIES: dict[str, st.SearchStrategy] = {
    "core": core(),
    "einsum": einsum(),
    "reshaping": reshaping(),
    "convolution": convolution(),
    "pooling": pooling(),
    "recurrent": recurrent(),
    "recurrent convolution": recurrent_convolution(),
    "wrappers": wrappers(),
    "normalization": normalization(),
    "attention": attention(),
    "merging": merging(),
    "preprocessing": preprocessing(),
    "augmentation": augmentation(),
    "private": private(),
}
