"""What every operation works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from lambdakit.clock import Clock
from lambdakit.harness.account import Account
from lambdakit.harness.durable.service import DurableService
from lambdakit.harness.lambda_service.execution_roles import AnyRole, ExecutionRoles
from lambdakit.harness.lambda_service.function_name import FunctionName
from lambdakit.harness.lambda_service.function_record import FunctionRecord
from lambdakit.harness.lambda_service.layers import LayerStore
from lambdakit.harness.lambda_service.store import FunctionStore
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.records import dataclass

Input = dict[str, Any]
Output = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationContext:
    """The functions of the caller's account, what else is read, and the region that the caller speaks to.

    roles: what Lambda may do with the roles that functions are given. durable: durable executions; None where functions
    are only configured. code_link: where the code of a directory may be downloaded; empty where nobody would.
    """

    functions: FunctionStore
    layers: LayerStore
    code: CodeStore
    account: Account
    clock: Clock
    region: str
    roles: ExecutionRoles = field(default_factory=AnyRole)
    durable: DurableService | None = None
    code_link: Callable[[Path], str] = lambda directory: ""

    def client(self, service: str) -> Any:
        """A boto3 client in the caller's account and region."""
        return self.account.client(service, self.region, self.functions.account_id)

    def name_of(self, given: Input) -> FunctionName:
        """The function that `FunctionName` and `Qualifier` name, whether or not it is there."""
        return self.functions.parse(given["FunctionName"], given.get("Qualifier") or "", region=self.region)

    def existing(self, given: Input) -> tuple[FunctionName, FunctionRecord]:
        """The function, version or alias that is named. ResourceNotFoundException when it is not there."""
        named = self.name_of(given)
        return named, self.functions.record(named)


Operation = Callable[[Input, OperationContext], Output]
