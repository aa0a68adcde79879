"""What distributions refer to: policies, functions, keys, identities, as their templates describe them.

Provisioners put them here by their ids; distributions read them with every request, so that a change counts at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from lambdakit.harness.routing.distribution.policies import (
    MANAGED_CACHE_POLICIES,
    MANAGED_ORIGIN_REQUEST_POLICIES,
    CachePolicy,
    Selections,
    cache_policy,
    origin_request_policy,
)
from lambdakit.harness.routing.distribution.response_headers import (
    MANAGED_RESPONSE_HEADERS_POLICIES,
    ResponseHeadersPolicy,
    response_headers_policy,
)
from lambdakit.records import dataclass

_TYPES: Final = "AWS::CloudFront::"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A resource of a template. properties: resolved. attributes: what `Fn::GetAtt` gives.

    values: what a key value store holds.
    """

    id: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)


class Parts:
    """All of them, by type and id."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str], Part] = {}

    def put(self, type_name: str, part: Part) -> None:
        """From now on this is the part. type_name: such as `AWS::CloudFront::CachePolicy`."""
        self._parts[type_name, part.id] = part

    def take_away(self, type_name: str, part_id: str) -> None:
        """The part is no more; nothing happens when there was none."""
        self._parts.pop((type_name, part_id), None)

    def find(self, kind: str, part_id: str) -> Part | None:
        """A part by the last word of its type, and its id; None without one."""
        return self._parts.get((_TYPES + kind, part_id))

    def cache_policy(self, policy_id: str) -> CachePolicy | None:
        """A policy, managed or not; None where nothing is known of the id."""
        part = self.find("CachePolicy", policy_id)
        if part is None:
            return MANAGED_CACHE_POLICIES.get(policy_id)
        return cache_policy(part.properties.get("CachePolicyConfig") or {})

    def origin_request_policy(self, policy_id: str) -> Selections | None:
        """The same of an origin request policy."""
        part = self.find("OriginRequestPolicy", policy_id)
        if part is None:
            return MANAGED_ORIGIN_REQUEST_POLICIES.get(policy_id)
        return origin_request_policy(part.properties.get("OriginRequestPolicyConfig") or {})

    def response_headers_policy(self, policy_id: str) -> ResponseHeadersPolicy | None:
        """The same of a response headers policy."""
        part = self.find("ResponseHeadersPolicy", policy_id)
        if part is None:
            return MANAGED_RESPONSE_HEADERS_POLICIES.get(policy_id)
        return response_headers_policy(part.properties.get("ResponseHeadersPolicyConfig") or {})

    def key_value_store(self, arn: str) -> Mapping[str, str] | None:
        """What a key value store holds, by its ARN; None where there is none."""
        for (type_name, _), part in list(self._parts.items()):
            if type_name == "AWS::CloudFront::KeyValueStore" and part.attributes.get("Arn") == arn:
                return part.values
        return None
