"""Topological orders of named things: one that keeps their own order, and one by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


class CircularOrder(ValueError):
    """There is no order. cycle: the names around one circle, the first one again at the end."""

    def __init__(self, cycle: tuple[str, ...]) -> None:
        super().__init__(" -> ".join(cycle))
        self.cycle = cycle


def topological_order(dependencies: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Every key after what it depends on, otherwise in the mapping's own order.

    dependencies: name -> the names it depends on, each of them a key too.
    CircularOrder when there is a circle. Does not recurse, so a long chain is no deep stack.
    """
    order: dict[str, None] = {}
    for start in dependencies:
        path: dict[str, Iterator[str]] = {}
        if start not in order:
            path[start] = iter(dependencies[start])
        while path:
            name, rest = next(reversed(path.items()))
            following = next((item for item in rest if item not in order), None)
            if following is None:
                order[name] = None
                del path[name]
            elif following in path:
                names = [*path]
                raise CircularOrder((*names[names.index(following) :], following))
            else:
                path[following] = iter(dependencies[following])
    return tuple(order)


def order_by_name(dependencies: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Every key after what it depends on, in rounds: all those that nothing is missing for, by their names.

    dependencies: as above. CircularOrder when there is a circle.
    """
    missing = {name: set(needed) for name, needed in dependencies.items()}
    needed_by: dict[str, list[str]] = {name: [] for name in missing}
    for name, needed in missing.items():
        for other in needed:
            needed_by[other].append(name)
    order: list[str] = []
    round_ = sorted(name for name, needed in missing.items() if not needed)
    while round_:
        order += round_
        following = []
        for done in round_:
            for name in needed_by[done]:
                missing[name].discard(done)
                if not missing[name]:
                    following.append(name)
        round_ = sorted(following)
    return tuple(order) if len(order) == len(missing) else topological_order(dependencies)
