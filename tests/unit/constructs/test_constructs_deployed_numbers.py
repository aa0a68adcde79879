"""Numbers that only the deployment knows, such as a parameter's: taken wherever a number is, and judged nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Stack, assertions

from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.event_rule import EventRuleSource
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.monitoring.pattern_alarms import PatternAlarms
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")


def _number(stack: Stack, name: str) -> Any:
    """The parameter's value: for the CDK a number, whose text is a reference."""
    return CfnParameter(stack, name, type="Number", default=2).value_as_number


def _only(stack: Stack, type_name: str) -> Mapping[str, Any]:
    found = assertions.Template.from_stack(stack).find_resources(type_name)
    (one,) = found.values()
    properties: Mapping[str, Any] = one["Properties"]
    return properties


def test_a_functions_numbers_may_be_parameters(stack: Stack, function: FunctionProperties) -> None:
    LambdaFunction(
        stack,
        "greet",
        **replace(
            function,
            memory_size=_number(stack, "Memory"),
            timeout=Duration.seconds(_number(stack, "Seconds")),
            reserved_concurrent_executions=_number(stack, "Reserved"),
            provisioned_concurrent_executions=_number(stack, "Provisioned"),
            retry_attempts=_number(stack, "Retries"),
        ).keywords(),
    )

    made = _only(stack, "AWS::Lambda::Function")
    assert (made["MemorySize"], made["Timeout"]) == ({"Ref": "Memory"}, {"Ref": "Seconds"})
    assert made["ReservedConcurrentExecutions"] == {"Ref": "Reserved"}
    alias = _only(stack, "AWS::Lambda::Alias")
    assert alias["ProvisionedConcurrencyConfig"]["ProvisionedConcurrentExecutions"] == {"Ref": "Provisioned"}
    assert _only(stack, "AWS::Lambda::EventInvokeConfig")["MaximumRetryAttempts"] == {"Ref": "Retries"}


def test_a_queues_numbers_may_be_parameters(stack: Stack, function: FunctionProperties) -> None:
    EventProcessing(
        stack,
        "work",
        source=SqsSource(batch_size=_number(stack, "Batch"), max_receive_count=_number(stack, "Receptions")),
        function=function,
        alarms=PatternAlarms(),
    )

    assert _only(stack, "AWS::Lambda::EventSourceMapping")["BatchSize"] == {"Ref": "Batch"}
    queues = assertions.Template.from_stack(stack).find_resources(
        "AWS::SQS::Queue", {"Properties": {"RedrivePolicy": {"maxReceiveCount": {"Ref": "Receptions"}}}}
    )
    assert len(queues) == 1


def test_a_rules_attempts_may_be_a_parameter(stack: Stack, function: FunctionProperties) -> None:
    EventProcessing(
        stack,
        "work",
        source=EventRuleSource(event_pattern={"source": ["shop"]}, retry_attempts=_number(stack, "Attempts")),
        function=function,
    )

    (target,) = _only(stack, "AWS::Events::Rule")["Targets"]
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == {"Ref": "Attempts"}


@pytest.mark.parametrize("memory_size", [-1e289, 512.0, float("-inf")])
def test_a_fraction_or_an_absurd_number_is_still_refused(
    stack: Stack, function: FunctionProperties, memory_size: Any
) -> None:
    with pytest.raises(SynthesisError) as refusal:
        LambdaFunction(stack, "greet", **replace(function, memory_size=memory_size).keywords())

    assert [each.pointer for each in refusal.value.diagnostics] == ["shop/greet.memory_size"]
