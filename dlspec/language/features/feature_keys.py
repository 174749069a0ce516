"""Keys that several kinds of features have, and what they say of themselves."""

import re
from functools import cache

from dlspec.language.kinds import Choice, Either, Integer, ListOf, Literal_, Number, Text

COLUMN = Text()
COLUMNS = ListOf(Text(), or_one=True)
SCALE = Number()
POSITIVE = Integer(minimum=1)
FILL = Choice(("mean", "median"), or_number=True)
STANDARDIZE_DOC = "Subtract the mean and divide by the deviation, both of the training split."
SCALE_DOC = "Multiply every value by this."
MISSING_DOC = "What stands for a missing value: mean, median or a number."
VOCABULARY = Either(scalar=Integer(minimum=1), sequence=ListOf(Literal_()))
VOCABULARY_DOC = "The categories, or how many ids there are, the unknown one included."
UNKNOWN_DOC = "Whether id 0 stands for values not seen in training."
RARE = Choice(("refuse", "unknown"))
RARE_DOC = "What becomes of the rarest training values where the vocabulary has no room for all."

_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<first>\d+)\.\.(?P=stem)(?P<last>\d+)", re.DOTALL)
# More columns than tables have; a slip of the hand must not fill the memory.
_MOST_NUMBERED = 2**16


@cache
def written_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that a list names, `x0..x9` being the ten from `x0` to `x9`."""
    return tuple(column for name in names for column in _numbered_columns(name))


def _numbered_columns(name: str) -> tuple[str, ...]:
    match = _NUMBERED.fullmatch(name)
    if match is None:
        return (name,)
    first, last = int(match["first"]), int(match["last"])
    if not first <= last < first + _MOST_NUMBERED:
        return (name,)
    # Written with zeros in front, all have as many digits.
    digits = len(match["first"]) if match["first"].startswith("0") else 0
    return tuple(f"{match['stem']}{number:0{digits}}" for number in range(first, last + 1))
