"""The tags of a stack, which its resources inherit.

The tags that CloudFormation makes itself, `aws:cloudformation:*`, are not made here.
Source: CloudFormation Template Reference, "CloudFormation resource tagging"; AWS CloudFormation API Reference,
"CreateStack" (`Tags`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.assembly.provider_schemas import resource_type
from lambdakit.assembly.scalars import as_text
from lambdakit.harness.deployment.property_tree import PropertyTree

# "CloudFormation resource tagging": a stack's tags get to the group's instances whatever its own tags say.
_WITH_LAUNCHES: Final = "AWS::AutoScaling::AutoScalingGroup"


def with_stack_tags(
    type_name: str, properties: Mapping[str, Any], tags: Mapping[str, str], tree: PropertyTree
) -> dict[str, Any]:
    """The resolved properties of a resource, with the tags of its stack that it has no own ones for.

    tree: what of the type is read. That a resource's own tag wins over its stack's is not confirmed by a page.
    """
    schema = resource_type(type_name)
    result = dict(properties)
    if not tags or schema is None or schema.tags not in tree:
        return result
    own = properties.get(schema.tags)
    if schema.tags_are_object:
        if own is None or isinstance(own, Mapping):
            result[schema.tags] = {**tags, **(own or {})}
        return result
    if own is None or isinstance(own, list):
        more = {"PropagateAtLaunch": True} if type_name == _WITH_LAUNCHES else {}
        named = {item.get("Key") for item in own or () if isinstance(item, Mapping)}
        inherited = [{"Key": key, "Value": value, **more} for key, value in tags.items() if key not in named]
        result[schema.tags] = [*(own or ()), *inherited]
    return result


def tags_by_key(tags: object) -> dict[str, str]:
    """The tags of a list of `Key` and `Value`."""
    items = tags if isinstance(tags, list) else ()
    return {str(item["Key"]): as_text(item.get("Value")) or "" for item in items if isinstance(item, Mapping)}
