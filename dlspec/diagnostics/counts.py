"""Numbers with what they count, in the singular where there is one."""

# An `epoch` ends in a k, not in the sound of a `batch`.
_IRREGULAR = {"axis": "axes", "epoch": "epochs", "index": "indices", "series": "series"}
# As `be` goes, and what ends in -s without more.
_VERBS = {"are": "is", "were": "was", "have": "has", "do": "does", "go": "goes", "reach": "reaches"}


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 row`, `1,200 rows`.

    Args:
        noun: In the singular, with what stands before it: `test row`.
    """
    return f"{count:,} {noun if count == 1 else _plural(noun)}"


def agreed(count: int, verb: str) -> str:
    """Return a verb as it follows a count.

    Args:
        verb: As it follows several: `are`, `hold`.
    """
    return _VERBS.get(verb, f"{verb}s") if count == 1 else verb


def _plural(noun: str) -> str:
    before, space, last = noun.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith("y") and last[-2] not in "aeiou":
        last = f"{last[:-1]}ies"
    elif last.endswith(("s", "x", "ch", "sh")):
        last = f"{last}es"
    else:
        last = f"{last}s"
    return before + space + last
