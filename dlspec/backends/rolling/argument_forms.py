"""Arguments as people write them: the one that matters alone, required ones by position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlspec.decode.catalogue_objects import WHOLE_LISTS

# A list, or an expression that may give one, would be read as positions.
_SCALARS = ("integer", "number", "text", "choice", "axis", "activation", "any")
# No class of the 16 models measured requires more; with 1 they take 806 lines for 785.
_MOST_POSITIONS = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """One given argument as YAML data, with what its class says of it."""

    name: str
    value: Any
    required: bool
    type: str


def in_short(leading: Sequence[Taken], given: Sequence[Taken]) -> Any:  # noqa: ANN401 - YAML data
    """Return arguments in the shortest form that reads well.

    Args:
        leading: The first of `given`, as far as positions reach.
    """
    if not given:
        return None
    keywords = {taken.name: taken.value for taken in given}
    if not leading:
        return keywords
    first = leading[0]
    if len(given) == 1:
        return first.value if _stands_alone(first) else keywords
    if not first.required or first.type in WHOLE_LISTS or isinstance(first.value, dict):
        return keywords
    positions = [t for t in leading[:_MOST_POSITIONS] if t.required]
    rest = given[len(positions) :]
    if isinstance(positions[-1].value, dict) or not _is_plain(first):
        return keywords
    if not rest and len(positions) == 1:
        return first.value
    named = [{taken.name: taken.value for taken in rest}] if rest else []
    return [*(taken.value for taken in positions), *named]


def _is_plain(taken: Taken) -> bool:
    return not isinstance(taken.value, list | bool) and taken.value is not None


def _stands_alone(taken: Taken) -> bool:
    value = taken.value
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, dict):
        return taken.type == "layer"
    is_expression = isinstance(value, str) and value.startswith("$")
    if isinstance(value, list):
        return taken.type in WHOLE_LISTS and taken.type != "layers"
    if is_expression:
        return taken.type in _SCALARS or taken.type in WHOLE_LISTS
    return isinstance(value, int | float | str)
