"""The weights of packaged architectures that Keras publishes: those of its applications."""

from collections.abc import Mapping
from dataclasses import dataclass

# What stands under `weights` for them; they were trained on that data set.
IMAGENET = "imagenet"


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """A file of weights for an architecture that is an application of Keras.

    Attributes:
        architecture: Its name in the zoo.
        params: With which params it is that application.
        application: What `keras.applications` calls it.
        files: The names of its files in Keras's cache, that with the head first.
        alpha: The width multiplier as the application is given it, where it has one.
        grouped: Whether its files hold a window over each channel as a convolution in groups.
    """

    architecture: str
    params: Mapping[str, object]
    application: str
    files: tuple[str, str]
    alpha: float | None = None
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class PublishedStart:
    """An architecture as a spec takes it, with the weights that Keras publishes of it."""

    weights: PublishedWeights
    given: Mapping[str, object]


def _with_and_without_head(name: str, ending: str) -> tuple[str, str]:
    return f"{name}.h5", f"{name}{ending}.h5"


def _classic(architecture: str, application: str, **params: object) -> PublishedWeights:
    name = f"{application.lower()}_weights_tf_dim_ordering_tf_kernels"
    return PublishedWeights(
        architecture, params, application, _with_and_without_head(name, "_notop")
    )


def _mobilenet(alpha: float, told: str) -> PublishedWeights:
    files = _with_and_without_head(f"mobilenet_{told}_224_tf", "_no_top")
    return PublishedWeights("mobilenet", {"alpha": alpha}, "MobileNet", files, alpha)


def _mobilenet_v2(alpha: float) -> PublishedWeights:
    name = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_224"
    files = _with_and_without_head(name, "_no_top")
    return PublishedWeights("mobilenet_v2", {"alpha": alpha}, "MobileNetV2", files, alpha)


def _mobilenet_v3(size: str, alpha: float) -> PublishedWeights:
    name = f"weights_mobilenet_v3_{size}_224_{alpha}_float"
    files = _with_and_without_head(name, "_no_top_v2")
    params = {"size": size, "alpha": alpha}
    return PublishedWeights("mobilenet_v3", params, f"MobileNetV3{size.title()}", files, alpha)


def _efficientnet(variant: int) -> PublishedWeights:
    params = {"variant": variant, "rescale": True, "imagenet": True}
    files = _with_and_without_head(f"efficientnetb{variant}", "_notop")
    return PublishedWeights("efficientnet", params, f"EfficientNetB{variant}", files)


def _convnext(size: str, told: str) -> PublishedWeights:
    files = _with_and_without_head(f"convnext_{size}", "_notop")
    params = {"size": size, "patch": 4}
    return PublishedWeights("convnext", params, f"ConvNeXt{told}", files, grouped=True)


# Source: keras.applications, where each function names its files. Of the files of MobileNet and
# MobileNetV2, which Keras chooses by the size of the images, it is that of 224 pixels.
PUBLISHED: tuple[PublishedWeights, ...] = (
    *(_classic("resnet", f"ResNet{n}", depth=n, stem="imagenet") for n in (50, 101, 152)),
    *(_classic("vgg", f"VGG{n}", depth=n) for n in (16, 19)),
    *(
        _mobilenet(a, told)
        for a, told in ((1.0, "1_0"), (0.75, "7_5"), (0.5, "5_0"), (0.25, "2_5"))
    ),
    *(_mobilenet_v2(alpha) for alpha in (1.0, 1.4, 1.3, 0.75, 0.5, 0.35)),
    *(_mobilenet_v3(size, alpha) for size in ("large", "small") for alpha in (1.0, 0.75)),
    *(
        _classic("densenet", f"DenseNet{n}", depth=n, growth=32, stem="imagenet")
        for n in (121, 169, 201)
    ),
    _classic("xception", "Xception", width=728, middle=8),
    *(_efficientnet(variant) for variant in range(8)),
    *(_convnext(told.lower(), told) for told in ("Tiny", "Small", "Base", "Large", "XLarge")),
)


def published_of(architecture: str) -> tuple[PublishedWeights, ...]:
    """Return all that Keras publishes of an architecture."""
    return tuple(one for one in PUBLISHED if one.architecture == architecture)
