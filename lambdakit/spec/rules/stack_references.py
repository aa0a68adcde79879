"""What the document says in CloudFormation's own words names what stands in the same stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdakit.spec.cloudformation_calls import calls, places, references
from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.stacks import OWN_STACK, full_name, stack_at, stacks_of

if TYPE_CHECKING:
    from lambdakit.spec.pointer import Pointer

_SECTIONS = {"Fn::If": "conditions", "Fn::FindInMap": "mappings"}


def stack_references(context: RuleContext) -> Iterator[Finding]:
    """A finding for each name of something in another stack."""
    application = context.application
    if stacks_of(application) == (OWN_STACK,) or not context.knows_stacks():
        return
    known: dict[str, Pointer] = {
        **{name: ("cloudformation", name) for name in application.cloudformation},
        **{key: ("patterns", key) for key in application.patterns},
        **{each.name: each.pointer for each in context.functions},
        **{name: ("resources", name) for name in application.resources},
    }
    yield from _without_stack(context)
    for name, raw in application.cloudformation.items():
        for other in raw.DependsOn:
            yield from _of_name(context, known, other, ("cloudformation", name, "DependsOn"))
    for pointer, value in places(application):
        for call in calls(value, pointer):
            for reference in references(call):
                yield from _of_name(context, known, reference.name, reference.pointer)
            section = _SECTIONS.get(call.function)
            if section is not None and (stack := stack_at(application, pointer)) != OWN_STACK:
                problem = f"{section} are the application's own stack's, and this is {_full(context, stack)}"
                hint = "leave `stack` out, or write what it comes to"
                yield Finding(code="LK149", pointer=call.pointer, problem=problem, hint=hint)


def _without_stack(context: RuleContext) -> Iterator[Finding]:
    """A finding for each output where the application's own stack holds nothing, and so is none."""
    are_all_there = all(context.pruned.spares(section) for section in ("patterns", "functions", "resources"))
    if OWN_STACK in stacks_of(context.application) or not are_all_there:
        return
    for name in context.application.outputs:
        problem = f"outputs are the application's own stack's, and nothing stands in {_full(context, OWN_STACK)}"
        hint = "leave `stack` out where the output belongs"
        yield Finding(code="LK149", pointer=("outputs", name), at_key=True, problem=problem, hint=hint)


def _of_name(context: RuleContext, known: dict[str, Pointer], name: str, pointer: Pointer) -> Iterator[Finding]:
    first = name.partition("/")[0]
    target = known.get(name, known.get(first))
    if first == "network":
        target = ("network",)
    if target is None:
        return
    stack, other = stack_at(context.application, pointer), stack_at(context.application, target)
    if stack != other:
        problem = f"{name} is in {_full(context, other)}, and this in {_full(context, stack)}"
        hint = "put both into one stack; grants, targets and sources can name what is in another"
        yield Finding(code="LK149", pointer=pointer, problem=problem, hint=hint)


def _full(context: RuleContext, stack: str) -> str:
    return full_name(context.application.application, stack)
