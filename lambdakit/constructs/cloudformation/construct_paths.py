"""Constructs by their paths, as in a template's `aws:cdk:path`, and the resources that stand for them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from aws_cdk import CfnElement, CfnResource

from lambdakit.constructs.lambda_function import LambdaFunction

if TYPE_CHECKING:
    from constructs import IConstruct

ITSELF: Final = "."
# What the CDK calls the resource of a construct that is more than its resource.
_DEFAULTS: Final = ("/Resource", "/Default")
_SHOWN: Final = 12
_CLOSE: Final = 0.6


def construct_at(scope: IConstruct, path: str) -> IConstruct | None:
    """The construct at the path below `scope`, which `.` means itself; None when there is none."""
    found: IConstruct | None = scope
    for id in () if path == ITSELF else path.split("/"):
        found = None if found is None else found.node.try_find_child(id)
    return found


def element_of(construct: IConstruct) -> CfnElement | None:
    """The part of the template that stands for the construct; None when none does, or it exists outside of the stack.

    That of a `LambdaFunction` is the function.
    """
    found: IConstruct | None = construct
    while found is not None and not isinstance(found, CfnElement):
        found = found.function if isinstance(found, LambdaFunction) else _default_child(found)
    return found


def paths_below(scope: IConstruct) -> list[str]:
    """The paths of all constructs below `scope` that stand for a resource."""
    start = len(scope.node.path) + 1
    found = [each.node.path[start:] for each in scope.node.find_all() if isinstance(each, CfnResource)]
    return [_short(path) or ITSELF for path in found]


def path_hint(path: str, known: Iterable[str]) -> str:
    """What to write instead: the nearest path, or which ones there are."""
    paths = list(known)
    if paths == [ITSELF]:
        return f"write {ITSELF} for the resource itself, which is all that there is"
    if close := difflib.get_close_matches(path, paths, n=1, cutoff=_CLOSE):
        return f"write {close[0]}"
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"paths are {', '.join(paths[:_SHOWN])}{more}" if paths else "it has no resource of its own"


def _default_child(construct: IConstruct) -> IConstruct | None:
    try:
        return construct.node.default_child
    # A construct with a child called Resource and one called Default has none.
    except RuntimeError:
        return None


def _short(path: str) -> str:
    for end in _DEFAULTS:
        if f"/{path}".endswith(end):
            return path[: max(len(path) - len(end), 0)]
    return path
