"""Where records of asynchronous invocations go: to what is made and to what is imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest
from aws_cdk import Stack, assertions
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambdakit.constructs.destinations import destination
from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.schedule import ScheduleSource
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.lambda_function import LambdaFunction

pytestmark = pytest.mark.xdist_group("cdk")

ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
IMPORTED: Mapping[str, tuple[Callable[[Stack, str], Any], str]] = {
    "queue": (lambda stack, arn: sqs.Queue.from_queue_arn(stack, "it", arn), ARN.format("sqs", "it")),
    "topic": (lambda stack, arn: sns.Topic.from_topic_arn(stack, "it", arn), ARN.format("sns", "it")),
    "event_bus": (
        lambda stack, arn: events.EventBus.from_event_bus_arn(stack, "it", arn),
        ARN.format("events", "event-bus/it"),
    ),
    "function": (
        lambda stack, arn: lambda_.Function.from_function_attributes(
            stack, "it", function_arn=arn, same_environment=True
        ),
        ARN.format("lambda", "function:it"),
    ),
}


def _destinations(stack: Stack) -> Mapping[str, Any]:
    (config,) = assertions.Template.from_stack(stack).find_resources("AWS::Lambda::EventInvokeConfig").values()
    found: Mapping[str, Any] = config["Properties"]["DestinationConfig"]
    return found


@pytest.mark.parametrize("kind", IMPORTED)
def test_records_go_to_what_is_imported(stack: Stack, function: FunctionProperties, kind: str) -> None:
    make, arn = IMPORTED[kind]

    LambdaFunction(stack, "greet", **replace(function, on_success=destination(make(stack, arn))).keywords())

    assert _destinations(stack) == {"OnSuccess": {"Destination": arn}}


def test_what_takes_no_records_is_a_mistake_of_the_program(stack: Stack) -> None:
    with pytest.raises(TypeError, match="Bucket takes no records"):
        destination(cast("Any", s3.Bucket(stack, "bucket")))


def test_a_pattern_s_failed_events_go_to_an_imported_bus(stack: Stack, function: FunctionProperties) -> None:
    bus = events.EventBus.from_event_bus_name(stack, "bus", "default")

    EventProcessing(stack, "nightly", source=ScheduleSource(schedule="rate(1 hour)"), function=function, on_failure=bus)

    assert "event-bus/default" in str(_destinations(stack)["OnFailure"]["Destination"])
