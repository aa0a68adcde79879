"""What the guards ask of functions: their tags, their resource policies, and whose a mapping is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.layers import LayerStore
from lambdakit.harness.lambda_service.resource_policies import document_of


class StoreLookups:
    """Looks into the stores of all accounts."""

    def __init__(self, stores: FunctionStores, layers: LayerStore) -> None:
        self._stores = stores
        self._layers = layers

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a function; none without it."""
        store = self._stores.find(arn)
        try:
            return {} if store is None else dict(store.stored(store.parse(arn)).tags)
        except ServiceFault:
            return {}

    def mapping_function(self, account_id: str, region: str, uuid: str) -> str:
        """The ARN of the function that a mapping feeds; empty without it."""
        del region
        mapping = self._stores.of(account_id).event_source_mappings.find(uuid)
        return "" if mapping is None else mapping.function_arn

    def url_auth_type(self, function_arn: str) -> str:
        """Who may call the URL of a function, or of the alias in its ARN; empty without a URL."""
        store = self._stores.find(function_arn)
        try:
            return "" if store is None else store.urls.get(store.parse(function_arn)).auth_type
        except ServiceFault:
            return ""

    def policy(self, arn: str) -> Mapping[str, Any] | None:
        """The resource policy of a function, version, alias or layer version; None without one.

        arn: with the qualifier whose policy is meant; an unqualified one has a policy of its own.
        """
        parts = arn.split(":")
        if len(parts) < 7:
            return None
        if parts[5] == "layer":
            return self._layer_policy(arn)
        store = self._stores.find(arn)
        if store is None:
            return None
        try:
            text, _ = store.policies.document(parts[6], parts[3], qualifier=parts[7] if len(parts) > 7 else "")
        except ServiceFault:
            return None
        document: Mapping[str, Any] = json.loads(text)
        return document

    def _layer_policy(self, arn: str) -> Mapping[str, Any] | None:
        version = self._layers.find(arn)
        if version is None or not version.policy.statements:
            return None
        with self._layers.policies:
            document: Mapping[str, Any] = json.loads(document_of(version.policy))
        return document
