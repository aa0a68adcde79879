"""Where the nodes of an architecture stand: in columns, so that most arrows lead from left to right.

The steps of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981), in
their simplest forms: circles are broken where a search from the first node meets them; a node's column is that of the
longest way to it; arrows over several columns get a point in each; nodes of a column are ordered by the mean place of
their neighbours, a few times back and forth. Everything goes by the order of the nodes, so the same architecture gives
the same picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

from lambdakit.records import dataclass
from lambdakit.reports.architecture import Architecture, Edge

_SWEEPS: Final = 8

# A node by its id, or the point of an arrow: the arrow's place, and the column.
Item = str | tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """columns: what stands in each, from above. routes: for each edge, in the architecture's order, its items."""

    columns: tuple[tuple[Item, ...], ...]
    routes: tuple[tuple[Item, ...], ...]


def layout(architecture: Architecture) -> Layout:
    """The columns of an architecture, and the ways of its arrows through them."""
    ids = [node.id for node in architecture.nodes]
    forward = [
        _turned(edge, back) for edge, back in zip(architecture.edges, _backward(ids, architecture.edges), strict=True)
    ]
    rank = _ranks(ids, forward)
    columns: list[list[Item]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for name in ids:
        columns[rank[name]].append(name)
    routes: list[tuple[Item, ...]] = []
    neighbours: dict[Item, list[Item]] = {}
    for number, (edge, (start, end)) in enumerate(zip(architecture.edges, forward, strict=True)):
        points: list[Item] = [(number, column) for column in range(rank[start] + 1, rank[end])]
        for point, column in zip(points, range(rank[start] + 1, rank[end]), strict=True):
            columns[column].append(point)
        way = [start, *points, end]
        for one, other in itertools.pairwise(way):
            neighbours.setdefault(one, []).append(other)
            neighbours.setdefault(other, []).append(one)
        routes.append(tuple(way) if edge.start == start else tuple(reversed(way)))
    _order(columns, neighbours)
    return Layout(columns=tuple(tuple(column) for column in columns), routes=tuple(routes))


def _turned(edge: Edge, back: bool) -> tuple[str, str]:
    return (edge.end, edge.start) if back else (edge.start, edge.end)


def _backward(ids: Sequence[str], edges: Sequence[Edge]) -> list[bool]:
    """Which edges close a circle, so that without them there is none."""
    leaving: dict[str, list[int]] = {name: [] for name in ids}
    entered = dict.fromkeys(ids, 0)
    for number, edge in sorted(enumerate(edges), key=lambda item: not item[1].is_flow):
        leaving[edge.start].append(number)
        entered[edge.end] += edge.is_flow
    back = [False] * len(edges)
    state = dict.fromkeys(ids, "new")
    # Where no events come from elsewhere, they begin: circles are then broken where something is read back.
    for root in sorted(ids, key=lambda name: entered[name] > 0):
        if state[root] != "new":
            continue
        path = [(root, iter(leaving[root]))]
        state[root] = "open"
        while path:
            name, ways = path[-1]
            way = next(ways, None)
            if way is None:
                state[name] = "done"
                path.pop()
                continue
            end = edges[way].end
            if state[end] == "open":
                back[way] = True
            elif state[end] == "new":
                state[end] = "open"
                path.append((end, iter(leaving[end])))
    return back


def _ranks(ids: Sequence[str], edges: Sequence[tuple[str, str]]) -> Mapping[str, int]:
    """The column of each node: the length of the longest way to it, then as near to its first follower as can be."""
    before: dict[str, list[str]] = {name: [] for name in ids}
    after: dict[str, list[str]] = {name: [] for name in ids}
    for start, end in edges:
        before[end].append(start)
        after[start].append(end)
    waiting = {name: len(before[name]) for name in ids}
    ready = [name for name in ids if not waiting[name]]
    rank = dict.fromkeys(ids, 0)
    order = []
    while ready:
        name = ready.pop(0)
        order.append(name)
        for end in after[name]:
            rank[end] = max(rank[end], rank[name] + 1)
            waiting[end] -= 1
            if not waiting[end]:
                ready.append(end)
    for name in reversed(order):
        if after[name] and not before[name]:
            rank[name] = min(rank[end] for end in after[name]) - 1
    return rank


def _order(columns: list[list[Item]], neighbours: Mapping[Item, Sequence[Item]]) -> None:
    place = {item: float(index) for column in columns for index, item in enumerate(column)}
    side = {item: number for number, column in enumerate(columns) for item in column}
    for sweep in range(_SWEEPS):
        downward = sweep % 2 == 0
        numbers = range(1, len(columns)) if downward else range(len(columns) - 2, -1, -1)
        for number in numbers:
            beside = number - 1 if downward else number + 1
            means = {}
            for item in columns[number]:
                near = [place[other] for other in neighbours.get(item, ()) if side[other] == beside]
                means[item] = sum(near) / len(near) if near else place[item]
            columns[number].sort(key=lambda item: (means[item], place[item]))
            for index, item in enumerate(columns[number]):
                place[item] = float(index)
