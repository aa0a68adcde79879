"""Conditions written as objects, as groups of filters of a subscription: `util.transform.toSubscriptionFilter`.

One group has to hold; in a group every filter. Conditions on one field are alternatives, fields hold together.
Source: AppSync Developer Guide, "Transformation helpers in $util.transform" ("Subscription filter arguments").
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

_GROUPS_MAX: Final = 1_000
_DEPTH_MAX: Final = 50

# Ways in which conditions can hold, each a list of filters.
_Ways = list[list[dict[str, Any]]]


def subscription_filter(conditions: Any, ignored: Any = None, rules: Any = None) -> dict[str, Any]:
    """The groups. ignored: names of fields to leave out of `conditions`. rules: of these one at least has to hold."""
    ways = _all_of(conditions, frozenset(ignored or ()), 0)
    if rules:
        if not isinstance(rules, Mapping):
            raise FunctionFailed("toSubscriptionFilter: an object of rules is wanted")
        strict = [way for name, each in rules.items() for way in _of_field(str(name), each)]
        ways = _both(ways, strict)
    return {"filterGroup": [{"filters": way} for way in ways if way]}


def _all_of(conditions: Any, ignored: Collection[str], depth: int) -> _Ways:
    if not isinstance(conditions, Mapping):
        raise FunctionFailed("toSubscriptionFilter: an object of conditions is wanted")
    if depth > _DEPTH_MAX:
        raise FunctionFailed("toSubscriptionFilter: nested too deep")
    ways: _Ways = [[]]
    for name, each in conditions.items():
        if each is None or name in ignored:
            continue
        if name in ("and", "or"):
            members = [_all_of(member, ignored, depth + 1) for member in (each if isinstance(each, list) else [each])]
            members = [member for member in members if member != [[]]]
            if name == "and":
                for member in members:
                    ways = _both(ways, member)
            elif members:
                ways = _both(ways, list(itertools.chain.from_iterable(members)))
        else:
            ways = _both(ways, _of_field(str(name), each))
    return ways


def _of_field(field: str, operations: Any) -> _Ways:
    if not isinstance(operations, Mapping) or not operations:
        raise FunctionFailed(f"{field}: an object such as {{eq: value}} is wanted")
    return [[{"fieldName": field, "operator": str(name), "value": value}] for name, value in operations.items()]


def _both(first: _Ways, second: _Ways) -> _Ways:
    if len(first) * len(second) > _GROUPS_MAX:
        raise FunctionFailed(f"toSubscriptionFilter: more than {_GROUPS_MAX:,} groups of filters")
    return [[*one, *other] for one, other in itertools.product(first, second)]
