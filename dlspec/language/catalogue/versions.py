"""Which Keras is installed, and which of two releases is the older one."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_SAID = re.compile(r'^__version__ = "([^"]+)"', re.MULTILINE)
_RELEASE = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")


@cache
def installed_keras() -> str | None:
    """Return the version of the Keras that an import would take, without importing it.

    Returns:
        None where there is no Keras, or one older than the file that says its version (3.0).
    """
    found = find_spec("keras")
    if found is None or found.origin is None:
        return None
    # Of an installed package the metadata say it too, but reading those takes 20 ms.
    file = Path(found.origin).parent / "src" / "version.py"
    said = _SAID.search(file.read_text("utf-8")) if file.is_file() else None
    return said[1] if said else None


def is_older(version: str, than: str) -> bool:
    """Return whether a release came before another; `3.9` is `3.9.0`, and so is `3.9.0rc1`."""
    return _release_numbers(version) < _release_numbers(than)


def _release_numbers(version: str) -> tuple[int, ...]:
    found = _RELEASE.match(version)
    assert found is not None, f"`{version}` is no version"
    return tuple(int(part or 0) for part in found.groups())
