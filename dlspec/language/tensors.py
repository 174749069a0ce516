"""What is known of a tensor from the text: its shape and dtype."""

from dataclasses import dataclass

Dim = int | None


Shape = tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor's shape, batch axis first, and its dtype; None stands for "not known".

    An axis of None has any length. A shape of None has an unknown rank, such as the states of an
    RNN over a custom cell.
    """

    shape: Shape | None
    dtype: str | None = "float32"


def may_be_equal(a: Shape, b: Shape) -> bool:
    """Return whether two shapes can turn out equal: same rank, no two known extents differ."""
    pairs = zip(a, b, strict=False)
    return len(a) == len(b) and all(i == j or None in (i, j) for i, j in pairs)
