"""Answers of services that speak the query protocol, as JSON: API Gateway asks them for it.

An answer such as `{"SendMessageResponse": {"ResponseMetadata": …, "SendMessageResult": {"MessageId": …}}}` has every
member of the operation's result, null for those that are not there.
Source: Amazon SQS and Amazon SNS API References, the operations' response elements; the form is that of AWS's old JSON
answers to `Accept: application/json`, which the responses of API Gateway's SQS and SNS integrations have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree

from lambdakit.harness.wire import Response

# Of the operations that integrations are made for: the members of a result, which are null without a value.
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "SendMessageResult": (
        *("MD5OfMessageAttributes", "MD5OfMessageBody", "MD5OfMessageSystemAttributes", "MessageId"),
        "SequenceNumber",
    ),
    "ReceiveMessageResult": ("messages",),
    "PublishResult": ("MessageId", "SequenceNumber"),
}
# Elements that are repeated without one around them, by the member that is their list.
_REPEATED: Final[Mapping[str, str]] = {"Message": "messages"}
_ITEMS: Final = frozenset({"member", "entry"})


def as_json(response: Response) -> Response:
    """The answer as JSON; one that is no XML stays as it is."""
    try:
        root = ElementTree.fromstring(response.body)
    except ElementTree.ParseError:
        return response
    name = _local(root.tag)
    content = _value(root)
    if name == "ErrorResponse" and isinstance(content, dict):
        document = {"Error": content.get("Error"), "RequestId": content.get("RequestId")}
    else:
        document = {name: content}
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    kept = [pair for pair in response.headers if pair[0].lower() not in ("content-type", "content-length")]
    return Response(status=response.status, headers=[*kept, ("Content-Type", "application/json")], body=body)


def _value(element: ElementTree.Element) -> Any:
    children = list(element)
    name = _local(element.tag)
    if not children:
        text = (element.text or "").strip()
        return dict.fromkeys(_MEMBERS.get(name, ())) if name.endswith("Result") and not text else element.text or ""
    tags = [_local(child.tag) for child in children]
    if set(tags) <= _ITEMS:
        return [_value(child) for child in children]
    known = _MEMBERS.get(name, ())
    values: dict[str, Any] = dict.fromkeys(known)
    for tag, child in zip(tags, children, strict=True):
        member = _REPEATED.get(tag, tag)
        if member in known and member != tag:
            values[member] = [*(values[member] or []), _value(child)]
        elif tags.count(tag) > 1:
            values[tag] = [*values.get(tag, []), _value(child)]
        else:
            values[tag] = _value(child)
    return values


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
