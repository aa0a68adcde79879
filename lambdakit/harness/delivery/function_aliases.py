"""Aliases of functions, read and moved by a service that acts in a session of a role."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from lambdakit.harness.delivery.function_calls import Caller, CallRefused
from lambdakit.harness.delivery.targets import Permissions
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName, parse_function_name
from lambdakit.harness.lambda_service.function_record import Alias
from lambdakit.harness.lambda_service.function_stores import FunctionStores

DENIED: Final = "AccessDeniedException"
Place = tuple[str, str]


class FunctionAliases:
    """Reads and moves aliases. permissions: who may."""

    def __init__(self, stores: FunctionStores, permissions: Permissions) -> None:
        self._stores = stores
        self._permissions = permissions

    def version(self, function: str, alias: str, place: Place, caller: Caller) -> str:
        """The version that an alias is on. CallRefused when it is not there, or the role may not read it."""
        named = self._permitted("lambda:GetAlias", function, alias, place, caller)
        try:
            return self._stores.of(named.account_id).alias(named.name, named.region, alias).version
        except ServiceFault as fault:
            raise CallRefused(fault.code, fault.message, status=fault.status) from None

    def move(
        self, function: str, alias: str, place: Place, caller: Caller, *, version: str, weights: Mapping[str, float]
    ) -> None:
        """Moves an alias. weights: of further versions. CallRefused when it cannot be, or the role may not."""
        named = self._permitted("lambda:UpdateAlias", function, alias, place, caller)

        def changed(current: Alias) -> Alias:
            return dataclasses.replace(current, version=version, routing=dict(weights))

        try:
            self._stores.of(named.account_id).update_alias(named.name, named.region, alias, changed, revision_id=None)
        except ServiceFault as fault:
            raise CallRefused(fault.code, fault.message, status=fault.status) from None

    def _permitted(self, action: str, function: str, alias: str, place: Place, caller: Caller) -> FunctionName:
        account_id, region = place
        try:
            named = parse_function_name(function, "", account_id=account_id, region=region)
        except ServiceFault as fault:
            raise CallRefused(fault.code, fault.message, status=fault.status) from None
        # Service Authorization Reference, "AWS Lambda": both actions are about the function, without the alias.
        arn = dataclasses.replace(named, qualifier="").arn
        reason = self._permissions.role_refusal(caller.role_arn, caller.session, action, arn)
        if reason is not None:
            raise CallRefused(DENIED, reason, status=403)
        return named
