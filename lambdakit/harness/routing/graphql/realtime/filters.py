"""Which of an operation's results a subscriber is told of.

Source: AppSync Developer Guide, "Using subscription arguments" (an argument is compared with the mutation's field of
its name; null is a value, an absent argument lets all through), "Defining enhanced subscriptions filters in AWS
AppSync" (groups of which one has to fit, filters of which all have to; the operators).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final


def fits_arguments(arguments: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Whether a mutation's result has what a subscription's arguments ask for."""
    return all(payload.get(name) == value for name, value in arguments.items())


def fits_filter(given: Any, payload: Mapping[str, Any]) -> bool:
    """Whether a result fits an enhanced filter; what is no filter lets nothing through."""
    groups = given.get("filterGroup") if isinstance(given, Mapping) else None
    if not isinstance(groups, list):
        return False
    return any(_group_fits(group, payload) for group in groups)


def _group_fits(group: Any, payload: Mapping[str, Any]) -> bool:
    filters = group.get("filters") if isinstance(group, Mapping) else None
    return isinstance(filters, list) and all(_fits(each, payload) for each in filters)


def _fits(rule: Any, payload: Mapping[str, Any]) -> bool:
    if not isinstance(rule, Mapping):
        return False
    found: Any = payload
    for name in str(rule.get("fieldName", "")).split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    operator = _OPERATORS.get(str(rule.get("operator", "")))
    try:
        return operator is not None and operator(found, rule.get("value"))
    except TypeError:  # values that cannot be compared
        return False


def _between(found: Any, value: Any) -> bool:
    return bool(value[0] <= found <= value[1])


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda found, value: bool(found == value),
    "ne": lambda found, value: bool(found != value),
    "le": lambda found, value: bool(found <= value),
    "lt": lambda found, value: bool(found < value),
    "ge": lambda found, value: bool(found >= value),
    "gt": lambda found, value: bool(found > value),
    "contains": lambda found, value: found is not None and value in found,
    "notContains": lambda found, value: found is None or value not in found,
    "beginsWith": lambda found, value: isinstance(found, str) and found.startswith(value),
    "in": lambda found, value: found in value,
    "notIn": lambda found, value: found not in value,
    "between": _between,
    "containsAny": lambda found, value: found is not None and any(each in found for each in value),
}
