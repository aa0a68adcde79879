"""A state machine as every pattern makes it: all that it does is logged and traced."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions

from lambdakit.constructs.acknowledgements import acknowledge_wildcard
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT, retention

if TYPE_CHECKING:
    from constructs import Construct

# Source: Step Functions Developer Guide, "Using CloudWatch Logs to log execution history" and "Trace Step Functions
# request data in AWS X-Ray": their policies
LOGS_AND_TRACES: Final = "X-Ray, and the delivery of a state machine's logs, know no resource that a policy could name."


def make_state_machine(
    scope: Construct,
    id: str,
    definition: str | Path,
    *,
    express: bool = False,
    substitutions: Mapping[str, str] | None = None,
) -> stepfunctions.StateMachine:
    """The state machine, whose role may log and trace, and its log group, `<id>-log`.

    definition: a file in Amazon States Language.
    express: absent, a standard one.
    substitutions: what stands for `${name}` in the definition; absent, the definition is taken as it is.
    """
    log_group = logs.LogGroup(
        scope, f"{id}-log", retention=retention(LOG_RETENTION_DAYS_DEFAULT), removal_policy=RemovalPolicy.DESTROY
    )
    machine = stepfunctions.StateMachine(
        scope,
        id,
        # Text, not the CDK's file: that would make an asset, and the template would not show the definition.
        definition_body=stepfunctions.DefinitionBody.from_string(Path(definition).read_text(encoding="utf-8")),
        definition_substitutions=substitutions or None,
        state_machine_type=stepfunctions.StateMachineType.EXPRESS if express else None,
        logs=stepfunctions.LogOptions(destination=log_group, level=stepfunctions.LogLevel.ALL),
        tracing_enabled=True,
    )
    acknowledge_wildcard(machine.role, "*", LOGS_AND_TRACES)
    return machine
