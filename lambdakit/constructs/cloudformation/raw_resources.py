"""Resources as templates have them, by logical id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aws_cdk import CfnResource

from lambdakit.constructs.cloudformation.problem_places import pointer_text
from lambdakit.constructs.cloudformation.property_problems import property_problems
from lambdakit.constructs.cloudformation.references import References
from lambdakit.constructs.cloudformation.resource_types import is_checked, near_type, sample_of
from lambdakit.errors import Diagnostic, SynthesisError

if TYPE_CHECKING:
    from aws_cdk import Stack
    from constructs import IConstruct


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResource:
    """One resource, in CloudFormation's spelling.

    attributes: what stands beside type and properties: DeletionPolicy, Condition, Metadata and the like.
    depends_on: names, as in references.
    """

    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    depends_on: Sequence[str] = ()


def raw_id(logical_id: str) -> str:
    """The construct id of the resource. No pattern's holds a colon, so that the two never meet."""
    return f"cloudformation:{logical_id}"


def add_raw_resources(
    stack: Stack,
    resources: Mapping[str, RawResource],
    *,
    names: Mapping[str, str],
    elsewhere: Mapping[str, IConstruct] = MappingProxyType({}),
) -> None:
    """Adds the resources to the stack, each under its logical id. SynthesisError with all that is wrong.

    Properties are checked against the CDK's class for the type. names, elsewhere: for references, as in `References`.
    """
    references = References(stack, names, {logical_id: each.type for logical_id, each in resources.items()}, elsewhere)
    problems = [
        problem
        for logical_id, each in resources.items()
        for problem in _problems(f"{stack.node.path}/{raw_id(logical_id)}", each)
    ]
    for logical_id, each in resources.items():
        _add(stack, logical_id, each, references)
    if problems or references.problems:
        raise SynthesisError(*problems, *references.problems)


def _problems(path: str, resource: RawResource) -> Iterator[Diagnostic]:
    if not is_checked(resource.type) or resource.type.endswith("::MODULE"):
        return
    sample = sample_of(resource.type)
    if sample is None:
        near = near_type(resource.type)
        yield Diagnostic(
            problem=f"{resource.type} is no type of resource that the CDK knows",
            code="LK463",
            pointer=pointer_text(path, ("Type",)),
            hint=f"write {near}" if near else "a newer aws-cdk-lib may know it",
        )
        return
    yield from property_problems(sample, resource.properties, pointer=(path, ("Properties",)), over=False)


def _add(stack: Stack, logical_id: str, resource: RawResource, references: References) -> None:
    path = f"{stack.node.path}/{raw_id(logical_id)}"
    made = CfnResource(
        stack,
        raw_id(logical_id),
        type=resource.type,
        properties=references.resolved(dict(resource.properties), path, ("Properties",)),
    )
    made.override_logical_id(logical_id)
    for key, value in resource.attributes.items():
        made.add_override(key, references.resolved(value, path, (key,)))
    if resource.depends_on:
        ids = references.depend(resource.depends_on, path, ("DependsOn",))
        if ids:
            made.add_override("DependsOn", ids)
