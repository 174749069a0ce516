"""The items of `ops.get_item`: numbers, slices and `...`, as a spec writes them."""

import re

ELLIPSIS = "..."


_SLICE = re.compile(r"(-?\d+)?:(-?\d+)?(?::(-?\d+)?)?")


Item = int | str | None


def is_index(value: object) -> bool:
    """Return whether a value is an index: an item, or a list of items with at most one `...`.

    An item is a whole number, a slice as text (`1:5:2`), `...`, or null for a new axis.
    """
    items = value if isinstance(value, tuple | list) else (value,)
    return list(items).count(ELLIPSIS) <= 1 and all(_is_item(item) for item in items)


def _is_item(item: object) -> bool:
    if isinstance(item, str):
        return item == ELLIPSIS or slice_of(item) is not None
    return item is None or (isinstance(item, int) and not isinstance(item, bool))


def slice_of(text: str) -> slice | None:
    """Return the slice that a text such as `1:5:2` means; None when it means none."""
    found = _SLICE.fullmatch(text)
    if found is None:
        return None
    start, stop, step = (int(part) if part else None for part in found.groups())
    return None if step == 0 else slice(start, stop, step)
