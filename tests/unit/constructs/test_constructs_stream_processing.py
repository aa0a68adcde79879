from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import App, Duration, Environment, RemovalPolicy, Stack, assertions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager

from lambdakit.constructs.delivery.kinds import Delivery
from lambdakit.constructs.delivery.stream import StreamDelivery
from lambdakit.constructs.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.event_sources.msk import MskSource, ProvisionedPollers
from lambdakit.constructs.event_sources.stream_kinds import AnyStreamSource
from lambdakit.constructs.failure_destinations import FailureBucket, FailureQueue, FailureTopic, OnFailure
from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.stream_processing import StreamProcessing
from lambdakit.constructs.table import TableProperties

pytestmark = pytest.mark.xdist_group("cdk")

CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/clicks/01234567-89ab-cdef-0123-456789abcdef-1"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/other"
READ = {
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
}
SOURCES: Mapping[str, AnyStreamSource] = {
    "kinesis": KinesisSource(),
    "enhanced fan-out": KinesisSource(enhanced_fan_out=True),
    "dynamo_stream": DynamoStreamSource(table=TableProperties(partition_key="id")),
    "msk": MskSource(cluster_arn=CLUSTER, topic="clicks"),
}
FAILURES: Mapping[str, OnFailure] = {"sqs": FailureQueue(), "sns": FailureTopic(), "s3": FailureBucket()}


def resources(stack: Stack) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = assertions.Template.from_stack(stack).to_json()["Resources"]
    return found


def of_type(stack: Stack, type_name: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in resources(stack).values() if each["Type"] == type_name]


def mapping(stack: Stack) -> dict[str, Any]:
    [found] = of_type(stack, "AWS::Lambda::EventSourceMapping")
    return found


def granted(stack: Stack) -> dict[str, Any]:
    """Action -> resource of every statement of the function's own policy."""
    [policy] = of_type(stack, "AWS::IAM::Policy")
    return {
        action: statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if not action.startswith("logs:")
    }


def variables(stack: Stack) -> dict[str, Any]:
    [function] = of_type(stack, "AWS::Lambda::Function")
    found: dict[str, Any] = function.get("Environment", {}).get("Variables", {})
    return found


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_source_starts_the_alias_and_has_a_failure_path(
    stack: Stack, function: FunctionProperties, source: AnyStreamSource, failure: OnFailure
) -> None:
    StreamProcessing(stack, "clicks", source=source, function=function, on_failure=failure)

    [alias] = (name for name, each in resources(stack).items() if each["Type"] == "AWS::Lambda::Alias")
    assert mapping(stack)["FunctionName"] == {"Ref": alias}
    destination = mapping(stack)["DestinationConfig"]["OnFailure"]["Destination"]
    assert f"clicks{type(failure).__name__}" in str(destination)
    assert not [action for action in granted(stack) if action.endswith("*")]


def test_a_new_stream_is_encrypted_on_demand_and_kept(stack: Stack, function: FunctionProperties) -> None:
    pattern = StreamProcessing(stack, "clicks", source=KinesisSource(), function=function)

    [stream] = (each for each in resources(stack).values() if each["Type"] == "AWS::Kinesis::Stream")
    assert stream["Properties"] == {
        "RetentionPeriodHours": 24,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
        "StreamModeDetails": {"StreamMode": "ON_DEMAND"},
    }
    assert stream["DeletionPolicy"] == stream["UpdateReplacePolicy"] == "Retain"
    assert set(granted(stack)) == READ | {"sqs:SendMessage"}
    assert pattern.source.stream is not None
    assert pattern.source.table is None
    assert pattern.delivery is None


def test_batches_are_finite_bisected_and_reported_unless_told(stack: Stack, function: FunctionProperties) -> None:
    StreamProcessing(stack, "clicks", source=KinesisSource(), function=function)

    found = mapping(stack)
    assert {
        name: found[name] for name in found if name not in ("DestinationConfig", "EventSourceArn", "FunctionName")
    } == {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": True,
        "Enabled": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRecordAgeInSeconds": 86400,
        "MaximumRetryAttempts": 10,
        "ParallelizationFactor": 1,
        "StartingPosition": "TRIM_HORIZON",
    }


def test_settings_reach_stream_and_mapping(stack: Stack, function: FunctionProperties) -> None:
    StreamProcessing(
        stack,
        "clicks",
        source=KinesisSource(
            shard_count=3,
            retention_period=Duration.days(7),
            removal_policy=RemovalPolicy.DESTROY,
            batch_size=10_000,
            max_batching_window=300,
            bisect_batch_on_error=False,
            report_batch_item_failures=False,
            retry_attempts=0,
            max_record_age=Duration.minutes(1),
            starting_position="at_timestamp",
            starting_position_timestamp=1_893_456_000,
            tumbling_window=Duration.minutes(15),
            filters=[{"data": {"type": ["click"]}}],
            enabled=False,
        ),
        function=function,
    )

    [stream] = of_type(stack, "AWS::Kinesis::Stream")
    found = mapping(stack)
    assert (stream["ShardCount"], stream["RetentionPeriodHours"]) == (3, 168)
    assert {name: found.get(name) for name in ("FunctionResponseTypes", "BisectBatchOnFunctionError", "Enabled")} == {
        "FunctionResponseTypes": None,
        "BisectBatchOnFunctionError": False,
        "Enabled": False,
    }
    assert (found["BatchSize"], found["MaximumBatchingWindowInSeconds"]) == (10_000, 300)
    assert (found["MaximumRetryAttempts"], found["MaximumRecordAgeInSeconds"]) == (0, 60)
    assert (found["StartingPosition"], found["StartingPositionTimestamp"]) == ("AT_TIMESTAMP", 1_893_456_000)
    assert found["TumblingWindowInSeconds"] == 900
    assert found["FilterCriteria"] == {"Filters": [{"Pattern": '{"data": {"type": ["click"]}}'}]}


def test_enhanced_fan_out_reads_through_a_consumer_of_its_own(stack: Stack, function: FunctionProperties) -> None:
    pattern = StreamProcessing(stack, "clicks", source=KinesisSource(enhanced_fan_out=True), function=function)

    [(name, consumer)] = (
        (name, each["Properties"])
        for name, each in resources(stack).items()
        if each["Type"] == "AWS::Kinesis::StreamConsumer"
    )
    arn = mapping(stack)["EventSourceArn"]
    assert name in str(arn)
    assert consumer["ConsumerName"].startswith("shop-clicks")
    assert granted(stack)["kinesis:SubscribeToShard"] == arn
    assert pattern.source.consumer is not None


def test_an_existing_stream_and_consumer_are_read_with_the_use_of_their_key(function: FunctionProperties) -> None:
    app = App(context=dict(FEATURE_FLAGS), builtin_cloud_formation_validation=False)
    stack = Stack(app, "shop", env=Environment(account="123456789012", region="us-east-1"))
    stream = kinesis.Stream(
        stack, "mine", encryption=kinesis.StreamEncryption.KMS, encryption_key=kms.Key(stack, "key")
    )
    consumer = kinesis.StreamConsumer(stack, "reader", stream=stream, stream_consumer_name="reader")

    pattern = StreamProcessing(
        stack, "clicks", source=KinesisSource(stream=stream, enhanced_fan_out=consumer), function=function
    )

    assert len(of_type(stack, "AWS::Kinesis::Stream")) == 1
    [key] = (name for name, each in resources(stack).items() if each["Type"] == "AWS::KMS::Key")
    assert granted(stack)["kms:Decrypt"] == {"Fn::GetAtt": [key, "Arn"]}
    assert pattern.source.stream is stream
    assert pattern.source.consumer is consumer
    assert "ClicksStreamName" not in assertions.Template.from_stack(stack).to_json()["Outputs"]


def test_changes_of_a_new_table_show_the_item_before_and_after(stack: Stack, function: FunctionProperties) -> None:
    StreamProcessing(
        stack,
        "orders",
        source=DynamoStreamSource(table=TableProperties(partition_key="id")),
        function=function,
    )

    [(table, properties)] = (
        (name, each["Properties"])
        for name, each in resources(stack).items()
        if each["Type"] == "AWS::DynamoDB::GlobalTable"
    )
    arn = {"Fn::GetAtt": [table, "StreamArn"]}
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert mapping(stack)["EventSourceArn"] == arn
    reads = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    assert {f"dynamodb:{name}": arn for name in reads}.items() <= granted(stack).items()
    assert assertions.Template.from_stack(stack).to_json()["Outputs"]["OrdersTableName"]["Value"] == {"Ref": table}


def test_a_topic_is_read_by_the_role_that_may_read_it_and_no_other(stack: Stack, function: FunctionProperties) -> None:
    StreamProcessing(
        stack,
        "clicks",
        source=MskSource(cluster_arn=CLUSTER, topic="clicks", consumer_group_id="readers"),
        function=function,
    )

    below = "clicks/01234567-89ab-cdef-0123-456789abcdef-1"
    rights = granted(stack)
    assert rights["kafka:GetBootstrapBrokers"] == rights["kafka-cluster:Connect"] == CLUSTER
    assert rights["kafka-cluster:ReadData"] == f"arn:aws:kafka:us-east-1:123456789012:topic/{below}/clicks"
    assert rights["kafka-cluster:AlterGroup"] == f"arn:aws:kafka:us-east-1:123456789012:group/{below}/readers"
    # Source: Service Authorization Reference, "Amazon EC2": what describes, and what makes interfaces anywhere
    assert {action for action, resource in rights.items() if resource == "*"} == {
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    }
    assert mapping(stack)["Topics"] == ["clicks"]
    assert mapping(stack)["AmazonManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": "readers"}
    assert "MaximumRetryAttempts" not in mapping(stack)


def test_provisioned_pollers_bring_an_end_to_retries(stack: Stack, function: FunctionProperties) -> None:
    secret = secretsmanager.Secret.from_secret_complete_arn(
        stack, "secret", "arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_clicks-AbCdEf"
    )
    StreamProcessing(
        stack,
        "clicks",
        source=MskSource(
            cluster_arn=CLUSTER,
            topic="clicks",
            secret=secret,
            provisioned_pollers=ProvisionedPollers(maximum_pollers=2),
        ),
        function=function,
    )

    found = mapping(stack)
    assert found["ProvisionedPollerConfig"] == {"MinimumPollers": 1, "MaximumPollers": 2}
    assert (found["MaximumRetryAttempts"], found["MaximumRecordAgeInSeconds"]) == (10, 86400)
    assert found["BisectBatchOnFunctionError"] is True
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert found["SourceAccessConfigurations"] == [{"Type": "SASL_SCRAM_512_AUTH", "URI": secret.secret_arn}]
    assert granted(stack)["secretsmanager:GetSecretValue"] == secret.secret_arn
    assert "kafka-cluster:Connect" not in granted(stack)


def test_an_existing_function_is_told_of_the_delivery_and_granted_what_it_needs(
    stack: Stack, function: FunctionProperties
) -> None:
    mine = lambda_.Function(
        stack,
        "mine",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
    )

    pattern = StreamProcessing(
        stack, "clicks", source=KinesisSource(), function=mine, delivery=StreamDelivery(shard_count=1)
    )

    assert pattern.function is None
    assert pattern.handler is mine
    assert set(variables(stack)) == {"TARGET_STREAM_NAME"}
    assert set(granted(stack)) == READ | {"sqs:SendMessage", "kinesis:PutRecord", "kinesis:PutRecords"}


def test_a_subclass_replaces_one_part_and_keeps_the_rest(stack: Stack, function: FunctionProperties) -> None:
    class Mine(StreamProcessing):
        def make_function(self, properties: FunctionProperties) -> LambdaFunction:
            made = super().make_function(properties)
            made.function.add_environment("TEAM", "search")
            return made

        def permissions(self, handler: lambda_.IFunction, delivery: Delivery) -> None:
            super().permissions(handler, delivery)
            handler.add_to_role_policy(
                iam.PolicyStatement(actions=["geo:SearchPlaceIndexForText"], resources=["arn:x"])
            )

    Mine(stack, "clicks", source=KinesisSource(), function=function, delivery=StreamDelivery())

    assert set(variables(stack)) == {"TARGET_STREAM_NAME", "TEAM"}
    assert granted(stack)["geo:SearchPlaceIndexForText"] == "arn:x"
    assert "kinesis:PutRecords" in granted(stack)
