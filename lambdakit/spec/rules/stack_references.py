"""What the document says in CloudFormation's own words can be said in the stack that it stands in.

A reference to another stack's resource becomes an export and an import, where there is one value to export, and always.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lambdakit.spec.cloudformation_calls import calls, places
from lambdakit.spec.finding import Finding, line_of
from lambdakit.spec.references_across import named_places, references_across, target_of
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.stacks import OWN_STACK, full_name, is_existing, stack_at, stacks_of

if TYPE_CHECKING:
    from lambdakit.spec.cloudformation_calls import Call
    from lambdakit.spec.references_across import ReferenceAcross

_SECTIONS = {"Fn::If": "conditions", "Fn::FindInMap": "mappings"}


def stack_references(context: RuleContext) -> Iterator[Finding]:
    """A finding for each name that a stack cannot use, as it is of another."""
    application = context.application
    if stacks_of(application) == (OWN_STACK,) or not context.knows_stacks():
        return
    yield from _without_stack(context)
    if OWN_STACK not in stacks_of(application):
        return
    for reference in references_across(application):
        yield from _of_reference(reference, context)
    for pointer, value in places(application):
        for call in calls(value, pointer):
            section = _SECTIONS.get(call.function)
            if section is not None and (stack := stack_at(application, pointer)) != OWN_STACK:
                problem = f"{section} are the application's own stack's, and this is {_full(context, stack)}"
                hint = "leave `stack` out, or write what it comes to"
                yield Finding(code="LK149", pointer=call.pointer, problem=problem, hint=hint)
            yield from _of_attribute(call, context)


def _without_stack(context: RuleContext) -> Iterator[Finding]:
    """A finding for each output where the application's own stack holds nothing, and so is none."""
    are_all_there = all(context.pruned.spares(section) for section in ("patterns", "functions", "resources"))
    if OWN_STACK in stacks_of(context.application) or not are_all_there:
        return
    for name in context.application.outputs:
        problem = f"outputs are the application's own stack's, and nothing stands in {_full(context, OWN_STACK)}"
        hint = "leave `stack` out where the output belongs"
        yield Finding(code="LK149", pointer=("outputs", name), at_key=True, problem=problem, hint=hint)


def _of_reference(reference: ReferenceAcross, context: RuleContext) -> Iterator[Finding]:
    application, pointer = context.application, reference.pointer
    match reference.target:
        case ("resources", str(name)) if is_existing(application.resources[name]):
            problem = f"{name} exists already, outside of the stacks, so that it has no logical id"
            yield Finding(code="LK149", pointer=pointer, problem=problem, hint="write its name or ARN instead")
        case ("cloudformation", str(name)) if application.cloudformation[name].Condition and not reference.depends:
            condition: Any = ("cloudformation", name, "Condition")
            problem = (
                f"{name} is in {_full(context, reference.used)} under a condition ({line_of(0)}), "
                f"and what {_full(context, reference.user)} imports must always be there"
            )
            hint = "put both into one stack, or leave the condition out"
            yield Finding(code="LK149", pointer=pointer, problem=problem, hint=hint, mentions=(condition,))


def _of_attribute(call: Call, context: RuleContext) -> Iterator[Finding]:
    """A finding for an attribute that only the deployment knows, which no export can be made of."""
    match call.function, call.argument:
        case "Fn::GetAtt", [str(name), dict()]:
            target = target_of(name, named_places(context.application))
            other = None if target is None else stack_at(context.application, target)
            stack = stack_at(context.application, call.pointer)
            if other is not None and stack != other:
                problem = f"{name} is in {_full(context, other)}, which can export an attribute of a fixed name only"
                hint = "write the attribute's name"
                yield Finding(code="LK149", pointer=call.pointer, problem=problem, hint=hint)


def _full(context: RuleContext, stack: str) -> str:
    return full_name(context.application.application, stack)
