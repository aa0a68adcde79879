"""What can be said of one function, with every default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aws_cdk import Duration, Size, SizeRoundingBehavior
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT
from lambdakit.limits import EPHEMERAL_STORAGE_MIB_DEFAULT

MEMORY_MIB = 512
TIMEOUT_SECONDS = 10
ALIAS_NAME = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionProperties:
    """The settings of a `LambdaFunction`, under the names of its keyword arguments, which explain them."""

    code: str | Path | lambda_.Code
    handler: str
    runtime: lambda_.Runtime | None = None
    architecture: lambda_.Architecture | None = None
    memory_size: int = MEMORY_MIB
    timeout: Duration | int = TIMEOUT_SECONDS
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tracing: lambda_.Tracing = lambda_.Tracing.ACTIVE
    description: str | None = None
    reserved_concurrent_executions: int | None = None
    ephemeral_storage_size: Size | int = EPHEMERAL_STORAGE_MIB_DEFAULT
    layers: Sequence[lambda_.ILayerVersion] = ()
    log_retention: logs.RetentionDays | int = LOG_RETENTION_DAYS_DEFAULT
    alias_name: str = ALIAS_NAME
    alias_description: str | None = None
    provisioned_concurrent_executions: int | None = None

    def keywords(self) -> dict[str, Any]:
        """The keyword arguments of `LambdaFunction`: `LambdaFunction(scope, id, **properties.keywords())`."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def timeout_seconds(timeout: Duration | int) -> float | None:
    """The timeout as a number of seconds; None when only the deployment knows it."""
    if isinstance(timeout, int):
        return timeout
    return None if timeout.is_unresolved() else timeout.to_seconds(integral=False)


def storage_mib(size: Size | int) -> float | None:
    """The size of `/tmp` as a number of MiB; None when only the deployment knows it."""
    if isinstance(size, int):
        return size
    return None if size.is_unresolved() else size.to_mebibytes(rounding=SizeRoundingBehavior.NONE)
