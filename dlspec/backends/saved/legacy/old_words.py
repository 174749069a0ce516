"""What was called otherwise before Keras 3: classes, arguments, values.

Sources: `keras/legacy/interfaces.py` of Keras 2.3.1 (Keras 1 -> 2), the `get_config` methods of
Keras 0.3.3, 1.0.0, 1.2.2, 2.0.0, 2.3.1 and of tf_keras 2.21, and the documentation of Keras 3.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

# Old class -> class of Keras 3.
CLASSES: Mapping[str, str] = {
    # Keras 2.0 release notes: renamed layers.
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "Convolution2DTranspose": "Conv2DTranspose",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    # Dense applies to the last axis since Keras 2.
    "TimeDistributedDense": "Dense",
    # Keras 2 on CUDA; Keras 3 takes cuDNN by itself.
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
    # tf.keras 1.13 to 2.x: two generations of one class.
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "LSTMCellV2": "LSTMCell",
    "GRUCellV2": "GRUCell",
    "BidirectionalV2": "Bidirectional",
    "DepthwiseConv2DNative": "DepthwiseConv2D",
    # Keras 3: `ReLU(threshold=...)` says it.
    "ThresholdedReLU": "ReLU",
}

# Classes that are gone, and what to do.
GONE: Mapping[str, str] = {
    # Inside a wrapper; elsewhere they are laid open.
    "MaxoutDense": "a `Dense` of nb_feature times the units, `Reshape` and `ops.max` say it",
    "Highway": "two `Dense` layers, `Multiply` and `Add` say it",
    "LocallyConnected1D": "Keras 3 has no convolution with unshared weights",
    "LocallyConnected2D": "Keras 3 has no convolution with unshared weights",
    "ParametricSoftplus": "Keras 2 removed it; `Activation: softplus` is the nearest",
    "SReLU": "Keras 2 removed it; `PReLU` is the nearest",
    "AutoEncoder": "save its encoder and its decoder as models of their own",
    "Siamese": "save a functional model that calls one layer twice",
    "SiameseHead": "save a functional model that calls one layer twice",
    "LambdaMerge": "a merge by a Python function cannot be said",
    "DenseFeatures": "feature columns ended with TensorFlow 2; `data` prepares columns",
    "RandomFourierFeatures": "Keras 3 has none",
    "ConvRecurrent2D": "it is no layer of its own",
}

_KERNEL = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_CONVOLUTION = _KERNEL | {
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample_length": "strides",
    "subsample": "strides",
    "border_mode": "padding",
    "atrous_rate": "dilation_rate",
}
_RECURRENT = _KERNEL | {
    "output_dim": "units",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_POOLING = {
    "pool_length": "pool_size",
    "stride": "strides",
    "ws": "pool_size",
    "border_mode": "padding",
}
_DENSE = _KERNEL | {"output_dim": "units"}
_DROPOUT = {"p": "rate"}

# Class of Keras 3 -> old argument -> its argument.
ARGUMENTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Dense": _DENSE,
        "Conv1D": _CONVOLUTION,
        "Conv2D": _CONVOLUTION,
        "Conv3D": _CONVOLUTION,
        "Conv2DTranspose": _CONVOLUTION,
        "Conv3DTranspose": _CONVOLUTION,
        "SeparableConv1D": _CONVOLUTION,
        "SeparableConv2D": _CONVOLUTION,
        # Keras 2 kept the names of its base class in the config beside its own.
        "DepthwiseConv1D": {},
        "DepthwiseConv2D": {},
        "ConvLSTM2D": _CONVOLUTION | _RECURRENT | {"nb_filter": "filters"},
        "SimpleRNN": _RECURRENT,
        "LSTM": _RECURRENT,
        "GRU": _RECURRENT,
        "Embedding": {
            "init": "embeddings_initializer",
            "W_regularizer": "embeddings_regularizer",
            "W_constraint": "embeddings_constraint",
        },
        "Dropout": _DROPOUT,
        "SpatialDropout1D": _DROPOUT,
        "SpatialDropout2D": _DROPOUT,
        "SpatialDropout3D": _DROPOUT,
        "GaussianDropout": _DROPOUT,
        "GaussianNoise": {"sigma": "stddev"},
        "MaxPooling1D": _POOLING,
        "AveragePooling1D": _POOLING,
        "MaxPooling2D": _POOLING,
        "AveragePooling2D": _POOLING,
        "MaxPooling3D": _POOLING,
        "AveragePooling3D": _POOLING,
        "UpSampling1D": {"length": "size"},
        "BatchNormalization": {
            "gamma_init": "gamma_initializer",
            "beta_init": "beta_initializer",
        },
        "PReLU": {"init": "alpha_initializer"},
        # Keras 3 release notes: `alpha` of LeakyReLU is `negative_slope`.
        "LeakyReLU": {"alpha": "negative_slope"},
        "ReLU": {"theta": "threshold"},
        "RepeatVector": {},
        "Permute": {},
        "Reshape": {"dims": "target_shape"},
    }
)

# Arguments that say how something was computed, or what is said elsewhere: dropped without a word.
SILENT = frozenset(
    {
        "name", "trainable", "batch_input_shape", "input_shape", "input_dtype", "input_length",
        "cache_enabled", "custom_name", "implementation", "rng_type", "batch_size", "build_config",
        # Of MultiHeadAttention in tf.keras: the shapes it was built with.
        "query_shape", "key_shape", "value_shape",
        # Of lookup layers in tf.keras: a count of what `vocabulary` lists.
        "vocabulary_size", "has_input_vocabulary",
    }
)  # fmt: skip

# Arguments that no longer are, and why that loses nothing.
DROPPED: Mapping[str, str] = {
    "consume_less": "`consume_less` is left out: Keras 3 chooses the implementation",
}

# Arguments that are what Keras 3 does anyway at this value; another value cannot be said.
ONLY_AT: Mapping[str, tuple[Any, ...]] = {
    "mode": (0, None),
    "groups": (1, None),
    # Of Activation in Keras 0.1 and 0.2: what its activity regularizer took, which it is not.
    "target": (0,),
    "beta": (0.1,),
    "ragged": (False, None),
    "time_major": (False, None),
    "causal": (False, None),
    "renorm": (False, None),
    "virtual_batch_size": (None,),
    "adjustment": (None,),
    "num_constants": (0, None),
    "dropout": (0, 0.0, None),
    "experimental_autocast": (True, None),
    "autocast": (True, None),
    "arguments": ({}, None),
    "weights": (None,),
    "output_mask": (None,),
    "input_dim": (),
}

DATA_FORMATS: Mapping[Any, str | None] = {
    "th": "channels_first",
    "tf": "channels_last",
    "default": None,
}

# Keras 1 names of initial values -> names of Keras 3. Source: keras/initializers.py of Keras 2.3.1.
INITIALIZERS: Mapping[str, Any] = {
    "zero": "zeros",
    "one": "ones",
    "uniform": "random_uniform",
    "normal": "random_normal",
    "identity": "identity",
}

# How Keras 2 wrote its named initial values: (scale, mode, distribution).
# Source: keras/initializers.py of Keras 2.3.1, functions glorot_uniform to he_uniform.
VARIANCE_SCALING: Mapping[tuple[str, str, str], str] = {
    ("1.0", "fan_avg", "uniform"): "GlorotUniform",
    ("1.0", "fan_avg", "normal"): "GlorotNormal",
    ("1.0", "fan_avg", "truncated_normal"): "GlorotNormal",
    ("2.0", "fan_in", "uniform"): "HeUniform",
    ("2.0", "fan_in", "normal"): "HeNormal",
    ("2.0", "fan_in", "truncated_normal"): "HeNormal",
    ("1.0", "fan_in", "uniform"): "LecunUniform",
    ("1.0", "fan_in", "normal"): "LecunNormal",
    ("1.0", "fan_in", "truncated_normal"): "LecunNormal",
}

# Keras 1: modes of Merge. Source: keras/legacy/layers.py of Keras 2.3.1.
MERGES: Mapping[str, str] = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
    "cos": "Dot",
}

# Keras 1 names of constraints' arguments. Source: keras/constraints.py of Keras 1.2.2.
CONSTRAINTS: Mapping[str, Mapping[str, str]] = {
    "MaxNorm": {"m": "max_value"},
    "MinMaxNorm": {"low": "min_value", "high": "max_value"},
}
CONSTRAINT_CLASSES: Mapping[str, str] = {
    "maxnorm": "MaxNorm",
    "nonneg": "NonNeg",
    "unitnorm": "UnitNorm",
}
