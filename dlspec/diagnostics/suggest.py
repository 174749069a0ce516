"""The known word that a mistyped one was meant to be."""

from collections.abc import Iterable


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to `word`, or None when none is near.

    Case, `_` and `-` count for nothing; one slip in three letters is near, and a swap is one slip.
    """
    folded = _folded_word(word)
    most = (len(folded) + 1) // 3
    best, least = None, most + 1
    for candidate in known:
        other = _folded_word(candidate)
        if abs(len(other) - len(folded)) >= least:
            continue
        distance = _count_letter_slips(folded, other, most=least - 1)
        if distance < least:
            best, least = candidate, distance
    return best


def _folded_word(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def _count_letter_slips(a: str, b: str, *, most: int) -> int:
    """Return the letters to insert, drop, replace or swap; over `most` it may be any larger number.

    Source: optimal string alignment, en.wikipedia.org/wiki/Damerau-Levenshtein_distance.
    """
    if a == b:
        return 0
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, start=1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if last and j > 1 and x == b[j - 2] and y == a[i - 2]:
                steps = min(steps, last[j - 2] + 1)
            row.append(steps)
        if min(row) > most:
            break
    return max(row[-1], min(row))
