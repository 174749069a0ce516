"""Rows dealt to parts by what they are, so that a row keeps its part whatever rows come or go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlspec.diagnostics.counts import agreed, counted
from dlspec_pipelines.steps.datasets.table import (
    Array,
    RefusedRows,
    RowPlace,
    Rows,
    row_without_file,
    shown_value,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.row_identity import Identities, places_in_unit_interval

# Large beside the cost of a call; what stands for each of them fits the cache of a core.
_ROWS_AT_A_TIME = 2**18


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """The parts in their order on [0, 1) and where each ends; training takes the rest."""

    names: tuple[str, ...]
    sizes: NDArray[np.float64]

    @property
    def ends(self) -> NDArray[np.float64]:
        return np.asarray(np.cumsum(self.sizes), dtype=np.float64)

    def part_of(self, places: NDArray[np.float64]) -> Rows:
        """Return the part that each place lies in."""
        return np.searchsorted(self.ends[:-1], places, side="right").astype(np.int64)

    def distance(self, places: NDArray[np.float64], part: int) -> NDArray[np.float64]:
        """Return how far each place lies from the interval of a part."""
        end = self.ends[part]
        below, above = end - self.sizes[part] - places, places - end
        return np.asarray(np.maximum(np.maximum(below, above), 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """A column of the source, of each value of which every part is to have rows."""

    column: str
    values: Array


def deal_by_identity(
    rows: Rows,
    identities: Identities,
    shares: Mapping[str, float],
    *,
    strata: Strata | None,
    seed: int,
    place_of: Callable[[int], RowPlace] = row_without_file,
) -> dict[str, Rows]:
    """Deal `rows` out; what `shares` does not ask for is for training.

    Seed and identity give a place in [0, 1), the shares cut it. So the part of a row depends on
    nothing else, and n different identities fill a share p up to a standard deviation of
    sqrt(p * (1 - p) / n). The exception: a part that would get no row at all, or none of a stratum
    of which its share is a row or more, takes the rows whose place is nearest.

    Args:
        identities: A number for every row of the source; equal ones stay together.
        strata: What parts are to have something of each value of.
        place_of: Gives where a row stands in the source, for an error.

    Raises:
        StepError: If there are fewer identities than parts, in all or in a stratum (DL613).
    """
    asked = {name: share for name, share in shares.items() if share > 0}
    if not rows.size:
        return dict.fromkeys(("train", *shares), rows)
    names = (*asked, "train")
    cut = _Shares(names, np.array([*asked.values(), 1 - sum(asked.values())]))
    each = _part_of_each_row(rows, identities, cut, seed=seed)
    if _fills_all_parts(each, None if strata is None else strata.values[rows], cut):
        dealt = {name: rows[each == number] for number, name in enumerate(names)}
        return {**dict.fromkeys(shares, rows[:0]), **dealt}
    known, which = np.unique(identities[rows], return_inverse=True)
    if len(known) < len(names):
        raise _too_few_identities_error(len(rows), len(known), len(names))
    places = places_in_unit_interval(known, seed=seed)
    part = cut.part_of(places)
    _fill_parts(part, places, np.arange(len(known)), cut, wanted=np.ones(len(names), dtype=bool))
    if strata is not None:
        _require_common_values(strata, which, cut=cut, rows=rows, place_of=place_of)
        _fill_strata(part, places, which, strata.values[rows], cut=cut)
    dealt = {name: np.sort(rows[part[which] == number]) for number, name in enumerate(names)}
    return {**dict.fromkeys(shares, rows[:0]), **dealt}


def _part_of_each_row(
    rows: Rows, identities: Identities, cut: _Shares, *, seed: int
) -> NDArray[np.uint8]:
    part = np.empty(len(rows), dtype=np.uint8)
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        some = slice(start, start + _ROWS_AT_A_TIME)
        part[some] = cut.part_of(places_in_unit_interval(identities[rows[some]], seed=seed))
    return part


def _fills_all_parts(part: NDArray[np.uint8], strata: Array | None, cut: _Shares) -> bool:
    """Return whether every part has a row of every stratum, as nearly all deals have.

    Then there are enough identities and nothing is to be moved, and nobody needs to sort them.
    """
    count = len(cut.names)
    if strata is None:
        return bool(np.bincount(part, minlength=count).all())
    codes, values = pd.factorize(strata, use_na_sentinel=False)
    found = np.bincount(codes * count + part, minlength=count * len(values))
    return bool(found.all())


def _require_common_values(
    strata: Strata,
    which: Rows,
    *,
    cut: _Shares,
    rows: Rows,
    place_of: Callable[[int], RowPlace],
) -> None:
    """Return when each stratum has an identity for every part.

    Raises:
        RefusedRows: If one has not (DL613), with its rows.
    """
    codes, values = pd.factorize(strata.values[rows], use_na_sentinel=False)
    counts = np.bincount(np.unique(np.stack([codes, which]), axis=1)[0])
    rare = np.flatnonzero(counts < len(cut.names))
    if rare.size:
        stands = rows[np.flatnonzero(codes == rare[0])]
        value, known = shown_value(values[rare[0]]), int(counts[rare[0]])
        kinds = "" if known == len(stands) else f", {known} different"
        raise RefusedRows(
            strata.column,
            [
                (int(row), f"{value} stands in {counted(len(stands), 'row')}{kinds}")
                for row in stands
            ],
            f"{value} stands in {counted(len(stands), 'row')}{kinds} "
            f"({place_of(int(stands[0]))} first), "
            f"and a stratum needs one for each of {counted(len(cut.names), 'part')}",
            help="leave `stratify` out, or leave such rows out of the source",
        )


def _fill_strata(
    part: Rows, places: NDArray[np.float64], which: Rows, strata: Array, *, cut: _Shares
) -> None:
    codes, _ = pd.factorize(strata, use_na_sentinel=False)
    pairs = np.unique(np.stack([codes, which]), axis=1)
    counts = np.bincount(pairs[0])
    found = np.zeros((len(counts), len(cut.names)), dtype=np.int64)
    np.add.at(found, (pairs[0], part[pairs[1]]), 1)
    wanted = counts[:, None] * cut.sizes >= 1
    for stratum in np.flatnonzero((wanted & (found == 0)).any(axis=1)):
        members = pairs[1, pairs[0] == stratum]
        _fill_parts(part, places, members, cut, wanted=wanted[stratum])


def _fill_parts(
    part: Rows,
    places: NDArray[np.float64],
    members: Rows,
    cut: _Shares,
    *,
    wanted: NDArray[np.bool_],
) -> None:
    """Move the nearest member into each wanted part that has none, from one that has several."""
    for number in np.flatnonzero(wanted):
        counts = np.bincount(part[members], minlength=len(cut.names))
        if counts[number]:
            continue
        spare = members[counts[part[members]] > 1]
        part[spare[np.argmin(cut.distance(places[spare], int(number)))]] = number


def _too_few_identities_error(rows: int, known: int, parts: int) -> Exception:
    return unpreparable_data(
        f"the {counted(rows, 'row')} to deal {agreed(rows, 'hold')} "
        f"{counted(known, 'different one')}, and there {agreed(parts, 'are')} "
        f"{counted(parts, 'part')}: rows whose inputs, or whose `split.group`, are equal stay "
        "together",
        help="name a column that tells the rows apart, such as `group: id` under `split`, "
        "or bring more rows",
    )
