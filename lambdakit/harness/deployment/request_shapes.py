"""What an API operation takes, made from CloudFormation properties: the same names in another case, the same values in
another form.

A template may give `"80"` where the API wants 80, a JSON document where it wants its text, and `Tags` as a list where
it wants a map. The operation's input shape says which. A name that the operation does not have is left out.
Source: botocore, service models; CloudFormation User Guide, "AWS CloudFormation template formats" (value types).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape


def input_shape(client: Any, operation: str) -> StructureShape:
    """The input of a boto3 client's method, such as `create_vpc`. KeyError when the client has no such method."""
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
    assert isinstance(shape, StructureShape)
    return shape


def matching(
    shape: StructureShape, properties: Mapping[str, Any], renamed: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Each property that is a member of the operation, as (member, property).

    renamed: property -> member where the names differ by more than case; an empty member keeps the property out.
    """
    members = {member.lower(): member for member in shape.members}
    for name in properties:
        member = members.get(renamed.get(name, name).lower())
        if member is not None:
            yield member, name


def request(
    client: Any, operation: str, properties: Mapping[str, Any], renamed: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The arguments of a client's method that `properties` have, in the form that the method wants."""
    shape = input_shape(client, operation)
    return {
        member: convert(shape.members[member], properties[name])
        for member, name in matching(shape, properties, renamed or {})
        if properties[name] is not None
    }


def convert(shape: Shape, value: Any) -> Any:
    """`value` in the form that `shape` has. ValueError or TypeError when it has no such form."""
    match shape:
        case StructureShape():
            return _structure(shape, value)
        case ListShape():
            return _list(shape, value)
        case MapShape():
            return _map(shape, value)
    match shape.type_name:
        case "string" | "character":
            return _text(value)
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case "blob":
            return value if isinstance(value, bytes) else _text(value).encode()
    return value


def _structure(shape: StructureShape, value: Any) -> dict[str, Any] | str:
    if shape.metadata.get("document"):
        return value  # type: ignore[no-any-return]  # any JSON value
    if isinstance(value, str) and value.startswith("{"):
        value = json.loads(value)
    if isinstance(value, list) and {"Quantity", "Items"} <= shape.members.keys():
        # CloudFront's lists. Source: CloudFront API Reference, "Aliases" and its like.
        items = convert(shape.members["Items"], value)
        return {"Quantity": len(items), "Items": items} if items else {"Quantity": 0}
    if not isinstance(value, Mapping):
        raise TypeError(f"{json.dumps(value)} is given where an object is wanted")
    return {
        member: convert(shape.members[member], value[name])
        for member, name in matching(shape, value, {})
        if value[name] is not None
    }


def _list(shape: ListShape, value: Any) -> list[Any]:
    item = shape.member
    if isinstance(value, Mapping) and isinstance(item, StructureShape):
        pair = _pair(item)
        if pair is not None and not {name.lower() for name in pair} & {str(name).lower() for name in value}:
            key, content = pair
            return [{key: name, content: convert(item.members[content], value[name])} for name in value]
    return [convert(item, each) for each in (value if isinstance(value, list) else [value])]


def _map(shape: MapShape, value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        value = {each["Key"]: each.get("Value", "") for each in value}
    if isinstance(value, str):
        value = json.loads(value)
    return {str(name): convert(shape.value, each) for name, each in value.items()}


def _pair(shape: StructureShape) -> tuple[str, str] | None:
    """The two members of a list's item that stand for a map's entry, such as a tag's."""
    names = {name.lower(): name for name in shape.members}
    return (names["key"], names["value"]) if names.keys() == {"key", "value"} else None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
