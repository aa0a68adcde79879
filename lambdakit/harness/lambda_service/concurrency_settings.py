"""How much of the account's concurrency is kept for which function, and how many environments are kept initialised.

Source: AWS Lambda Developer Guide, "Configuring reserved concurrency for a function" and "Configuring provisioned
concurrency for a function"; AWS Lambda API Reference, "PutFunctionConcurrency" and "PutProvisionedConcurrencyConfig".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Literal

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName
from lambdakit.harness.lambda_service.function_record import LATEST, ProvisionedConcurrency, StoredFunction
from lambdakit.harness.lambda_service.function_table import FunctionTable, missing
from lambdakit.harness.lambda_service.invocation_rules import refuse_with_tenants
from lambdakit.limits import CONCURRENT_EXECUTIONS, UNRESERVED_CONCURRENCY_MIN

_UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."


class ConcurrencySettings:
    """The settings of the functions of a table. Whoever watches is told a function's ARN when its settings changed."""

    def __init__(self, table: FunctionTable) -> None:
        self._table = table
        self._watchers: list[Callable[[str], None]] = []

    def watch(self, on_changed: Callable[[str], None]) -> None:
        """Calls `on_changed` with the unqualified ARN after a reservation, a configuration or an alias changed."""
        self._watchers.append(on_changed)

    def tell(self, arn: str) -> None:
        """Says that the settings of a function changed, or what they apply to."""
        for on_changed in self._watchers:
            on_changed(arn)

    def reserved(self, arn: str) -> int | None:
        """What is reserved for the function with this unqualified ARN; None when nothing is, or there is none."""
        function = self._find(arn)
        return None if function is None else function.reserved_concurrency

    def provisioned(self, arn: str, qualifier: str) -> int | None:
        """How many environments a version or alias keeps initialised; None when none were asked for."""
        function = self._find(arn)
        config = None if function is None else function.provisioned.get(qualifier)
        return None if config is None else config.requested

    def provisioned_of(self, arn: str) -> Mapping[str, ProvisionedConcurrency]:
        """All configurations of a function, by version or alias."""
        with self._table.lock:
            function = self._find(arn)
            return {} if function is None else dict(function.provisioned)

    def unreserved(self, region: str) -> int:
        """What is left for functions without a reservation."""
        with self._table.lock:
            functions = self._table.in_region(region)
            return CONCURRENT_EXECUTIONS - sum(function.reserved_concurrency or 0 for function in functions)

    def reserve(self, named: FunctionName, executions: int | None) -> None:
        """Reserves; 0 throttles every invocation, None takes the reservation back.

        InvalidParameterValueException when fewer than 100 would be left, or fewer than are provisioned were reserved.
        """
        with self._table.lock:
            function = self._table.named(named)
            if executions is not None:
                self._check_reservation(function, named.region, executions)
            function.reserved_concurrency = executions
        self.tell(function.arn)

    def provision(self, named: FunctionName, executions: int) -> ProvisionedConcurrency:
        """Asks for initialised environments of a version or alias. InvalidParameterValueException where none can be."""
        with self._table.lock:
            function = self._table.named(named)
            refuse_with_tenants(function.latest.configuration, "Provisioned concurrency configs are")
            self._check_provisioned(function, named, executions)
            before = function.provisioned.get(named.qualifier)
            config = ProvisionedConcurrency(
                requested=executions,
                allocated=0 if before is None else before.allocated,
                available=0 if before is None else before.available,
                last_modified=self._table.now(),
            )
            function.provisioned[named.qualifier] = config
        self.tell(function.arn)
        return config

    def report(
        self,
        arn: str,
        qualifier: str,
        *,
        allocated: int,
        available: int,
        status: Literal["IN_PROGRESS", "READY", "FAILED"],
        reason: str = "",
    ) -> None:
        """Keeps how far the initialisation came; nothing happens when nobody asks for it any more."""
        with self._table.lock:
            function = self._find(arn)
            config = None if function is None else function.provisioned.get(qualifier)
            if function is not None and config is not None:
                function.provisioned[qualifier] = dataclasses.replace(
                    config, allocated=allocated, available=available, status=status, reason=reason
                )

    def config(self, named: FunctionName) -> ProvisionedConcurrency:
        """A configuration. ProvisionedConcurrencyConfigNotFoundException when the version or alias has none."""
        with self._table.lock:
            function = self._table.named(named)
            _refuse_missing(function, named)
            config = function.provisioned.get(named.qualifier)
        if config is None:
            raise ServiceFault(
                "ProvisionedConcurrencyConfigNotFoundException",
                "No Provisioned Concurrency Config found for this function",
            )
        return config

    def unprovision(self, named: FunctionName) -> None:
        """Takes a configuration back; one that is not there is gone already."""
        with self._table.lock:
            function = self._table.named(named)
            _refuse_missing(function, named)
            function.provisioned.pop(named.qualifier, None)
        self.tell(function.arn)

    def _find(self, arn: str) -> StoredFunction | None:
        parts = arn.split(":")
        return self._table.functions.get((parts[3], parts[6])) if len(parts) >= 7 else None

    def _check_reservation(self, function: StoredFunction, region: str, executions: int) -> None:
        left = self.unreserved(region) + (function.reserved_concurrency or 0) - executions
        if left - self._provisioned_without_reservation(region, function) < UNRESERVED_CONCURRENCY_MIN:
            raise _invalid(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{UNRESERVED_CONCURRENCY_MIN}]."
            )
        provisioned = _total(function)
        if executions < provisioned:
            raise _invalid(
                f"ReservedConcurrentExecutions  {executions} should not be lower than function's total provisioned "
                f"concurrency [{provisioned}]."
            )

    def _check_provisioned(self, function: StoredFunction, named: FunctionName, executions: int) -> None:
        _refuse_missing(function, named)
        alias = function.aliases.get(named.qualifier)
        versions = {named.qualifier} if alias is None else {alias.version, *alias.routing}
        if versions & {"", LATEST}:
            raise _invalid(_UNPUBLISHED)
        if alias is not None and versions & function.provisioned.keys():
            raise _invalid(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
            )
        if alias is None and any(
            named.qualifier in (other.version, *other.routing) and other.name in function.provisioned
            for other in function.aliases.values()
        ):
            raise _invalid("Version is pointed by a Provisioned Concurrency alias")
        total = _total(function, without=named.qualifier) + executions
        if function.reserved_concurrency is not None:
            if total > function.reserved_concurrency:
                raise _invalid(
                    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution "
                    "for function"
                )
            return
        others = self._provisioned_without_reservation(named.region, function)
        if self.unreserved(named.region) - others - total < UNRESERVED_CONCURRENCY_MIN:
            raise _invalid(
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
                f"its minimum value of [{UNRESERVED_CONCURRENCY_MIN}]."
            )

    def _provisioned_without_reservation(self, region: str, leaving_out: StoredFunction) -> int:
        return sum(
            _total(function)
            for function in self._table.in_region(region)
            if function.reserved_concurrency is None and function is not leaving_out
        )


def _refuse_missing(function: StoredFunction, named: FunctionName) -> None:
    if function.version(named.qualifier) is None:
        raise missing(named)


def _total(function: StoredFunction, *, without: str = "") -> int:
    return sum(config.requested for qualifier, config in function.provisioned.items() if qualifier != without)


def _invalid(problem: str) -> ServiceFault:
    return ServiceFault("InvalidParameterValueException", problem)
