"""The condition keys of a request: those that all have, and those that its members give.

- `aws:SecureTransport` is `true`: what comes to the harness over HTTP on the loopback stands for the HTTPS request that
  it is on AWS, and every good bucket policy refuses others.
- `aws:SourceIp` is the client's address as the harness sees it: `127.0.0.1` for everything local.
- `aws:CurrentTime` and `aws:EpochTime` are those of real time, like signatures and the expiry of credentials.
- `aws:ViaAWSService` is `false`, and `aws:CalledVia` is absent: the caller itself makes the request.
- `aws:SourceVpc`, `aws:SourceVpce` and `aws:VpcSourceIp` are there instead of `aws:SourceIp` where a function's request
  goes through a VPC endpoint (`network_path`).
- `service:Key` that an action has is taken from the member of that name, without case; the API's table has the others.
- What is missing of all this is listed in `unknown_keys`.
- `aws:RequestTag/…` and `aws:TagKeys` come from the members that hold tags; `aws:ResourceTag/…` and the services' own
  `…:ResourceTag/…` from the resource.

Source: IAM User Guide, "AWS global condition context keys".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lambdakit.harness.iam.api_call import ApiCall, listed, member_at
from lambdakit.harness.iam.service_authorization import Action

Keys = dict[str, tuple[str, ...]]

_TAGS_MAX: Final = 1000
_TAG_MEMBERS: Final = (
    *("Tags", "tags", "TagList", "tagList", "TagSet", "tagSet", "TagsToAdd", "tagsToAdd", "Tag", "TagsList"),
    *("Tagging", "TagsModel", "UserPoolTags", "HostedZoneTags", "ResourceTags", "resourceTags", "AddTags", "TagsMap"),
)
_TAG_KEY_MEMBERS: Final = (
    "TagKeys",
    "tagKeys",
    "TagKeyList",
    "TagsToRemove",
    "tagsToRemove",
    "tagKeyList",
    "tagKeysToRemove",
)
_KEY_NAMES: Final = ("Key", "key", "TagKey", "tagKey", "Name", "name")
_VALUE_NAMES: Final = ("Value", "value", "TagValue", "tagValue")


def keys_of_every_request(call: ApiCall) -> Keys:
    """The global keys that say nothing of members, resources and the time."""
    keys: Keys = {
        "aws:requestedregion": (call.region,),
        "aws:sourceip": (call.request.peer[0],),
        "aws:securetransport": ("true",),
        "aws:viaawsservice": ("false",),
    }
    agent = call.request.headers.get("user-agent")
    if agent:
        keys["aws:useragent"] = (agent,)
    referer = call.request.headers.get("referer")
    if referer:
        keys["aws:referer"] = (referer,)
    return keys


def keys_of_members(call: ApiCall, action: Action, named: Mapping[str, str]) -> Keys:
    """The keys of `action` that the request's members give.

    named: condition key, in lower case -> the path of the member with its values, where that is not of the same name.
    """
    found: Keys = {}
    lower: dict[str, Any] | None = None
    for key in action.keys:
        if key.startswith("aws:"):
            continue
        member = named.get(key)
        if member is not None:
            value = member_at(call.members, member)
        else:
            if lower is None:
                lower = {name.lower(): value for name, value in call.members.items()}
            value = lower.get(key.partition(":")[2])
        values = _values(value)
        if values:
            found[key] = values
    if "aws:requesttag/" in action.keys or "aws:tagkeys" in action.keys:
        found.update(_tag_keys(call))
    return found


def keys_of_tags(call: ApiCall, action: Action, arn: str) -> Keys:
    """What the tags of a resource give, under each key that the action has for them."""
    if not action.tag_keys or not arn.startswith("arn:"):
        return {}
    tags = call.lookups.tags(arn)
    return {f"{family}{name.lower()}": (value,) for name, value in tags.items() for family in action.tag_keys}


def request_tags(call: ApiCall) -> Mapping[str, str]:
    """The tags that a request puts on something, by key."""
    found: dict[str, str] = {}
    for name in _TAG_MEMBERS:
        value = call.members.get(name)
        if value is not None:
            found.update(_tags(value))
    for specification in call.entries("TagSpecification") + call.entries("tagSpecifications"):
        found.update(_tags(specification.get("Tag") or specification.get("tags")))
    return found


def _tag_keys(call: ApiCall) -> Keys:
    tags = request_tags(call)
    names = list(tags)
    for member in _TAG_KEY_MEMBERS:
        names += [name for name in listed(call.members.get(member))[:_TAGS_MAX] if isinstance(name, str)]
    keys: Keys = {f"aws:requesttag/{name.lower()}": (value,) for name, value in tags.items()}
    if names:
        keys["aws:tagkeys"] = tuple(dict.fromkeys(names))
    return keys


def _tags(value: Any) -> Iterator[tuple[str, str]]:
    """Key and value of each tag, in whatever form the API has them."""
    if isinstance(value, dict):
        below = value.get("TagSet", value.get("Items", value.get("Tags", value.get("Tag"))))
        if isinstance(below, dict | list):
            yield from _tags(below)
        elif not any(name in value for name in ("Key", "TagKey")):
            yield from ((str(name), one) for name, one in value.items() if isinstance(one, str))
        else:
            yield from _tags([value])
    elif isinstance(value, list):
        for entry in value[:_TAGS_MAX]:
            if isinstance(entry, dict):
                name = next((entry[key] for key in _KEY_NAMES if isinstance(entry.get(key), str)), "")
                text = next((entry[key] for key in _VALUE_NAMES if isinstance(entry.get(key), str)), "")
                if name:
                    yield name, text


def _values(value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, int | float):
        return (str(value),)
    if isinstance(value, list):
        return tuple(one for one in value[:_TAGS_MAX] if isinstance(one, str) and one)
    return ()
