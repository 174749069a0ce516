"""What comes next is read while what is there is worked on."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")


def read_ahead(items: Iterator[_Item]) -> Generator[_Item, None, None]:
    """Yield the items in their order, each made by a thread while the one before is in use.

    There is never more than one that nobody has asked for yet. An error of the items comes out
    where its item would have come. Closing waits for the thread.
    """
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="reading-ahead") as thread:
        coming = thread.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = thread.submit(next, items, end)
            yield item  # type: ignore[misc]  # it is not `end`, and all others are items
