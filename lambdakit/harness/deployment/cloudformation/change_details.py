"""What a change set says of one resource that changes: of which of its attributes, because of what, and what follows.

Source: AWS CloudFormation API Reference, "ResourceChange", "ResourceChangeDetail" and "ResourceTargetDefinition";
CloudFormation User Guide, "Example CloudFormation change sets".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Final

from lambdakit.assembly.intrinsics_strings import sub_names
from lambdakit.assembly.provider_schemas import ResourceType, resource_type
from lambdakit.assembly.same_value import same
from lambdakit.harness.deployment.provisioner import Created, Resource
from lambdakit.records import dataclass

# CloudFormation writes this where a value is not known before the change set is executed.
KNOWN_LATER: Final = "{{changeSet:KNOWN_AFTER_APPLY}}"

Detail = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """What may be the cause of a property's change though the template says of it what it said before.

    before, after: the resource's properties as the two templates have them, not resolved.
    parameters: those whose value changes. resources: those whose values are known later.
    """

    before: Mapping[str, object]
    after: Mapping[str, object]
    parameters: Set[str]
    resources: Set[str]

    def of(self, name: str) -> Sequence[tuple[str, str]]:
        """`ChangeSource` and `CausingEntity` of each; one without an entity when the template itself changed."""
        if self.before.get(name) != self.after.get(name):
            return [("DirectModification", "")]
        found = dict.fromkeys(self._named(self.after.get(name)))
        return list(found) or [("DirectModification", "")]

    def _named(self, value: object) -> Iterator[tuple[str, str]]:
        if isinstance(value, list):
            for item in value:
                yield from self._named(item)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                if key == "Ref" and isinstance(item, str):
                    yield from self._entity(item)
                elif key == "Fn::GetAtt":
                    yield from self._entity(".".join(map(str, item)) if isinstance(item, list) else str(item))
                else:
                    if key == "Fn::Sub":
                        text = item[0] if isinstance(item, list) and item else item
                        for name in sub_names(text) if isinstance(text, str) else ():
                            yield from self._entity(name)
                    yield from self._named(item)

    def _entity(self, name: str) -> Iterator[tuple[str, str]]:
        logical_id, dot, _ = name.partition(".")
        if not dot and name in self.parameters:
            yield "ParameterReference", name
        elif logical_id in self.resources:
            yield "ResourceAttribute" if dot else "ResourceReference", name


def property_details(there: Created, wanted: Resource, causes: Causes) -> list[Detail]:
    """The details of each property that differs."""
    before, after = there.resource.properties, wanted.properties
    schema = resource_type(wanted.type)
    names = sorted(name for name in {*before, *after} if not same(before.get(name), after.get(name)))
    return [
        {
            "ChangeSource": source,
            "CausingEntity": entity or None,
            "Evaluation": "Dynamic" if KNOWN_LATER in str(after.get(name)) else "Static",
            "Target": _target(name, schema),
        }
        for name in names
        for source, entity in causes.of(name)
    ]


def metadata_detail() -> Detail:
    """The detail of metadata, or of a policy, that differs."""
    return {
        "ChangeSource": "DirectModification",
        "Evaluation": "Static",
        "Target": {"Attribute": "Metadata", "RequiresRecreation": "Never"},
    }


def policy_action(there: Resource, *, replaced: bool) -> str:
    """What becomes of a resource that goes."""
    kept, snapshot = (
        (there.keep_when_replaced, there.snapshot_when_replaced)
        if replaced
        else (there.keep_when_deleted, there.snapshot_when_deleted)
    )
    action = "Retain" if kept else "Snapshot" if snapshot else "Delete"
    return f"ReplaceAnd{action}" if replaced else action


def scope_of(details: Sequence[Detail]) -> list[str]:
    """The attributes that details are of."""
    return sorted({detail["Target"]["Attribute"] for detail in details})


def _target(name: str, schema: ResourceType | None) -> Detail:
    if schema is not None and name == schema.tags:
        return {"Attribute": "Tags", "RequiresRecreation": "Never"}
    replacing = {path.partition(".")[0] for path in schema.create_only} if schema is not None else set()
    return {"Attribute": "Properties", "Name": name, "RequiresRecreation": "Always" if name in replacing else "Never"}
