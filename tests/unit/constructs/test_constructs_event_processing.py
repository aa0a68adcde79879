from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import Duration, Stack, assertions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
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
from lambdakit.constructs.event_sources.s3 import S3Source, object_pattern
from lambdakit.constructs.event_sources.schedule import ScheduleSource
from lambdakit.constructs.event_sources.sns import SnsSource
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.failure_destinations import (
    FailureBucket,
    FailureBus,
    FailureQueue,
    FailureTopic,
    OnFailure,
)
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.table import TableProperties
from lambdakit.constructs.targets.dynamodb import DynamoDbTarget
from lambdakit.constructs.targets.event_bridge import EventBridgeTarget
from lambdakit.constructs.targets.kinds import Target
from lambdakit.constructs.targets.s3 import S3Target
from lambdakit.constructs.targets.sns import SnsTarget
from lambdakit.constructs.targets.sqs import SqsTarget

pytestmark = pytest.mark.xdist_group("cdk")

SOURCES: Mapping[str, Source] = {
    "s3": S3Source(),
    "notification": S3Source(via="notification"),
    "sqs": SqsSource(),
    "sns": SnsSource(),
    "event_rule": EventRuleSource(event_pattern={"source": ["shop"]}),
    "schedule": ScheduleSource(schedule="rate(5 minutes)"),
    "iot_rule": IotRuleSource(sql="SELECT * FROM 'sensors/#'"),
    "config_rule": ConfigRuleSource(),
    "logs": LogSource(),
    "alarm": AlarmSource(namespace="Shop", metric_name="Lost", threshold=1),
    "cognito": CognitoSource(triggers=["pre_sign_up"]),
}


def resources(stack: Stack) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = assertions.Template.from_stack(stack).to_json()["Resources"]
    return found


def of_type(stack: Stack, type_name: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in resources(stack).values() if each["Type"] == type_name]


def granted(stack: Stack) -> dict[str, Any]:
    """Action -> resource of every statement of the function's own policy."""
    return {
        action: statement["Resource"]
        for policy in of_type(stack, "AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_trigger_goes_through_the_alias_and_names_who_may_invoke_it(
    stack: Stack, function: FunctionProperties, source: Source
) -> None:
    EventProcessing(stack, "jobs", source=source, function=replace(function, timeout=5))

    (alias,) = (name for name, each in resources(stack).items() if each["Type"] == "AWS::Lambda::Alias")
    for permission in of_type(stack, "AWS::Lambda::Permission"):
        assert permission["FunctionName"] == {"Ref": alias}
        assert "SourceArn" in permission or "SourceAccount" in permission
    for mapping in of_type(stack, "AWS::Lambda::EventSourceMapping"):
        assert mapping["FunctionName"]["Fn::Join"][1][-1] == ":live" or mapping["FunctionName"] == {"Ref": alias}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_what_is_made_is_encrypted_tls_only_and_private(
    stack: Stack, function: FunctionProperties, source: Source
) -> None:
    EventProcessing(stack, "jobs", source=source, function=replace(function, timeout=5))

    for queue in of_type(stack, "AWS::SQS::Queue"):
        assert queue["SqsManagedSseEnabled"] is True
    for bucket in of_type(stack, "AWS::S3::Bucket"):
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert "BucketEncryption" in bucket
    for topic in of_type(stack, "AWS::SNS::Topic"):
        assert topic["KmsMasterKeyId"] == "alias/aws/sns"
    secured = len(of_type(stack, "AWS::SQS::Queue")) + len(of_type(stack, "AWS::S3::Bucket"))
    policies = [
        *of_type(stack, "AWS::SQS::QueuePolicy"),
        *of_type(stack, "AWS::S3::BucketPolicy"),
    ]
    assert len(policies) == secured
    for policy in [*policies, *of_type(stack, "AWS::SNS::TopicPolicy")]:
        assert any(
            statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for statement in policy["PolicyDocument"]["Statement"]
        )


@pytest.mark.parametrize("kind", sorted(set(SOURCES) - {"notification"}))
def test_no_source_brings_a_second_function(stack: Stack, function: FunctionProperties, kind: str) -> None:
    EventProcessing(stack, "jobs", source=SOURCES[kind], function=replace(function, timeout=5))

    assert len(of_type(stack, "AWS::Lambda::Function")) == 1


@pytest.mark.parametrize(
    ("on_failure", "type_name"),
    [
        (None, "AWS::SQS::Queue"),
        (FailureQueue(), "AWS::SQS::Queue"),
        (FailureTopic(), "AWS::SNS::Topic"),
        (FailureBucket(), "AWS::S3::Bucket"),
        (FailureBus(), "AWS::Events::EventBus"),
    ],
    ids=["absent", "queue", "topic", "bucket", "bus"],
)
def test_asynchronous_failures_go_to_the_alias_destination_and_a_queue_keeps_what_the_rule_could_not_hand_over(
    stack: Stack, function: FunctionProperties, on_failure: OnFailure | None, type_name: str
) -> None:
    made = EventProcessing(stack, "jobs", source=SOURCES["event_rule"], function=function, on_failure=on_failure)

    (config,) = of_type(stack, "AWS::Lambda::EventInvokeConfig")
    destination = config["DestinationConfig"]["OnFailure"]["Destination"]
    name = destination.get("Ref") or destination["Fn::GetAtt"][0]
    assert resources(stack)[name]["Type"] == type_name
    (alias,) = (name for name, each in resources(stack).items() if each["Type"] == "AWS::Lambda::Alias")
    assert config["Qualifier"]["Fn::Select"][1]["Fn::Split"][1] == {"Ref": alias}
    assert made.failure is not None
    (rule,) = of_type(stack, "AWS::Events::Rule")
    kept = rule["Targets"][0]["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
    assert resources(stack)[kept]["Type"] == "AWS::SQS::Queue"
    assert resources(stack)[kept]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_a_queue_of_the_patterns_own_hides_messages_for_six_time_outs_and_moves_them_after_five_receptions(
    stack: Stack, function: FunctionProperties
) -> None:
    made = EventProcessing(
        stack,
        "jobs",
        source=SqsSource(batch_size=100, max_batching_window=20, filters=[{"body": {"kind": ["order"]}}]),
        function=replace(function, timeout=Duration.minutes(1)),
    )

    queues = {name: each["Properties"] for name, each in resources(stack).items() if each["Type"] == "AWS::SQS::Queue"}
    (source,) = (queue for queue in queues.values() if "RedrivePolicy" in queue)
    assert source["VisibilityTimeout"] == 6 * 60 + 20
    assert source["RedrivePolicy"]["maxReceiveCount"] == 5
    failure = queues[source["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
    assert failure["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    (mapping,) = of_type(stack, "AWS::Lambda::EventSourceMapping")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 100
    assert mapping["FilterCriteria"] == {"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]}
    assert made.source.queue is not None
    assert of_type(stack, "AWS::Lambda::EventInvokeConfig") == []


def test_a_fifo_queue_has_a_fifo_queue_behind_it(stack: Stack, function: FunctionProperties) -> None:
    EventProcessing(stack, "jobs", source=SqsSource(fifo=True), function=function)

    assert [queue["FifoQueue"] for queue in of_type(stack, "AWS::SQS::Queue")] == [True, True]


@pytest.mark.parametrize(
    ("target", "variable", "actions"),
    [
        (S3Target(prefix="out/"), "OUT_BUCKET_NAME", {"s3:PutObject", "s3:AbortMultipartUpload"}),
        (SqsTarget(), "OUT_QUEUE_URL", {"sqs:SendMessage"}),
        (SnsTarget(), "OUT_TOPIC_ARN", {"sns:Publish"}),
        (EventBridgeTarget(), "OUT_EVENT_BUS_NAME", {"events:PutEvents"}),
        (
            DynamoDbTarget(table=TableProperties(partition_key="id")),
            "OUT_TABLE_NAME",
            {
                *("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable"),
                *("dynamodb:PutItem", "dynamodb:UpdateItem"),
            },
        ),
    ],
    ids=["s3", "sqs", "sns", "event_bridge", "dynamodb"],
)
def test_a_target_gives_its_variable_and_exactly_what_writing_needs(
    stack: Stack, function: FunctionProperties, target: Target, variable: str, actions: set[str]
) -> None:
    EventProcessing(
        stack, "jobs", source=ScheduleSource(schedule="rate(1 hour)"), function=function, targets={"out": target}
    )

    assert [*of_type(stack, "AWS::Lambda::Function")[0]["Environment"]["Variables"]] == [variable]
    found = granted(stack)
    everyone = {"logs:CreateLogStream", "logs:PutLogEvents"}
    failure = {"sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"}
    assert set(found) == everyone | failure | actions
    assert all(found[action] != "*" for action in actions)


def test_the_function_may_read_the_objects_that_match_only(stack: Stack, function: FunctionProperties) -> None:
    EventProcessing(stack, "jobs", source=S3Source(prefix="a*b/", suffix=".png"), function=function)

    assert granted(stack)["s3:GetObject"]["Fn::Join"][1][-1] == "/a${*}b/*.png"


def test_existing_resources_are_used_and_nothing_is_made_beside_them(
    stack: Stack, function: FunctionProperties
) -> None:
    queue = sqs.Queue.from_queue_arn(stack, "queue", "arn:aws:sqs:eu-west-1:123456789012:jobs")
    table = dynamodb.Table.from_table_name(stack, "table", "orders")
    bus = events.EventBus.from_event_bus_name(stack, "bus", "shop")

    made = EventProcessing(
        stack,
        "jobs",
        source=SqsSource(queue=queue),
        function=function,
        targets={"orders": DynamoDbTarget(table=table), "bus": EventBridgeTarget(event_bus=bus)},
    )

    types = {each["Type"] for each in resources(stack).values()}
    assert not types & {"AWS::SQS::Queue", "AWS::DynamoDB::GlobalTable", "AWS::Events::EventBus"}
    assert made.failure is None
    assert "Outputs" not in assertions.Template.from_stack(stack).to_json()


def test_an_existing_alias_is_invoked_and_granted_and_gets_the_destination(
    stack: Stack, function: FunctionProperties
) -> None:
    existing = LambdaFunction(stack, "existing", **function.keywords())

    made = EventProcessing(stack, "jobs", source=S3Source(), function=existing.alias, targets={"out": S3Target()})

    assert made.function is None
    assert made.handler is existing.alias
    assert len(of_type(stack, "AWS::Lambda::Function")) == 1
    assert len(of_type(stack, "AWS::Lambda::EventInvokeConfig")) == 1
    assert "s3:PutObject" in granted(stack)


def test_a_subclass_changes_one_part_and_keeps_the_rest(stack: Stack, function: FunctionProperties) -> None:
    class Own(EventProcessing):
        def make_function(self, properties: FunctionProperties) -> LambdaFunction:
            return super().make_function(replace(properties, memory_size=2048))

        def permissions(self, handler: lambda_.IFunction, source: Source, targets: Mapping[str, Target]) -> None:
            """Nothing at all."""

    made = Own(stack, "jobs", source=S3Source(), function=function, targets={"out": S3Target()})

    assert of_type(stack, "AWS::Lambda::Function")[0]["MemorySize"] == 2048
    assert "s3:PutObject" not in granted(stack)
    assert isinstance(made.source.bucket, s3.Bucket)
    assert made.targets["out"].bucket is not None


def test_a_topics_filter_policy_is_written_as_it_is(stack: Stack, function: FunctionProperties) -> None:
    topic = sns.Topic.from_topic_arn(stack, "topic", "arn:aws:sns:eu-west-1:123456789012:news")
    policy = {"price": [{"numeric": [">=", 100]}]}

    EventProcessing(
        stack,
        "jobs",
        source=SnsSource(topic=topic, filter_policy=policy, filter_policy_scope="message_body"),
        function=function,
    )

    (subscription,) = of_type(stack, "AWS::SNS::Subscription")
    assert subscription["FilterPolicy"] == policy
    assert subscription["FilterPolicyScope"] == "MessageBody"
    assert "deadLetterTargetArn" in subscription["RedrivePolicy"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            S3Source(prefix="in/"),
            {"detail-type": ["Object Created"], "detail": {"object": {"key": [{"prefix": "in/"}]}}},
            id="prefix",
        ),
        pytest.param(
            S3Source(events=["object_tagging", "object_removed"], suffix=".x"),
            {
                "detail-type": ["Object Tags Added", "Object Tags Deleted", "Object Deleted"],
                "detail": {"object": {"key": [{"suffix": ".x"}]}},
            },
            id="three types",
        ),
        pytest.param(
            S3Source(prefix="a*\\", suffix=".x"),
            {"detail-type": ["Object Created"], "detail": {"object": {"key": [{"wildcard": "a\\*\\\\*.x"}]}}},
            id="both ends",
        ),
        pytest.param(
            S3Source(events=["object_created_put"]),
            {"detail-type": ["Object Created"], "detail": {"reason": ["PutObject"]}},
            id="one reason",
        ),
    ],
)
def test_the_pattern_of_objects(source: S3Source, expected: dict[str, Any]) -> None:
    wanted = {**expected, "source": ["aws.s3"]}
    wanted["detail"] = {"bucket": {"name": ["b"]}, **expected["detail"]}

    assert object_pattern("b", source) == wanted


def test_events_that_more_than_their_type_tells_apart_are_alternatives() -> None:
    pattern = object_pattern("b", S3Source(events=["object_created_put", "object_removed"]))

    bucket = {"bucket": {"name": ["b"]}}
    assert pattern == {
        "source": ["aws.s3"],
        "$or": [
            {"detail-type": ["Object Created"], "detail": {**bucket, "reason": ["PutObject"]}},
            {"detail-type": ["Object Deleted"], "detail": bucket},
        ],
    }
