"""Resources that refer to each other can be made one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from lambdakit.spec.finding import Finding, line_of
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.resource_links import ResourceLink, resource_links
from lambdakit.spec.rules.rule import RuleContext

# Beyond what anybody writes; a document in which everything names everything is read in bounded time.
_CIRCLES_MAX: Final = 20


def reference_circles(context: RuleContext) -> Iterator[Finding]:
    """A finding for each circle, at its first link, with the lines of all. No link is in two of them."""
    if not context.knows_stacks():
        return
    links: dict[Pointer, dict[Pointer, ResourceLink]] = {}
    for link in resource_links(context.application):
        links.setdefault(link.after, {}).setdefault(link.first, link)
    # One that only constructs make is told where they are bound, and is no mistake in references.
    for circle in islice(iter(lambda: _circle(links), []), _CIRCLES_MAX):
        if any(_is_written(link) for link in circle):
            yield _finding(circle)
        for link in circle:
            del links[link.after][link.first]


def _is_written(link: ResourceLink) -> bool:
    """Whether the link is said in CloudFormation's own words."""
    return link.pointer[0] == "cloudformation" or "overrides" in link.pointer


def _finding(circle: Sequence[ResourceLink]) -> Finding:
    first = circle[0]
    mentions = tuple(link.pointer for link in circle)
    if len(circle) == 1:
        problem = f"{first.name} refers to itself ({line_of(0)}), and would be made after itself"
        hint = "leave the reference out, or write the name that you give it"
    else:
        steps = [f"{link.name} to {link.other} ({line_of(number)})" for number, link in enumerate(circle)]
        steps[0] = f"{first.name} refers to {first.other} ({line_of(0)})"
        problem = f"{', '.join(steps[:-1])} and {steps[-1]}: none of them can be made first"
        hint = (
            "write a name or an ARN in place of one of these references, or move what refers to a resource of its own"
        )
    return Finding(code="LK128", pointer=first.pointer, problem=problem, hint=hint, mentions=mentions)


def _circle(links: dict[Pointer, dict[Pointer, ResourceLink]]) -> list[ResourceLink]:
    """The links of the first circle, each of the resource that the one before names; empty where there is none."""
    done: set[Pointer] = set()
    for start in links:
        # The way from `start` to where the search is, and what is left to look at of each resource on it.
        way: list[tuple[Pointer, Iterator[ResourceLink]]] = [(start, iter(links[start].values()))]
        taken: list[ResourceLink] = []
        while way and start not in done:
            place, left = way[-1]
            link = next((each for each in left if each.first not in done), None)
            if link is None:
                done.add(place)
                way.pop()
                del taken[len(way) - 1 if way else 0 :]
                continue
            taken.append(link)
            on_way = [each for each, _ in way]
            if link.first in on_way:
                return taken[on_way.index(link.first) :]
            way.append((link.first, iter(links.get(link.first, {}).values())))
    return []
