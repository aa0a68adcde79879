"""A rule of AWS IoT: messages of devices that an SQL statement chooses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iot as iot

from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.constructs.service_use import sending_statements
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

IOT_RULE_ID: Final = "IotRule"
# Source: AWS IoT Core Developer Guide, "SQL versions"
SQL_VERSIONS: Final = ("2015-10-08", "2016-03-23", "beta")


@dataclass(frozen=True, slots=True, kw_only=True)
class IotRuleSource:
    """Messages that devices publish over MQTT.

    sql: which messages, and what of them is the event: `SELECT *, topic(2) AS device FROM 'sensors/+/temperature'`.
    aws_iot_sql_version: of the statement's language; absent, 2016-03-23.
    enabled: absent, the rule chooses.
    """

    sql: str
    aws_iot_sql_version: str = "2016-03-23"
    enabled: bool = True


def iot_rule_problems(pointer: str, source: IotRuleSource) -> Iterator[Diagnostic]:
    """What AWS IoT would refuse of `source`."""
    words = source.sql.upper().split()
    if not words or words[0] != "SELECT" or "FROM" not in words:
        yield Diagnostic(
            pointer=f"{pointer}.sql",
            problem=f"{source.sql!r} is no statement of the form SELECT … FROM 'topic'",
            code="LK441",
            hint="sql: SELECT * FROM 'sensors/#'",
        )
    if source.aws_iot_sql_version not in SQL_VERSIONS:
        yield Diagnostic(
            pointer=f"{pointer}.aws_iot_sql_version",
            problem=f"{source.aws_iot_sql_version!r} is no version of the language: {', '.join(SQL_VERSIONS)}",
            code="LK441",
            hint="aws_iot_sql_version: 2016-03-23",
        )


def wire_iot_rule(wiring: Wiring, source: IotRuleSource) -> EventSource:
    """The rule, whose error action keeps what it could not hand over."""
    rule = iot.CfnTopicRule(
        wiring.scope,
        IOT_RULE_ID,
        topic_rule_payload=iot.CfnTopicRule.TopicRulePayloadProperty(
            sql=source.sql,
            aws_iot_sql_version=source.aws_iot_sql_version,
            rule_disabled=not source.enabled,
            actions=[
                iot.CfnTopicRule.ActionProperty(
                    lambda_=iot.CfnTopicRule.LambdaActionProperty(function_arn=wiring.handler.function_arn)
                )
            ],
            error_action=_error_action(wiring),
        ),
    )
    # Source: AWS IoT Core Developer Guide, "Lambda": permission for the rule
    wiring.handler.add_permission(
        f"{IOT_RULE_ID}Invoke",
        principal=iam.ServicePrincipal("iot.amazonaws.com"),
        source_arn=rule.attr_arn,
        source_account=Stack.of(wiring.scope).account,
    )
    return EventSource(iot_rule=rule)


def grant_iot_rule_source(source: IotRuleSource, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Nothing: the message is all there is."""


def _error_action(wiring: Wiring) -> iot.CfnTopicRule.ActionProperty | None:
    queue = wiring.undelivered
    if queue is None:
        return None
    role = iam.Role(
        wiring.scope,
        f"{IOT_RULE_ID}Role",
        # Source: AWS IoT Core Developer Guide, "Cross-service confused deputy prevention"
        assumed_by=iam.ServicePrincipal(
            "iot.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(wiring.scope).account}}
        ),
        inline_policies={"Undelivered": iam.PolicyDocument(statements=sending_statements(queue))},
    )
    return iot.CfnTopicRule.ActionProperty(
        sqs=iot.CfnTopicRule.SqsActionProperty(queue_url=queue.queue_url, role_arn=role.role_arn, use_base64=False)
    )
