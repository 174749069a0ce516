"""Amounts of memory as a spec writes them: `2GB`, `512MB`, `1.5GiB`."""

import re

# Powers of 1000 and of 1024, as the International System and IEC 80000-13 name them.
UNITS = {
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "TiB": 1024**4,
}
SIZE_PATTERN = rf"^(\d+(?:\.\d+)?)({'|'.join(UNITS)})$"
_SIZE = re.compile(SIZE_PATTERN)
_NEARLY = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)


def bytes_of_size(text: str) -> int | None:
    """Return how many bytes an amount is, None for a text that is none."""
    found = _SIZE.fullmatch(text)
    return None if found is None else round(float(found[1]) * UNITS[found[2]])


def repaired_size(text: str) -> str | None:
    """Return the amount that a text nearly is, such as `2GB` for `2 gb`; None for any other."""
    found = _NEARLY.fullmatch(text)
    if found is None or found[2].lower() not in ("m", "g", "t"):
        return None
    return f"{found[1].replace(',', '.')}{found[2].upper()}{found[3].lower()}B"


def shown_size(size: int) -> str:
    """Return an amount as a spec writes it, in the largest decimal unit that it reaches."""
    name = next((n for n in ("TB", "GB") if size >= UNITS[n]), "MB")
    return f"{size / UNITS[name]:.12g}{name}"
