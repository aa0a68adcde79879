"""What moto loses of REST APIs' authorizers: their validation expression, and changes of their user pools.

Private surface used: `moto.apigateway.models.Authorizer`, made with `identiy_validation_expression`, and its
`identity_validation_expression`, `provider_arns` and `apply_operations`.
Canary: tests/unit/harness/provisioners/test_provisioner_rest_api_access.py.
Source: API Gateway API Reference, "CreateAuthorizer", "UpdateAuthorizer".
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from lambdakit.harness.moto_state.loaded import change_when_loaded

_MISSPELT = "identiy_validation_expression"
_POOLS = "/providerARNs"


def mend_authorizers() -> None:
    """From now on moto keeps them, whenever it is loaded. Idempotent."""
    change_when_loaded(_mend)


def _mend(module: ModuleType) -> None:
    if module.__name__ != "moto.apigateway.models":
        return
    authorizer: Any = module.Authorizer
    if not hasattr(authorizer.apply_operations, "__wrapped__"):
        authorizer.__init__ = _spelling(authorizer.__init__)
        authorizer.apply_operations = _changing_pools(authorizer.apply_operations)


def _spelling(make: Any) -> Any:
    @functools.wraps(make)
    def make_whole(authorizer: Any, *arguments: Any, **options: Any) -> None:
        expression = options.pop(_MISSPELT, None)
        make(authorizer, *arguments, **options)
        if expression:
            authorizer.identity_validation_expression = expression

    return make_whole


def _changing_pools(apply: Any) -> Any:
    @functools.wraps(apply)
    def apply_all(authorizer: Any, operations: list[Mapping[str, Any]]) -> Any:
        others = []
        for operation in operations:
            if operation["path"] != _POOLS:
                others.append(operation)
                continue
            pools = [arn for arn in authorizer.provider_arns or () if arn != operation["value"]]
            authorizer.provider_arns = pools if operation["op"] == "remove" else [*pools, operation["value"]]
        return apply(authorizer, others)

    return apply_all
