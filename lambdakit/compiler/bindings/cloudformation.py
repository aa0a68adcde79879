"""What the document says in CloudFormation's own words: raw resources, sections of the template, overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdakit.constructs.cloudformation.overrides import lay_over
from lambdakit.constructs.cloudformation.raw_resources import RawResource, add_raw_resources, raw_id
from lambdakit.constructs.cloudformation.template_sections import (
    RawOutput,
    add_conditions,
    add_mappings,
    add_outputs,
    output_id,
)
from lambdakit.constructs.resources.shared import shared_id
from lambdakit.errors import Diagnostic, SynthesisError
from lambdakit.spec.cloudformation_calls import overridable
from lambdakit.spec.construct_paths import NETWORK_ID, construct_paths
from lambdakit.spec.references_across import references_across

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_cdk import Stack
    from constructs import IConstruct

    from lambdakit.compiler.bindings.scope import BoundStack
    from lambdakit.compiler.source_map import SourceMap
    from lambdakit.spec.application import Application
    from lambdakit.spec.cloudformation import RawResource as RawSettings
    from lambdakit.spec.pointer import Pointer

_ATTRIBUTES = ("Condition", "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy", "Metadata")


def bind_cloudformation(
    bound: BoundStack, stacks: Mapping[str, BoundStack], whole: Application, source_map: SourceMap
) -> None:
    """Adds it to the stack, in which everything else is already. SynthesisError with all that is wrong.

    stacks: all of the application, by their names in the document. whole: the application with what is in all of them.
    """
    stack, application = bound.stack, bound.application
    names, elsewhere = construct_paths(application), _elsewhere(bound, stacks, whole)
    _record_places(stack, application, source_map)
    conditions = add_conditions(stack, application.conditions) if application.conditions else {}
    if application.mappings:
        add_mappings(stack, application.mappings)
    problems: list[Diagnostic] = []
    if application.cloudformation:
        raw = {logical_id: _raw(settings) for logical_id, settings in application.cloudformation.items()}
        problems += _problems(lambda: add_raw_resources(stack, raw, names=names, elsewhere=elsewhere))
    if overrides := _overrides(application):
        problems += _problems(lambda: lay_over(stack, overrides, names=names, elsewhere=elsewhere))
    if application.outputs:
        outputs = {
            logical_id: RawOutput(
                value=output.value,
                description=output.description,
                export_name=output.export_name,
                condition=output.condition,
            )
            for logical_id, output in application.outputs.items()
        }
        problems += _problems(lambda: add_outputs(stack, outputs, conditions, names=names, elsewhere=elsewhere))
    if problems:
        raise SynthesisError(*problems)


def _problems(add: Callable[[], None]) -> tuple[Diagnostic, ...]:
    try:
        add()
    except SynthesisError as error:
        return error.diagnostics
    return ()


def _elsewhere(bound: BoundStack, stacks: Mapping[str, BoundStack], whole: Application) -> dict[str, IConstruct]:
    """By the names that the stack has for them, constructs of other stacks; a slash ends the beginning of a path."""
    found: dict[str, IConstruct] = {}
    for reference in references_across(whole):
        other = stacks.get(reference.used)
        if stacks.get(reference.user) is not bound or other is None:
            continue
        first, slash, _ = reference.name.partition("/")
        places = construct_paths(other.application)
        if reference.target[0] == "cloudformation":
            path = raw_id(first)
        elif slash and first in whole.patterns:
            path = first
        else:
            path = places.get(first, first)
        found[f"{first}{slash}"] = _child(other.stack, path)
    return found


def _child(stack: Stack, path: str) -> IConstruct:
    found: IConstruct = stack
    for id in path.split("/"):
        found = found.node.find_child(id)
    return found


def _overrides(application: Application) -> dict[str, Mapping[str, Any]]:
    """By the construct ids of what has overrides."""
    return {_owner_id(pointer): part.overrides for pointer, part in overridable(application) if part.overrides}


def _owner_id(pointer: Pointer) -> str:
    match pointer:
        case ("network",):
            return NETWORK_ID
        case ("resources", str(name)):
            return shared_id(name)
    return str(pointer[-1])


def _record_places(stack: Stack, application: Application, source_map: SourceMap) -> None:
    path = stack.node.path
    for logical_id, raw in application.cloudformation.items():
        place: Pointer = ("cloudformation", logical_id)
        source_map.record(f"{path}/{raw_id(logical_id)}", place)
        source_map.record_properties(f"{path}/{raw_id(logical_id)}", (*place, "Properties"), raw.Properties)
    for logical_id in application.outputs:
        source_map.record(f"{path}/{output_id(logical_id)}", ("outputs", logical_id))
        source_map.record(f"{path}/{logical_id}", ("outputs", logical_id))
    for pointer, part in overridable(application):
        for below, properties in part.overrides.items():
            construct = f"{path}/{_owner_id(pointer)}" + ("" if below == "." else f"/{below}")
            source_map.record_properties(construct, (*pointer, "overrides", below), properties)


def _raw(settings: RawSettings) -> RawResource:
    return RawResource(
        type=settings.Type,
        properties=settings.Properties,
        attributes={key: getattr(settings, key) for key in _ATTRIBUTES if getattr(settings, key) is not None},
        depends_on=settings.DependsOn,
    )
