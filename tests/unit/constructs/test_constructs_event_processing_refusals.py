"""What is wrong with an `EventProcessing` is told at once, before the CDK sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.alarm import AlarmSource
from lambdakit.constructs.event_sources.cognito import CognitoSource
from lambdakit.constructs.event_sources.config_rule import ConfigRuleSource
from lambdakit.constructs.event_sources.event_rule import EventRuleSource
from lambdakit.constructs.event_sources.iot_rule import IotRuleSource
from lambdakit.constructs.event_sources.kinds import Source
from lambdakit.constructs.event_sources.logs import LogSource
from lambdakit.constructs.event_sources.s3 import S3Source
from lambdakit.constructs.event_sources.schedule import ScheduleSource
from lambdakit.constructs.event_sources.sns import SnsSource
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.failure_destinations import FailureBus, FailureQueue, FailureTopic, failure_problems
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.targets.s3 import S3Target
from lambdakit.constructs.targets.sqs import SqsTarget
from lambdakit.constructs.targets.step_functions import StepFunctionsTarget
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

HOURLY = ScheduleSource(schedule="rate(1 hour)")
LOST: Mapping[str, Any] = {"namespace": "Shop", "metric_name": "Lost", "threshold": 1}


def refused(stack: Stack, function: FunctionProperties, **settings: Any) -> list[tuple[str, str]]:
    """Pointer below the pattern and code of each problem."""
    with pytest.raises(SynthesisError) as caught:
        EventProcessing(stack, "jobs", **{"source": HOURLY, "function": function, **settings})
    assert all(each.hint for each in caught.value.diagnostics)
    return [(each.pointer.removeprefix("shop/jobs."), each.code) for each in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("source", "pointer", "refusal"),
    [
        (S3Source(events=[]), "source.events", "LK441"),
        (S3Source(events=["object_create"]), "source.events", "LK441"),
        (S3Source(retry_attempts=186), "source.retry_attempts", "LK401"),
        (S3Source(max_event_age=59), "source.max_event_age", "LK401"),
        (S3Source(max_event_age=86_401), "source.max_event_age", "LK401"),
        (SqsSource(batch_size=0), "source.batch_size", "LK401"),
        (SqsSource(batch_size=11), "source.batch_size", "LK405"),
        (SqsSource(batch_size=10_001, max_batching_window=1), "source.batch_size", "LK401"),
        (SqsSource(max_batching_window=301), "source.max_batching_window", "LK401"),
        (SqsSource(fifo=True, max_batching_window=1), "source.max_batching_window", "LK405"),
        (SqsSource(fifo=True, batch_size=11), "source.batch_size", "LK405"),
        (SqsSource(content_based_deduplication=True), "source.content_based_deduplication", "LK405"),
        (SqsSource(max_concurrency=1), "source.max_concurrency", "LK401"),
        (SqsSource(max_concurrency=1_001), "source.max_concurrency", "LK401"),
        (SqsSource(max_receive_count=0), "source.max_receive_count", "LK401"),
        (SqsSource(max_receive_count=1_001), "source.max_receive_count", "LK401"),
        (SqsSource(visibility_timeout=9), "source.visibility_timeout", "LK405"),
        (SqsSource(visibility_timeout=43_201), "source.visibility_timeout", "LK401"),
        (SqsSource(retention_period=59), "source.retention_period", "LK401"),
        (SqsSource(filters=[{}] * 6), "source.filters", "LK401"),
        (SnsSource(filter_policy={}), "source.filter_policy", "LK401"),
        (SnsSource(filter_policy={str(key): [key] for key in range(6)}), "source.filter_policy", "LK401"),
        (EventRuleSource(event_pattern={}), "source.event_pattern", "LK441"),
        (ScheduleSource(schedule="every hour"), "source.schedule", "LK441"),
        (ScheduleSource(schedule="rate(0 hours)"), "source.schedule", "LK441"),
        (ScheduleSource(schedule="rate(1 hour)", flexible_time_window=90), "source.flexible_time_window", "LK401"),
        (ScheduleSource(schedule="rate(1 hour)", flexible_time_window=0), "source.flexible_time_window", "LK401"),
        (IotRuleSource(sql="sensors/#"), "source.sql", "LK441"),
        (IotRuleSource(sql="SELECT * FROM 'a'", aws_iot_sql_version="2"), "source.aws_iot_sql_version", "LK441"),
        (ConfigRuleSource(configuration_changes=False), "source.configuration_changes", "LK441"),
        (ConfigRuleSource(maximum_execution_frequency="daily"), "source.maximum_execution_frequency", "LK441"),
        (LogSource(filter_pattern="x" * 1_025), "source.filter_pattern", "LK401"),
        (LogSource(log_retention=2), "source.log_retention", "LK401"),
        (AlarmSource(**LOST, period=45), "source.period", "LK441"),
        (AlarmSource(**LOST, datapoints_to_alarm=2), "source.datapoints_to_alarm", "LK441"),
        (AlarmSource(**LOST, states=[]), "source.states", "LK441"),
        (AlarmSource(**LOST, comparison_operator=">"), "source.comparison_operator", "LK441"),
    ],
)
def test_a_source_that_aws_would_refuse(
    stack: Stack, function: FunctionProperties, source: Source, pointer: str, refusal: str
) -> None:
    assert refused(stack, function, source=source) == [(pointer, refusal)]


@pytest.mark.parametrize(
    "source",
    [
        SqsSource(batch_size=10),
        SqsSource(batch_size=10_000, max_batching_window=300),
        SqsSource(visibility_timeout=10, max_concurrency=2, max_receive_count=1),
        SqsSource(visibility_timeout=43_200, max_concurrency=1_000, max_receive_count=1_000),
        S3Source(retry_attempts=0, max_event_age=60),
        S3Source(retry_attempts=185, max_event_age=86_400),
        AlarmSource(**LOST, period=10, evaluation_periods=3, datapoints_to_alarm=3, statistic="p99"),
    ],
)
def test_a_source_at_its_bounds(stack: Stack, function: FunctionProperties, source: Source) -> None:
    EventProcessing(stack, "jobs", source=source, function=function)


def test_a_user_pool_waits_for_five_seconds(stack: Stack, function: FunctionProperties) -> None:
    source = CognitoSource(triggers=["pre_sign_up", "pre_sign_up", "none"])

    found = refused(stack, replace(function, timeout=6), source=source)

    assert found == [("source.triggers", "LK441"), ("source.triggers", "LK441"), ("function.timeout", "LK405")]


def test_a_fifo_topic_delivers_to_no_function(stack: Stack, function: FunctionProperties) -> None:
    topic = sns.Topic.from_topic_arn(stack, "topic", "arn:aws:sns:eu-west-1:123456789012:news.fifo")

    assert refused(stack, function, source=SnsSource(topic=topic)) == [("source.topic", "LK405")]


@pytest.mark.parametrize(
    ("source", "refusal"),
    [(SqsSource(), "LK440"), (CognitoSource(triggers=["pre_sign_up"]), "LK405")],
    ids=["messages move to queues only", "the user pool hears of it itself"],
)
def test_a_failure_path_that_the_source_cannot_have(
    stack: Stack, function: FunctionProperties, source: Source, refusal: str
) -> None:
    found = refused(stack, replace(function, timeout=5), source=source, on_failure=FailureTopic())

    assert found == [("on_failure", refusal)]


@pytest.mark.parametrize(
    ("source", "queue_name", "ok"),
    [
        (SqsSource(), "failed", True),
        (SqsSource(), "failed.fifo", False),
        (SqsSource(fifo=True), "failed", False),
        (SqsSource(fifo=True), "failed.fifo", True),
        (HOURLY, "failed", True),
        (HOURLY, "failed.fifo", False),
    ],
)
def test_a_fifo_queue_stands_behind_a_fifo_queue_and_nothing_else(
    stack: Stack, function: FunctionProperties, source: Source, queue_name: str, ok: bool
) -> None:
    queue = sqs.Queue.from_queue_arn(stack, "queue", f"arn:aws:sqs:eu-west-1:123456789012:{queue_name}")

    if ok:
        EventProcessing(stack, "jobs", source=source, function=function, on_failure=queue)
    else:
        assert refused(stack, function, source=source, on_failure=queue) == [("on_failure", "LK440")]


def test_an_existing_queue_keeps_its_own_redrive(stack: Stack, function: FunctionProperties) -> None:
    queue = sqs.Queue.from_queue_arn(stack, "queue", "arn:aws:sqs:eu-west-1:123456789012:jobs")

    found = refused(stack, function, source=SqsSource(queue=queue), on_failure=FailureQueue())

    assert found == [("on_failure", "LK405")]


def test_one_destination_is_enough(stack: Stack, function: FunctionProperties) -> None:
    own = replace(function, on_failure=destinations.SqsDestination(sqs.Queue(stack, "own")))

    assert refused(stack, own) == [("function.on_failure", "LK405")]


def test_a_streams_records_cannot_go_to_a_bus() -> None:
    assert [each.code for each in failure_problems("on_failure", FailureBus(), stream=True)] == ["LK440"]
    assert list(failure_problems("on_failure", FailureTopic(), stream=True)) == []


def test_targets_have_names_of_their_own(stack: Stack, function: FunctionProperties) -> None:
    targets = {name: S3Target() for name in ("all-items", "all_items", "9th", "Bucket", "failure")}

    assert refused(stack, function, targets=targets) == [
        ("targets.all_items", "LK443"),
        ("targets.9th", "LK443"),
        ("targets.Bucket", "LK443"),
        ("targets.failure", "LK443"),
    ]


@pytest.mark.parametrize("content", [None, "StartAt: Here", "[]", '{"States": {}}'])
def test_a_definition_is_amazon_states_language(
    stack: Stack, function: FunctionProperties, tmp_path: Path, content: str | None
) -> None:
    definition = tmp_path / "flow.asl.json"
    if content is not None:
        definition.write_text(content)

    found = refused(stack, function, targets={"flow": StepFunctionsTarget(state_machine=definition)})

    assert found == [("targets.flow.definition", "LK442")]


def test_an_existing_function_of_unknown_time_out_needs_the_queues_visibility(stack: Stack) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:older:live"
    alias = lambda_.Function.from_function_arn(stack, "existing", arn)

    with pytest.raises(SynthesisError, match=r"visibility_timeout: the function's time-out is not known here"):
        EventProcessing(stack, "jobs", source=SqsSource(), function=alias)


def test_all_that_is_wrong_is_told_at_once(stack: Stack, function: FunctionProperties) -> None:
    found = refused(
        stack,
        replace(function, memory_size=1),
        source=SqsSource(batch_size=0),
        targets={"9": SqsTarget(retention_period=1)},
        on_failure=FailureTopic(),
    )

    assert [pointer for pointer, _ in found] == [
        "source.batch_size",
        "function.memory_size",
        "targets.9",
        "targets.9.retention_period",
        "on_failure",
    ]
