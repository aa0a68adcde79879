"""A template with what changes its logical id at every deployment called alike in both states.

The CDK makes a new `AWS::Lambda::Version` and a new `AWS::ApiGateway::Deployment` whenever what they freeze changes;
the hash in their logical ids would else show as a resource removed, one added, and a change of all that refer to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.assembly.template import Resource, Template
from lambdakit.records import dataclass
from lambdakit.reports.rendered_value import intrinsic, references

# Type -> the property that names what it freezes.
_FROZEN: Final = {"AWS::Lambda::Version": "FunctionName", "AWS::ApiGateway::Deployment": "RestApiId"}
# Written by the CDK about itself; no resource of anybody's.
_OF_THE_CDK: Final = frozenset({"AWS::CDK::Metadata"})
_SECTIONS: Final = ("Resources", "Outputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonical:
    """resources: by logical id, their functions' arguments renamed; without what stands for another's state.

    frozen: logical id of a function or API -> the logical id of its version or deployment, and its properties.
    outputs: as in the template, renamed as well.
    """

    resources: Mapping[str, Resource]
    frozen: Mapping[str, tuple[str, Mapping[str, object]]]
    outputs: Mapping[str, object]


def canonical(template: Template) -> Canonical:
    """The template, renamed."""
    owners = _owners(template)
    names = {
        logical_id: f"{owner}.{template.resources[logical_id].type.rpartition('::')[2]}"
        for logical_id, owner in owners.items()
    }
    resources, frozen = {}, {}
    for logical_id, resource in template.resources.items():
        if resource.type in _OF_THE_CDK:
            continue
        properties = _renamed(resource.properties, names)
        assert isinstance(properties, Mapping)
        if logical_id in owners:
            frozen[owners[logical_id]] = (logical_id, properties)
            continue
        resources[logical_id] = Resource(
            logical_id=logical_id,
            type=resource.type,
            properties=properties,
            metadata=resource.metadata,
            condition=resource.condition,
            deletion_policy=resource.deletion_policy,
            update_replace_policy=resource.update_replace_policy,
            creation_policy=resource.creation_policy,
            update_policy=resource.update_policy,
            construct_path=resource.construct_path,
        )
    raw = template.raw.get("Outputs", {})
    outputs = _renamed(raw, names)
    return Canonical(resources=resources, frozen=frozen, outputs=outputs if isinstance(outputs, Mapping) else {})


def _owners(template: Template) -> Mapping[str, str]:
    """Logical id of each version or deployment -> what it freezes, where that has only one."""
    found: dict[str, str] = {}
    for logical_id, resource in template.resources.items():
        if resource.type in _FROZEN:
            for owner, _ in references(resource.properties.get(_FROZEN[resource.type])):
                found[logical_id] = owner
    once = list(found.values())
    return {logical_id: owner for logical_id, owner in found.items() if once.count(owner) == 1}


def _renamed(value: object, names: Mapping[str, str]) -> object:
    if not names:
        return value
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if not isinstance(value, Mapping):
        return value
    match intrinsic(value), next(iter(value.values()), None):
        case "Ref", str() as name if name in names:
            return {"Ref": names[name]}
        case "Fn::GetAtt", [str() as name, attribute] if name in names:
            return {"Fn::GetAtt": [names[name], attribute]}
        case "Fn::Sub", str() as text:
            return {"Fn::Sub": _in_text(text, names)}
        case "Fn::Sub", [str() as text, own]:
            return {"Fn::Sub": [_in_text(text, names), _renamed(own, names)]}
    return {key: _renamed(item, names) for key, item in value.items()}


def _in_text(text: str, names: Mapping[str, str]) -> str:
    for name, other in names.items():
        text = text.replace(f"${{{name}}}", f"${{{other}}}").replace(f"${{{name}.", f"${{{other}.")
    return text
