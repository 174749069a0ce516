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
    """

    architecture: str
    params: Mapping[str, object]
    application: str
    files: tuple[str, str]


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
    return PublishedWeights("mobilenet", {"alpha": alpha}, "MobileNet", files)


# Source: keras.applications, where each function names its files.
PUBLISHED: tuple[PublishedWeights, ...] = (
    *(_classic("resnet", f"ResNet{n}", depth=n, stem="imagenet") for n in (50, 101, 152)),
    *(_classic("vgg", f"VGG{n}", depth=n) for n in (16, 19)),
    *(
        _mobilenet(a, told)
        for a, told in ((1.0, "1_0"), (0.75, "7_5"), (0.5, "5_0"), (0.25, "2_5"))
    ),
)


def published_of(architecture: str) -> tuple[PublishedWeights, ...]:
    """Return all that Keras publishes of an architecture."""
    return tuple(one for one in PUBLISHED if one.architecture == architecture)
