"""A layered layout: every edge goes down, long edges go around, few edges cross.

Source: Sugiyama, Tagawa, Toda (1981), "Methods for visual understanding of hierarchical system
structures": layers by longest path, order by barycenters, then positions within the layers.
"""

from bisect import bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

# A long edge takes a place in every row it crosses; past this many it is drawn straight.
_MAX_PASSAGES = 4000
# Crossings of all zoo graphs stop falling after ten sweeps.
_SWEEPS = 12
# Boxes move by less than a pixel after that.
_STRAIGHTENINGS = 4
# How strongly a row's places keep to where they want to be: a long edge gives way to a node.
_NODE_WEIGHT = 1000.0
# The unit of the weight above.
_PASSAGE_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand.

    Attributes:
        rows: Row of each node, from 0 at the top.
        x: Centre of each node, in the unit of the widths; the smallest left edge is 0.
        routes: For each edge, the centres of its passages through the rows in between.
        width: From the leftmost edge of a node to the rightmost.
    """

    rows: Mapping[int, int]
    x: Mapping[int, float]
    routes: Mapping[tuple[int, int], tuple[float, ...]]
    width: float


@dataclass(frozen=True, slots=True)
class _Places:
    """The rows with their places: nodes, and passages of long edges, numbered after the nodes.

    `above` and `below` hold the neighbours of a place, of which passages are some; `feeds` and
    `readers` hold the nodes at the other ends of a node's edges.
    """

    rows: list[list[int]]
    above: dict[int, list[int]] = field(default_factory=dict)
    below: dict[int, list[int]] = field(default_factory=dict)
    feeds: dict[int, list[int]] = field(default_factory=dict)
    readers: dict[int, list[int]] = field(default_factory=dict)
    passages: dict[tuple[int, int], list[int]] = field(default_factory=dict)


def lay_out(
    count: int, edges: Sequence[tuple[int, int]], *, width: float, passage: float, gap: float
) -> Layout:
    """Return a layout of the nodes 0 to `count` - 1; every edge goes from a lower number up.

    Args:
        count: How many nodes there are.
        edges: Source and target of each edge, each pair once.
        width: Width of every node.
        passage: Width that a long edge takes in a row it crosses.
        gap: Least distance between two neighbours of a row.
    """
    rows = _longest_path_rows(count, edges)
    places = _place_nodes_and_passages(count, edges, rows)
    _order_layout_rows(places)
    widths = {i: width if i < count else passage for row in places.rows for i in row}
    x = _horizontal_positions(places, widths, gap, count=count)
    left = min((x[i] - widths[i] / 2 for i in x), default=0.0)
    right = max((x[i] + widths[i] / 2 for i in x), default=0.0)
    routes = {
        edge: tuple(x[i] - left for i in passages) for edge, passages in places.passages.items()
    }
    return Layout(rows, {i: x[i] - left for i in range(count)}, routes, right - left)


def _longest_path_rows(count: int, edges: Sequence[tuple[int, int]]) -> dict[int, int]:
    above: dict[int, list[int]] = {node: [] for node in range(count)}
    below: dict[int, list[int]] = {node: [] for node in range(count)}
    for source, target in edges:
        above[target].append(source)
        below[source].append(target)
    rows: dict[int, int] = {}
    floating: dict[int, bool] = {}
    for node in range(count):
        rows[node] = max((rows[source] + 1 for source in above[node]), default=0)
        floating[node] = all(floating[n] and len(below[n]) == 1 for n in above[node])
    # An input, and a chain that begins with one, moves down to its first reader: the input of a
    # late layer is drawn beside it and not at the top.
    for node in reversed(range(count)):
        if floating[node] and below[node]:
            rows[node] = min(rows[target] for target in below[node]) - 1
    return rows


def _place_nodes_and_passages(
    count: int, edges: Sequence[tuple[int, int]], rows: Mapping[int, int]
) -> _Places:
    places = _Places([[] for _ in range(max(rows.values(), default=-1) + 1)])
    for node in range(count):
        places.rows[rows[node]].append(node)
    crossed = sum(rows[target] - rows[source] - 1 for source, target in edges)
    following = count
    for source, target in edges:
        between = range(rows[source] + 1, rows[target]) if crossed <= _MAX_PASSAGES else range(0)
        passages = list(range(following, following + len(between)))
        following += len(between)
        for row, place in zip(between, passages, strict=True):
            places.rows[row].append(place)
        chain = [source, *passages, target]
        for upper, lower in pairwise(chain):
            places.below.setdefault(upper, []).append(lower)
            places.above.setdefault(lower, []).append(upper)
        places.passages[source, target] = passages
        places.feeds.setdefault(target, []).append(source)
        places.readers.setdefault(source, []).append(target)
    return places


def _order_layout_rows(places: _Places) -> None:
    best, fewest = [list(row) for row in places.rows], _count_crossings(places)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        _sort_by_barycenters(places, down=sweep % 2 == 0)
        crossings = _count_crossings(places)
        if crossings < fewest:
            best, fewest = [list(row) for row in places.rows], crossings
    places.rows[:] = best


def _sort_by_barycenters(places: _Places, *, down: bool) -> None:
    neighbours = places.above if down else places.below
    index: dict[int, int] = {}
    for row in places.rows if down else places.rows[::-1]:
        center = {}
        for i, place in enumerate(row):
            near = [index[n] for n in neighbours.get(place, ()) if n in index]
            center[place] = sum(near) / len(near) if near else float(i)
        row.sort(key=center.__getitem__)
        index.update((place, i) for i, place in enumerate(row))


def _count_crossings(places: _Places) -> int:
    total = 0
    for upper, lower in pairwise(places.rows):
        at = {place: i for i, place in enumerate(lower)}
        seen: list[int] = []
        for place in upper:
            ends = sorted(at[n] for n in places.below.get(place, ()) if n in at)
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _horizontal_positions(
    places: _Places, widths: Mapping[int, float], gap: float, *, count: int
) -> dict[int, float]:
    x: dict[int, float] = {}
    for row in places.rows:
        x.update(
            zip(row, _pack_layout_row([0.0] * len(row), row, widths, gap, count=count), strict=True)
        )
    # Upwards first, so that inputs stand over what reads them; downwards last, so that a chain
    # hangs straight from its beginning.
    for down in (*(False, True) * (_SWEEPS // 2), True):
        for row in places.rows if down else places.rows[::-1]:
            wanted = [_wanted_position(place, places, x, count=count, down=down) for place in row]
            x.update(zip(row, _pack_layout_row(wanted, row, widths, gap, count=count), strict=True))
    for _ in range(_STRAIGHTENINGS):
        _straighten_passages(places, x, widths, gap)
    return x


def _wanted_position(
    place: int, places: _Places, x: Mapping[int, float], *, count: int, down: bool
) -> float:
    if place >= count:
        near = [*places.above[place], *places.below[place]]
    else:
        # The true neighbours: the passage of a skip connection beside a chain does not draw the
        # chain aside.
        near = (places.feeds if down else places.readers).get(place, [])
    return sum(x[n] for n in near) / len(near) if near else x[place]


def _straighten_passages(
    places: _Places, x: dict[int, float], widths: Mapping[int, float], gap: float
) -> None:
    """Move each run of passages to one x where its neighbours leave room, nodes staying put."""
    beside = {
        place: (left, right)
        for row in places.rows
        for left, place, right in zip([None, *row], row, [*row[1:], None], strict=False)
    }
    for passages in places.passages.values():
        run: list[int] = []
        low, high = -inf, inf
        for place in passages:
            left, right = beside[place]
            least = -inf if left is None else x[left] + (widths[left] + widths[place]) / 2 + gap
            most = inf if right is None else x[right] - (widths[right] + widths[place]) / 2 - gap
            if max(low, least) > min(high, most):
                _move_passage_run(run, x, low, high)
                run, low, high = [], -inf, inf
            run.append(place)
            low, high = max(low, least), min(high, most)
        _move_passage_run(run, x, low, high)


def _move_passage_run(run: Sequence[int], x: dict[int, float], low: float, high: float) -> None:
    if run and low <= high:
        mean = sum(x[place] for place in run) / len(run)
        x.update(dict.fromkeys(run, min(max(mean, low), high)))


def _pack_layout_row(
    wanted: Sequence[float],
    row: Sequence[int],
    widths: Mapping[int, float],
    gap: float,
    *,
    count: int,
) -> list[float]:
    """Return the places nearest to the wanted ones that keep order and distance.

    Least squares under order constraints: neighbours that would overlap are pooled, as in isotonic
    regression.
    """
    offsets = list(_row_offsets(row, widths, gap))
    pools: list[tuple[float, float, int]] = []
    for place, want, offset in zip(row, wanted, offsets, strict=True):
        weight = _NODE_WEIGHT if place < count else _PASSAGE_WEIGHT
        pool = (want - offset, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            before = pools.pop()
            total = before[1] + pool[1]
            mean = (before[0] * before[1] + pool[0] * pool[1]) / total
            pool = (mean, total, before[2] + pool[2])
        pools.append(pool)
    levels = [mean for mean, _, length in pools for _ in range(length)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _row_offsets(row: Sequence[int], widths: Mapping[int, float], gap: float) -> Iterator[float]:
    offset = 0.0
    for i, place in enumerate(row):
        if i:
            offset += (widths[row[i - 1]] + widths[place]) / 2 + gap
        yield offset
