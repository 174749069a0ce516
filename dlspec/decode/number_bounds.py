"""Which bound a number or an amount of memory does not keep, and what it can have meant."""

from dlspec.diagnostics.findings import Help, Replacement
from dlspec.language import kinds
from dlspec.language.memory_sizes import bytes_of_size, repaired_size, shown_size
from dlspec.syntax.nodes import Node, Scalar
from dlspec.syntax.substitution import scalar_help, share_of_percent

# From here on a number above its bound is more likely one in percent than another slip.
_LEAST_PERCENT = 2


def broken_bound(kind: kinds.Number, value: float) -> str | None:
    """Return which bound of a kind a number does not keep; None where it keeps all."""
    for broken, bound in (
        (kind.minimum is not None and value < kind.minimum, f"at least {kind.minimum}"),
        (kind.maximum is not None and value > kind.maximum, f"at most {kind.maximum}"),
        (kind.above is not None and value <= kind.above, f"above {kind.above}"),
        (kind.below is not None and value >= kind.below, f"below {kind.below}"),
    ):
        if broken:
            return bound
    return None


def number_help(kind: kinds.Number, node: Node) -> Help | None:
    """Return what to write for a text that means a number of this kind; None where none is near."""
    text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
    share = share_of_percent(text)
    if share is not None and broken_bound(kind, float(share)) is not None:
        return None
    return scalar_help(node, wanted="number")


def share_help(kind: kinds.Number, value: float) -> Help | None:
    """Return the share that a number above 1 means in percent; None where no share is wanted."""
    share = value / 100
    if (
        value < _LEAST_PERCENT
        or 1 not in (kind.below, kind.maximum)
        or broken_bound(kind, share) is not None
    ):
        return None
    return Replacement(f"{share:.12g}", certain=False)


def broken_memory_bound(kind: kinds.MemorySize, size: int) -> str | None:
    """Return which bound an amount in bytes does not keep; None where it keeps both."""
    if size < kind.minimum:
        return f"at least {shown_size(kind.minimum)}"
    return f"at most {shown_size(kind.maximum)}" if size > kind.maximum else None


def memory_size_help(kind: kinds.MemorySize, text: str) -> Help:
    """Return what to write for a text that is no amount of memory."""
    near = repaired_size(text)
    size = None if near is None else bytes_of_size(near)
    if near is not None and size is not None and broken_memory_bound(kind, size) is None:
        return Replacement(near)
    return (
        "write a number and its unit, MB, GB, TB, MiB, GiB or TiB, from "
        f"`{shown_size(kind.minimum)}` to `{shown_size(kind.maximum)}`"
    )
