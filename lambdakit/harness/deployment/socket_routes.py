"""Which routes of API Gateway Version 2 only a WebSocket API has.

Source: API Gateway Developer Guide, "Create routes for HTTP APIs in API Gateway": a route's key has a method and a
path, or is `$default`; "Create routes for WebSocket APIs in API Gateway": a key is any word, `$default` among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_ROUTE: Final = "AWS::ApiGatewayV2::Route"
_DEFAULT: Final = "$default"


def is_socket_route(type_name: str, properties: Mapping[str, Any]) -> bool:
    """Whether a resource is such a route; one whose key is not known yet says nothing."""
    key = properties.get("RouteKey")
    return type_name == _ROUTE and isinstance(key, str) and key != _DEFAULT and " /" not in key
