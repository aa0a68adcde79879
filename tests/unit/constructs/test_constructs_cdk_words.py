"""What users of the CDK pass: its classes and enumerations, where this package takes words and mappings as well."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Duration, Stack, TimeZone, assertions
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.api_doors import ApiSettings
from lambdakit.constructs.authorizers import CognitoAuthorizer
from lambdakit.constructs.delivery.firehose import FirehoseDelivery
from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.alarm import AlarmSource
from lambdakit.constructs.event_sources.event_rule import EventRuleSource
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.event_sources.logs import LogSource
from lambdakit.constructs.event_sources.msk import MskSource
from lambdakit.constructs.event_sources.s3 import S3Source
from lambdakit.constructs.event_sources.schedule import ScheduleSource
from lambdakit.constructs.event_sources.sns import SnsSource
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.function_url_api import FunctionUrlSettings
from lambdakit.constructs.http_api import Cors
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.rest_api import RestSettings, UsagePlan
from lambdakit.constructs.routes import Route
from lambdakit.constructs.stream_processing import StreamProcessing
from lambdakit.constructs.table import GlobalSecondaryIndex, TableProperties
from lambdakit.constructs.user_pool import UserPoolProperties
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/clicks/01234567-89ab-cdef-0123-456789abcdef-1"
FIVE_MINUTES = Duration.minutes(5)
BODY = {"body": {"kind": ["order"]}}


@pytest.fixture
def function(tmp_path: Path) -> FunctionProperties:
    code = tmp_path / "code"
    code.mkdir()
    (code / "app.py").write_text("def handler(event, context): ...\n")
    return FunctionProperties(code=code, handler="app.handler")


def template(make: Callable[[Stack], object]) -> dict[str, Any]:
    stack = Stack(App(context=FEATURE_FLAGS), "shop")
    make(stack)
    found: dict[str, Any] = assertions.Template.from_stack(stack).to_json()["Resources"]
    for criteria in (each["Properties"].get("FilterCriteria", {}) for each in found.values() if "Properties" in each):
        # Spaces mean nothing in a pattern.
        criteria["Filters"] = [json.loads(one["Pattern"]) for one in criteria.get("Filters", [])]
    return found


@pytest.mark.parametrize(
    "of_the_cdk, of_words",
    [
        pytest.param(
            EventRuleSource(
                event_pattern=events.EventPattern(source=["shop"], detail_type=["Placed"], detail={"total": [1]})
            ),
            EventRuleSource(
                event_pattern={"source": ["shop"], "detail-type": ["Placed"], "detail": {"total": [1]}},
            ),
            id="event pattern",
        ),
        pytest.param(
            EventRuleSource(
                event_pattern=events.EventPattern(
                    source=events.Match.prefix("shop."), detail={"sku": events.Match.exists()}
                )
            ),
            EventRuleSource(event_pattern={"source": [{"prefix": "shop."}], "detail": {"sku": [{"exists": True}]}}),
            id="matchers",
        ),
        pytest.param(
            EventRuleSource(event_pattern={"detail_type": ["Placed"]}),
            EventRuleSource(event_pattern={"detail-type": ["Placed"]}),
            id="the CDK's key in a mapping",
        ),
        pytest.param(
            ScheduleSource(schedule=events.Schedule.rate(FIVE_MINUTES), timezone=TimeZone.EUROPE_BERLIN),
            ScheduleSource(schedule="rate(5 minutes)", timezone="Europe/Berlin"),
            id="schedule of EventBridge",
        ),
        pytest.param(
            ScheduleSource(schedule=scheduler.ScheduleExpression.cron(minute="0", time_zone=TimeZone.EUROPE_BERLIN)),
            ScheduleSource(schedule="cron(0 * * * ? *)", timezone="Europe/Berlin"),
            id="schedule of Scheduler, with its zone",
        ),
        pytest.param(
            S3Source(events=[s3.EventType.OBJECT_CREATED_PUT], via="notification"),
            S3Source(events=["object_created_put"], via="notification"),
            id="events of a bucket",
        ),
        pytest.param(
            S3Source(events=[s3.EventType.OBJECT_REMOVED]), S3Source(events=["object_removed"]), id="by a rule"
        ),
        pytest.param(
            SnsSource(filter_policy={"kind": sns.SubscriptionFilter.string_filter(allowlist=["order"])}),
            SnsSource(filter_policy={"kind": ["order"]}),
            id="filter of a topic",
        ),
        pytest.param(
            SnsSource(
                filter_policy={
                    "order": sns.FilterOrPolicy.policy(
                        {"kind": sns.FilterOrPolicy.filter(sns.SubscriptionFilter.exists_filter())}
                    )
                },
                filter_policy_scope="message_body",
            ),
            SnsSource(filter_policy={"order": {"kind": [{"exists": True}]}}, filter_policy_scope="message_body"),
            id="filter of a topic's bodies",
        ),
        pytest.param(
            SqsSource(filters=[lambda_.FilterCriteria.filter(BODY)]), SqsSource(filters=[BODY]), id="filter of a queue"
        ),
        pytest.param(
            LogSource(filter_pattern=logs.FilterPattern.any_term("ERROR", "WARN")),
            LogSource(filter_pattern='?"ERROR" ?"WARN"'),
            id="filter of a log",
        ),
        pytest.param(
            AlarmSource(
                namespace="Shop",
                metric_name="Orders",
                threshold=1,
                statistic=cloudwatch.Stats.SUM,
                comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            ),
            AlarmSource(
                namespace="Shop",
                metric_name="Orders",
                threshold=1,
                statistic="Sum",
                comparison_operator="less_than_threshold",
                treat_missing_data="not_breaching",
            ),
            id="alarm",
        ),
    ],
)
def test_sources_of_events_take_the_cdks_classes(function: FunctionProperties, of_the_cdk: Any, of_words: Any) -> None:
    made = [
        template(lambda stack, source=source: EventProcessing(stack, "work", source=source, function=function))  # type: ignore[misc]  # bound at once
        for source in (of_the_cdk, of_words)
    ]

    assert made[0] == made[1]


@pytest.mark.parametrize(
    "of_the_cdk, of_words",
    [
        pytest.param(
            KinesisSource(starting_position=lambda_.StartingPosition.LATEST),
            KinesisSource(starting_position="latest"),
            id="position",
        ),
        pytest.param(
            MskSource(
                cluster_arn=CLUSTER,
                topic="clicks",
                starting_position=lambda_.StartingPosition.AT_TIMESTAMP,
                starting_position_timestamp=1,
                filters=[lambda_.FilterCriteria.filter({"value": {"kind": lambda_.FilterRule.is_equal("order")}})],
            ),
            MskSource(
                cluster_arn=CLUSTER,
                topic="clicks",
                starting_position="at_timestamp",
                starting_position_timestamp=1,
                filters=[{"value": {"kind": ["order"]}}],
            ),
            id="a time, and filters",
        ),
    ],
)
def test_sources_of_streams_take_the_cdks_classes(function: FunctionProperties, of_the_cdk: Any, of_words: Any) -> None:
    made = [
        template(lambda stack, source=source: StreamProcessing(stack, "work", source=source, function=function))  # type: ignore[misc]  # bound at once
        for source in (of_the_cdk, of_words)
    ]

    assert made[0] == made[1]


def test_a_delivery_is_compressed_as_the_cdk_says(function: FunctionProperties) -> None:
    made = template(
        lambda stack: StreamProcessing(
            stack,
            "work",
            source=KinesisSource(),
            function=function,
            delivery=FirehoseDelivery(compression=firehose.Compression.SNAPPY),
        )
    )

    [stream] = [each["Properties"] for each in made.values() if each["Type"] == "AWS::KinesisFirehose::DeliveryStream"]
    assert stream["ExtendedS3DestinationConfiguration"]["CompressionFormat"] == "Snappy"


def backend(**settings: Any) -> Callable[[Stack], object]:
    return lambda stack: ApiBackend(stack, "orders", **settings)


@pytest.mark.parametrize(
    "of_the_cdk, of_words",
    [
        pytest.param(
            {"cors": Cors(allow_origins=["*"], allow_methods=[apigatewayv2.CorsHttpMethod.GET])},
            {"cors": Cors(allow_origins=["*"], allow_methods=["GET"])},
            id="methods of an HTTP API",
        ),
        pytest.param(
            {"cors": Cors(allow_origins=["*"], allow_methods=[apigatewayv2.CorsHttpMethod.ANY])},
            {"cors": Cors(allow_origins=["*"], allow_methods=["*"])},
            id="all methods",
        ),
        pytest.param(
            {
                "cors": Cors(allow_origins=["*"], allow_methods=[apigatewayv2.HttpMethod.PUT]),
                "api": RestSettings(usage_plan=UsagePlan(quota=9, quota_period=apigateway.Period.DAY)),
            },
            {
                "cors": Cors(allow_origins=["*"], allow_methods=["PUT"]),
                "api": RestSettings(usage_plan=UsagePlan(quota=9, quota_period="day")),
            },
            id="REST API",
        ),
        pytest.param(
            {"authorizer": CognitoAuthorizer(user_pool=UserPoolProperties(mfa=cognito.Mfa.OFF))},
            {"authorizer": CognitoAuthorizer(user_pool=UserPoolProperties(mfa="off"))},
            id="user pool",
        ),
    ],
)
def test_apis_take_the_cdks_classes(
    function: FunctionProperties, of_the_cdk: Mapping[str, Any], of_words: Mapping[str, Any]
) -> None:
    routes = {"GET /orders": Route(function=function)}

    made = [template(backend(routes=routes, **settings)) for settings in (of_the_cdk, of_words)]

    assert made[0] == made[1]


@pytest.mark.parametrize(
    "mode, written",
    [(lambda_.InvokeMode.RESPONSE_STREAM, "RESPONSE_STREAM"), (lambda_.InvokeMode.BUFFERED, "BUFFERED")],
)
def test_a_functions_address_takes_the_cdks_mode(
    function: FunctionProperties, mode: lambda_.InvokeMode, written: str
) -> None:
    api: ApiSettings = FunctionUrlSettings(invoke_mode=mode)
    cors = Cors(allow_origins=["*"], allow_methods=[lambda_.HttpMethod.ALL])

    made = template(backend(routes={"$default": Route(function=function)}, api=api, cors=cors))

    [url] = [each["Properties"] for each in made.values() if each["Type"] == "AWS::Lambda::Url"]
    assert (url["InvokeMode"], url["Cors"]["AllowMethods"]) == (written, ["*"])


def test_an_index_takes_the_cdks_projection(function: FunctionProperties) -> None:
    index = GlobalSecondaryIndex(
        index_name="by_day",
        partition_key="day",
        projection_type=dynamodb.ProjectionType.INCLUDE,
        non_key_attributes=["total"],
    )
    table = TableProperties(partition_key="id", global_secondary_indexes=[index])

    made = template(backend(routes={"GET /orders": Route(function=function)}, table=table))

    [found] = [each["Properties"] for each in made.values() if each["Type"] == "AWS::DynamoDB::GlobalTable"]
    assert found["GlobalSecondaryIndexes"][0]["Projection"] == {
        "NonKeyAttributes": ["total"],
        "ProjectionType": "INCLUDE",
    }


@pytest.mark.parametrize(
    "source, allowed",
    [
        (EventRuleSource(event_pattern=events.EventPattern()), "the pattern is empty"),
        (S3Source(events=[s3.EventType.REDUCED_REDUNDANCY_LOST_OBJECT]), "is no event of an object"),
        (
            AlarmSource(
                namespace="Shop",
                metric_name="Orders",
                threshold=1,
                comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_LOWER_THRESHOLD,
            ),
            "is not allowed",
        ),
    ],
    ids=["empty pattern", "event", "operator of anomalies"],
)
def test_what_the_service_would_refuse_is_told_all_the_same(
    function: FunctionProperties, source: Any, allowed: str
) -> None:
    with pytest.raises(SynthesisError, match=allowed):
        EventProcessing(Stack(App(), "shop"), "work", source=source, function=function)


@pytest.mark.parametrize(
    "settings, pointer, hint",
    [
        ({"runtime": "python3.13"}, "runtime", "runtime=Runtime.PYTHON_3_13"),
        ({"architecture": "arm64"}, "architecture", "architecture=Architecture.ARM_64"),
        ({"tracing": "Active"}, "tracing", "tracing=Tracing.ACTIVE"),
        ({"timeout": "10s"}, "timeout", "timeout=Duration.seconds(10)"),
        ({"timeout": 2.5}, "timeout", "timeout=Duration.seconds(10)"),
        ({"timeout": True}, "timeout", "timeout=Duration.seconds(10)"),
        ({"memory_size": "512"}, "memory_size", "memory_size=512"),
        ({"ephemeral_storage_size": "1 GiB"}, "ephemeral_storage_size", "ephemeral_storage_size=Size.gibibytes(1)"),
        ({"log_retention": "one_week"}, "log_retention", "log_retention=RetentionDays.ONE_MONTH"),
        ({"environment": {"PORT": 8080}}, "environment.PORT", 'str(…), or "…"'),
        ({"grants": {"jobs": "read"}}, "grants.jobs", 'Grant(resource=…, access="read")'),
    ],
)
def test_a_setting_of_another_kind_is_told_with_what_to_write(
    function: FunctionProperties, settings: dict[str, Any], pointer: str, hint: str
) -> None:
    with pytest.raises(SynthesisError) as refused:
        LambdaFunction(Stack(App(), "shop"), "work", code=function.code, handler="app.handler", **settings)

    (found,) = refused.value.diagnostics
    assert (found.pointer, found.code, found.hint) == (f"shop/work.{pointer}", "LK401", hint)
