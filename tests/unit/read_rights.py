"""Rights as an ordinary user has them, for tests that run as root."""

import ctypes
import os
import sys
from contextlib import contextmanager

import pytest

# From linux/capability.h: what lets root read and write files that their modes forbid.
_VERSION, _OVERRIDE, _READ_SEARCH = 0x20080522, 1 << 1, 1 << 2


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Rights(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))


@contextmanager
def ordinary_rights():
    """Take from this thread what lets root read files that nobody may; skip where none can."""
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root may read everything here")
    libc = ctypes.CDLL(None)
    header, rights = _Header(_VERSION, 0), (_Rights * 2)()
    assert libc.capget(ctypes.byref(header), rights) == 0
    had = rights[0].effective
    rights[0].effective = had & ~(_OVERRIDE | _READ_SEARCH)
    assert libc.capset(ctypes.byref(header), rights) == 0
    try:
        yield
    finally:
        rights[0].effective = had
        assert libc.capset(ctypes.byref(header), rights) == 0
