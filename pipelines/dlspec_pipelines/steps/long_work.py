"""How far work on data is that may take long, told to whoever listens, such as a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# What is done, how much of it, and of how much.
Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("_listener", default=None)


@contextmanager
def long_work_told_to(listener: Listener) -> Iterator[None]:
    """Let a listener hear how far work is that is done within the block."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def tell_long_work(what: str, done: int, total: int) -> None:
    """Tell that `done` of `total` is done, where anybody listens."""
    if (listener := _listener.get()) is not None:
        listener(what, done, total)
