"""Which of an operation's results a subscriber is told of.

Source: AppSync Developer Guide, "Using subscription arguments" (an argument is compared with the mutation's field of
its name; null is a value, an absent argument lets all through), "Defining enhanced subscriptions filters in AWS
AppSync" (groups of which one has to fit, filters of which all have to; the operators).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final


def fits_arguments(arguments: Mapping[str, Any], payload: Any) -> bool:
    """Whether a mutation's result has what a subscription's arguments ask for.

    A list or a single value has no fields: it fits where nothing is asked for. Users of the service see lists delivered
    so ("Subscribing to Batch Mutations", among the issues of its command line); no page says it.
    """
    if not isinstance(payload, Mapping):
        return not arguments
    return all(payload.get(name) == value for name, value in arguments.items())


def fits_filter(given: Any, payload: Any) -> bool:
    """Whether a result fits an enhanced filter; what is no filter lets nothing through, and no object fits one."""
    groups = given.get("filterGroup") if isinstance(given, Mapping) else None
    if not isinstance(groups, list) or not isinstance(payload, Mapping):
        return False
    return any(_group_fits(group, payload) for group in groups)


def problem_of_filter(given: Any) -> str | None:
    """What is wrong with the form of an enhanced filter, its operators and their values; None for nothing.

    Source: AppSync Developer Guide, "Extensions" (`filterJsonObject`). What AppSync does with another form, no
    page says.
    """
    groups = given.get("filterGroup") if isinstance(given, Mapping) else None
    if not isinstance(groups, list):
        return "filterGroup is wanted, a list of groups of filters"
    for group in groups:
        filters = group.get("filters") if isinstance(group, Mapping) else None
        if not isinstance(filters, list):
            return "every group of filterGroup has filters, a list"
        for rule in filters:
            problem = _problem_of_rule(rule)
            if problem is not None:
                return problem
    return None


def _problem_of_rule(rule: Any) -> str | None:
    field = rule.get("fieldName") if isinstance(rule, Mapping) else None
    if not isinstance(field, str) or not field:
        return "every filter has a fieldName, an operator and a value"
    operator = rule.get("operator")
    if not isinstance(operator, str) or operator not in _OPERATORS:
        return f"{field}: there is no operator {operator!r:.100}"
    is_wanted, wanted = _VALUES[operator]
    return None if is_wanted(rule.get("value")) else f"{field}: the value of {operator} is {wanted}"


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


def _is_single(value: Any) -> bool:
    return not isinstance(value, list | Mapping)


def _is_ordered(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(_is_single(each) for each in value)


def _is_range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_is_ordered(each) for each in value)


_Values = tuple[Callable[[Any], bool], str]
_SINGLE: Final[_Values] = (_is_single, "a single one")
_ORDERED: Final[_Values] = (_is_ordered, "a number or a text")
_LIST: Final[_Values] = (_is_list, "a list of single ones")
# Null is let through where values are compared for being the same: an argument that was not given is null in code.
_VALUES: Final[Mapping[str, _Values]] = {
    **dict.fromkeys(("eq", "ne", "contains", "notContains"), _SINGLE),
    **dict.fromkeys(("le", "lt", "ge", "gt"), _ORDERED),
    "beginsWith": (lambda value: isinstance(value, str), "a text"),
    **dict.fromkeys(("in", "notIn", "containsAny"), _LIST),
    "between": (_is_range, "a list of two numbers or texts"),
}
