"""Which APIs of API Gateway a template adds to by their ids, and which of their resources it names.

In comes a template whose parameters are known; out come the ids. Whether they are in the account is not known here.
Source: CDK API Reference, `RestApi.from_rest_api_attributes`, `Resource.from_resource_attributes`,
`HttpApi.from_http_api_attributes`, `WebSocketApi.from_web_socket_api_attributes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from lambdakit.assembly.intrinsics import Resolver
from lambdakit.errors import LambdakitError
from lambdakit.harness.deployment.scope import UnknownValue
from lambdakit.harness.deployment.socket_routes import is_socket_route
from lambdakit.records import dataclass

Protocol = Literal["REST", "HTTP", "WEBSOCKET"]

_REST: Final = "AWS::ApiGateway::"
_HTTP: Final = "AWS::ApiGatewayV2::"
# What these map has to have a stage already, which nobody knows what it serves.
_SAYS_NOTHING: Final = frozenset({f"{_HTTP}ApiMapping", f"{_REST}BasePathMapping"})
_SOCKET_PARTS: Final = frozenset({f"{_HTTP}Model", f"{_HTTP}RouteResponse", f"{_HTTP}IntegrationResponse"})
_ID: Final = re.compile(r"[a-z0-9]{8,12}")
_DEFAULT: Final = "$default"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedApi:
    """An API. resources: ids of those of its resources that the template names, in the order in which it does.

    has_stage: whether the template makes a stage of it.
    """

    id: str
    protocol: Protocol
    resources: tuple[str, ...] = ()
    has_stage: bool = False


def apis_of(resolver: Resolver, logical_ids: Iterable[str]) -> tuple[NamedApi, ...]:
    """The APIs that the named resources of a template are parts of, and that none of its resources makes."""
    found: dict[str, _Parts] = {}
    for logical_id in logical_ids:
        resource = resolver.template.resources[logical_id]
        if not resource.type.startswith((_REST, _HTTP)) or resource.type in _SAYS_NOTHING:
            continue
        is_rest = resource.type.startswith(_REST)
        api_id = _text(resolver, logical_id, resource.properties, "RestApiId" if is_rest else "ApiId")
        if not _ID.fullmatch(api_id):
            continue
        parts = found.setdefault(api_id, _Parts("REST" if is_rest else "HTTP"))
        parts.has_stage |= resource.type.endswith("::Stage")
        parts.speaks_websocket |= resource.type in _SOCKET_PARTS or is_socket_route(resource.type, resource.properties)
        for name in ("ParentId", "ResourceId") if is_rest else ():
            identity = _text(resolver, logical_id, resource.properties, name)
            if _ID.fullmatch(identity) and identity not in parts.resources:
                parts.resources.append(identity)
    return tuple(
        NamedApi(
            id=api_id,
            protocol="WEBSOCKET" if parts.speaks_websocket else parts.protocol,
            resources=tuple(parts.resources),
            has_stage=parts.has_stage,
        )
        for api_id, parts in found.items()
    )


class _Parts:
    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.resources: list[str] = []
        self.has_stage = False
        self.speaks_websocket = False


def _text(resolver: Resolver, logical_id: str, properties: Mapping[str, Any], name: str) -> str:
    """A property's text; empty for none, and for one that the template makes."""
    value = properties.get(name)
    if isinstance(value, Mapping):
        made = value.get("Ref", value.get("Fn::GetAtt"))
        if made is not None and (made if isinstance(made, str) else made[0]) in resolver.template.resources:
            return ""
        try:
            value = resolver.resolve(value, f"Resources.{logical_id}.Properties.{name}")
        except (LambdakitError, LookupError, UnknownValue):
            return ""  # it depends on a resource that the template makes
    return value if isinstance(value, str) else ""
