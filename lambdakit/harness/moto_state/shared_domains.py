"""Custom domains and mappings that API Gateway has once, and moto twice: for REST APIs, and for all others.

A mapping made by version 2 of the API may lead to a REST API, which is the only way to map more than one level of a
path to it, and may be of a domain that version 1 made; a base path mapping may be of a domain that version 2 made.

Private surface used: `moto.apigateway.models` and `moto.apigatewayv2.models` with `APIGatewayBackend` and
`ApiGatewayV2Backend`, their `apis` and `domain_names`, and of the methods changed here nothing but these read.
Canary: tests/behaviour/test_behaviour_shared_domains.py.

Source: API Gateway Developer Guide, "Use API mappings to connect API stages to a custom domain name for REST APIs";
CloudFormation Template Reference, "AWS::ApiGatewayV2::ApiMapping" and "AWS::ApiGateway::DomainName".
"""

from __future__ import annotations

import functools
from collections import ChainMap
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded

_REST: Final = "moto.apigateway.models"
_HTTP: Final = "moto.apigatewayv2.models"
# What looks for a domain or an API, by where it is: the class, and its methods.
_CHANGED: Final = {
    _HTTP: ("ApiGatewayV2Backend", ("create_api_mapping", "get_api_mapping")),
    _REST: ("APIGatewayBackend", tuple(f"{verb}_base_path_mapping" for verb in ("create", "get", "update", "delete"))),
}


def share_domains() -> None:
    """From now on each finds what the other has. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ in _CHANGED:
        name, methods = _CHANGED[module.__name__]
        backend: Any = vars(module)[name]
        for method in methods:
            setattr(backend, method, _finding(getattr(backend, method)))


def _finding(own: Any) -> Any:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def finding(backend: Any, *arguments: Any, **named: Any) -> Any:
        return own(_Both(backend), *arguments, **named)

    return finding


class _Both:
    """A backend that has the other one's domains too, and, where it maps to any API, the other one's APIs."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        is_http = type(backend).__module__ == _HTTP
        other = _backend(_REST if is_http else _HTTP, backend.account_id, backend.region_name)
        self.domain_names = _joined(backend.domain_names, getattr(other, "domain_names", None))
        self.apis = _joined(backend.apis, getattr(other, "apis", None) if is_http else None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


def _joined(own: Any, others: Any) -> Any:
    return ChainMap(own, others) if others else own


def _backend(module: str, account_id: str, region: str) -> Any:
    """The other backend; None where nobody has used it."""
    name = "apigateway_backends" if module == _REST else "apigatewayv2_backends"
    backends = getattr(loaded(module), name, None)
    return None if backends is None else backends[account_id][region]
