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
    "Activation": core.infer_activation,
    "ActivityRegularization": core.infer_unchanged,
    "AlphaDropout": core.infer_unchanged,
    "Dense": core.infer_dense,
    "Dropout": core.infer_unchanged,
    "ELU": core.infer_activation,
    "EinsumDense": einsum.infer_einsum_dense,
    "Embedding": core.infer_embedding,
    "GaussianDropout": core.infer_unchanged,
    "GaussianNoise": core.infer_unchanged,
    "Identity": core.infer_unchanged,
    "LeakyReLU": core.infer_activation,
    "Masking": core.infer_masking,
    "PReLU": core.infer_prelu,
    "ReLU": core.infer_activation,
    "ReversibleEmbedding": core.infer_reversible_embedding,
    "Softmax": core.infer_softmax,
    "SpatialDropout1D": core.infer_spatial_dropout,
    "SpatialDropout2D": core.infer_spatial_dropout,
    "SpatialDropout3D": core.infer_spatial_dropout,
    # reshaping
    "Cropping1D": reshaping.infer_cropping,
    "Cropping2D": reshaping.infer_cropping,
    "Cropping3D": reshaping.infer_cropping,
    "Flatten": reshaping.infer_flatten,
    "Permute": reshaping.infer_permute,
    "RepeatVector": reshaping.infer_repeat_vector,
    "Reshape": reshaping.infer_reshape,
    "UpSampling1D": reshaping.infer_up_sampling,
    "UpSampling2D": reshaping.infer_up_sampling,
    "UpSampling3D": reshaping.infer_up_sampling,
    "ZeroPadding1D": reshaping.infer_zero_padding,
    "ZeroPadding2D": reshaping.infer_zero_padding,
    "ZeroPadding3D": reshaping.infer_zero_padding,
    # convolution
    "Conv1D": convolution.infer_convolution,
    "Conv1DTranspose": convolution.infer_transposed_convolution,
    "Conv2D": convolution.infer_convolution,
    "Conv2DTranspose": convolution.infer_transposed_convolution,
    "Conv3D": convolution.infer_convolution,
    "Conv3DTranspose": convolution.infer_transposed_convolution,
    "DepthwiseConv1D": convolution.infer_depthwise_convolution,
    "DepthwiseConv2D": convolution.infer_depthwise_convolution,
    "SeparableConv1D": convolution.infer_separable_convolution,
    "SeparableConv2D": convolution.infer_separable_convolution,
    # pooling
    "AdaptiveAveragePooling1D": pooling.infer_adaptive_pooling,
    "AdaptiveAveragePooling2D": pooling.infer_adaptive_pooling,
    "AdaptiveAveragePooling3D": pooling.infer_adaptive_pooling,
    "AdaptiveMaxPooling1D": pooling.infer_adaptive_pooling,
    "AdaptiveMaxPooling2D": pooling.infer_adaptive_pooling,
    "AdaptiveMaxPooling3D": pooling.infer_adaptive_pooling,
    "AveragePooling1D": pooling.infer_pooling,
    "AveragePooling2D": pooling.infer_pooling,
    "AveragePooling3D": pooling.infer_pooling,
    "GlobalAveragePooling1D": pooling.infer_global_pooling,
    "GlobalAveragePooling2D": pooling.infer_global_pooling,
    "GlobalAveragePooling3D": pooling.infer_global_pooling,
    "GlobalMaxPooling1D": pooling.infer_global_pooling,
    "GlobalMaxPooling2D": pooling.infer_global_pooling,
    "GlobalMaxPooling3D": pooling.infer_global_pooling,
    "MaxPooling1D": pooling.infer_pooling,
    "MaxPooling2D": pooling.infer_pooling,
    "MaxPooling3D": pooling.infer_pooling,
    # recurrent
    "Bidirectional": wrappers.infer_bidirectional,
    "ConvLSTM1D": recurrent_convolution.infer_convolution_lstm,
    "ConvLSTM2D": recurrent_convolution.infer_convolution_lstm,
    "ConvLSTM3D": recurrent_convolution.infer_convolution_lstm,
    "GRU": recurrent.infer_recurrent,
    "GRUCell": recurrent.infer_lone_cell,
    "LSTM": recurrent.infer_recurrent,
    "LSTMCell": recurrent.infer_lone_cell,
    "RNN": recurrent.infer_recurrent,
    "SimpleRNN": recurrent.infer_recurrent,
    "SimpleRNNCell": recurrent.infer_lone_cell,
    "StackedRNNCells": recurrent.infer_lone_cell,
    "TimeDistributed": wrappers.infer_time_distributed,
    # normalization
    "BatchNormalization": normalization.infer_batch_normalization,
    "GroupNormalization": normalization.infer_group_normalization,
    "LayerNormalization": normalization.infer_layer_normalization,
    "RMSNormalization": normalization.infer_rms_normalization,
    "SpectralNormalization": wrappers.infer_spectral_normalization,
    "UnitNormalization": normalization.infer_unit_normalization,
    # attention
    "AdditiveAttention": attention.infer_dot_attention,
    "Attention": attention.infer_dot_attention,
    "GroupedQueryAttention": attention.infer_grouped_query_attention,
    "MultiHeadAttention": attention.infer_multi_head_attention,
    # merging
    "Add": merging.infer_elementwise_merge,
    "Average": merging.infer_elementwise_merge,
    "Concatenate": merging.infer_concatenate,
    "Dot": merging.infer_dot,
    "Maximum": merging.infer_elementwise_merge,
    "Minimum": merging.infer_elementwise_merge,
    "Multiply": merging.infer_elementwise_merge,
    "Subtract": merging.infer_elementwise_merge,
    # preprocessing
    "CategoryEncoding": preprocessing.infer_category_encoding,
    "Discretization": preprocessing.infer_discretization,
    "HashedCrossing": preprocessing.infer_hashed_crossing,
    "Hashing": preprocessing.infer_hashing,
    "IntegerLookup": preprocessing.infer_vocabulary_lookup,
    "MelSpectrogram": preprocessing.infer_mel_spectrogram,
    "Normalization": preprocessing.infer_normalization,
    "Rescaling": preprocessing.infer_rescaling,
    "STFTSpectrogram": preprocessing.infer_stft_spectrogram,
    "StringLookup": preprocessing.infer_vocabulary_lookup,
    "TextVectorization": preprocessing.infer_text_vectorization,
    # images
    "AugMix": images.infer_varied_images,
    "AutoContrast": images.infer_varied_images,
    "CenterCrop": images.infer_resized_images,
    "ContrastLimitedAdaptiveHistogramEqualization": images.infer_varied_images,
    "CutMix": images.infer_varied_images,
    "Equalization": images.infer_varied_images,
    "MixUp": images.infer_varied_images,
    "RandAugment": images.infer_varied_images,
    "RandomBrightness": images.infer_varied_images,
    "RandomColorDegeneration": images.infer_varied_images,
    "RandomColorJitter": images.infer_varied_images,
    "RandomContrast": images.infer_varied_images,
    "RandomCrop": images.infer_resized_images,
    "RandomElasticTransform": images.infer_varied_images,
    "RandomErasing": images.infer_varied_images,
    "RandomFlip": images.infer_varied_images,
    "RandomGaussianBlur": images.infer_varied_images,
    "RandomGrayscale": images.infer_varied_images,
    "RandomHue": images.infer_varied_images,
    "RandomInvert": images.infer_varied_images,
    "RandomPerspective": images.infer_varied_images,
    "RandomPosterization": images.infer_varied_images,
    "RandomRotation": images.infer_varied_images,
    "RandomSaturation": images.infer_varied_images,
    "RandomSharpness": images.infer_varied_images,
    "RandomShear": images.infer_varied_images,
    "RandomTranslation": images.infer_varied_images,
    "RandomZoom": images.infer_varied_images,
    "Resizing": images.infer_resized_images,
    "Solarization": images.infer_varied_images,
    # private layers of Keras's applications
    "CustomScaleLayer": images.infer_scaled_sum,
    "LayerScale": images.infer_layer_scale,
    "StochasticDepth": core.infer_unchanged,
}


def infer_layer(
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
    tensors = _input_tensors(inputs)
    if rule is None or own_dtype is None or any(tensor.shape is None for tensor in tensors):
        return None

    def nested(held: Object | ModelRef, given: Inputs) -> Inferred | None:
        if isinstance(held, Object):
            return infer_layer(held, given, models=models, dtype=dtype)
        return None if models is None else models(held, given)

    asked = Call(layer=layer, inputs=inputs, arguments=call or {}, dtype=own_dtype, nested=nested)
    if not layer.traits.takes_strings:
        refuse_strings(asked, tensors)
    found = rule(asked)
    # Beside a layer in the graph stands a key for this; a layer inside another takes it itself.
    return (
        _with_frozen_weights(found)
        if found and layer.arguments.get("trainable") is False
        else found
    )


def _with_frozen_weights(found: Inferred) -> Inferred:
    return replace(found, weights=tuple(replace(w, trainable=False) for w in found.weights))


def _input_tensors(inputs: Inputs) -> tuple[Tensor, ...]:
    if isinstance(inputs, Tensor):
        return (inputs,)
    return tuple(inputs) if isinstance(inputs, tuple) else tuple(inputs.values())
