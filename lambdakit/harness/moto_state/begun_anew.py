"""Parts of an API that begin anew under the ids they have: moto's updates keep what they are not given.

Private surface used: `moto.apigatewayv2.models.apigatewayv2_backends[account][region].apis[id]` with `authorizers`,
`integrations` and `routes`, whose objects have `id` or `route_id`, and `responses` or `route_responses` of their own.
Canary: tests/unit/harness/provisioners/test_provisioner_http_api.py and test_provisioner_websocket_api.py beside it.
"""

from __future__ import annotations

from typing import Any, Final

_IDS: Final = ("id", "route_id")
_BELOW: Final = ("responses", "route_responses")


def take_place(account_id: str, region: str, api_id: str, parts: str, *, old: str, fresh: str) -> None:
    """Puts the part with the id `fresh` where the one with the id `old` is; what is below that stays.

    parts: `authorizers`, `integrations` or `routes`. What serves the API sees it with the next request that changes it.
    """
    from moto.apigatewayv2.models import apigatewayv2_backends

    held: Any = getattr(apigatewayv2_backends[account_id][region].apis[api_id], parts)
    before, after = held[old], held.pop(fresh)
    for name in _IDS:
        if hasattr(after, name):
            setattr(after, name, old)
    for name in _BELOW:
        if hasattr(after, name):
            setattr(after, name, getattr(before, name))
    held[old] = after
