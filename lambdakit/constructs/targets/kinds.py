"""Every kind of target by the class of its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lambdakit.constructs.failure_destinations import retention_period_problems
from lambdakit.constructs.table import TableProperties, table_problems
from lambdakit.constructs.targets.dynamodb import DynamoDbTarget, grant_dynamodb_target, make_dynamodb_target
from lambdakit.constructs.targets.event_bridge import (
    EventBridgeTarget,
    grant_event_bridge_target,
    make_event_bridge_target,
)
from lambdakit.constructs.targets.s3 import S3Target, grant_s3_target, make_s3_target
from lambdakit.constructs.targets.sns import SnsTarget, grant_sns_target, make_sns_target
from lambdakit.constructs.targets.sqs import SqsTarget, grant_sqs_target, make_sqs_target
from lambdakit.constructs.targets.step_functions import (
    StepFunctionsTarget,
    grant_step_functions_target,
    make_step_functions_target,
    step_functions_problems,
)

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from lambdakit.constructs.targets.made_target import MadeTarget
    from lambdakit.errors import Diagnostic

Target: TypeAlias = S3Target | DynamoDbTarget | SqsTarget | SnsTarget | EventBridgeTarget | StepFunctionsTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class _TargetKind:
    """make: the resource below a scope, under an id. grant: what writing to it needs."""

    make: Callable[[Construct, str, Any], MadeTarget]
    grant: Callable[[Any, MadeTarget, lambda_.IFunction], None]


_KINDS: Final[Mapping[type[Target], _TargetKind]] = {
    S3Target: _TargetKind(make=make_s3_target, grant=grant_s3_target),
    DynamoDbTarget: _TargetKind(make=make_dynamodb_target, grant=grant_dynamodb_target),
    SqsTarget: _TargetKind(make=make_sqs_target, grant=grant_sqs_target),
    SnsTarget: _TargetKind(make=make_sns_target, grant=grant_sns_target),
    EventBridgeTarget: _TargetKind(make=make_event_bridge_target, grant=grant_event_bridge_target),
    StepFunctionsTarget: _TargetKind(make=make_step_functions_target, grant=grant_step_functions_target),
}


def make_target(scope: Construct, id: str, target: Target) -> MadeTarget:
    """The target's resource: a new one below `scope`, or the existing one."""
    return _KINDS[type(target)].make(scope, id, target)


def grant_target(target: Target, made: MadeTarget, handler: lambda_.IFunction) -> None:
    """Allows the function exactly what writing to the target needs."""
    _KINDS[type(target)].grant(target, made, handler)


def target_problems(pointer: str, target: Target) -> Iterator[Diagnostic]:
    """What AWS would refuse of the target."""
    match target:
        case DynamoDbTarget(table=TableProperties() as table):
            yield from table_problems(pointer, table)
        case SqsTarget():
            yield from retention_period_problems(f"{pointer}.retention_period", target.retention_period)
        case StepFunctionsTarget():
            yield from step_functions_problems(pointer, target)
