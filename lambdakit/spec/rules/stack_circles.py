"""The stacks of an application can be deployed one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import render_pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.stack_uses import StackUse, entanglements, stack_uses
from lambdakit.spec.stacks import full_name, is_existing, stack_at


def stack_circles(context: RuleContext) -> Iterator[Finding]:
    """Findings for the first circle of stacks, one at each step, and for what no two stacks can hold."""
    if not context.knows_stacks():
        return
    application = context.application
    uses: dict[str, dict[str, StackUse]] = {}
    for use in stack_uses(application, context.directory):
        uses.setdefault(use.user, {}).setdefault(use.used, use)
    circle = _circle(uses)
    name = application.application
    for place, use in enumerate(circle):
        after = circle[(place + 1) % len(circle)]
        problem = (
            f"{full_name(name, use.user)} uses {use.name} of {full_name(name, use.used)}, which uses {after.name} of "
            f"{full_name(name, after.used)} ({render_pointer(after.pointer)}): none of them can be deployed first"
        )
        hint = "put the two into one stack, or what both use into a third"
        yield Finding(code="LK148", pointer=use.pointer, problem=problem, hint=hint)
    for each in entanglements(application):
        stacks = [stack_at(application, place) for place in (("patterns", each.pattern), ("resources", each.resource))]
        if each.resource not in application.resources or is_existing(application.resources[each.resource]):
            continue
        if stacks[0] != stacks[1]:
            of_pattern, of_resource = (full_name(name, stack) for stack in stacks)
            problem = f"{each.resource} is in {of_resource} and {each.pattern} in {of_pattern}, and {each.why}"
            hint = "put both into one stack, as each would be deployed before the other"
            yield Finding(code="LK148", pointer=each.pointer, problem=problem, hint=hint)


def _circle(uses: Mapping[str, Mapping[str, StackUse]]) -> list[StackUse]:
    """The uses of the first circle, each of the stack that the next one is in; empty where there is none."""
    done: set[str] = set()

    def visit(stack: str, way: list[StackUse]) -> list[StackUse]:
        for place, use in enumerate(way):
            if use.user == stack:
                return way[place:]
        if stack in done:
            return []
        for use in uses.get(stack, {}).values():
            if found := visit(use.used, [*way, use]):
                return found
        done.add(stack)
        return []

    return next((found for stack in uses if (found := visit(stack, []))), [])
