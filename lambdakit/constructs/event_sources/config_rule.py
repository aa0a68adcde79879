"""A rule of AWS Config whose judgement is the function's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Stack
from aws_cdk import aws_config as config
from aws_cdk import aws_iam as iam

from lambdakit.constructs.acknowledgements import acknowledge_grant
from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

CONFIG_RULE_ID: Final = "ConfigRule"
# Source: API config ConfigRule.MaximumExecutionFrequency
_FREQUENCIES: Final[Mapping[str, str]] = {
    "one_hour": "One_Hour",
    "three_hours": "Three_Hours",
    "six_hours": "Six_Hours",
    "twelve_hours": "Twelve_Hours",
    "twenty_four_hours": "TwentyFour_Hours",
}
FREQUENCIES: Final = tuple(_FREQUENCIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRuleSource:
    """Changes of resources, or the passing of time, on which the function puts its evaluations.

    configuration_changes: absent, each change of a resource's configuration is an event.
    maximum_execution_frequency: of `FREQUENCIES`, for an event again and again; absent, none.
    resource_types: `AWS::S3::Bucket` and the like, whose changes count; absent, those of every type.
    input_parameters: what the rule is told, in the event as JSON; absent, nothing.
    """

    configuration_changes: bool = True
    maximum_execution_frequency: str | None = None
    resource_types: Sequence[str] = ()
    input_parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def config_rule_problems(pointer: str, source: ConfigRuleSource) -> Iterator[Diagnostic]:
    """What AWS Config would refuse of `source`."""
    frequency = source.maximum_execution_frequency
    if frequency is not None and frequency not in _FREQUENCIES:
        yield Diagnostic(
            pointer=f"{pointer}.maximum_execution_frequency",
            problem=f"{frequency!r} is no frequency: {', '.join(FREQUENCIES)}",
            code="LK441",
            hint="maximum_execution_frequency: twenty_four_hours",
        )
    if frequency is None and not source.configuration_changes:
        yield Diagnostic(
            pointer=f"{pointer}.configuration_changes",
            problem="neither changes nor the passing of time start the function",
            code="LK441",
            hint="maximum_execution_frequency: twenty_four_hours",
        )


def wire_config_rule(wiring: Wiring, source: ConfigRuleSource) -> EventSource:
    """The rule, which the account's recorder has to be on for."""
    # By account, not by the rule: Config refuses a rule whose function it may not invoke yet, so this comes first.
    wiring.handler.add_permission(
        f"{CONFIG_RULE_ID}Invoke",
        principal=iam.ServicePrincipal("config.amazonaws.com"),
        source_account=Stack.of(wiring.scope).account,
    )
    rule = config.CfnConfigRule(
        wiring.scope,
        CONFIG_RULE_ID,
        source=config.CfnConfigRule.SourceProperty(
            owner="CUSTOM_LAMBDA",
            source_identifier=wiring.handler.function_arn,
            source_details=list(_details(source)),
        ),
        scope=config.CfnConfigRule.ScopeProperty(compliance_resource_types=list(source.resource_types))
        if source.resource_types
        else None,
        input_parameters=dict(source.input_parameters) or None,
    )
    rule.node.add_dependency(wiring.handler)
    return EventSource(config_rule=rule)


def grant_config_rule_source(source: ConfigRuleSource, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Allows the function to put its evaluations.

    Source: Service Authorization Reference, "AWS Config": PutEvaluations knows no resource.
    """
    handler.add_to_role_policy(iam.PolicyStatement(actions=["config:PutEvaluations"], resources=["*"]))
    acknowledge_grant(handler, "*", "PutEvaluations knows no resource that a policy could name.")


def _details(source: ConfigRuleSource) -> Iterator[config.CfnConfigRule.SourceDetailProperty]:
    """Source: API config SourceDetail.MessageType."""
    if source.configuration_changes:
        for message in ("ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"):
            yield config.CfnConfigRule.SourceDetailProperty(event_source="aws.config", message_type=message)
    if source.maximum_execution_frequency is not None:
        yield config.CfnConfigRule.SourceDetailProperty(
            event_source="aws.config",
            message_type="ScheduledNotification",
            maximum_execution_frequency=_FREQUENCIES[source.maximum_execution_frequency],
        )
