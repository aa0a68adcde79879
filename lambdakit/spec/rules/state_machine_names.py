"""The names in a state machine's definition stand for something, and its tasks may do what they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lambdakit.spec.finding import Finding
from lambdakit.spec.grants import ACCESSES, FUNCTION
from lambdakit.spec.nearest import nearest
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.resources.definition import Definition, stands_for
from lambdakit.spec.resources.definition_file import definition_in
from lambdakit.spec.resources.state_machine import StateMachineResource
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.wording import one_of, quoted

# Where names come from: what is not valid there may be what is meant.
_SECTIONS: Final = ("resources", "functions", "patterns")


def state_machine_names(context: RuleContext) -> Iterator[Finding]:
    """A finding for each name that stands for nothing, each substitution of none, and each task without its grant."""
    for name, machine in context.application.resources.items():
        if not isinstance(machine, StateMachineResource):
            continue
        pointer: Pointer = ("resources", name)
        yield from _wrong_grants(context, machine, pointer)
        yield from _unknown_targets(context, machine, pointer)
        definition = definition_of(context, machine)
        if definition is not None and all(context.pruned.spares(key) for key in _SECTIONS):
            yield from _unknown_names(context, machine, definition, pointer)
            yield from _ungranted(context, machine, definition, pointer)


def definition_of(context: RuleContext, machine: StateMachineResource) -> Definition | None:
    """What the machine's file says; None when there is none, or none that can be read."""
    return None if machine.definition is None else definition_in(context.directory, machine.definition)


def _known(context: RuleContext) -> list[str]:
    return [*context.application.resources, *(function.name for function in context.functions)]


def _may_be(context: RuleContext, name: str) -> bool:
    """Whether the name may be that of a part which is not valid."""
    return not all(context.pruned.spares(*place) for place in (("resources", name), ("functions", name), ("patterns",)))


def _wrong_grants(context: RuleContext, machine: StateMachineResource, pointer: Pointer) -> Iterator[Finding]:
    functions = {function.name for function in context.functions}
    for name, access in machine.grants.items():
        place = (*pointer, "grants", name)
        resource = context.application.resources.get(name)
        kind = FUNCTION if resource is None else resource.kind
        if resource is None and name not in functions:
            if not _may_be(context, name):
                close = nearest(name, _known(context))
                problem = f"{quoted(name)} is none of the `resources` and no function"
                hint = f"write {close}" if close else "add it to resources, or to functions"
                yield Finding(code="LK144", pointer=place, at_key=True, problem=problem, hint=hint)
        elif access not in ACCESSES[kind]:
            problem = f"{access} is nothing that a state machine can do with {name}: it takes {one_of(ACCESSES[kind])}"
            hint = f"write {ACCESSES[kind][0]}"
            yield Finding(code="LK145", pointer=place, problem=problem, hint=hint)


def _unknown_targets(context: RuleContext, machine: StateMachineResource, pointer: Pointer) -> Iterator[Finding]:
    known = _known(context)
    for key, target in machine.substitutions.items():
        if isinstance(target, str) and target not in known:
            if _may_be(context, target):
                continue
            close = nearest(target, known)
            text = f"for the text itself, {{value: {target}}}"
            yield Finding(
                code="LK167",
                pointer=(*pointer, "substitutions", key),
                problem=f"{quoted(target)} is none of the `resources` or `functions`",
                hint=f"write {close}, or {text}" if close else f"write {text}",
            )


def _unknown_names(
    context: RuleContext, machine: StateMachineResource, definition: Definition, pointer: Pointer
) -> Iterator[Finding]:
    known = _known(context)
    for name in definition.placeholders:
        if name not in known and name not in machine.substitutions:
            close = nearest(name, known)
            hint = f"write ${{{close}}} there" if close else f"add substitutions: {{{name}: …}}, or a resource {name}"
            problem = f"${{{name}}} in {machine.definition} stands for none of the `resources` or `functions`"
            yield Finding(code="LK167", pointer=(*pointer, "definition"), problem=problem, hint=hint)
    for key in machine.substitutions:
        if key not in definition.placeholders:
            close = nearest(key, definition.placeholders)
            problem = f"{machine.definition} does not say ${{{key}}}"
            hint = f"write {close}" if close else "leave it out"
            place = (*pointer, "substitutions", key)
            yield Finding(code="LK167", pointer=place, at_key=True, problem=problem, hint=hint)


def _ungranted(
    context: RuleContext, machine: StateMachineResource, definition: Definition, pointer: Pointer
) -> Iterator[Finding]:
    missing: dict[str, set[str]] = {}
    said: dict[str, str] = {}
    for task in definition.tasks:
        for placeholder in task.placeholders:
            target = stands_for(machine, placeholder)
            resource = context.application.resources.get(target) if isinstance(target, str) else None
            if resource is None or resource.kind != task.kind or not isinstance(target, str):
                continue
            granted = machine.grants.get(target)
            # Another finding says that there is no such access.
            if granted is not None and granted not in ACCESSES[resource.kind]:
                continue
            if task.access not in _parts(machine.grants.get(target, "")):
                missing.setdefault(target, set()).add(task.access)
                said.setdefault(target, f"{task.state} calls {task.action} on {target}")
    for target, accesses in missing.items():
        wanted = accesses | (_parts(machine.grants[target]) if target in machine.grants else set())
        access = "read_write" if {"read", "write"} <= wanted else min(accesses)
        place: Pointer = (*pointer, "grants") if machine.grants else pointer
        yield Finding(
            code="LK168",
            pointer=(*place, target) if target in machine.grants else place,
            problem=f"{said[target]}, and nothing allows the state machine to",
            hint=f"write grants: {{{target}: {access}}}" if not machine.grants else f"write {target}: {access}",
        )


def _parts(access: str) -> set[str]:
    return set(access.split("_"))
