"""The check before a deployment: every type and property that the harness does not know, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from lambdakit.assembly.source_map import SourceMap
from lambdakit.assembly.template import Template
from lambdakit.errors import Diagnostic
from lambdakit.harness.deployment.property_tree import unread
from lambdakit.harness.deployment.provisioner import Provisioner


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """Something of a template that has no counterpart here. pointer: within the template."""

    stack: str
    logical_id: str
    type: str
    pointer: str
    problem: str
    code: str

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
            hint='remove it, or deploy with unsupported="warn" to leave it out',
        )


def unsupported_in(
    stack: str, template: Template, enabled: frozenset[str], provisioners: Mapping[str, Provisioner]
) -> Iterator[Unsupported]:
    """What the harness does not know of the enabled resources of a template."""
    for logical_id, resource in template.resources.items():
        if logical_id not in enabled:
            continue
        provisioner = provisioners.get(resource.type)
        pointer = f"Resources.{logical_id}"
        if provisioner is None:
            yield Unsupported(
                stack=stack,
                logical_id=logical_id,
                type=resource.type,
                pointer=pointer,
                problem=f"{resource.type} ({logical_id}) is not supported by the harness",
                code="LK310",
            )
            continue
        for place in unread(provisioner.properties, resource.properties, f"{pointer}.Properties"):
            yield Unsupported(
                stack=stack,
                logical_id=logical_id,
                type=resource.type,
                pointer=place,
                problem=_unread_problem(resource.type, logical_id, place, provisioner),
                code="LK311",
            )


def _unread_problem(type_name: str, logical_id: str, pointer: str, provisioner: Provisioner) -> str:
    name = pointer.rpartition(".")[2]
    problem = f"the property {name} of {type_name} ({logical_id}) is not read by the harness"
    near = get_close_matches(name, provisioner.properties, n=1, cutoff=0.85)
    return f"{problem}; {near[0]} is" if near and near[0] != name else problem
