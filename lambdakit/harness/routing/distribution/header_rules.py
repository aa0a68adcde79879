"""Which headers edge functions may not see, add or change.

Source: Amazon CloudFront Developer Guide, "Restrictions on all edge functions" ("Disallowed headers", "Read-only
headers").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from lambdakit.harness.routing.distribution.messages import Fields

_DISALLOWED: Final = frozenset(
    {"connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "trailer"}
    | {"upgrade", "x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect", "x-amzn-auth"}
    | {"x-amzn-cf-billing", "x-amzn-cf-id", "x-amzn-cf-xff", "x-amzn-errortype", "x-amzn-fle-profile"}
    | {"x-amzn-header-count", "x-amzn-header-order", "x-amzn-lambda-integration-tag", "x-amzn-requestid", "x-cache"}
    | {"x-forwarded-proto", "x-real-ip"}
)
_PREFIXES: Final = ("x-amz-cf-", "x-edge-")
_READ_ONLY: Final[Mapping[str, frozenset[str]]] = {
    "viewer-request": frozenset({"content-length", "host", "transfer-encoding", "via"}),
    "origin-request": frozenset(
        {"accept-encoding", "content-length", "if-modified-since", "if-none-match", "if-range"}
        | {"if-unmodified-since", "transfer-encoding", "via"}
    ),
    "origin-response": frozenset({"transfer-encoding", "via"}),
    "viewer-response": frozenset({"warning", "via"}),
}
# "CloudFront headers": a viewer request function that adds it fails.
_COUNTRY: Final = "cloudfront-viewer-country"


def is_disallowed(name: str) -> bool:
    """Whether functions neither see nor add a header."""
    lower = name.lower()
    return lower in _DISALLOWED or lower.startswith(_PREFIXES)


def header_problem(event_type: str, before: Fields, after: Fields) -> str:
    """What is wrong with the headers that a function gives; empty when nothing is."""
    for name, _ in after:
        if is_disallowed(name):
            return f"the header {name} is disallowed"
    for name in _READ_ONLY.get(event_type, ()):
        told = _values(after, name)
        # A function may leave one out of what it gives; what there is stays.
        if told and told != _values(before, name):
            return f"the header {name} is read-only in {event_type} events"
    if event_type == "viewer-request" and _values(after, _COUNTRY) and not _values(before, _COUNTRY):
        return f"the header {_COUNTRY} cannot be added in viewer-request events"
    return ""


def kept(event_type: str, before: Fields, after: Fields) -> Fields:
    """The headers that go on: what a function gives, and of what it could not change or see what was there."""
    read_only = _READ_ONLY.get(event_type, frozenset())
    stays = [field for field in before if is_disallowed(field[0]) or field[0].lower() in read_only]
    return (*stays, *(field for field in after if field[0].lower() not in read_only))


def _values(fields: Iterable[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in fields if key.lower() == name]
