"""The known word that a mistyped one was meant to be."""

from collections.abc import Collection, Container, Iterable

from dlspec.diagnostics.findings import Help, Replacement
from dlspec.diagnostics.work import Work

# Longer than any class, argument or key; a comparison takes the product of two lengths.
_MOST_LETTERS = 80
# Passing over a word takes half a microsecond, a step; comparing two letters a quarter of it.
_COMPARISONS_IN_A_STEP = 4
# In shorter words one slip often makes another word: `mape` and `mae`, `add` and `and`.
_LEAST_LETTERS = 5
# `categorical` is three slips from `categories`, and was meant for `category`.
_MOST_SURE_SLIPS = 2


def replacement_word(
    word: str, known: Iterable[str], *, work: Work | None = None
) -> Replacement | None:
    """Return the known word to write for a mistyped one, or None when none is near.

    It is certain when no other known word is as near, the word is not short and the slips are few.
    """
    words = known if isinstance(known, set | frozenset) else list(known)
    near = suggest(word, words, work=work)
    if near is None:
        return None
    folded, meant = _folded_word(word), _folded_word(near)
    if folded == meant:
        return Replacement(near)
    slips, _ = _count_letter_slips(folded, meant, most=len(folded))
    others = {_folded_word(other) for other in words} - {meant}
    rivals = [o for o in others if abs(len(o) - len(folded)) <= slips]
    if work is not None:
        work.search(sum(len(folded) * len(o) // _COMPARISONS_IN_A_STEP for o in rivals))
    alone = all(_count_letter_slips(folded, o, most=slips)[0] > slips for o in rivals)
    sure = alone and len(folded) >= _LEAST_LETTERS and slips <= _MOST_SURE_SLIPS
    return Replacement(near, certain=sure)


def suggest(word: str, known: Iterable[str], *, work: Work | None = None) -> str | None:
    """Return the known word nearest to `word`, or None when none is near.

    Case, `_` and `-` count for nothing; one slip in three letters is near, and a swap is one slip.

    Args:
        work: Counts the search; when all searches together took too long, nothing is near.
    """
    if len(word) > _MOST_LETTERS or (work is not None and not work.search(0)):
        return None
    known = known if isinstance(known, set | frozenset) else list(known)
    if work is not None and not work.search(len(known)):
        return None
    known = _in_an_order(known)
    folded = _folded_word(word)
    most = (len(folded) + 1) // 3
    best, least = None, most + 1
    for candidate in known:
        # What the folding drops is little: a longer one is not near.
        if len(candidate) > 2 * _MOST_LETTERS:
            continue
        other = _folded_word(candidate)
        if abs(len(other) - len(folded)) >= least:
            continue
        distance, rows = _count_letter_slips(folded, other, most=least - 1)
        if distance < least:
            best, least = candidate, distance
        if work is not None and not work.search(1 + rows * len(other) // _COMPARISONS_IN_A_STEP):
            return None
    return best if best is None else _in_the_style_of(word, best, known)


def _in_an_order(known: Collection[str]) -> list[str]:
    """Return words in the order given; those of a set, which has another in each process, sorted.

    Of words that are equally near the first is meant.
    """
    return sorted(known) if isinstance(known, set | frozenset) else list(known)


def _in_the_style_of(word: str, best: str, known: Iterable[str]) -> str:
    """Return `glorot_uniform` for `GlorotUniform` to one who writes in small letters."""
    same = [other for other in known if _folded_word(other) == _folded_word(best)]
    return next((other for other in same if other.islower() == word.islower()), best)


def unknown_key_help(
    meant: Replacement | None, known: Iterable[str], *, beside: Container[str]
) -> Help:
    """Return what to do about a key that is not known.

    Args:
        meant: The known key nearest to it, if one is near.
        beside: The known keys of the same mapping: what stands there already is not meant again.
    """
    if meant is None:
        return f"the keys are {', '.join(known)}"
    if meant.text in beside:
        return f"leave it out: `{meant.text}` stands beside it"
    return meant


def _folded_word(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def _count_letter_slips(a: str, b: str, *, most: int) -> tuple[int, int]:
    """Return the letters to insert, drop, replace or swap, and the letters of `a` looked at.

    Over `most` the first may be any larger number.

    Source: optimal string alignment, en.wikipedia.org/wiki/Damerau-Levenshtein_distance.
    """
    if a == b:
        return 0, 0
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
            return most + 1, i
    return max(row[-1], min(row)), len(a)
