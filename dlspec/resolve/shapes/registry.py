"""Which rule belongs to which layer, and the one function that applies it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from dlspec.language.catalogue import ModelRef, Object
from dlspec.language.tensors import Tensor
from dlspec.resolve.shapes import (
    attention,
    convolution,
    core,
    einsum,
    images,
    merging,
    normalization,
    pooling,
    preprocessing,
    recurrent,
    recurrent_convolution,
    reshaping,
    wrappers,
)
from dlspec.resolve.shapes.call import Call
from dlspec.resolve.shapes.result_dtypes import compute_dtype, refuse_strings
from dlspec.resolve.shapes.tensor import Inferred, Inputs, Models

Rule = Callable[[Call], Inferred | None]

RULES: Mapping[str, Rule] = {
    # core
    "Activation": core.activation,
    "ActivityRegularization": core.unchanged,
    "AlphaDropout": core.unchanged,
    "Dense": core.dense,
    "Dropout": core.unchanged,
    "ELU": core.activation,
    "EinsumDense": einsum.einsum_dense,
    "Embedding": core.embedding,
    "GaussianDropout": core.unchanged,
    "GaussianNoise": core.unchanged,
    "Identity": core.unchanged,
    "LeakyReLU": core.activation,
    "Masking": core.masking,
    "PReLU": core.prelu,
    "ReLU": core.activation,
    "ReversibleEmbedding": core.reversible_embedding,
    "Softmax": core.softmax,
    "SpatialDropout1D": core.spatial_dropout,
    "SpatialDropout2D": core.spatial_dropout,
    "SpatialDropout3D": core.spatial_dropout,
    # reshaping
    "Cropping1D": reshaping.cropping,
    "Cropping2D": reshaping.cropping,
    "Cropping3D": reshaping.cropping,
    "Flatten": reshaping.flatten,
    "Permute": reshaping.permute,
    "RepeatVector": reshaping.repeat_vector,
    "Reshape": reshaping.reshape,
    "UpSampling1D": reshaping.up_sampling,
    "UpSampling2D": reshaping.up_sampling,
    "UpSampling3D": reshaping.up_sampling,
    "ZeroPadding1D": reshaping.zero_padding,
    "ZeroPadding2D": reshaping.zero_padding,
    "ZeroPadding3D": reshaping.zero_padding,
    # convolution
    "Conv1D": convolution.convolution,
    "Conv1DTranspose": convolution.transposed,
    "Conv2D": convolution.convolution,
    "Conv2DTranspose": convolution.transposed,
    "Conv3D": convolution.convolution,
    "Conv3DTranspose": convolution.transposed,
    "DepthwiseConv1D": convolution.depthwise,
    "DepthwiseConv2D": convolution.depthwise,
    "SeparableConv1D": convolution.separable,
    "SeparableConv2D": convolution.separable,
    # pooling
    "AdaptiveAveragePooling1D": pooling.adaptive_pooling,
    "AdaptiveAveragePooling2D": pooling.adaptive_pooling,
    "AdaptiveAveragePooling3D": pooling.adaptive_pooling,
    "AdaptiveMaxPooling1D": pooling.adaptive_pooling,
    "AdaptiveMaxPooling2D": pooling.adaptive_pooling,
    "AdaptiveMaxPooling3D": pooling.adaptive_pooling,
    "AveragePooling1D": pooling.pooling,
    "AveragePooling2D": pooling.pooling,
    "AveragePooling3D": pooling.pooling,
    "GlobalAveragePooling1D": pooling.global_pooling,
    "GlobalAveragePooling2D": pooling.global_pooling,
    "GlobalAveragePooling3D": pooling.global_pooling,
    "GlobalMaxPooling1D": pooling.global_pooling,
    "GlobalMaxPooling2D": pooling.global_pooling,
    "GlobalMaxPooling3D": pooling.global_pooling,
    "MaxPooling1D": pooling.pooling,
    "MaxPooling2D": pooling.pooling,
    "MaxPooling3D": pooling.pooling,
    # recurrent
    "Bidirectional": wrappers.bidirectional,
    "ConvLSTM1D": recurrent_convolution.convolution_lstm,
    "ConvLSTM2D": recurrent_convolution.convolution_lstm,
    "ConvLSTM3D": recurrent_convolution.convolution_lstm,
    "GRU": recurrent.recurrent,
    "GRUCell": recurrent.lone_cell,
    "LSTM": recurrent.recurrent,
    "LSTMCell": recurrent.lone_cell,
    "RNN": recurrent.recurrent,
    "SimpleRNN": recurrent.recurrent,
    "SimpleRNNCell": recurrent.lone_cell,
    "StackedRNNCells": recurrent.lone_cell,
    "TimeDistributed": wrappers.time_distributed,
    # normalization
    "BatchNormalization": normalization.batch_normalization,
    "GroupNormalization": normalization.group_normalization,
    "LayerNormalization": normalization.layer_normalization,
    "RMSNormalization": normalization.rms_normalization,
    "SpectralNormalization": wrappers.spectral_normalization,
    "UnitNormalization": normalization.unit_normalization,
    # attention
    "AdditiveAttention": attention.dot_attention,
    "Attention": attention.dot_attention,
    "GroupedQueryAttention": attention.grouped_query_attention,
    "MultiHeadAttention": attention.multi_head_attention,
    # merging
    "Add": merging.elementwise,
    "Average": merging.elementwise,
    "Concatenate": merging.concatenate,
    "Dot": merging.dot,
    "Maximum": merging.elementwise,
    "Minimum": merging.elementwise,
    "Multiply": merging.elementwise,
    "Subtract": merging.elementwise,
    # preprocessing
    "CategoryEncoding": preprocessing.category_encoding,
    "Discretization": preprocessing.discretization,
    "HashedCrossing": preprocessing.hashed_crossing,
    "Hashing": preprocessing.hashing,
    "IntegerLookup": preprocessing.lookup,
    "MelSpectrogram": preprocessing.mel_spectrogram,
    "Normalization": preprocessing.normalization,
    "Rescaling": preprocessing.rescaling,
    "STFTSpectrogram": preprocessing.stft_spectrogram,
    "StringLookup": preprocessing.lookup,
    "TextVectorization": preprocessing.text_vectorization,
    # images
    "AugMix": images.varied,
    "AutoContrast": images.varied,
    "CenterCrop": images.sized,
    "ContrastLimitedAdaptiveHistogramEqualization": images.varied,
    "CutMix": images.varied,
    "Equalization": images.varied,
    "MixUp": images.varied,
    "RandAugment": images.varied,
    "RandomBrightness": images.varied,
    "RandomColorDegeneration": images.varied,
    "RandomColorJitter": images.varied,
    "RandomContrast": images.varied,
    "RandomCrop": images.sized,
    "RandomElasticTransform": images.varied,
    "RandomErasing": images.varied,
    "RandomFlip": images.varied,
    "RandomGaussianBlur": images.varied,
    "RandomGrayscale": images.varied,
    "RandomHue": images.varied,
    "RandomInvert": images.varied,
    "RandomPerspective": images.varied,
    "RandomPosterization": images.varied,
    "RandomRotation": images.varied,
    "RandomSaturation": images.varied,
    "RandomSharpness": images.varied,
    "RandomShear": images.varied,
    "RandomTranslation": images.varied,
    "RandomZoom": images.varied,
    "Resizing": images.sized,
    "Solarization": images.varied,
    # private layers of Keras's applications
    "CustomScaleLayer": images.scaled_sum,
    "LayerScale": images.layer_scale,
    "StochasticDepth": core.unchanged,
}

# Layers that take strings: lookups, and those that only move elements.
_TAKE_STRINGS = frozenset(
    {
        *("Concatenate", "Flatten", "HashedCrossing", "Hashing", "Identity", "IntegerLookup"),
        *("Permute", "RepeatVector", "Reshape", "StringLookup", "TextVectorization"),
    }
)


def infer(
    layer: Object,
    inputs: Inputs,
    *,
    call: Mapping[str, object] | None = None,
    models: Models | None = None,
    dtype: str = "float32",
) -> Inferred | None:
    """Return what `layer` makes of `inputs`, or None when that is known only to Keras.

    Args:
        layer: A layer of the catalogue with its arguments.
        inputs: One tensor, a tuple for layers of several, keyword tensors for attention.
        call: Further call arguments: `initial_state`, `mask`, `use_causal_mask`, `training`.
        models: What a model held by a wrapper makes of its inputs.
        dtype: The compute dtype of layers that name none.

    Raises:
        ShapeError: If Keras would refuse the inputs, or builds what cannot be meant.
    """
    rule = RULES.get(layer.class_name)
    own_dtype = compute_dtype(layer, dtype)
    tensors = _flat(inputs)
    if rule is None or own_dtype is None or any(tensor.shape is None for tensor in tensors):
        return None

    def nested(held: Object | ModelRef, given: Inputs) -> Inferred | None:
        if isinstance(held, Object):
            return infer(held, given, models=models, dtype=dtype)
        return None if models is None else models(held, given)

    asked = Call(layer=layer, inputs=inputs, arguments=call or {}, dtype=own_dtype, nested=nested)
    if layer.class_name not in _TAKE_STRINGS:
        refuse_strings(asked, tensors)
    found = rule(asked)
    # Beside a layer in the graph stands a key for this; a layer inside another takes it itself.
    return _frozen(found) if found and layer.arguments.get("trainable") is False else found


def _frozen(found: Inferred) -> Inferred:
    return replace(found, weights=tuple(replace(w, trainable=False) for w in found.weights))


def _flat(inputs: Inputs) -> tuple[Tensor, ...]:
    if isinstance(inputs, Tensor):
        return (inputs,)
    return tuple(inputs) if isinstance(inputs, tuple) else tuple(inputs.values())
