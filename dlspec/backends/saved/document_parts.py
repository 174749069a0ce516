"""What a saved model's file holds, as plain data: every value knows its path in the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]


class MalformedError(Exception):
    """A file of a known form without a part that its form asks for."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Part:
    """A value of the file and where it stands; each accessor refuses what has another form."""

    value: Any
    path: Path = ()

    def __getitem__(self, key: str | int) -> "Part":
        """Return the part under a key or an index.

        Raises:
            MalformedError: If there is none.
        """
        found = self.get(key)
        if found is None:
            what = f"`{key}`" if isinstance(key, str) else f"item {key}"
            raise MalformedError(self.path, f"{what} is missing here")
        return found

    def get(self, key: str | int) -> "Part | None":
        """Return the part under a key or an index, or None when there is none."""
        if isinstance(key, str):
            if isinstance(self.value, Mapping) and key in self.value:
                return Part(self.value[key], (*self.path, key))
            return None
        if isinstance(self.value, list) and key < len(self.value):
            return Part(self.value[key], (*self.path, key))
        return None

    def items(self) -> Iterator["Part"]:
        """Yield the items of a list.

        Raises:
            MalformedError: If it is none.
        """
        if not isinstance(self.value, list):
            raise MalformedError(self.path, "a list belongs here")
        for index, item in enumerate(self.value):
            yield Part(item, (*self.path, index))

    def entries(self) -> Iterator[tuple[str, "Part"]]:
        """Yield the keys and parts of a mapping.

        Raises:
            MalformedError: If it is none.
        """
        for key, value in self.mapping.items():
            yield key, Part(value, (*self.path, key))

    @property
    def mapping(self) -> Mapping[str, Any]:
        """Return a mapping's value.

        Raises:
            MalformedError: If it is none.
        """
        if not isinstance(self.value, Mapping):
            raise MalformedError(self.path, "a mapping belongs here")
        return self.value

    @property
    def text(self) -> str:
        """Return a text's value.

        Raises:
            MalformedError: If it is none.
        """
        if not isinstance(self.value, str):
            raise MalformedError(self.path, "a text belongs here")
        return self.value

    @property
    def count(self) -> int:
        """Return a whole number that is at least 0.

        Raises:
            MalformedError: If it is none.
        """
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 0:
            raise MalformedError(self.path, "a whole number belongs here")
        return self.value
