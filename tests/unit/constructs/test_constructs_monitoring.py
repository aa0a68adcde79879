"""Dashboards of the patterns: what they show, what they cost to make, what is refused of them and of alarms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Duration, Stack, assertions
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.authorizers import LambdaAuthorizer
from lambdakit.constructs.delivery.firehose import FirehoseDelivery
from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.event_rule import EventRuleSource
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.function_url_api import FunctionUrlSettings
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.monitoring.dashboard import DashboardProperties
from lambdakit.constructs.monitoring.graph import Graph, Metric, Section, dashboard_body
from lambdakit.constructs.monitoring.pattern_alarms import PatternAlarms
from lambdakit.constructs.rest_api import RestSettings
from lambdakit.constructs.routes import Route
from lambdakit.constructs.stream_processing import StreamProcessing
from lambdakit.constructs.table import GlobalSecondaryIndex, TableProperties
from lambdakit.constructs.targets.sqs import SqsTarget
from lambdakit.constructs.websocket_api import WebSocketSettings
from lambdakit.errors import SynthesisError
from tests.benchmarks.round_trips import count, patterns

pytestmark = pytest.mark.xdist_group("cdk")

BILLING = "arn:aws:lambda:us-east-1:123456789012:function:billing"

Resources = Mapping[str, Mapping[str, Any]]


def _resources(stack: Stack, type_name: str) -> Resources:
    found = assertions.Template.from_stack(stack).find_resources(type_name)
    return {logical_id: each["Properties"] for logical_id, each in found.items()}


def _body(stack: Stack) -> Mapping[str, Any]:
    """The only dashboard's body, with `<LogicalId>` or `<LogicalId.Attribute>` where a reference stands."""
    (dashboard,) = _resources(stack, "AWS::CloudWatch::Dashboard").values()
    parts = dashboard["DashboardBody"]["Fn::Join"][1]
    body: Mapping[str, Any] = json.loads("".join(each if isinstance(each, str) else _shown(each) for each in parts))
    return body


def _shown(reference: Mapping[str, Any]) -> str:
    match reference:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
    return "<…>"


def _lines(body: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Namespace, name and statistic of every metric."""
    return {
        (line[0], line[1], line[-1]["stat"])
        for widget in body["widgets"]
        if widget["type"] == "metric"
        for line in widget["properties"]["metrics"]
    }


def test_there_is_neither_unless_it_is_asked_for(stack: Stack, function: FunctionProperties) -> None:
    made = EventProcessing(stack, "jobs", source=SqsSource(), function=function)

    assert made.dashboard is None and made.alarms == ()
    assert _resources(stack, "AWS::CloudWatch::Dashboard") == _resources(stack, "AWS::CloudWatch::Alarm") == {}


def test_event_processing_shows_source_function_targets_and_failures(
    stack: Stack, function: FunctionProperties
) -> None:
    EventProcessing(
        stack,
        "jobs",
        source=SqsSource(),
        function=replace(function, timeout=20),
        targets={"next": SqsTarget()},
        alarms=PatternAlarms(),
        dashboard=DashboardProperties(dashboard_name="jobs", start="-P1D", period=Duration.minutes(1)),
    )

    body = _body(stack)
    assert (body["start"], body["periodOverride"]) == ("-P1D", "auto")
    assert {
        *(("AWS/Lambda", name, "Sum") for name in ("Invocations", "Errors", "Throttles")),
        *(("AWS/Lambda", "Duration", stat) for stat in ("p50", "p90", "p99")),
        ("AWS/Lambda", "ConcurrentExecutions", "Maximum"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum"),
    } <= _lines(body)
    by_title = {widget["properties"].get("title"): widget["properties"] for widget in body["widgets"]}
    assert by_title["Duration of jobs"]["annotations"] == {"horizontal": [{"label": "time-out", "value": 20_000}]}
    assert by_title["Duration of jobs"]["period"] == 60
    failed = by_title["Messages that nobody could handle"]["metrics"]
    assert [line[-1]["label"] for line in failed] == ["FailureQueue", "next-dead-letters"]
    assert len(by_title["Alarms"]["alarms"]) == 6
    outputs = assertions.Template.from_stack(stack).find_outputs("JobsDashboardName")
    assert set(outputs) == {"JobsDashboardName"}


def test_widgets_do_not_cover_one_another(stack: Stack, function: FunctionProperties) -> None:
    StreamProcessing(
        stack, "clicks", source=KinesisSource(), function=function, delivery=FirehoseDelivery(), alarms=PatternAlarms(),
        dashboard=DashboardProperties(),
    )  # fmt: skip

    taken: set[tuple[int, int]] = set()
    body = _body(stack)
    for widget in body["widgets"]:
        cells = {
            (widget["x"] + across, widget["y"] + down)
            for across in range(widget["width"])
            for down in range(widget["height"])
        }
        assert not cells & taken
        assert widget["x"] + widget["width"] <= 24
        taken |= cells
    assert {
        ("AWS/Lambda", "IteratorAge", "Maximum"),
        ("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "Maximum"),
        ("AWS/Kinesis", "WriteProvisionedThroughputExceeded", "Sum"),
        ("AWS/Firehose", "DeliveryToS3.DataFreshness", "Maximum"),
    } <= _lines(body)


@pytest.mark.parametrize(
    ("api", "key", "metrics"),
    [
        (None, "GET /a", {"Count", "4xx", "5xx", "Latency"}),
        (RestSettings(), "GET /a", {"Count", "4XXError", "5XXError", "Latency"}),
        (WebSocketSettings(), "say", {"ConnectCount", "MessageCount", "ClientError", "IntegrationError"}),
        (FunctionUrlSettings(), "$default", {"UrlRequestCount", "Url4xxCount", "Url5xxCount", "UrlRequestLatency"}),
    ],
    ids=["http", "rest", "websocket", "function url"],
)
def test_an_api_shows_its_requests(
    stack: Stack, function: FunctionProperties, api: Any, key: str, metrics: set[str]
) -> None:
    ApiBackend(
        stack,
        "shop",
        api=api,
        routes={key: Route(function=function, name="one")},
        table=TableProperties(
            partition_key="id", global_secondary_indexes=[GlobalSecondaryIndex(index_name="by_name", partition_key="n")]
        ),
        dashboard=DashboardProperties(),
    )

    found = {name for _, name, _ in _lines(_body(stack))}
    assert metrics | {"ReadThrottleEvents", "WriteThrottleEvents"} <= found
    assert "by_name" in json.dumps(_body(stack))


def test_existing_functions_and_authorizers_are_shown(stack: Stack, function: FunctionProperties) -> None:
    existing = lambda_.Function.from_function_arn(stack, "existing", BILLING)
    alias = LambdaFunction(stack, "other", **function.keywords()).alias
    ApiBackend(
        stack,
        "shop",
        routes={"GET /a": Route(function=existing), "GET /b": Route(function=alias)},
        authorizer=LambdaAuthorizer(function=function, name="ask"),
        dashboard=DashboardProperties(),
    )

    by_title = {widget["properties"].get("title"): widget["properties"] for widget in _body(stack)["widgets"]}
    lines = by_title["Invocations"]["metrics"]
    assert [line[-1]["label"] for line in lines] == ["GET /a", "GET /b", "ask"]
    assert lines[0][3] == "billing"
    # The function's own metrics, not those of a resource that no metric has.
    assert lines[1][3].startswith("<otherFunction")


def test_a_rule_on_a_bus_of_its_own_is_known_by_both_names(stack: Stack, function: FunctionProperties) -> None:
    EventProcessing(
        stack,
        "orders",
        source=EventRuleSource(event_pattern={"source": ["shop"]}, event_bus=events.EventBus(stack, "bus")),
        function=function,
        dashboard=DashboardProperties(),
    )

    by_title = {widget["properties"].get("title"): widget["properties"] for widget in _body(stack)["widgets"]}
    line = by_title["Rule: events"]["metrics"][0]
    assert (line[2], line[4]) == ("EventBusName", "RuleName")
    assert line[3].startswith("<bus")
    # The end of the rule's ARN, as the rule's own reference has the bus in it.
    assert line[5] == "<…>"
    assert ("AWS/Lambda", "AsyncEventAge", "Maximum") in _lines(_body(stack))


def test_a_subclass_adds_a_section(stack: Stack, function: FunctionProperties) -> None:
    class Observed(EventProcessing):
        def make_dashboard(
            self, properties: DashboardProperties, sections: Sequence[Section]
        ) -> cloudwatch.CfnDashboard:
            own = Graph(title="Orders", metrics=[Metric(namespace="Shop", name="Orders")])
            return super().make_dashboard(properties, [Section(title="Business", graphs=[own]), *sections])

    Observed(stack, "jobs", source=SqsSource(), function=function, dashboard=DashboardProperties())

    assert ("Shop", "Orders", "Sum") in _lines(_body(stack))


def test_what_others_made_is_not_watched(stack: Stack, function: FunctionProperties) -> None:
    made = EventProcessing(
        stack,
        "jobs",
        source=SqsSource(queue=sqs.Queue(stack, "existing")),
        function=lambda_.Function.from_function_arn(stack, "billing", BILLING),
        alarms=PatternAlarms(),
        dashboard=DashboardProperties(),
    )

    assert made.alarms == ()
    assert "billing" in json.dumps(_body(stack))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"alarms": PatternAlarms(errors=0)}, "alarms.errors"),
        ({"alarms": PatternAlarms(duration_share=0)}, "alarms.duration_share"),
        ({"alarms": PatternAlarms(concurrency_share=1.01)}, "alarms.concurrency_share"),
        ({"alarms": PatternAlarms(message_age_seconds=0)}, "alarms.message_age_seconds"),
        ({"alarms": PatternAlarms(failure_queue_depth=0)}, "alarms.failure_queue_depth"),
        ({"dashboard": DashboardProperties(dashboard_name="of jobs")}, "dashboard.dashboard_name"),
        ({"dashboard": DashboardProperties(dashboard_name="j" * 256)}, "dashboard.dashboard_name"),
        ({"dashboard": DashboardProperties(start="PT3H")}, "dashboard.start"),
        ({"dashboard": DashboardProperties(start="-P")}, "dashboard.start"),
        ({"dashboard": DashboardProperties(period=59)}, "dashboard.period"),
        ({"dashboard": DashboardProperties(period=90)}, "dashboard.period"),
        ({"dashboard": DashboardProperties(period=86_460)}, "dashboard.period"),
    ],
)
def test_what_cloudwatch_would_refuse_is_refused_first(
    stack: Stack, function: FunctionProperties, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(SynthesisError) as caught:
        EventProcessing(stack, "jobs", source=SqsSource(), function=function, **changes)

    assert [(each.pointer, each.code) for each in caught.value.diagnostics] == [(f"shop/jobs.{pointer}", "LK401")]


@pytest.mark.parametrize("start", ["-PT3H", "-PT15M", "-P1D", "-P2W", "-P1M", "-P1DT12H30M"])
@pytest.mark.parametrize("period", [60, 300, 86_400])
def test_what_cloudwatch_takes_is_taken(stack: Stack, function: FunctionProperties, start: str, period: int) -> None:
    dashboard = DashboardProperties(start=start, period=period, dashboard_name="j" * 255)

    made = EventProcessing(stack, "jobs", source=SqsSource(), function=function, dashboard=dashboard)

    assert made.dashboard is not None


def test_it_calls_node_a_few_times_more_and_is_never_called_back(tmp_path: Path) -> None:
    for make in patterns(tmp_path).values():
        alone, _ = count(make, {})
        shown, callbacks = count(make, {"dashboard": DashboardProperties()})

        assert shown - alone <= 16
        assert callbacks == 0


def test_a_section_without_graphs_leaves_no_heading() -> None:
    body = json.loads(dashboard_body([Section(title="Empty", graphs=[])], region="r", start="-PT3H", period_seconds=60))

    assert body["widgets"] == []


def test_a_pattern_in_another_construct_has_its_own(stack: Stack, function: FunctionProperties) -> None:
    for name in ("one", "two"):
        EventProcessing(
            Construct(stack, f"part-{name}"), name, source=SqsSource(), function=function,
            dashboard=DashboardProperties(),
        )  # fmt: skip

    assert len(_resources(stack, "AWS::CloudWatch::Dashboard")) == 2
