"""The check before a deployment: every type and property that the harness does not know, at once."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.source_map import SourceMap
from lambdakit.assembly.template import Resource, Template
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.harness.deployment.deployed import NESTED_STACK
from lambdakit.harness.deployment.known_types import ProvisionerOf, way_out
from lambdakit.harness.deployment.nested_stack import NestedStack
from lambdakit.harness.deployment.property_tree import PropertyTree, unread
from lambdakit.harness.deployment.stack_source import StackSource
from lambdakit.records import dataclass

UNKNOWN_TYPE: Final = "LK310"
UNKNOWN_PROPERTY: Final = "LK311"
_LEAVE_IT_OUT: Final = 'remove it, or deploy with unsupported="warn" to leave it out'


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """Something of a template that has no counterpart here. pointer: within the template."""

    stack: str
    logical_id: str
    type: str
    pointer: str
    problem: str
    code: str
    hint: str = _LEAVE_IT_OUT

    @property
    def unknown_type(self) -> bool:
        """Whether the whole resource has no counterpart, not only one of its properties."""
        return self.code == UNKNOWN_TYPE

    def diagnostic(self, template_path: str, source_map: SourceMap) -> Diagnostic:
        """The finding, at the document's line where the source map knows it, else within the template."""
        place = source_map.place(self.stack, self.logical_id)
        return Diagnostic(
            problem=self.problem,
            code=self.code,
            path=template_path if place is None else place.document,
            line=None if place is None else place.line,
            column=None if place is None else place.column,
            pointer=self.pointer if place is None else f"{place.pointer}: {self.pointer}",
            hint=self.hint,
        )


class Support:
    """Finds what is not supported."""

    def __init__(self, provisioner_of: ProvisionerOf) -> None:
        self._provisioner_of = provisioner_of

    def unsupported(self, source: StackSource, resolver: Resolver) -> Iterator[Unsupported]:
        """What the harness does not know of the resources of a stack that exist, and of those nested in it."""
        for logical_id, resource in resolver.template.resources.items():
            if resolver.resource_enabled(logical_id):
                yield from self._of_resource(source.name, resource)
                if resource.type == NESTED_STACK:
                    yield from self._of_nested(source, resolver, logical_id)

    def _of_nested(self, source: StackSource, resolver: Resolver, logical_id: str) -> Iterator[Unsupported]:
        pointer = f"Resources.{logical_id}.Properties.TemplateURL"
        try:
            url = resolver.resolve(resolver.template.resources[logical_id].properties.get("TemplateURL"), pointer)
        except (AssemblyError, LookupError):
            return  # it depends on what is not deployed yet; it is checked when its turn comes
        template = source.nested_template(str(url), source.template.place(pointer))
        yield from self._unconditional(template, f"{source.name}/{logical_id}")

    def _unconditional(self, template: Template, name: str) -> Iterator[Unsupported]:
        """What exists whatever the parameters are, which are not known yet; nothing of a template of AWS SAM."""
        if template.uses_serverless:
            return
        for resource in template.resources.values():
            if resource.condition is None:
                yield from self._of_resource(name, resource)

    def _of_resource(self, stack: str, resource: Resource) -> Iterator[Unsupported]:
        pointer = f"Resources.{resource.logical_id}"
        tree = self._tree(resource.type)
        if tree is None:
            yield Unsupported(
                stack=stack,
                logical_id=resource.logical_id,
                type=resource.type,
                pointer=pointer,
                problem=f"{resource.type} ({resource.logical_id}) is not supported by the harness",
                code=UNKNOWN_TYPE,
                hint=way_out(resource.type) or _LEAVE_IT_OUT,
            )
            return
        for place in unread(tree, resource.properties, f"{pointer}.Properties"):
            yield Unsupported(
                stack=stack,
                logical_id=resource.logical_id,
                type=resource.type,
                pointer=place,
                problem=_unread_problem(resource, place, tree),
                code=UNKNOWN_PROPERTY,
            )

    def _tree(self, type_name: str) -> PropertyTree | None:
        if type_name == NESTED_STACK:
            return NestedStack.properties
        provisioner = self._provisioner_of(type_name)
        return None if provisioner is None else provisioner.properties


def _unread_problem(resource: Resource, pointer: str, tree: PropertyTree) -> str:
    name = pointer.rpartition(".")[2]
    problem = f"the property {name} of {resource.type} ({resource.logical_id}) is not read by the harness"
    near = get_close_matches(name, tree, n=1, cutoff=0.85)
    return f"{problem}; {near[0]} is" if near and near[0] != name else problem
