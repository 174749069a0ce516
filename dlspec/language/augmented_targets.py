"""What targets become where samples are mixed, or the pixels of their pictures are moved."""

from dlspec.language.features import BoxesFeature, Feature, ImageFeature, MaskFeature
from dlspec.language.tensors import Shape

# Height and width.
_PLANE = 2


def can_be_mixed(feature: Feature, *, by_places: bool) -> bool:
    """Tell whether a share of one target and the rest of another is a target again.

    Args:
        by_places: Whether a piece of a picture is put into another: a target that has places
            itself would want the same piece, where numbers and vectors are mixed by its area.
    """
    element = feature.element
    if isinstance(feature, BoxesFeature) or "float" not in str(element.dtype):
        return False
    return not by_places or len(element.shape or ()) < _PLANE


def lies_over_pictures(feature: Feature, picture: Shape) -> bool:
    """Tell whether the values of a target have their places in pictures of this shape."""
    if isinstance(feature, BoxesFeature | MaskFeature | ImageFeature):
        return True
    return (feature.element.shape or ())[:_PLANE] == picture[:_PLANE]


def is_moved_along(feature: Feature, picture: Shape) -> bool:
    """Tell whether a target is moved with the pictures: it is a mask of their height and width."""
    return isinstance(feature, MaskFeature) and feature.element.shape == picture[:_PLANE]
