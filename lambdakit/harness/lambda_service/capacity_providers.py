"""Capacity providers of Lambda Managed Instances, which are kept and returned; no instance is launched.

What of them counts here is the network: environments of their functions are in the provider's subnets.
Source: AWS Lambda Developer Guide, "Capacity providers" (Lambda Managed Instances); AWS Lambda API Reference,
"CreateCapacityProvider".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_record import LATEST, FunctionRecord
from lambdakit.harness.lambda_service.function_table import FunctionTable
from lambdakit.records import dataclass

PROVIDERS_MAX: Final = 1_000
VERSIONS_MAX: Final = 100
CONFIG: Final = "CapacityProviderConfig"
INSTANCES: Final = "LambdaManagedInstancesCapacityProviderConfig"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityProvider:
    """A provider. members: of the API's structure, beside its ARN, its state and its time."""

    arn: str
    members: Mapping[str, Any]
    last_modified: datetime
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """What the ARN ends with."""
        return self.arn.rpartition(":")[2]


class CapacityProviders:
    """All providers of an account, by ARN."""

    def __init__(self, table: FunctionTable) -> None:
        self._table = table
        self._providers: dict[str, CapacityProvider] = {}

    def create(self, name: str, region: str, members: Mapping[str, Any], tags: Mapping[str, str]) -> CapacityProvider:
        """Adds a provider. ResourceConflictException when the name is taken."""
        arn = self.arn_of(name, region)
        provider = CapacityProvider(arn=arn, members=members, last_modified=self._table.now(), tags=tags)
        with self._table.lock:
            if arn in self._providers:
                raise ServiceFault("ResourceConflictException", f"Capacity provider already exists: {arn}")
            if len(self._providers) >= PROVIDERS_MAX:
                raise ServiceFault(
                    "CapacityProviderLimitExceededException",
                    f"The account has {PROVIDERS_MAX} capacity providers, which is the most",
                )
            self._providers[arn] = provider
        return provider

    def get(self, name: str, region: str) -> CapacityProvider:
        """A provider. name: or its ARN. ResourceNotFoundException when there is none."""
        arn = self.arn_of(name, region)
        found = self._providers.get(arn)
        if found is None:
            raise ServiceFault("ResourceNotFoundException", f"The capacity provider does not exist: {arn}")
        return found

    def put(self, provider: CapacityProvider, **changed: Any) -> CapacityProvider:
        """Replaces a provider by itself with other fields, as of now."""
        after = dataclasses.replace(provider, last_modified=self._table.now(), **changed)
        with self._table.lock:
            self._providers[provider.arn] = after
        return after

    def delete(self, name: str, region: str) -> CapacityProvider:
        """Removes a provider and returns it. ResourceConflictException while function versions are attached to it."""
        provider = self.get(name, region)
        with self._table.lock:
            if self.versions_of(provider.arn):
                raise ServiceFault(
                    "ResourceConflictException",
                    f"The capacity provider has function versions attached to it: {provider.arn}",
                )
            return self._providers.pop(provider.arn)

    def in_region(self, region: str) -> Sequence[CapacityProvider]:
        """All providers of a region."""
        with self._table.lock:
            return [provider for arn, provider in self._providers.items() if arn.split(":")[3] == region]

    def versions_of(self, arn: str) -> Sequence[str]:
        """The ARNs of the function versions that are attached to a provider."""
        with self._table.lock:
            return sorted(
                f"{function.arn}:{version}"
                for function in self._table.functions.values()
                for version, record in {LATEST: function.latest, **function.versions}.items()
                if record.configuration.capacity_provider == arn
            )

    def arn_of(self, name: str, region: str) -> str:
        """The ARN of a provider that is named, or of its own."""
        if name.startswith("arn:"):
            return name
        return f"arn:{partition_of(region)}:lambda:{region}:{self._table.account_id}:capacity-provider:{name}"


def on_capacity(record: FunctionRecord, providers: CapacityProviders) -> FunctionRecord:
    """A function's record with what its capacity provider decides: where its environments are, and how it logs.

    ResourceNotFoundException when there is no such provider, InvalidParameterValueException for a function that has a
    network of its own. "Functions using Lambda Managed Instances always use the structured JSON log format."
    Source: Developer Guide, "Python runtime for Lambda Managed Instances", "Networking for Lambda Managed Instances".
    """
    instances = (record.settings.get(CONFIG) or {}).get(INSTANCES)
    if not instances:
        return record
    configuration = record.configuration
    arn = str(instances["CapacityProviderArn"])
    if configuration.vpc_subnet_ids and configuration.capacity_provider != arn:
        raise ServiceFault(
            "InvalidParameterValueException",
            "VpcConfig is not supported for functions with a capacity provider, whose VPC configuration counts.",
        )
    vpc = providers.get(arn, configuration.region).members["VpcConfig"]
    changed = dataclasses.replace(
        configuration,
        capacity_provider=arn,
        vpc_subnet_ids=tuple(vpc["SubnetIds"]),
        vpc_security_group_ids=tuple(vpc.get("SecurityGroupIds") or ()),
        log_format="JSON",
    )
    return dataclasses.replace(record, configuration=changed)
