"""No stack has more resources than CloudFormation takes, as far as the document alone tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from lambdakit.spec.api import FunctionUrlApi, LoadBalancerApi, RestApi
from lambdakit.spec.cloudformation import RESOURCES_MAX
from lambdakit.spec.finding import Finding
from lambdakit.spec.patterns import ApiBackend, Pattern, Route
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.stacks import full_name, stack_at, stacked_parts

# The function, its version, alias, role, policy and log group.
_OF_FUNCTION: Final = 6
_NAMED: Final = 3


def stack_sizes(context: RuleContext) -> Iterator[Finding]:
    """A finding, at the largest part, for each stack that is too large whatever else is in it."""
    if not context.knows_stacks():
        return
    application = context.application
    parts = Counter({pointer: 1 if pointer[0] == "resources" else 0 for pointer, _ in stacked_parts(application)})
    parts.update({("cloudformation", name): 1 for name in application.cloudformation})
    for function in context.functions:
        parts[function.pointer[:2]] += _OF_FUNCTION
    for key, pattern in application.patterns.items():
        parts["patterns", key] += _of_routes(pattern)
    by_stack: dict[str, Counter[Pointer]] = {}
    for pointer, count in parts.items():
        by_stack.setdefault(stack_at(application, pointer), Counter())[pointer] = count
    for stack, counts in by_stack.items():
        if (total := counts.total()) > RESOURCES_MAX:
            largest = counts.most_common(_NAMED)
            pointer, count = largest[0]
            named = ", ".join(f"{each[1]} {number}" for each, number in largest)
            problem = (
                f"{full_name(application.application, stack)} would have {total} resources or more, and CloudFormation "
                f"takes {RESOURCES_MAX} in a stack: {named}"
            )
            yield Finding(code="LK150", pointer=pointer, at_key=True, problem=problem, hint=_hint(pointer, count))


def _of_routes(pattern: Pattern) -> int:
    """What the routes of an API have at least, beside the functions."""
    if not isinstance(pattern, ApiBackend) or isinstance(pattern.api, FunctionUrlApi | LoadBalancerApi):
        return 0
    # A permission and a route or method; at an HTTP API or WebSocket API a new function's integration, too.
    of_own = 2 if isinstance(pattern.api, RestApi) else 3
    return sum(of_own if isinstance(route, Route) else 1 for route in pattern.routes.values())


def _hint(pointer: Pointer, count: int) -> str:
    if count > RESOURCES_MAX:
        return f"divide {pointer[1]} into several patterns, and give each a stack of its own, as in stack: {pointer[1]}"
    return f"give some of the patterns a stack of their own, as in stack: {pointer[1]}"
