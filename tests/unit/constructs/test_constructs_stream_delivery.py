from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import Stack, assertions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_opensearchservice as opensearch
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambdakit.constructs.delivery.firehose import FirehoseDelivery
from lambdakit.constructs.delivery.kinds import Delivery
from lambdakit.constructs.delivery.open_search import OpenSearchDelivery
from lambdakit.constructs.delivery.stream import StreamDelivery
from lambdakit.constructs.delivery.table import TableDelivery
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.failure_destinations import OnFailure
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.stream_processing import StreamProcessing
from lambdakit.constructs.table import TABLE_ACTIONS, TableProperties

pytestmark = pytest.mark.xdist_group("cdk")

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/other"
READ = {
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
}


def resources(stack: Stack) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = assertions.Template.from_stack(stack).to_json()["Resources"]
    return found


def of_type(stack: Stack, type_name: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in resources(stack).values() if each["Type"] == type_name]


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


def test_firehose_gathers_encrypted_and_may_not_delete(stack: Stack, function: FunctionProperties) -> None:
    pattern = StreamProcessing(
        stack, "clicks", source=KinesisSource(), function=function, delivery=FirehoseDelivery(buffering_interval=0)
    )

    [(name, stream)] = (
        (name, each["Properties"])
        for name, each in resources(stack).items()
        if each["Type"] == "AWS::KinesisFirehose::DeliveryStream"
    )
    destination = stream["ExtendedS3DestinationConfiguration"]
    [role] = (each for each in of_type(stack, "AWS::IAM::Role") if "firehose" in str(each["AssumeRolePolicyDocument"]))
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert stream["DeliveryStreamEncryptionConfigurationInput"] == {"KeyType": "AWS_OWNED_CMK"}
    assert destination["BufferingHints"] == {"IntervalInSeconds": 0, "SizeInMBs": 5}
    assert destination["CompressionFormat"] == "GZIP"
    assert variables(stack) == {"DELIVERY_STREAM_NAME": {"Ref": name}}
    assert granted(stack)["firehose:PutRecordBatch"] == {"Fn::GetAtt": [name, "Arn"]}
    assert not any("Delete" in str(statement["Action"]) or "*" in str(statement["Action"]) for statement in statements)
    assert pattern.delivery is not None
    assert pattern.delivery.bucket is not None


def _deliveries(stack: Stack) -> Mapping[str, tuple[Delivery, dict[str, str], set[str]]]:
    """What each existing thing gives: the variables, and what the function may do."""
    domain = opensearch.Domain.from_domain_attributes(
        stack, "domain", domain_arn="arn:aws:es:us-east-1:123456789012:domain/clicks", domain_endpoint="search.example"
    )
    return {
        "firehose": (
            FirehoseDelivery(
                delivery_stream=firehose.DeliveryStream.from_delivery_stream_name(stack, "to-s3", "to-s3")
            ),
            {"DELIVERY_STREAM_NAME": "to-s3"},
            {"firehose:PutRecord", "firehose:PutRecordBatch"},
        ),
        "firehose by name": (
            FirehoseDelivery(delivery_stream="to-s3"),
            {"DELIVERY_STREAM_NAME": "to-s3"},
            {"firehose:PutRecord", "firehose:PutRecordBatch"},
        ),
        "open_search": (
            OpenSearchDelivery(domain=domain, index="clicks"),
            {"DOMAIN_ENDPOINT": "search.example", "INDEX_NAME": "clicks"},
            {"es:ESHttpPost", "es:ESHttpPut"},
        ),
        "table": (
            TableDelivery(table=dynamodb.Table.from_table_name(stack, "table", "counts")),
            {"TABLE_NAME": "counts"},
            set(TABLE_ACTIONS["write"]),
        ),
        "stream": (
            StreamDelivery(stream=kinesis.Stream.from_stream_arn(stack, "other", STREAM)),
            {"TARGET_STREAM_NAME": "other"},
            {"kinesis:PutRecord", "kinesis:PutRecords"},
        ),
    }


@pytest.mark.parametrize("kind", ["firehose", "firehose by name", "open_search", "table", "stream"])
def test_an_existing_delivery_is_granted_exactly_its_writes(
    stack: Stack, function: FunctionProperties, kind: str
) -> None:
    delivery, known, allowed = _deliveries(stack)[kind]

    StreamProcessing(stack, "clicks", source=KinesisSource(), function=function, delivery=delivery)

    assert variables(stack) == known
    assert set(granted(stack)) == READ | {"sqs:SendMessage"} | allowed
    outputs = assertions.Template.from_stack(stack).to_json()["Outputs"]
    assert set(outputs) == {"ClicksStreamName", "ClicksFailureQueueUrl"}
    if kind == "open_search":
        arn = "arn:aws:es:us-east-1:123456789012:domain/clicks/clicks/*"
        assert granted(stack)["es:ESHttpPost"] == arn


@pytest.mark.parametrize(
    ("delivery", "output", "variable"),
    [
        pytest.param(StreamDelivery(shard_count=1), "ClicksTargetStreamName", "TARGET_STREAM_NAME", id="stream"),
        pytest.param(
            TableDelivery(table=TableProperties(partition_key="id")),
            "ClicksDeliveryTableName",
            "TABLE_NAME",
            id="table",
        ),
    ],
)
def test_a_new_delivery_has_an_output_and_a_variable(
    stack: Stack, function: FunctionProperties, delivery: Delivery, output: str, variable: str
) -> None:
    StreamProcessing(stack, "clicks", source=KinesisSource(), function=function, delivery=delivery)

    assert assertions.Template.from_stack(stack).to_json()["Outputs"][output]["Value"] == variables(stack)[variable]


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("queue", {"sqs:SendMessage"}),
        ("topic", {"sns:Publish"}),
        ("bucket", {"s3:ListBucket", "s3:PutObject"}),
    ],
)
def test_an_existing_failure_path_is_granted_exactly_its_writes(
    stack: Stack, function: FunctionProperties, kind: str, allowed: set[str]
) -> None:
    existing: dict[str, OnFailure] = {
        "queue": sqs.Queue.from_queue_arn(stack, "queue", "arn:aws:sqs:us-east-1:123456789012:failed"),
        "topic": sns.Topic.from_topic_arn(stack, "topic", "arn:aws:sns:us-east-1:123456789012:failed"),
        "bucket": s3.Bucket.from_bucket_name(stack, "bucket", "failed"),
    }

    StreamProcessing(stack, "clicks", source=KinesisSource(), function=function, on_failure=existing[kind])

    assert set(granted(stack)) == READ | allowed
    assert set(assertions.Template.from_stack(stack).to_json()["Outputs"]) == {"ClicksStreamName"}
