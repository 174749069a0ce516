"""What `dlspec new` knows: data sets with their readings, and what each architecture can take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Task = Literal["classes", "numbers", "itself"]
Reading = Literal["image", "vector", "sequence", "series", "tokens"]


@dataclass(frozen=True, slots=True)
class View:
    """One way to read a data set: the feature as a spec writes it, and the shape of an element."""

    feature: str
    shape: tuple[int, ...]
    about: str
    vocabulary: int = 0


@dataclass(frozen=True, slots=True)
class DataPreset:
    """A data set, how it is read, what is learned, and what a sound model reaches on it."""

    about: str
    source: str
    views: "Views"
    target: str
    answer: str
    units: int
    split: str
    gates: str
    epochs: int
    batch_size: int
    task: Task = "classes"


@dataclass(frozen=True, slots=True)
class Fit:
    """What an architecture takes: readings in order of preference, and its `with` for an element.

    `smallest` is the least height and width of its images; `rate` the learning rate to begin with.
    """

    about: str
    input: str
    readings: tuple[Reading, ...]
    tasks: tuple[Task, ...]
    knobs: Mapping[str, str]
    arguments: Callable[[View, DataPreset], Mapping[str, str]]
    smallest: int = 1
    rate: str = "1e-3"


Views = Mapping[Reading, View]

_STRATIFIED = "{validation: 0.15, test: 0.15, stratify: %s, seed: 7}"
_GIVEN = "{test: given, validation: 0.1, stratify: %s, seed: 7}"


def _pixel_views(column: str, height: int, *, channels: int, largest: int) -> Views:
    scale = f"scale: $1/{largest}"
    image = View(
        f"{{image: {column}, size: [{height}, {height}], channels: {channels}, {scale}}}",
        (height, height, channels),
        "",
    )
    if channels > 1:
        return {"image": image}
    rows = View(
        f"{{sequence: {column}, length: {height}, features: {height}, {scale}}}",
        (height, height),
        ", read row by row",
    )
    return {"image": image, "sequence": rows}


def _table_views(column: str, width: int) -> Views:
    feature = f"{{vector: {column}, length: {width}, standardize: true}}"
    return {"vector": View(feature, (width,), "")}


_MOONS: Views = {"vector": View("{vector: [x, y]}", (2,), "")}
_WAVE: Views = {"series": View("{series: value, length: 32, standardize: true}", (32, 1), "")}
_REVIEWS: Views = {
    "tokens": View("{tokens: x, length: 200, vocabulary: 88587}", (200,), "", vocabulary=88_587)
}

DATA: Mapping[str, DataPreset] = {
    "digits": DataPreset(
        "the 8x8 handwritten digits that ship with scikit-learn",
        "{sklearn: digits}",
        _pixel_views("images", 8, channels=1, largest=16),
        "digit", "{class: target, classes: 10}", 10,
        _STRATIFIED % "digit", '{accuracy: ">= 0.90"}', 40, 32,
    ),
    "mnist": DataPreset(
        "the 28x28 handwritten digits of MNIST",
        "{keras: mnist}",
        _pixel_views("x", 28, channels=1, largest=255),
        "digit", "{class: y, classes: 10}", 10,
        _GIVEN % "digit", '{accuracy: ">= 0.95"}', 10, 128,
    ),
    "fashion_mnist": DataPreset(
        "the 28x28 clothes of Fashion-MNIST",
        "{keras: fashion_mnist}",
        _pixel_views("x", 28, channels=1, largest=255),
        "garment", "{class: y, classes: 10}", 10,
        _GIVEN % "garment", '{accuracy: ">= 0.80"}', 15, 128,
    ),
    "cifar10": DataPreset(
        "the 32x32 colour photographs of CIFAR-10",
        "{keras: cifar10}",
        _pixel_views("x", 32, channels=3, largest=255),
        "label", "{class: y, classes: 10}", 10,
        _GIVEN % "label", '{accuracy: ">= 0.40"}', 30, 128,
    ),
    "iris": DataPreset(
        "three species of iris by the size of their leaves",
        "{sklearn: iris}",
        _table_views("data", 4),
        "species", "{class: target, classes: 3}", 3,
        _STRATIFIED % "species", '{accuracy: ">= 0.80"}', 200, 16,
    ),
    "wine": DataPreset(
        "three growers of wine by chemical analysis",
        "{sklearn: wine}",
        _table_views("data", 13),
        "grower", "{class: target, classes: 3}", 3,
        _STRATIFIED % "grower", '{accuracy: ">= 0.80"}', 100, 16,
    ),
    "breast_cancer": DataPreset(
        "benign and malignant tumours by the shape of cell nuclei",
        "{sklearn: breast_cancer}",
        _table_views("data", 30),
        "diagnosis", "{class: target, classes: 2}", 2,
        _STRATIFIED % "diagnosis", '{accuracy: ">= 0.85"}', 100, 32,
    ),
    "two_moons": DataPreset(
        "two half circles that interlock, generated",
        "{synthetic: two_moons, samples: 1000, noise: 0.1, seed: 7}",
        _MOONS,
        "half", "{class: moon, classes: 2}", 2,
        _STRATIFIED % "half", '{accuracy: ">= 0.95"}', 100, 32,
    ),
    "imdb": DataPreset(
        "reviews of films, as ids of words, good or bad",
        "{keras: imdb}",
        _REVIEWS,
        "opinion", "{class: y, classes: 2}", 2,
        _GIVEN % "opinion", '{accuracy: ">= 0.80"}', 5, 64,
    ),
    "diabetes": DataPreset(
        "the progression of diabetes within a year",
        "{sklearn: diabetes}",
        _table_views("data", 10),
        "progression", "{number: target, standardize: true}", 1,
        "{validation: 0.15, test: 0.15, seed: 7}", '{r2: ">= 0.2"}', 100, 32,
        task="numbers",
    ),
    "sine": DataPreset(
        "the next 8 values of a noisy sum of two sines, generated",
        "{synthetic: sine, samples: 1500, noise: 0.05, seed: 3}",
        _WAVE,
        "future", "{series: value, horizon: 8, standardize: true}", 8,
        "{time: time, validation: 0.15, test: 0.15}", '{r2: ">= 0.8"}', 20, 32,
        task="numbers",
    ),
}  # fmt: skip


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


def _recurrent_fit(word: str) -> Fit:
    return Fit(
        f"{word} layers", "x", ("sequence", "series"), ("classes", "numbers"),
        {"units": "64", "depth": "1", "dropout": "0.0"}, _recurrent_arguments, rate="3e-3",
    )  # fmt: skip


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
    "cnn_rnn": Fit(
        "Convolutional features, read by a GRU from left to right,", "image", ("image",),
        ("classes",), {"filters": "[16, 32]", "units": "48"}, _cnn_rnn_arguments, smallest=8,
        rate="2e-3",
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
    "mlp": Fit(
        "A multilayer perceptron", "x", ("vector", "image", "sequence", "series"),
        ("classes", "numbers"), {"hidden": "[64, 64]", "dropout": "0.1"}, _mlp_arguments,
    ),
    "mobilenet": Fit(
        "MobileNet", "image", ("image",), ("classes",), {"alpha": "0.5"}, _knob_arguments("alpha"),
        smallest=32,
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
    "simple_rnn": _recurrent_fit("Simple recurrent"),
    "stacked_lstm": Fit(
        "LSTM layers over each other", "x", ("sequence", "series"), ("classes", "numbers"),
        {"units": "[64, 32]", "dropout": "0.1"}, _stacked_lstm_arguments, rate="3e-3",
    ),
    "text_cnn": Fit(
        "TextCNN", "tokens", ("tokens",), ("classes",), {"dim": "128", "dropout": "0.5"},
        _text_model_arguments,
    ),
    "transformer_encoder": Fit(
        "A Transformer encoder", "tokens", ("tokens",), ("classes",),
        {"dim": "64", "dropout": "0.1"}, _text_model_arguments,
    ),
    "vgg": Fit(
        "VGG", "image", ("image",), ("classes",), {"depth": "11", "hidden": "512"}, _vgg_arguments,
        smallest=28, rate="3e-4",
    ),
}  # fmt: skip
# In the zoo and in no pair: no data set here has masks, films, lines of text, pairs of images that
# are alike or words beside each other; what `seq2seq` takes is in specs/reversal_seq2seq.yaml.
UNPAIRED = (
    "cbow", "conv_lstm", "crnn", "seq2seq", "siamese", "skip_gram", "unet", "video_cnn_rnn",
)  # fmt: skip


def view_of(architecture: str, data: str) -> View | None:
    """Return how an architecture reads a data set, or None where the two do not fit."""
    fit, preset = FITS.get(architecture), DATA[data]
    if fit is None or not _learns_task(fit, preset):
        return None
    reading = next((reading for reading in fit.readings if reading in preset.views), None)
    view = preset.views[reading] if reading else None
    if view is None or (reading == "image" and view.shape[0] < fit.smallest):
        return None
    return view


def _learns_task(fit: Fit, data: DataPreset) -> bool:
    return data.task in fit.tasks or ("itself" in fit.tasks and "image" in data.views)
