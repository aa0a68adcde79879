"""Names in `cloudformation`, `outputs`, `conditions` and `overrides` stand for something that the document has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from lambdakit.spec.cloudformation_calls import calls, places, references
from lambdakit.spec.finding import Finding
from lambdakit.spec.nearest import nearest
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.wording import quoted

if TYPE_CHECKING:
    from lambdakit.spec.cloudformation_calls import Call, Reference
    from lambdakit.spec.pointer import Pointer

# Source: CloudFormation Template Reference, "Pseudo parameters reference"
PSEUDO_PARAMETERS: Final = tuple(
    f"AWS::{name}"
    for name in (
        *("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix"),
    )
)
NETWORK: Final = "network"
_SHOWN: Final = 12
# Sections that give names. What one of them lost because it was wrong may be what is meant.
_SECTIONS: Final = ("resources", "functions", "patterns", "parameters")


def cloudformation_names(context: RuleContext) -> Iterator[Finding]:
    """A finding for each name that nothing has, and for each that two things have."""
    yield from _taken_twice(context)
    names = _names(context)
    for name, raw in context.application.cloudformation.items():
        place: Pointer = ("cloudformation", name)
        for number, other in enumerate(raw.DependsOn):
            below = (*place, "DependsOn") if len(raw.DependsOn) == 1 else (*place, "DependsOn", number)
            yield from _unknown_name(other, names, below, context)
        if raw.Condition is not None:
            yield from _unknown_of("conditions", raw.Condition, (*place, "Condition"), context)
    for name, output in context.application.outputs.items():
        if output.condition is not None:
            yield from _unknown_of("conditions", output.condition, ("outputs", name, "condition"), context)
    for pointer, value in places(context.application):
        for call in calls(value, pointer):
            yield from _of_call(call, names, context)
    yield from _of_conditions(context)


def _names(context: RuleContext) -> list[str]:
    """What has a logical id and attributes, by name; the beginnings of constructs' paths end in a slash."""
    application = context.application
    functions = [each.name for each in context.functions]
    owners = [*application.patterns, *application.resources, *functions]
    return [
        *(*application.cloudformation, *application.resources, *functions),
        *(f"{owner}/" for owner in owners),
        *([f"{NETWORK}/"] if application.network else ()),
    ]


def _of_call(call: Call, names: list[str], context: RuleContext) -> Iterator[Finding]:
    values = [*context.application.parameters, *PSEUDO_PARAMETERS]
    for reference in references(call):
        known = names if reference.attribute is not None else [*names, *values]
        yield from _unknown_reference(reference, known, context)
    match call.function, call.argument:
        case ("Fn::If", [str(condition), *_]):
            yield from _unknown_of("conditions", condition, (*call.pointer, 0), context)
        case ("Fn::FindInMap", [str(mapping), *_]):
            yield from _unknown_of("mappings", mapping, (*call.pointer, 0), context)


def _of_conditions(context: RuleContext) -> Iterator[Finding]:
    names = [*context.application.parameters, *PSEUDO_PARAMETERS]
    for name, expression in context.application.conditions.items():
        for pointer, other in _named_conditions(expression, ("conditions", name)):
            yield from _unknown_of("conditions", other, pointer, context)
        for call in calls(expression, ("conditions", name)):
            for reference in references(call):
                if reference.attribute is None:
                    yield from _unknown_reference(reference, names, context)
            match call.function, call.argument:
                case ("Fn::FindInMap", [str(mapping), *_]):
                    yield from _unknown_of("mappings", mapping, (*call.pointer, 0), context)


def _named_conditions(value: object, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    match value:
        case {"Condition": str(name), **others} if not others:
            yield (*pointer, "Condition"), name
        case dict():
            for key, inner in value.items():
                yield from _named_conditions(inner, (*pointer, key))
        case list():
            for place, inner in enumerate(value):
                yield from _named_conditions(inner, (*pointer, place))


def _unknown_reference(reference: Reference, names: list[str], context: RuleContext) -> Iterator[Finding]:
    if reference.name in context.application.parameters and reference.name not in names:
        problem = f"{reference.name} is a parameter, which has no attributes"
        yield Finding(code="LK124", pointer=reference.pointer, problem=problem, hint=f"write !Ref {reference.name}")
        return
    yield from _unknown_name(reference.name, names, reference.pointer, context)


def _unknown_name(name: str, names: list[str], pointer: Pointer, context: RuleContext) -> Iterator[Finding]:
    first, slash, _ = name.partition("/")
    if not name or (f"{first}/" if slash else name) in names:
        return
    if not _are_all_there(context):
        return
    close = nearest(name, [each for each in names if not each.endswith("/")])
    if slash:
        owner = nearest(first, [each[:-1] for each in names if each.endswith("/")])
        close = None if owner is None else f"{owner}/{name.partition('/')[2]}"
    known = dict.fromkeys(f"{each}…" if each.endswith("/") else each for each in names if each not in PSEUDO_PARAMETERS)
    hint = f"write {close}" if close else f"names are {', '.join(list(known)[:_SHOWN])}"
    if f"{name}/" in names:
        hint = f"name a construct of it by its path, as in {name}/Table"
    problem = f"{quoted(name)} is no resource, function, parameter or construct of this document"
    yield Finding(code="LK124", pointer=pointer, problem=problem, hint=hint)


def _are_all_there(context: RuleContext) -> bool:
    # A resource of `cloudformation` keeps its name whatever in it was wrong, but for the whole of it.
    lost = any(pointer[0] == "cloudformation" and len(pointer) <= 2 for pointer in context.pruned.values)
    return not lost and all(context.pruned.spares(section) for section in _SECTIONS)


def _unknown_of(section: str, name: str, pointer: Pointer, context: RuleContext) -> Iterator[Finding]:
    known = list(getattr(context.application, section))
    if name in known or not context.pruned.spares(section):
        return
    close = nearest(name, known)
    hint = f"write {close}" if close else f"add it to `{section}`"
    problem = f"{quoted(name)} is not one of the document's {section}"
    yield Finding(code="LK125", pointer=pointer, problem=problem, hint=hint)


def _taken_twice(context: RuleContext) -> Iterator[Finding]:
    application = context.application
    others = {
        **{name: "a resource of the document" for name in application.resources},
        **{each.name: "a function" for each in context.functions},
        **{name: "a parameter" for name in application.parameters},
    }
    for name in application.cloudformation:
        if name in others:
            problem = f"{name} is {others[name]} as well, and !Ref {name} would mean either"
            yield Finding(
                code="LK126",
                pointer=("cloudformation", name),
                at_key=True,
                problem=problem,
                hint="rename one of the two",
            )
