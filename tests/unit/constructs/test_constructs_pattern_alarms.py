"""Alarms of the patterns: what they watch, from which value on, and whom they tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import Stack, assertions
from aws_cdk import aws_sns as sns

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.event_rule import EventRuleSource
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.failure_destinations import FailureTopic
from lambdakit.constructs.function_alarms import FunctionAlarms
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.monitoring.pattern_alarms import PatternAlarms
from lambdakit.constructs.routes import Route
from lambdakit.constructs.stream_processing import StreamProcessing
from lambdakit.constructs.targets.sqs import SqsTarget
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

Resources = Mapping[str, Mapping[str, Any]]


def _resources(stack: Stack, type_name: str) -> Resources:
    found = assertions.Template.from_stack(stack).find_resources(type_name)
    return {logical_id: each["Properties"] for logical_id, each in found.items()}


def _alarms(stack: Stack) -> dict[str, float]:
    """Thresholds by metric."""
    return {each["MetricName"]: each["Threshold"] for each in _resources(stack, "AWS::CloudWatch::Alarm").values()}


def test_all_that_a_pattern_makes_is_watched(stack: Stack, function: FunctionProperties) -> None:
    topic = sns.Topic(stack, "alerts")

    made = EventProcessing(
        stack,
        "jobs",
        source=SqsSource(),
        function=replace(function, reserved_concurrent_executions=10),
        targets={"next": SqsTarget()},
        alarms=PatternAlarms(message_age_seconds=600, topics=[topic]),
    )

    alarms = _resources(stack, "AWS::CloudWatch::Alarm")
    assert len(alarms) == len(made.alarms) == 7
    assert _alarms(stack) == {
        "Errors": 1,
        "Throttles": 1,
        "Duration": 9000,
        "ConcurrentExecutions": 9,
        "ApproximateNumberOfMessagesVisible": 1,
        "ApproximateAgeOfOldestMessage": 600,
    }
    assert all(len(each["AlarmActions"]) == len(each["OKActions"]) == 1 for each in alarms.values())
    depths = [id for id, each in alarms.items() if each["MetricName"] == "ApproximateNumberOfMessagesVisible"]
    assert [id.rstrip("0123456789ABCDEF") for id in sorted(depths)] == [
        "jobsFailureQueueDepthAlarm",
        "jobsnextdeadlettersDepthAlarm",
    ]


@pytest.mark.parametrize(
    ("max_event_age", "threshold"), [(None, 300_000), (600, 300_000), (60, 30_000)], ids=["absent", "long", "short"]
)
def test_the_age_of_events_goes_off_before_they_are_given_up(
    stack: Stack, function: FunctionProperties, max_event_age: int | None, threshold: int
) -> None:
    EventProcessing(
        stack,
        "orders",
        source=EventRuleSource(event_pattern={"source": ["shop"]}),
        function=replace(function, max_event_age=max_event_age),
        on_failure=FailureTopic(),
        alarms=PatternAlarms(),
    )

    found = _alarms(stack)
    assert found["AsyncEventAge"] == threshold
    # What the rule could not hand over lies in a queue beside the topic.
    assert found["ApproximateNumberOfMessagesVisible"] == 1


def test_the_age_of_records_is_watched_within_theirs(stack: Stack, function: FunctionProperties) -> None:
    StreamProcessing(
        stack, "clicks", source=KinesisSource(max_record_age=600), function=function, alarms=PatternAlarms()
    )

    assert _alarms(stack)["IteratorAge"] == 300_000


@pytest.mark.parametrize(("reserved", "threshold"), [(None, None), (0, None), (1, None), (2, 2), (10, 9), (100, 90)])
def test_concurrency_is_watched_where_it_is_reserved(
    stack: Stack, function: FunctionProperties, reserved: int | None, threshold: int | None
) -> None:
    ApiBackend(
        stack,
        "shop",
        routes={"GET /a": Route(function=replace(function, reserved_concurrent_executions=reserved))},
        alarms=PatternAlarms(),
    )

    assert _alarms(stack).get("ConcurrentExecutions") == threshold


def test_a_functions_own_alarms_go_before_the_patterns(stack: Stack, function: FunctionProperties) -> None:
    own = FunctionAlarms(errors=5, throttles=None, duration_share=None)

    ApiBackend(
        stack,
        "shop",
        routes={"GET /a": Route(function=replace(function, alarms=own))},
        alarms=PatternAlarms(errors=3),
    )

    assert _alarms(stack) == {"Errors": 5}


def test_values_of_none_leave_alarms_out(stack: Stack, function: FunctionProperties) -> None:
    none = PatternAlarms(
        errors=None,
        throttles=None,
        duration_share=None,
        concurrency_share=None,
        async_event_age_seconds=None,
        iterator_age_seconds=None,
        message_age_seconds=None,
        failure_queue_depth=None,
    )

    made = EventProcessing(stack, "jobs", source=SqsSource(), function=function, alarms=none)

    assert made.alarms == ()


# Source: API PutMetricAlarm, AlarmActions: at most 5.
@pytest.mark.parametrize(("topics", "refused"), [(5, False), (6, True)])
def test_an_alarm_tells_five_topics_at_most(
    stack: Stack, function: FunctionProperties, topics: int, refused: bool
) -> None:
    alarms = PatternAlarms(topics=[sns.Topic(stack, f"t{number}") for number in range(topics)])

    if refused:
        with pytest.raises(SynthesisError, match=r"6 topics are above 5"):
            EventProcessing(stack, "jobs", source=SqsSource(), function=function, alarms=alarms)
    else:
        EventProcessing(stack, "jobs", source=SqsSource(), function=function, alarms=alarms)
