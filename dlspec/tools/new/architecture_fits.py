"""What each packaged architecture can take: which readings, for what, with which arguments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dlspec.tools.new.data_presets import DATA, DataPreset, Reading, Task, View

_ADAM = "{Adam: {learning_rate: 3e-4, beta_1: 0.5}}"
_ADVERSARIAL = f"""\
  turns:
    - {{train: discriminator, terms: {{told_apart: 1.0}}, optimizer: {_ADAM}}}
    - {{train: generator, terms: {{seen_through: 1.0}}, optimizer: {_ADAM}}}"""
_CONTRASTIVE = """\
  optimizer: {Adam: {learning_rate: 1e-3}}
  terms: {contrast: 1.0}"""


@dataclass(frozen=True, slots=True)
class Objective:
    """How an architecture without a target is trained: lines of `training`, outputs, gates.

    `watched` is the figure that ends a training early, None where none does.
    """

    training: str
    outputs: str
    gates: str
    watched: str | None


@dataclass(frozen=True, slots=True)
class Fit:
    """What an architecture takes: readings in order of preference, and its `with` for an element.

    `smallest` is the least height and width of its images; `rate` the learning rate to begin with;
    `terms` what is minimised beside the loss, `objective` what is in its place.
    """

    about: str
    input: str
    readings: tuple[Reading, ...]
    tasks: tuple[Task, ...]
    knobs: Mapping[str, str]
    arguments: Callable[[View, DataPreset], Mapping[str, str]]
    smallest: int = 1
    rate: str = "1e-3"
    terms: str = ""
    objective: Objective | None = None


def _shape_argument(view: View) -> str:
    return f"[{', '.join(map(str, view.shape))}]"


def _head_arguments(data: DataPreset) -> Mapping[str, str]:
    return {"classes": str(data.units), **({"head": "linear"} if data.task == "numbers" else {})}


def _lenet5_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    # From 12 pixels on, two convolutions and two poolings leave something of the image.
    small = {"padding": "same"} if view.shape[0] < 12 else {}
    return {
        "shape": _shape_argument(view),
        **_head_arguments(data),
        "activation": "$activation",
        **small,
    }


def _mlp_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    return {
        "shape": _shape_argument(view),
        **_head_arguments(data),
        "hidden": "$hidden",
        "dropout": "$dropout",
    }


def _small_images_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    return {
        "shape": _shape_argument(view),
        **_head_arguments(data),
        "stem": "cifar",
        "hidden": "$hidden",
    }


def _vgg_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    # Five poolings leave nothing of fewer than 32 pixels.
    small = {"padding": "same"} if view.shape[0] < 32 else {}
    sizes = {"depth": "$depth", "hidden": "$hidden"}
    return {"shape": _shape_argument(view), **_head_arguments(data), **sizes, **small}


def _knob_arguments(*names: str) -> Callable[[View, DataPreset], Mapping[str, str]]:
    """Return the arguments of an architecture that takes a shape, classes and some knobs."""

    def arguments(view: View, data: DataPreset) -> Mapping[str, str]:
        return {
            "shape": _shape_argument(view),
            **_head_arguments(data),
            **{name: f"${name}" for name in names},
        }

    return arguments


def _inception_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    return {**_knob_arguments("dropout")(view, data), "batch_norm": "true"}


def _stacked_lstm_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    knobs = {"units": "$units", "dropout": "$dropout"}
    return {"shape": _shape_argument(view), "head": "softmax", **_head_arguments(data), **knobs}


def _resnet_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    return {
        "shape": _shape_argument(view),
        **_head_arguments(data),
        "depth": "$depth",
        "stem": "cifar",
    }


def _cnn_rnn_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    return {
        "shape": _shape_argument(view),
        **_head_arguments(data),
        "filters": "$filters",
        "units": "$units",
    }


def _recurrent_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    knobs = {"units": "$units", "depth": "$depth", "dropout": "$dropout"}
    return {"shape": _shape_argument(view), **_head_arguments(data), **knobs}


def _text_model_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    size = {"vocabulary": str(view.vocabulary), "length": str(view.shape[0])}
    return {**size, **_head_arguments(data), "dim": "$dim", "dropout": "$dropout"}


def _autoencoder_arguments(view: View, data: DataPreset) -> Mapping[str, str]:  # noqa: ARG001 - as its like
    return {"shape": _shape_argument(view), "code": "$code"}


def _unscaled_arguments(*names: str) -> Callable[[View, DataPreset], Mapping[str, str]]:
    """Return the arguments of an architecture that would scale pixels, which the feature does."""

    def arguments(view: View, data: DataPreset) -> Mapping[str, str]:
        return {**_knob_arguments(*names)(view, data), "rescale": "false"}

    return arguments


def _patch_arguments(*names: str) -> Callable[[View, DataPreset], Mapping[str, str]]:
    """Return the arguments of an architecture that cuts images into patches, here 4 x 4 of them."""

    def arguments(view: View, data: DataPreset) -> Mapping[str, str]:
        return {**_knob_arguments(*names)(view, data), "patch": str(view.shape[0] // 4)}

    return arguments


def _densenet_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    return {**_knob_arguments("growth", "repeats")(view, data), "stem": "cifar"}


def _convnext_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    small = {"patch": "1", "rescale": "false"}
    return {**_knob_arguments("widths", "repeats")(view, data), **small}


def _nbeats_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    knobs = {"units": "$units", "depth": "$depth"}
    return {"shape": _shape_argument(view), "horizon": str(data.units), **knobs}


def _shape_arguments(*names: str, **fixed: str) -> Callable[[View, DataPreset], Mapping[str, str]]:
    """Return the arguments of an architecture that takes a shape and knobs, and no classes."""

    def arguments(view: View, data: DataPreset) -> Mapping[str, str]:  # noqa: ARG001 - as its like
        return {"shape": _shape_argument(view), **{name: f"${name}" for name in names}, **fixed}

    return arguments


def _pixel_class_arguments(*names: str) -> Callable[[View, DataPreset], Mapping[str, str]]:
    """Return the arguments of an architecture that gives each pixel one of the mask's classes."""

    def arguments(view: View, data: DataPreset) -> Mapping[str, str]:  # noqa: ARG001 - as its like
        knobs = {name: f"${name}" for name in names}
        return {"shape": _shape_argument(view), "classes": str(view.pixel_classes), **knobs}

    return arguments


def _dcgan_arguments(view: View, data: DataPreset) -> Mapping[str, str]:  # noqa: ARG001 - as its like
    # The generator begins with 4x4 pixels and doubles them.
    sizes = {"depth": "3", "filters": "$filters", "code": "$code"}
    return {"shape": _shape_argument(view), **sizes, "head": "sigmoid"}


def _two_tower_arguments(view: View, data: DataPreset) -> Mapping[str, str]:  # noqa: ARG001 - as its like
    vocabulary, length = str(view.vocabulary), str(view.shape[0])
    sizes = {"vocabulary": vocabulary, "length": length}
    others = {"candidates": vocabulary, "candidate_length": length}
    return {**sizes, **others, "dim": "$dim", "units": "$units"}


def _letter_arguments(size: str, *names: str) -> Callable[[View, DataPreset], Mapping[str, str]]:
    """Return the arguments of an architecture that reads ids, `size` of them."""

    def arguments(view: View, data: DataPreset) -> Mapping[str, str]:  # noqa: ARG001 - as its like
        knobs = {name: f"${name}" for name in names}
        return {size: str(view.vocabulary), "length": str(view.shape[0]), **knobs}

    return arguments


def _speech_arguments(length: int, *names: str) -> Callable[[View, DataPreset], Mapping[str, str]]:
    """Return the arguments of an architecture between a mel spectrogram and letters."""

    def arguments(view: View, data: DataPreset) -> Mapping[str, str]:  # noqa: ARG001 - as its like
        sizes = {"vocabulary": str(view.vocabulary), "length": str(length)}
        return {"shape": _shape_argument(view), **sizes, **{name: f"${name}" for name in names}}

    return arguments


def _pixel_fit(word: str, knobs: Mapping[str, str]) -> Fit:
    return Fit(
        f"{word} that gives every pixel a class", "image", ("enlarged",), ("pixels",), knobs,
        _pixel_class_arguments(*knobs),
    )  # fmt: skip


def _recurrent_fit(word: str) -> Fit:
    return Fit(
        f"{word} layers", "x", ("sequence", "series"), ("classes", "numbers"),
        {"units": "64", "depth": "1", "dropout": "0.0"}, _recurrent_arguments, rate="3e-3",
    )  # fmt: skip


def _crnn_arguments(view: View, data: DataPreset) -> Mapping[str, str]:
    shape = {"shape": _shape_argument(view), "characters": str(data.units)}
    return {**shape, "filters": "$filters", "units": "$units"}


FITS: Mapping[str, Fit] = {
    "alexnet": Fit(
        "AlexNet", "image", ("image",), ("classes",), {"hidden": "512"}, _small_images_arguments,
        smallest=28, rate="3e-4",
    ),
    "autoencoder": Fit(
        "An autoencoder", "image", ("image",), ("itself",), {"code": "32"}, _autoencoder_arguments,
    ),
    "bilstm": _recurrent_fit("Bidirectional LSTM"),
    "bilstm_attention": Fit(
        "A bidirectional LSTM with attention", "tokens", ("tokens",), ("classes",),
        {"dim": "100", "dropout": "0.3"}, _text_model_arguments,
    ),
    "char_lm": Fit(
        "A language model of characters", "previous", ("letters",), ("letters",),
        {"units": "64", "depth": "1"}, _letter_arguments("vocabulary", "units", "depth"),
    ),
    "cnn_rnn": Fit(
        "Convolutional features, read by a GRU from left to right,", "image", ("image",),
        ("classes",), {"filters": "[16, 32]", "units": "48"}, _cnn_rnn_arguments, smallest=8,
        rate="2e-3",
    ),
    "crnn": Fit(
        "A CRNN that reads lines of text,", "image", ("image",), ("text",),
        {"filters": "16", "units": "64"}, _crnn_arguments, smallest=32,
    ),
    "convmixer": Fit(
        "A ConvMixer", "image", ("image",), ("classes",),
        {"dim": "64", "depth": "4", "window": "3", "patch": "2"},
        _knob_arguments("dim", "depth", "window", "patch"), smallest=8,
    ),
    "convnext": Fit(
        "A small ConvNeXt", "image", ("image",), ("classes",),
        {"widths": "[24, 48, 96, 192]", "repeats": "[1, 1, 2, 1]"}, _convnext_arguments, smallest=8,
    ),
    "dcgan": Fit(
        "A generator that draws, and a discriminator that tells it,", "picture", ("enlarged",),
        ("terms",), {"filters": "16", "code": "16"}, _dcgan_arguments,
        objective=Objective(_ADVERSARIAL, "[forged]", '{generator_loss: "<= 5"}', watched=None),
    ),
    "deeplab_v3_plus": _pixel_fit("A small DeepLabV3+", {"filters": "8", "width": "32"}),
    "densenet": Fit(
        "A small DenseNet", "image", ("image",), ("classes",),
        {"growth": "12", "repeats": "[4, 4, 4, 4]"}, _densenet_arguments, smallest=8,
    ),
    "efficientnet": Fit(
        "EfficientNet", "image", ("image",), ("classes",), {"variant": "0"},
        _unscaled_arguments("variant"), smallest=32,
    ),
    "fcn": _pixel_fit("A fully convolutional network", {"filters": "8", "hidden": "64"}),
    "fpn": _pixel_fit(
        "A small feature pyramid", {"filters": "8", "width": "32", "head_width": "16"}
    ),
    "gru": _recurrent_fit("GRU"),
    "inception": Fit(
        "GoogLeNet", "image", ("image",), ("classes",), {"dropout": "0.4"},
        _inception_arguments, smallest=28,
    ),
    "lenet5": Fit(
        "LeNet-5", "image", ("image",), ("classes",), {"activation": "tanh"},
        _lenet5_arguments, smallest=8,
    ),
    "lstm": _recurrent_fit("LSTM"),
    "lstm_autoencoder": Fit(
        "An LSTM autoencoder", "x", ("series",), ("itself",), {"units": "64", "code": "32"},
        _shape_arguments("units", "code"), rate="3e-3",
    ),
    "mlp": Fit(
        "A multilayer perceptron", "x", ("vector", "image", "sequence", "series"),
        ("classes", "numbers"), {"hidden": "[64, 64]", "dropout": "0.1"}, _mlp_arguments,
    ),
    "mlp_mixer": Fit(
        "A small MLP-Mixer", "image", ("image",), ("classes",), {"dim": "64", "depth": "4"},
        _patch_arguments("dim", "depth"), smallest=8,
    ),
    "mobilenet": Fit(
        "MobileNet", "image", ("image",), ("classes",), {"alpha": "0.5"}, _knob_arguments("alpha"),
        smallest=32,
    ),
    "mobilenet_v2": Fit(
        "MobileNetV2", "image", ("image",), ("classes",), {"alpha": "0.35"},
        _knob_arguments("alpha"), smallest=32,
    ),
    "mobilenet_v3": Fit(
        "MobileNetV3", "image", ("image",), ("classes",), {"size": "small", "alpha": "0.75"},
        _unscaled_arguments("size", "alpha"), smallest=32,
    ),
    "nbeats": Fit(
        "N-BEATS", "x", ("series",), ("numbers",), {"units": "128", "depth": "4"},
        _nbeats_arguments,
    ),
    "pointnet": Fit(
        "PointNet over the rows of pictures", "points", ("sequence",), ("classes",),
        {"features": "32", "dropout": "0.3"}, _knob_arguments("features", "dropout"),
    ),
    "resnet": Fit(
        "ResNet", "image", ("image",), ("classes",), {"depth": "18"}, _resnet_arguments,
        smallest=28,
    ),
    "resnet_cifar": Fit(
        "A small ResNet", "image", ("image",), ("classes",), {"depth": "20"},
        _knob_arguments("depth"),
        smallest=8,
    ),
    "segnet": _pixel_fit("A small SegNet", {"filters": "8"}),
    "simple_rnn": _recurrent_fit("Simple recurrent"),
    "speech_to_text": Fit(
        "A transformer", "sound", ("spoken",), ("spelling",),
        {"dim": "64", "hidden": "128", "encoders": "2", "decoders": "1"},
        _speech_arguments(7, "dim", "hidden", "encoders", "decoders"),
    ),
    "stacked_lstm": Fit(
        "LSTM layers over each other", "x", ("sequence", "series"), ("classes", "numbers"),
        {"units": "[64, 32]", "dropout": "0.1"}, _stacked_lstm_arguments, rate="3e-3",
    ),
    "tcn": Fit(
        "A temporal convolutional network", "x", ("sequence", "series"), ("classes", "numbers"),
        {"filters": "25", "levels": "3", "window": "3"},
        _knob_arguments("filters", "levels", "window"), rate="3e-3",
    ),
    "text_cnn": Fit(
        "TextCNN", "tokens", ("tokens",), ("classes",), {"dim": "128", "dropout": "0.5"},
        _text_model_arguments,
    ),
    "text_to_mel": Fit(
        "A network", "text", ("written",), ("mel",),
        {"dim": "64", "encoders": "2", "decoders": "1"},
        _speech_arguments(6, "dim", "encoders", "decoders"),
    ),
    "transformer_encoder": Fit(
        "A Transformer encoder", "tokens", ("tokens",), ("classes",),
        {"dim": "64", "dropout": "0.1"}, _text_model_arguments,
    ),
    "two_tower": Fit(
        "Two towers that find", "query", ("pair",), ("terms",), {"dim": "16", "units": "[64, 32]"},
        _two_tower_arguments,
        objective=Objective(
            _CONTRASTIVE, "[query_code, candidate_code]", '{contrast: "<= 1.0"}', watched="val_loss"
        ),
    ),
    "unet": _pixel_fit("A small U-Net", {"filters": "8"}),
    "unet_plus_plus": _pixel_fit("A small UNet++", {"filters": "8"}),
    "vae": Fit(
        "A variational autoencoder", "image", ("image",), ("itself",),
        {"code": "8", "hidden": "64"},
        _shape_arguments("code", "hidden"), terms="{kl: 1e-3}",
    ),
    "vgg": Fit(
        "VGG", "image", ("image",), ("classes",), {"depth": "11", "hidden": "512"}, _vgg_arguments,
        smallest=28, rate="3e-4",
    ),
    "vit": Fit(
        "A small vision transformer", "image", ("image",), ("classes",),
        {"dim": "64", "depth": "4", "heads": "4"}, _patch_arguments("dim", "depth", "heads"),
        smallest=8,
    ),
    "wavenet": Fit(
        "A small WaveNet", "previous", ("letters",), ("letters",),
        {"skip_channels": "64", "layers": "3", "stacks": "1"},
        _letter_arguments("levels", "skip_channels", "layers", "stacks"),
    ),
    "xception": Fit(
        "A small Xception", "image", ("image",), ("classes",), {"width": "182", "middle": "2"},
        _knob_arguments("width", "middle"), smallest=32,
    ),
}  # fmt: skip
# In the zoo and in no pair: no data set here has films, pairs of images that are alike
# or words beside each other; what `seq2seq` takes is in specs/reversal_seq2seq.yaml.
UNPAIRED = (
    "cbow", "conv_lstm", "seq2seq", "siamese", "skip_gram", "video_cnn_rnn",
)  # fmt: skip


def view_of(architecture: str, data: str) -> View | None:
    """Return how an architecture reads a data set, or None where the two do not fit."""
    fit, preset = FITS.get(architecture), DATA[data]
    if fit is None or not _learns_task(fit, preset):
        return None
    reading = next((reading for reading in fit.readings if reading in preset.views), None)
    view = preset.views[reading] if reading else None
    if reading == "image" and view is not None and view.shape[0] < fit.smallest:
        view = preset.views.get("enlarged")
    return view


def first_data_for(architecture: str) -> str | None:
    """Return the first data set that an architecture can take, or None where there is none."""
    return next((name for name in DATA if view_of(architecture, name)), None)


def _learns_task(fit: Fit, data: DataPreset) -> bool:
    return data.task in fit.tasks or any(
        task in fit.tasks
        for reading in fit.readings
        if reading in data.views
        for task in data.views[reading].answers
    )
